"""A figure, its breakdown and its records are one declaration, so they can not disagree."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.factories import AccountFactory, CaseFactory, LineFactory, RegionFactory
from yanzhen.domains.hotline.models import Case
from yanzhen.engines.indicators.declare import (
    Count,
    Distinct,
    Indicator,
    Measure,
    Period,
    Ratio,
    Sum,
    Unit,
)
from yanzhen.engines.indicators.figures import PARTS, Figure, breakdowns, figure, percent, records
from yanzhen.foundation.errors import DeclarationError
from yanzhen.foundation.models import Account, Grant, Region, Role
from yanzhen.foundation.scope import audience_of, prefix_of

pytestmark = pytest.mark.django_db

SHANGHAI = ZoneInfo("Asia/Shanghai")
YEAR = Period.year(2026)
IN_YEAR = datetime(2026, 6, 1, 9, tzinfo=SHANGHAI)
SOLVED = Ratio(part=Q(solved=True), base=Q(solved__isnull=False), base_label="答复是否解决")


def cases(account: Account) -> QuerySet[Case]:
    rows: QuerySet[Case] = Case.objects.visible_to(account, "case.view")
    return rows


def by_region(one: Indicator, **asked: Any) -> dict[str, Figure]:
    return breakdowns([one], **asked)[one.code].parts


def indicator(measure: Measure, unit: Unit = Unit.ITEMS, dated: str = "received_at") -> Indicator:
    return Indicator(
        code="test",
        label="测试",
        unit=Unit.PERCENT if isinstance(measure, Ratio) else unit,
        basis="docs/rules/hotline.md",
        definition="期内来件",
        records=cases,
        dated=dated,
        measure=measure,
    )


def place(code: str, **more: Any) -> Region:
    return RegionFactory(code=code, **more)


def reader(code: str = "370000", line: str | None = None) -> Account:
    return AccountFactory(grants=[(place(code), line and LineFactory(code=line), "case.view")])


def case(code: str = "370102", at: datetime = IN_YEAR, **more: Any) -> Case:
    return CaseFactory(region=place(code), received_at=at, **more)


def looked_up(what: Indicator, code: str = "370000", period: Period = YEAR, **more: Any) -> Figure:
    return figure(what, account=more.get("account") or reader(), region=place(code), period=period)


def test_a_count_is_the_number_of_records_and_nothing_is_nought():
    what = indicator(Count())
    empty = looked_up(what)

    case(), case("370202")

    assert (empty, looked_up(what)) == (Figure(what, Decimal(0), 0, 0), Figure(what, Decimal(2), 2, 2))


def test_a_distinct_count_takes_each_value_once_and_leaves_out_what_has_none():
    what = indicator(Distinct("handler"), Unit.PERSONS)
    one, other = AccountFactory(), AccountFactory()

    for handler in (one, one, other, None):
        case(handler=handler)

    assert looked_up(what) == Figure(what, Decimal(2), 3, 4)


def test_a_sum_adds_what_is_known_and_is_unknown_where_nothing_is():
    what = indicator(Sum("amount_yuan"), Unit.YUAN)
    case(amount_yuan=None)
    unknown = looked_up(what)

    case(amount_yuan=Decimal("0.10")), case(amount_yuan=Decimal("12000.05"))

    assert unknown == Figure(what, None, 0, 1)
    assert looked_up(what) == Figure(what, Decimal("12000.15"), 2, 3)


def test_a_ratio_is_of_its_base_and_is_unknown_where_the_base_is_empty():
    what = indicator(SOLVED)
    case(solved=None)
    unknown = looked_up(what)

    for solved in (True, True, False):
        case(solved=solved)

    assert (unknown, unknown.outside) == (Figure(what, None, 0, 1), Decimal("100.00"))
    assert (looked_up(what), looked_up(what).outside) == (
        Figure(what, Decimal("66.67"), 3, 4),
        Decimal("25.00"),
    )


@pytest.mark.parametrize(
    ("part", "whole", "expected"),
    [
        (0, 0, None),
        (0, 3, "0.00"),
        (1, 3, "33.33"),
        (2, 3, "66.67"),
        (1, 800, "0.13"),
        (1, 1600, "0.06"),
        (3, 3, "100.00"),
    ],
)
def test_percents_have_two_places_rounded_half_up(part, whole, expected):
    assert percent(part, whole) == (None if expected is None else Decimal(expected))


@pytest.mark.parametrize(
    ("period", "first", "after", "label"),
    [
        (Period.year(2026), date(2026, 1, 1), date(2027, 1, 1), "2026年"),
        (Period.month(2026, 2), date(2026, 2, 1), date(2026, 3, 1), "2026年2月"),
        (Period.month(2026, 12), date(2026, 12, 1), date(2027, 1, 1), "2026年12月"),
    ],
)
def test_a_period_ends_where_the_next_begins(period, first, after, label):
    assert period == Period(first, after, label)


@pytest.mark.parametrize("after", [date(2026, 1, 1), date(2025, 12, 31)])
def test_a_period_that_does_not_end_after_it_begins_is_refused(after):
    with pytest.raises(ValueError, match="ends after it begins"):
        Period(date(2026, 1, 1), after)


@pytest.mark.parametrize(("measure", "unit"), [(SOLVED, Unit.ITEMS), (Count(), Unit.PERCENT)])
def test_a_ratio_is_in_percent_and_nothing_else_is(measure, unit):
    with pytest.raises(DeclarationError, match="a ratio is in percent"):
        Indicator("test", "测试", unit, "docs/rules/hotline.md", "口径", cases, "received_at", measure)


def test_the_first_instant_of_a_period_in_shanghai_is_in_it_and_that_after_its_end_is_not():
    begin, end = (datetime(year, 1, 1, tzinfo=SHANGHAI) for year in (2026, 2027))
    tick = timedelta(microseconds=1)
    before, first, last, after = (case(at=at) for at in (begin - tick, begin, end - tick, end))

    def found(period: Period) -> set[Case]:
        return set(records(indicator(Count()), account=reader(), region=place("370000"), period=period))

    assert [found(Period.year(year)) for year in (2025, 2026, 2027)] == [{before}, {first, last}, {after}]


def test_what_happened_in_a_merged_region_counts_where_it_was_merged_into():
    province, jinan, laiwu = (
        place("370000", level="province"),
        place("370100", level="city"),
        place("371200", level="city", valid_to=date(2018, 12, 26)),
    )
    laiwu_county, new_county, county = (
        place("371202", valid_to=date(2018, 12, 26)),
        place("370116"),
        place("370102"),
    )
    for child, parent in (
        (jinan, province),
        (laiwu, province),
        (laiwu_county, laiwu),
        (new_county, jinan),
        (county, jinan),
    ):
        child.parent = parent
        child.save()
    laiwu.successors.add(jinan)
    laiwu_county.successors.add(new_county)
    for code in ("371200", "371202", "370102", "370100", "370202"):
        case(code)

    def values(code: str) -> dict[str, int]:
        found = by_region(indicator(Count()), account=reader(), region=place(code), period=YEAR)
        return {region: int(each.value or 0) for region, each in found.items()}

    assert looked_up(indicator(Count()), "370100").value == 4
    assert values("370000") == {"370100": 4, "": 1}
    assert values("370100") == {"370102": 1, "370116": 1, "": 2}
    assert looked_up(indicator(Count()), "371200").value == 2


def test_a_case_that_a_guest_was_asked_into_counts_where_it_lies():
    guests = audience_of("370202", "court")[1:]
    case("370102", shared_with=guests)
    guest = AccountFactory(grants=[(place("370200"), LineFactory(code="court"), "case.view")])
    what = indicator(Count())

    assert list(cases(guest).values_list("region_id", flat=True)) == ["370102"]
    assert [looked_up(what, code, account=guest).value for code in ("370200", "370100", "370000")] == [
        0,
        1,
        1,
    ]


def test_a_figure_is_of_what_its_reader_may_see():
    case("370102", line=LineFactory(code="union"))
    case("370102", line=LineFactory(code="court"))
    case("370202", line=LineFactory(code="union"))
    what = indicator(Count())
    readers = [
        reader(),
        reader("370100"),
        reader("370000", "union"),
        reader("370102", "court"),
        AccountFactory(),
    ]

    assert [looked_up(what, account=account).value for account in readers] == [3, 2, 2, 1, 0]


def test_a_figure_is_one_statement_and_its_breakdown_two(django_assert_num_queries):
    province, account = place("370000", level="province"), reader()
    for code in ("370100", "370200", "370300"):
        place(code, level="city", parent=province)
        case(f"{code[:4]}02")
    asked = {"account": account, "region": province, "period": YEAR}
    account.cells()
    by_region(indicator(Count()), **asked)

    with django_assert_num_queries(1):
        whole = figure(indicator(Count()), **asked)
    with django_assert_num_queries(2):
        parts = by_region(indicator(Count()), **asked)

    assert whole.value == 3
    assert sorted(parts) == ["370100", "370200", "370300"]


@pytest.mark.parametrize("measure", [Count(), Distinct("handler"), Sum("headcount")])
def test_a_measure_that_is_no_ratio_has_no_rest(measure):
    case(handler=AccountFactory())
    asked = {"account": reader(), "region": place("370000"), "period": YEAR}

    assert list(records(indicator(measure), part="rest", **asked)) == []


CODES = ["370000", "370100", "370102", "370103", "370200", "370202", "371202"]
rows = st.lists(
    st.fixed_dictionaries(
        {
            "code": st.sampled_from(CODES),
            "line": st.sampled_from(["union", "court"]),
            "at": st.sampled_from(
                [
                    datetime(2025, 12, 31, 23, 59, 59, tzinfo=SHANGHAI),
                    datetime(2026, 1, 1, tzinfo=SHANGHAI),
                    IN_YEAR,
                ]
            ),
            "solved": st.sampled_from([None, True, False]),
            "amount_yuan": st.none() | st.decimals(0, 10**6, places=2),
            "shared": st.none() | st.sampled_from(CODES),
        }
    ),
    max_size=8,
)
MEASURES = (Count(), Distinct("organisation"), Sum("amount_yuan"), SOLVED)


@settings(max_examples=40, deadline=None)
@given(
    rows=rows,
    grants=st.sets(
        st.tuples(st.sampled_from(CODES), st.none() | st.sampled_from(["union", "court"])), max_size=3
    ),
    asked=st.sampled_from(CODES),
)
def test_figure_breakdown_and_records_agree_for_any_rows_and_any_reader(rows, grants, asked):
    with transaction.atomic():
        province = place("370000", level="province")
        for code in CODES[1:]:
            region = place(code, level="city" if code.endswith("00") else "county")
            region.parent = province if region.level == "city" else place(f"{code[:4]}00", level="city")
            region.save()
        place("371202").successors.add(place("370103"))
        made = [
            case(row["code"], row["at"], line=LineFactory(code=row["line"]), solved=row["solved"],
                amount_yuan=row["amount_yuan"],
                shared_with=audience_of(row["shared"], "court")[1:] if row["shared"] else [])
            for row in rows
        ]  # fmt: skip
        account = AccountFactory()
        role = Role.objects.create(code="r", name="r", rights=["case.view"])
        for code, line in grants:
            of = LineFactory(code=line) if line else None
            Grant.objects.create(account=account, role=role, region=place(code), line=of)
        scope = {"account": account, "region": place(asked), "period": YEAR}
        found = [
            (
                figure(indicator(measure), **scope),
                {part: list(records(indicator(measure), part=part, **scope)) for part in PARTS},
                by_region(indicator(measure), **scope),
            )
            for measure in MEASURES
        ]
        expected = {row.pk for row in made if expects(row, account, asked)}
        transaction.set_rollback(True)

    for (whole, opened, parts), measure in zip(found, MEASURES, strict=True):
        assert {row.pk for row in opened["all"]} == expected
        assert (whole.total, whole.n) == (len(opened["all"]), len(opened["base"]))
        if isinstance(measure, Ratio):
            assert {*opened["part"], *opened["rest"]} == {*opened["base"]}
            assert not {*opened["part"]} & {*opened["rest"]}
        assert (sum(p.total for p in parts.values()), sum(p.n for p in parts.values())) == (
            whole.total,
            whole.n,
        )
        assert whole.value == recomputed(measure, opened)


def expects(row: Case, account: Account, asked: str) -> bool:
    """Say in Python alone whether the row belongs to the figure of the region `asked`."""
    here = {"370103": ("370103", "371202")}.get(asked, (prefix_of(asked),))
    return all(
        (
            row.received_at >= datetime(2026, 1, 1, tzinfo=SHANGHAI),
            row.region_id.startswith(here),
            bool(
                {r.key for r in account.reaches("case.view")}
                & {*audience_of(row.region_id, row.line_id), *row.shared_with}
            ),
        )
    )


def recomputed(measure: Measure, opened: dict[str, list[Case]]) -> Decimal | None:
    """Compute the value from the records alone."""
    match measure:
        case Count():
            return Decimal(len(opened["part"]))
        case Distinct():
            return Decimal(len({row.organisation_id for row in opened["part"]}))
        case Sum():
            return sum((row.amount_yuan for row in opened["part"]), Decimal(0)) if opened["part"] else None
        case Ratio():
            return percent(len(opened["part"]), len(opened["base"]))


@pytest.mark.parametrize(
    "measure",
    [
        Count(),
        Distinct("handler"),
        Sum("amount_yuan"),
        Ratio(part=Q(late=False), base=Q(), base_label="全部"),
    ],
)
@pytest.mark.parametrize("many", [0, 3])
def test_the_whole_of_a_breakdown_is_the_figure_itself(measure, many):
    for n in range(many):
        case(f"37010{n + 2}", amount_yuan=n or None, late=n == 1)
    asked = {"account": reader(), "region": place("370100"), "period": YEAR}

    one = indicator(measure, Unit.PERCENT if isinstance(measure, Ratio) else Unit.ITEMS)

    found = breakdowns([one], **asked)

    assert [each.whole for each in found.values()] == [figure(one, **asked)]


def test_figures_of_the_same_records_cost_one_statement_together():
    case()
    asked = {"account": reader(), "region": place("370100"), "period": YEAR}
    many = [replace(indicator(Count()), code=f"test.n{n}") for n in range(5)]
    breakdowns(many[:1], **asked)

    with CaptureQueriesContext(connection) as context:
        breakdowns(many, **asked)

    assert len([q for q in context.captured_queries if "hotline_case" in q["sql"]]) == 1
