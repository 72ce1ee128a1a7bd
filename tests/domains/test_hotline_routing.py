"""The routing table: the closest matter, then the closest place; effective-dated; every decision says why."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from tests.faces.console import browser, text
from tests.factories import AccountFactory, LineFactory, OrganisationFactory
from tests.hotline import county
from yanzhen.domains.hotline.models import Category
from yanzhen.domains.hotline.routing.actions import draft, end_route, set_route
from yanzhen.domains.hotline.routing.models import Route
from yanzhen.domains.hotline.routing.queries import proposal, simulate
from yanzhen.domains.hotline.routing.rules import Row, decide, table_of
from yanzhen.domains.hotline.routing.table import find, row_of
from yanzhen.engines.procedures.engine import advance
from yanzhen.foundation.errors import Invalid, NotAllowed
from yanzhen.foundation.models import Record
from yanzhen.foundation.records import history
from yanzhen.foundation.scope import database_scope

DAY = date(2026, 3, 4)


def row(region: str, category: str, *, since: date = DAY, until: date | None = None) -> Row:
    return Row(1, region, category, since, until, "union", None, f"{region}/{category}", "依据", region)


def found(rows: list[Row], region: str, category: str, *, on: date = DAY) -> str | None:
    chosen = decide(table_of(rows), region, category, on=on, names={}).row
    return chosen.to if chosen else None


@pytest.mark.parametrize(
    ("rows", "to"),
    [
        ([row("37", ""), row("370102", "")], "370102/"),
        ([row("370102", ""), row("37", "0101")], "37/0101"),
        ([row("37", "0101"), row("3701", "0101"), row("3702", "010101")], "3701/0101"),
        ([row("3702", "")], None),
        ([row("37", "02")], None),
    ],
)
def test_the_closest_matter_wins_and_of_one_matter_the_closest_place(rows, to):
    assert found(rows, "370102", "010101") == to


def test_a_row_holds_from_its_first_day_up_to_its_last_exclusive():
    rows = [row("37", "", since=DAY, until=DAY + timedelta(days=1))]

    assert [found(rows, "370102", "", on=DAY + timedelta(days=n)) for n in (-1, 0, 1)] == [None, "37/", None]


def test_the_reasons_call_a_category_by_its_name():
    names = {"02": "劳动报酬", "0201": "拖欠工资"}

    chosen = decide(table_of([row("37", "02")]), "370102", "0201", on=DAY, names=names)

    assert chosen.why == (
        "类别“拖欠工资”没有适用于该区划的规则",
        "37、类别“劳动报酬”的规则（自 2026-03-04 起，依据）：37/02",
    )


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["37", "3701", "370102", "3702"]), st.sampled_from(["", "01", "0101", "02"])
        ),
        unique=True,
    )
)
def test_a_decision_is_the_greatest_of_all_that_fit(cells):
    rows = [row(region, category) for region, category in cells]
    fitting = [r for r in rows if "370102".startswith(r.region) and "010101".startswith(r.category)]
    best = max(fitting, key=lambda r: (len(r.category), len(r.region)), default=None)

    assert decide(table_of(rows), "370102", "010101", on=DAY, names={}).row == best


def editor(place):
    return AccountFactory(grants=[(place.region.parent, None, "case.view route.edit")])


def routed(place, line, *, organisation=None, category="", region=None, days=0) -> Route:
    route = draft(
        region=region or place.region, category=category, line=line, organisation=organisation,
        valid_from=timezone.localdate() + timedelta(days=days), source="分工方案（2026）1号",
    )  # fmt: skip
    return set_route(route, actor=editor(place))


@pytest.mark.django_db
def test_a_case_carries_the_route_of_its_day_and_the_proposal_says_why():
    place = county()
    route = routed(place, place.union.line)

    case = place.case()

    assert case.route == route
    given = proposal(case)
    assert given.organisation == place.union
    assert [route.source in reason for reason in given.why] == [True, False]
    assert place.union.name in given.why[-1]


@pytest.mark.django_db
def test_the_accused_unit_is_never_proposed():
    place = county()
    routed(place, place.union.line, organisation=place.union)

    case = place.case(employer=place.union.name)

    assert proposal(case).organisation is None


@pytest.mark.django_db
def test_a_unit_whose_name_is_near_is_warned_of_and_of_a_secret_case_not_proposed():
    place = county()
    place.union.name = "职工服务中心"
    place.union.save()
    routed(place, place.union.line, organisation=place.union)

    plain, secret = (
        proposal(place.case(employer="区职工服务中心食堂", secret=kept)) for kept in (False, True)
    )

    assert (plain.organisation, secret.organisation) == (place.union, None)
    assert plain.why[-1] == "注意：职工服务中心与被反映的单位名称相近，请先核对是不是同一单位"
    assert secret.why[-1] == "职工服务中心与被反映的单位名称相近，本件要求保密：请核对是不是同一单位"


@pytest.mark.django_db
def test_a_new_row_ends_the_one_before_and_both_stay_on_record():
    place = county()
    first = routed(place, place.union.line)
    hrss = LineFactory(code="hrss")
    second = routed(place, hrss, days=3)
    first.refresh_from_db()

    assert first.valid_to == second.valid_from
    today = timezone.localdate()
    lines = [find(place.region.code, "", on=today + timedelta(days=n)).row.line for n in (0, 2, 3)]  # type: ignore[union-attr]
    assert lines == ["union", "union", "hrss"]
    assert Record.objects.filter(verb="route.set").count() == 2


@pytest.mark.django_db
def test_the_table_is_changed_by_those_whose_place_it_is_with_a_source_and_not_backwards():
    place = county()
    elsewhere = AccountFactory(grants=[(county("370202").region, None, "route.edit")])
    line = place.union.line
    good = {"region": place.region, "category": "", "line": line, "organisation": None, "source": "文件"}
    with pytest.raises(NotAllowed):
        set_route(draft(**good, valid_from=timezone.localdate()), actor=elsewhere)
    with pytest.raises(Invalid, match="不能早于今天"):
        draft(**good, valid_from=timezone.localdate() - timedelta(days=1))
    with pytest.raises(Invalid, match="依据"):
        draft(**good | {"source": " "}, valid_from=timezone.localdate())
    Category.objects.filter(code="020101").update(active=False)
    with pytest.raises(Invalid, match="已停用，请改选"):
        draft(**good | {"category": "020101"}, valid_from=timezone.localdate())


@pytest.mark.django_db
def test_a_row_that_cases_were_sent_by_ends_tomorrow_at_the_earliest():
    place = county()
    route = routed(place, place.union.line)
    place.case()

    with pytest.raises(Invalid, match="最早从明天"):
        end_route(route, actor=editor(place), on=timezone.localdate(), reason="分工调整")
    end_route(route, actor=editor(place), on=timezone.localdate() + timedelta(days=1), reason="分工调整")
    assert Route.objects.get().valid_to == timezone.localdate() + timedelta(days=1)


@pytest.mark.django_db
def test_a_change_is_tried_on_the_cases_of_late_and_nothing_is_saved(django_assert_num_queries):
    place = county()
    routed(place, place.union.line)
    hrss = OrganisationFactory(region=place.region, line=LineFactory(code="hrss"), kind="government")
    for _ in range(3):
        place.case(category="020101")
    place.case()
    change = draft(
        region=place.region, category="02", line=hrss.line, organisation=hrss,
        valid_from=timezone.localdate(), source="拟改",
    )  # fmt: skip

    shifts = simulate(editor(place), [row_of(change)])

    assert [(s.region, s.count, s.after) for s in shifts] == [(place.region.code, 3, hrss.name)]
    assert Route.objects.count() == 1


@pytest.mark.django_db
def test_a_trial_counts_every_case_of_the_editors_place_though_the_editor_may_read_none():
    place, elsewhere = county(), county("370202")
    for county_ in (place, elsewhere):
        county_.case()
    admin = AccountFactory(grants=[(place.region.parent, None, "route.edit")])
    reader = AccountFactory(grants=[(place.region.parent, None, "case.view")])
    hrss = LineFactory(code="hrss")
    rows = [
        row_of(
            draft(
                region=region, category="", line=hrss, organisation=None,
                valid_from=timezone.localdate(), source="拟改",
            )
        )
        for region in (place.region, elsewhere.region)
    ]  # fmt: skip

    counted = []
    for account in (admin, reader):
        with database_scope(account.audience_keys()):
            counted.append([(s.region, s.count) for s in simulate(account, rows)])

    assert counted == [[(place.region.code, 1)], []]


@pytest.mark.django_db
def test_a_planned_change_is_tried_on_the_day_on_which_it_begins():
    place = county()
    routed(place, place.union.line)
    hrss = LineFactory(code="hrss")
    place.case()
    planned = draft(
        region=place.region, category="", line=hrss, organisation=None,
        valid_from=timezone.localdate() + timedelta(days=30), source="拟改",
    )  # fmt: skip

    shifts = simulate(editor(place), [row_of(planned)])

    assert [(s.count, s.after) for s in shifts] == [(1, f"{hrss.name}条线属地单位")]


def ends(*routes: Route) -> list[date | None]:
    return [Route.objects.get(pk=route.pk).valid_to for route in routes]


@pytest.mark.django_db
def test_withdrawing_a_planned_row_lets_the_one_before_go_on_and_leaves_no_hole():
    place = county()
    today, hrss = timezone.localdate(), LineFactory(code="hrss")
    first = routed(place, place.union.line)
    second = routed(place, hrss, days=5)
    third = routed(place, place.union.line, days=9)

    end_route(second, actor=editor(place), on=second.valid_from, reason="文件撤回")
    assert ends(first, third) == [today + timedelta(days=9), None]
    end_route(third, actor=editor(place), on=today, reason="文件撤回")

    assert ends(first) == [None]
    assert [r.verb for r in history(first)] == ["route.set", "route.reopen", "route.reopen"]
    assert {find(place.region.code, "", on=today + timedelta(days=n)).row.line for n in range(12)} == {
        "union"
    }  # type: ignore[union-attr]


@pytest.mark.django_db
def test_a_row_that_somebody_ended_ends_there_whatever_is_withdrawn_after_it():
    place = county()
    first = routed(place, place.union.line)
    asked = timezone.localdate() + timedelta(days=5)
    end_route(first, actor=editor(place), on=asked, reason="分工调整")
    early, at_once = (
        routed(place, LineFactory(code=code), days=days) for code, days in (("hrss", 3), ("court", 5))
    )

    end_route(at_once, actor=editor(place), on=asked, reason="文件撤回")
    end_route(early, actor=editor(place), on=early.valid_from, reason="文件撤回")

    assert ends(first) == [asked]


@pytest.mark.django_db
def test_assigning_puts_what_the_table_said_on_record():
    place = county()
    route = routed(place, place.union.line)
    case = advance(place.accepted(), "assign", actor=place.clerk, organisation=place.union)

    told = history(case).get(verb="move.assign").after
    assert told["route"] == route.pk
    assert route.source in told["reasons"][-1]
    assert route.source in text(browser(place.clerk).get(f"/console/cases/{case.number}/"))
