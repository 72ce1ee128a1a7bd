"""A figure parts by what is declared of its records: parts add up, and each opens to its own records."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.factories import AccountFactory, CaseFactory, LineFactory, OrganisationFactory, RegionFactory
from yanzhen.domains.hotline import indicators
from yanzhen.domains.hotline.calls import indicators as calls
from yanzhen.domains.hotline.calls.models import Call, Trunk
from yanzhen.domains.hotline.models import Case, Category
from yanzhen.engines.indicators import dimensions
from yanzhen.engines.indicators.declare import INDICATORS, Period
from yanzhen.engines.indicators.dimensions import DIMENSIONS, REGION, UNKNOWN, Cell, Dimension
from yanzhen.engines.indicators.figures import breakdowns, figure, figures, records
from yanzhen.foundation import parameters
from yanzhen.foundation.errors import DeclarationError
from yanzhen.foundation.models import Account, Organisation, Parameter, Region

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _terms() -> None:
    """Of the parameters the one that a figure reads: all of them take half a second."""
    given = {
        "value": 30,
        "unit": "calendar_days",
        "starts_on": date(2017, 1, 1),
        "source": "测试",
        "grade": "D",
    }
    Parameter.objects.create(code="hotline.repeat_window", **given)
    parameters.forget_parameters()


SHANGHAI = ZoneInfo("Asia/Shanghai")
YEAR = Period.year(2026)
AT = datetime(2026, 6, 1, 9, 30, tzinfo=SHANGHAI)
NAMES = list(dimensions.names())


def place(code: str = "370000", **more: Any) -> Region:
    return RegionFactory(code=code, **more)


def reader(code: str = "370000", line: str | None = None) -> Account:
    return AccountFactory(grants=[(place(code), line and LineFactory(code=line), "case.view call.view")])


def asked(account: Account | None = None) -> dict[str, Any]:
    return {"account": account or reader(), "region": place(level="province"), "period": YEAR}


def category(code: str) -> Category:
    return Category.objects.get_or_create(code=code, defaults={"name": f"类别{code}"})[0]


def closed(**more: Any) -> Case:
    given = {
        "region": place("370102"),
        "received_at": AT,
        "ended_at": AT + timedelta(hours=5),
        "state": "closed",
    }
    return CaseFactory(**(given | {"quality_passed": True} | more))


def unit(line: str) -> Organisation:
    return OrganisationFactory(region=place("370102"), line=LineFactory(code=line))


def test_the_share_of_right_assignments_is_not_laid_to_those_who_handled():
    handler = AccountFactory()
    returned = closed(handler=handler, returns=1, organisation=unit("court"))

    assert breakdowns([indicators.DISPATCH_ACCURACY], by="agent", **asked()) == {}
    cell = Cell("agent", str(handler.pk))
    assert list(records(indicators.DISPATCH_ACCURACY, part="rest", cell=cell, **asked())) == []
    assert list(
        records(indicators.DISPATCH_ACCURACY, part="rest", cell=Cell("line", "court"), **asked())
    ) == [returned]


def call(n: int, **more: Any) -> Call:
    trunk, _ = Trunk.objects.get_or_create(
        name="总机", defaults={"digest": b"0" * 32, "region": place(), "line": LineFactory()}
    )
    given = {"region": place("370102"), "line": LineFactory(), "direction": "in", "status": "answered"}
    at = {"started_at": AT, "answered_at": AT, "ended_at": AT + timedelta(minutes=1), "in_time": True}
    return Call.objects.create(trunk=trunk, ref=str(n), **(given | at | more))


def counts(by: str, what: Any = indicators.CLOSED, account: Account | None = None) -> dict[str, int]:
    found = breakdowns([what], by=by, **asked(account))[what.code]
    return {key: int(each.value or 0) for key, each in found.parts.items()}


def test_a_closed_case_parts_by_line_handler_first_level_category_local_hour_and_channel():
    handler = AccountFactory(name="李四")
    court, union = unit("court"), unit("union")
    closed(handler=handler, category=category("020103"), channel="phone", organisation=court)
    closed(
        organisation=union,
        category=category("0202"),
        received_at=datetime(2026, 6, 1, 0, 5, tzinfo=SHANGHAI),
        channel="web",
    )

    assert counts("line") == {"court": 1, "union": 1}
    assert counts("agent") == {str(handler.pk): 1, UNKNOWN: 1}
    assert counts("category") == {"02": 2}
    assert counts("hour") == {"09": 1, "00": 1}
    assert counts("channel") == {"phone": 1, "web": 1}


def test_a_call_parts_by_who_answered_it_and_by_the_category_of_its_case():
    agent = AccountFactory()
    call(1, answered_by=agent, case=closed(category=category("020103")))
    call(2)

    assert counts("agent", calls.OFFERED) == {str(agent.pk): 1, UNKNOWN: 1}
    assert counts("category", calls.OFFERED) == {"02": 1, UNKNOWN: 1}
    assert counts("hour", calls.OFFERED) == {"09": 2}


def test_what_has_no_such_dimension_is_left_out_and_opens_to_nothing():
    call(1)

    assert breakdowns([calls.OFFERED], by="channel", **asked()) == {}
    assert list(records(calls.OFFERED, cell=Cell("channel", "phone"), **asked())) == []


def test_parts_are_called_by_their_names_and_what_nobody_knows_by_its_key():
    agent = AccountFactory(name="李四")
    category("02")
    place("370102", name="历下区")
    LineFactory(code="court", name="法院")
    keys = {
        REGION: "370102", "line": "court", "agent": str(agent.pk), "category": "02", "hour": "09", "channel": "phone",
    }  # fmt: skip

    found = {by: dimensions.labels(by, [key, UNKNOWN]) for by, key in keys.items()}

    assert {by: found[by][keys[by]] for by in keys} == {
        REGION: "历下区", "line": "法院", "agent": "李四", "category": "类别02", "hour": "09:00–09:59", "channel": "电话",
    }  # fmt: skip
    assert dimensions.labels("line", ["gone"]) == {"gone": "gone"}


def test_the_region_needs_no_declaration_and_can_not_be_declared():
    assert NAMES[0] == REGION
    with pytest.raises(DeclarationError, match="without a declaration"):
        Dimension("hotline.case", REGION, "区划", next(iter(DIMENSIONS)).key, lambda _keys: {})


def test_a_part_is_of_what_its_reader_may_see():
    mine = closed(line=LineFactory(code="court"), handler=AccountFactory())
    closed(line=LineFactory(code="union"), handler=mine.handler)
    closed(region=place("370202"), line=LineFactory(code="court"), handler=mine.handler)
    clerk = reader("370100", "court")
    cell = Cell("agent", str(mine.handler_id))

    assert counts("agent", account=clerk) == {str(mine.handler_id): 1}
    assert list(records(indicators.CLOSED, cell=cell, **asked(clerk))) == [mine]


def test_a_breakdown_of_figures_of_the_same_records_is_one_statement():
    closed()
    given = asked()
    given["account"].cells()
    many = [indicators.CLOSED, indicators.ON_TIME, indicators.RESOLVED, indicators.SATISFIED]

    def statements(act: Any) -> int:
        with CaptureQueriesContext(connection) as context:
            act()
        return len(context.captured_queries)

    own = [by for by in NAMES if dimensions.declared("hotline.case", by)]
    assert [statements(lambda by=by: breakdowns(many, by=by, **given)) for by in own] == [1] * 5
    assert statements(lambda: figures(many, **given)) == 1


rows = st.lists(
    st.fixed_dictionaries(
        {
            "code": st.sampled_from(["370000", "370100", "370102", "370202"]),
            "line": st.sampled_from(["union", "court"]),
            "charge": st.sampled_from([None, "union", "court"]),
            "hours": st.integers(0, 48),
            "category": st.sampled_from([None, "01", "0201", "020103"]),
            "channel": st.sampled_from(["phone", "web"]),
            "agent": st.sampled_from([None, 0, 1]),
            "solved": st.sampled_from([None, True, False]),
            "late": st.booleans(),
        }
    ),
    max_size=8,
)


@settings(max_examples=12, deadline=None)
@given(rows=rows, by=st.sampled_from(NAMES), line=st.sampled_from([None, "court"]))
def test_for_any_rows_the_parts_add_up_and_each_opens_to_its_own(rows, by, line):
    with transaction.atomic():
        for code in ("370100", "370200"):
            city = place(code, level="city")
            city.parent = place(level="province")
            city.save()
        agents = [AccountFactory(), AccountFactory()]
        for n, row in enumerate(rows):
            agent = None if row["agent"] is None else agents[row["agent"]]
            at = AT + timedelta(hours=row["hours"])
            case = closed(
                region=place(row["code"]), line=LineFactory(code=row["line"]), received_at=at, handler=agent,
                organisation=row["charge"] and unit(row["charge"]),
                category=row["category"] and category(row["category"]), channel=row["channel"],
                solved=row["solved"], late=row["late"],
            )  # fmt: skip
            call(n, region=case.region, line=case.line, case=case, answered_by=agent, started_at=at)
        given = asked(reader(line=line))
        found = breakdowns(INDICATORS, by=by, **given)
        whole = figures(INDICATORS, **given)
        opened = {
            (code, key): [
                len(records(INDICATORS[code], part=part, cell=Cell(by, key), **given))
                for part in ("all", "base")
            ]
            for code, each in found.items()
            for key in each.parts
        }
        cells = {
            (code, key): figure(INDICATORS[code], cell=Cell(by, key), **given)
            for code, each in found.items()
            for key in each.parts
        }
        transaction.set_rollback(True)

    for code, each in found.items():
        assert each.whole == whole[code]
        assert (sum(p.total for p in each.parts.values()), sum(p.n for p in each.parts.values())) == (
            each.whole.total,
            each.whole.n,
        )
        for key, part in each.parts.items():
            assert cells[code, key] == part
            assert opened[code, key] == [part.total, part.n]
