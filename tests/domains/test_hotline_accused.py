"""The accused wall: people of the unit that a case is against get nothing of it, by whatever way they ask."""

from __future__ import annotations

from datetime import timedelta
from importlib import import_module
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.db import connection
from django.utils import timezone

from tests.faces.console import browser
from tests.factories import AccountFactory, LineFactory, OrganisationFactory
from tests.hotline import County, county
from yanzhen.domains.hotline import rules
from yanzhen.domains.hotline.actions import correct_employer
from yanzhen.domains.hotline.closing import queries as closing
from yanzhen.domains.hotline.closing.marks import propose_mark
from yanzhen.domains.hotline.closing.models import Sampled, Unreasonable
from yanzhen.domains.hotline.closing.sampling import draw_day, reasons_against
from yanzhen.domains.hotline.hotspots.models import Alert
from yanzhen.domains.hotline.hotspots.queries import alerts
from yanzhen.domains.hotline.models import Case
from yanzhen.domains.hotline.procedures import LADDER
from yanzhen.engines.procedures import parties
from yanzhen.engines.procedures.engine import advance, advance_many
from yanzhen.engines.procedures.ladder import climb, tell_at_once
from yanzhen.engines.procedures.models import Clock, Escalation, Party
from yanzhen.engines.procedures.queries import seen_by, work_orders
from yanzhen.engines.procedures.refusals import MoveRefused
from yanzhen.foundation.errors import NotAllowed, Refusal
from yanzhen.foundation.models import Account, Organisation, Region
from yanzhen.foundation.records import history, record
from yanzhen.foundation.records import seen_by as records_seen_by
from yanzhen.foundation.regions import KEPT

pytestmark = pytest.mark.django_db
NAME = "临沂市兰山区职工服务中心"
EVERYTHING_THERE = (
    "case.view case.check case.handle case.respond case.supervise record.view hotspot.view call.view"
)


def inside(place: County) -> tuple[Organisation, Account]:
    """The unit that cases will be against, and an account of it with every right over the place."""
    unit = OrganisationFactory(region=place.region, kind="other", name=NAME)
    return unit, AccountFactory(grants=[(place.region, None, EVERYTHING_THERE)], organisation=unit)


def against_it(place: County, state: str) -> Case:
    """A case against the unit, as far as `state`."""
    case = place.case(employer=NAME)
    case = advance(case, "accept", actor=place.clerk, category=place.category)
    case = advance(case, "assign", actor=place.clerk, organisation=place.union, handler=place.handler)
    if state == "handling":
        return case
    case = advance(case, "answer", actor=place.handler, reply="经核查属实，单位已于本周补发拖欠的工资。")
    case = place.call(case)
    return advance(case, "close", actor=place.clerk)


def test_a_sample_is_kept_from_the_accused_unit():
    place = county()
    _unit, insider = inside(place)
    against_it(place, "closed")
    Case.objects.update(ended_at=timezone.now() - timedelta(days=1))
    draw_day(timezone.localdate() - timedelta(days=1))
    outsider = AccountFactory(grants=[(place.region, None, "case.check")])
    sampled = Sampled.objects.get()

    assert list(closing.samples(insider)) == []
    assert list(closing.samples(outsider)) == [sampled]
    assert reasons_against(sampled, insider) == ["您在该区划和条线没有“质检与办结”权限"]
    assert browser(insider).get(f"/console/closing/samples/{sampled.pk}/").status_code == 404


def test_an_inspector_of_a_party_does_not_review_the_sample():
    place = county()
    hrss = OrganisationFactory(region=place.region, line=LineFactory(code="hrss"), kind="government")
    inspector = AccountFactory(grants=[(place.region, hrss.line, "case.view case.check")], organisation=hrss)
    case = against_it(place, "handling")
    parties.refer(case, hrss, actor=place.clerk, demand="请核实")
    parties.finish(
        parties.respond(Party.objects.get(), actor=place_of(hrss), accept=True),
        actor=place_of(hrss),
        result="已核实",
    )
    case.refresh_from_db()
    case = advance(case, "answer", actor=place.handler, reply="经核查属实，单位已于本周补发拖欠的工资。")
    case = place.call(case)
    advance(case, "close", actor=place.clerk)
    Case.objects.update(ended_at=timezone.now() - timedelta(days=1))
    draw_day(timezone.localdate() - timedelta(days=1))
    sampled = Sampled.objects.get()

    assert list(seen_by(Case, inspector)) == [case]
    assert list(closing.samples(inspector)) == []
    assert reasons_against(sampled, inspector) == ["您在该区划和条线没有“质检与办结”权限"]


def place_of(organisation: Organisation) -> Account:
    return AccountFactory(
        grants=[(organisation.region, organisation.line, "case.respond")], organisation=organisation
    )


def test_a_mark_is_kept_from_the_accused_unit_in_every_box():
    place = county()
    _unit, insider = inside(place)
    case = against_it(place, "handling")
    mark = propose_mark(case, actor=place.handler, ground="untrue", reason="经三次核查均未发现所称情况")

    assert list(seen_by(Unreasonable, insider)) == []
    assert list(seen_by(Unreasonable, place.clerk)) == [mark]
    assert not insider.has_right("case.view", mark)


def test_records_notes_and_work_orders_are_kept_from_the_accused_unit():
    place = county()
    _unit, insider = inside(place)
    auditor = AccountFactory(grants=[(place.region, None, "record.view")])
    hrss = OrganisationFactory(region=place.region, line=LineFactory(code="hrss"), kind="government")
    case = against_it(place, "handling")
    parties.refer(case, hrss, actor=place.clerk, demand="请核实")
    other = place.case()
    record("copy", other, actor=place.clerk)

    mine = {(r.subject_type, r.subject_id) for r in records_seen_by(insider)}

    assert mine == {("hotline.case", str(other.pk))}
    assert {r.subject_id for r in records_seen_by(auditor)} > {str(case.pk), str(other.pk)}
    assert list(work_orders(insider, "case.respond")) == []
    page = browser(insider).get("/console/trail/").content.decode()
    assert other.number in page
    assert case.number not in page
    assert f"hotline.case#{case.pk}" not in page


def test_nobody_of_the_accused_unit_is_told_when_a_term_runs_out_or_at_once():
    place = county()
    _unit, insider = inside(place)
    leader = AccountFactory(grants=[(place.region.parent, None, "case.supervise")])
    case = against_it(place, "handling")
    Clock.objects.filter(stopped_at=None).update(due_at=timezone.now(), rung_at=timezone.now())

    climb(timezone.now() + timedelta(days=3))
    tell_at_once({case: "可能危及生命安全"}, LADDER.rungs[0].code)

    told = {pk for row in Escalation.objects.all() for pk in row.told}
    assert (insider.pk in told, leader.pk in told) == (False, True)


def test_an_alert_that_names_a_unit_is_kept_from_it():
    place = county()
    _unit, insider = inside(place)
    other = AccountFactory(grants=[(place.region, None, "hotspot.view")])
    now = timezone.now()
    alert = Alert.objects.create(
        kind="surge", dimension="employer", value="职工服务中心", label=NAME, region=place.region, line_id="union",
        opened_at=now, seen_at=now, count=9, mean=1, bound=4, chance=0.001,
    )  # fmt: skip

    assert list(alerts(insider)) == []
    assert list(alerts(other)) == [alert]


def test_the_accused_unit_is_neither_asked_in_nor_offered():
    place = county()
    unit, _insider = inside(place)
    case = against_it(place, "handling")

    with pytest.raises(MoveRefused, match="就是被反映的单位"):
        parties.refer(case, unit, actor=place.clerk, demand="请核实")

    for form in ("refer", "move/reassign"):
        page = browser(place.clerk).get(f"/console/cases/{case.number}/{form}/").content.decode()
        assert f'value="{place.union.pk}"' in page, form
        assert f'value="{unit.pk}"' not in page, form


def test_the_wall_follows_at_once_when_the_unit_is_put_right():
    place = county()
    _unit, insider = inside(place)
    case = place.case(employer="某中心")
    assert list(seen_by(Case, insider)) == [case]

    done = browser(place.clerk).post(
        f"/console/cases/{case.number}/employer/", {"employer": NAME, "reason": "来电人补充了单位全称"}
    )

    case.refresh_from_db()
    assert (done.status_code, case.employer) == (303, NAME)
    assert list(seen_by(Case, insider)) == []
    last = history(case).last()
    assert (last.verb, last.actor_id, last.reason) == (
        "case.employer",
        place.clerk.pk,
        "来电人补充了单位全称",
    )
    assert NAME not in str((last.before, last.after))
    with pytest.raises(NotAllowed):
        correct_employer(case, "别的单位", actor=insider, reason="不是我们单位")


def test_a_unit_that_works_on_the_case_is_not_named_as_the_one_that_it_is_against():
    place = county()
    unit, _insider = inside(place)
    hrss = OrganisationFactory(region=place.region, line=LineFactory(code="hrss"), kind="government")
    case = place.handling()
    parties.refer(case, hrss, actor=place.clerk, demand="请核实")

    for name, wanted in ((place.union.name, "请先改派承办单位"), (hrss.name, "请先撤回分办单")):
        with pytest.raises(Refusal, match=wanted):
            correct_employer(case, name, actor=place.clerk, reason="来电人补充")
    assert correct_employer(case, unit.name, actor=place.clerk, reason="来电人补充").employer == NAME


def secret_case(place: County, employer: str) -> Case:
    case = place.case(employer=employer, secret=True)
    return advance(case, "accept", actor=place.clerk, category=place.category)


def test_the_wall_holds_however_the_name_is_written():
    place = county()
    for code, name in (("370000", "山东省"), ("370100", "济南市"), ("370102", "历下区")):
        Region.objects.filter(code=code).update(name=name)
    KEPT.forget()
    unit = OrganisationFactory(region=place.region, kind="union", name="历下区总工会（演示）")
    insider = AccountFactory(grants=[(place.region, None, "case.view case.handle")], organisation=unit)

    for written in ("济南市历下区总工会（演示）", "历下区总工会", "历下总工会"):
        case = secret_case(place, written)

        assert list(seen_by(Case, insider).filter(pk=case.pk)) == [], written
        assert not insider.has_right("case.view", case)
        with pytest.raises(MoveRefused, match="就是被反映的单位"):
            advance(case, "assign", actor=place.clerk, organisation=unit, note=rules.STATED)


def test_a_secret_case_is_neither_proposed_to_nor_sent_to_a_unit_of_a_near_name_unsaid():
    place = county()
    unit, _insider = inside(place)
    near = secret_case(place, "临沂市兰山区职工服务中心机关食堂")

    with pytest.raises(MoveRefused, match="名称相近"):
        advance(near, "assign", actor=place.clerk, organisation=unit, note="按职责派单")
    listed = advance_many(Case, [near.pk], "assign", actor=place.clerk, organisation=unit, note=rules.STATED)
    assert (listed.moved, len(listed.refused)) == (0, 1)

    sent = advance(
        near,
        "assign",
        actor=place.clerk,
        organisation=unit,
        note=f"电话核对，{rules.STATED}：食堂由外包公司经营",
    )
    assert sent.organisation == unit


def test_a_unit_of_a_near_name_is_not_asked_into_a_secret_case():
    place = county()
    unit, _insider = inside(place)
    case = secret_case(place, "兰山区职工服务中心")
    case = advance(case, "assign", actor=place.clerk, organisation=place.union, handler=place.handler)

    with pytest.raises(MoveRefused, match="更正涉事单位"):
        parties.refer(case, unit, actor=place.clerk, demand="请核实")
    page = browser(place.clerk).get(f"/console/cases/{case.number}/refer/").content.decode()
    assert f'value="{unit.pk}"' not in page


def test_a_near_name_is_no_doubt_where_it_is_another_registered_unit():
    place = county()
    unit, _insider = inside(place)
    other = OrganisationFactory(region=place.region, kind="other", name="兰山区职工服务中心")
    case = secret_case(place, other.name)

    sent = advance(case, "assign", actor=place.clerk, organisation=unit)

    assert sent.organisation == unit


def test_a_secret_case_is_not_put_right_to_a_name_near_that_of_the_unit_in_charge():
    place = county()
    place.union.name = "历下区总工会"
    place.union.save()
    case = secret_case(place, "某公司")
    case = advance(case, "assign", actor=place.clerk, organisation=place.union, handler=place.handler)

    with pytest.raises(Refusal, match="先撤回派单"):
        correct_employer(case, "区总工会", actor=place.clerk, reason="来电人补充")


def test_an_update_gives_old_rows_the_key_of_today():
    place = county()
    case = place.case(employer="宏达（演示）建筑有限公司")
    plain = place.case(employer="历下区总工会")
    Case.objects.filter(pk=case.pk).update(employer_key="宏达演示建筑有限公司")

    import_module("yanzhen.domains.hotline.migrations.0010_employer_key_robust").fill(
        apps, SimpleNamespace(connection=connection)
    )

    assert list(Case.objects.order_by("pk").values_list("pk", "employer_key")) == [
        (case.pk, "宏达建筑"),
        (plain.pk, "历下区总工会"),
    ]
