"""Parties, pauses, extensions and the sweep."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from tests.factories import AccountFactory, LineFactory, OrganisationFactory, RegionFactory
from tests.hotline import REPLY, county
from yanzhen.domains.hotline.models import Case
from yanzhen.engines.procedures import parties, stays, sweep
from yanzhen.engines.procedures.engine import advance
from yanzhen.engines.procedures.models import Clock, Party
from yanzhen.engines.procedures.queries import done_by, seen_by, to_do, work_orders
from yanzhen.engines.procedures.queries import parties as parties_of
from yanzhen.engines.procedures.refusals import MoveNotAllowed, MoveRefused
from yanzhen.foundation.models import Record
from yanzhen.foundation.outbox.models import Message
from yanzhen.foundation.scope import database_scope

pytestmark = pytest.mark.django_db


def party_of(place):
    hrss = OrganisationFactory(region=place.region, line=LineFactory(code="hrss"))
    clerk = AccountFactory(grants=[(place.region, hrss.line, "case.view case.respond")], organisation=hrss)
    case = place.handling()
    return case, parties.refer(case, hrss, actor=place.clerk, demand="请核实参保情况"), clerk


def test_a_party_sees_the_case_from_the_offer_until_it_is_revoked():
    place = county()
    case, party, clerk = party_of(place)

    assert list(seen_by(Case, clerk)) == [case]
    assert list(work_orders(clerk, "case.respond")) == [party]
    parties.revoke(party, actor=place.clerk, reason="已自行核实")
    assert list(seen_by(Case, clerk)) == []


def test_a_party_has_no_say_in_the_case_itself():
    place = county()
    case, _party, clerk = party_of(place)
    strong = AccountFactory(grants=[(place.region, LineFactory(code="hrss"), "case.view case.handle")])

    for account in (clerk, strong):
        with pytest.raises(MoveNotAllowed):
            advance(case, "answer", actor=account, reply=REPLY)


def test_a_party_accepts_under_its_own_term_and_the_case_waits_for_it():
    place = county()
    case, party, clerk = party_of(place)
    party = parties.respond(party, actor=clerk, accept=True)

    with pytest.raises(MoveRefused, match="分办单未办毕"):
        advance(case, "answer", actor=place.handler, reply=REPLY)
    assert Clock.objects.get(party=party, stopped_at=None).parameter.code == "hotline.referral_work"
    parties.finish(party, actor=clerk, result="已核实，单位应补缴三个月。")
    assert advance(case, "answer", actor=place.handler, reply=REPLY).state == "answered"


def test_a_rejection_needs_a_reason_and_takes_the_case_out_of_sight():
    place = county()
    _case, party, clerk = party_of(place)

    with pytest.raises(MoveRefused, match="理由"):
        parties.respond(party, actor=clerk, accept=False)
    party = parties.respond(party, actor=clerk, accept=False, reason="属区人社局管辖")

    assert (party.state, party.due_at) == (Party.State.REJECTED, None)
    assert list(seen_by(Case, clerk)) == []
    with pytest.raises(MoveRefused, match="已退回"):
        parties.respond(party, actor=clerk, accept=True)


def test_an_extension_is_decided_by_a_second_person_within_the_limit():
    place = county()
    case = place.handling()
    clock = Clock.objects.get(parameter__code="hotline.handling")
    both = AccountFactory(grants=[(place.region, None, "case.handle case.approve_stay")])

    with pytest.raises(MoveRefused, match="累计不得超过 7 工作日"):
        stays.request_stay(clock, actor=both, kind="extension", amount=8, reason="取证")
    stay = stays.request_stay(clock, actor=both, kind="extension", amount=5, reason="取证")
    with pytest.raises(MoveRefused, match="自己的申请"):
        stays.decide_stay(stay, actor=both, grant=True)
    stays.decide_stay(stay, actor=place.approver, grant=True)

    before = clock.due_at
    clock.refresh_from_db()
    case.refresh_from_db()
    assert clock.due_at - before >= timedelta(days=5)
    assert case.due_at == clock.due_at
    with pytest.raises(MoveRefused, match="已用 5"):
        stays.request_stay(clock, actor=both, kind="extension", amount=3, reason="取证")


def test_a_pause_moves_the_end_and_resuming_gives_back_what_was_not_used():
    place = county()
    case = place.handling()
    clock = Clock.objects.get(parameter__code="hotline.handling")
    before = clock.due_at
    stay = stays.request_stay(clock, actor=place.handler, kind="pause", amount=5, reason="等待鉴定")

    stays.decide_stay(stay, actor=place.approver, grant=True)

    clock.refresh_from_db()
    assert clock.due_at > before
    clock = stays.resume(clock, actor=place.handler, reason="鉴定已出")
    case.refresh_from_db()
    assert clock.due_at == before == case.due_at
    with pytest.raises(MoveRefused, match="没有进行中的暂停"):
        stays.resume(clock, actor=place.handler, reason="再来")


def handling_clock(case: Case) -> Clock:
    return Clock.objects.get(subject_id=case.pk, party=None, stopped_at=None)


def regrade(place, case: Case, to: str) -> Case:
    return advance(case, "grade", actor=place.clerk, complexity=to, note="案情复杂")


def test_what_was_granted_goes_on_with_a_case_that_is_graded_anew_and_counts_against_the_limit():
    place = county()
    case = place.handling()
    first = handling_clock(case)
    stay = stays.request_stay(first, actor=place.handler, kind="extension", amount=7, reason="多方取证")
    stays.decide_stay(stay, actor=place.approver, grant=True)

    case = regrade(place, case, "difficult")
    clock = handling_clock(case)

    assert (clock.parameter.code, clock.extension) == ("hotline.handling_difficult", 7)
    assert list(clock.stays.all()) == [stay]
    with pytest.raises(MoveRefused, match="已用 7"):
        stays.request_stay(clock, actor=place.handler, kind="extension", amount=7, reason="再次取证")


def test_a_pause_that_ended_before_the_grading_is_known_to_the_clock_that_goes_on():
    place = county()
    case = place.handling()
    stay = stays.request_stay(
        handling_clock(case), actor=place.handler, kind="pause", amount=5, reason="鉴定"
    )
    stays.decide_stay(stay, actor=place.approver, grant=True)

    with pytest.raises(MoveRefused, match="正在暂停，请先恢复计时"):
        regrade(place, case, "difficult")
    stays.resume(handling_clock(case), actor=place.handler, reason="鉴定已出")
    clock = handling_clock(regrade(place, case, "difficult"))
    again = stays.request_stay(clock, actor=place.handler, kind="pause", amount=5, reason="补充鉴定")
    stays.decide_stay(again, actor=place.approver, grant=True)

    assert stays.resume(clock, actor=place.handler, reason="已出").pauses == []


def test_a_case_is_not_graded_over_an_open_request_nor_from_working_days_to_others():
    place = county()
    case = place.handling()
    stay = stays.request_stay(
        handling_clock(case), actor=place.handler, kind="extension", amount=2, reason="取证"
    )

    with pytest.raises(MoveRefused, match="请先审批"):
        regrade(place, case, "difficult")
    stays.decide_stay(stay, actor=place.approver, grant=True)
    with pytest.raises(MoveRefused, match="以工作日计，改后的时限以日计，不能换算"):
        regrade(place, case, "complex")
    assert regrade(place, case, "difficult").complexity == "difficult"


def test_a_complex_case_has_a_limit_in_days_of_its_own_kind():
    place = county()
    clock = handling_clock(regrade(place, place.handling(), "complex"))

    with pytest.raises(MoveRefused, match="累计不得超过 30 日"):
        stays.request_stay(clock, actor=place.handler, kind="extension", amount=31, reason="取证")
    assert (
        stays.request_stay(clock, actor=place.handler, kind="extension", amount=30, reason="取证").amount
        == 30
    )


@pytest.mark.parametrize("kind", ["extension", "pause"])
def test_more_time_is_asked_for_before_the_end_however_late_it_is_granted(kind):
    place = county()
    asked, late = handling_clock(place.handling()), handling_clock(place.handling())
    stay = stays.request_stay(asked, actor=place.handler, kind=kind, amount=5, reason="取证")
    before = timezone.now() - timedelta(minutes=1)
    Clock.objects.filter(pk__in=(asked.pk, late.pk)).update(due_at=before)

    with pytest.raises(MoveRefused, match="须在届满前申请"):
        stays.request_stay(late, actor=place.handler, kind=kind, amount=5, reason="取证")
    stays.decide_stay(stay, actor=place.approver, grant=True)

    asked.refresh_from_db()
    assert asked.due_at > timezone.now()


def test_the_sweep_warns_once_and_marks_late_once():
    place = county()
    case = place.handling()
    clock = Clock.objects.get(parameter__code="hotline.handling")

    assert sweep.mark_due(clock.warn_at - timedelta(seconds=1)) == (0, 0)
    assert sweep.mark_due(clock.warn_at) == (1, 0)
    assert sweep.mark_due(clock.due_at) == (0, 1)
    assert sweep.mark_due(clock.due_at + timedelta(days=1)) == (0, 0)

    case.refresh_from_db()
    told = Record.objects.filter(subject_id=str(case.pk), verb__startswith="clock.").order_by("pk")
    assert (case.late, [r.verb for r in told]) == (True, ["clock.warned", "clock.overdue"])


def told_of(case: Case) -> set[int]:
    """Mark the case's one running clock and return who is told of it."""
    clock = Clock.objects.get(subject_id=case.pk, stopped_at=None, warned_at=None)
    sweep.mark_due(clock.warn_at)
    rows = Message.objects.filter(kind="procedure.warned", subject_id=str(case.pk)).exclude(account=None)
    return set(rows.values_list("account_id", flat=True))


def test_a_card_goes_to_whom_the_state_awaits_and_to_the_handler_only_where_it_is_the_handlers_own():
    place = county()
    province = place.region.parent.parent
    AccountFactory(grants=[(province, None, "case.call_back case.accept")])
    AccountFactory(grants=[(place.region, LineFactory(code="court"), "case.call_back")])

    assert told_of(place.case()) == {place.clerk.pk}
    assert told_of(place.handling()) == {place.handler.pk}
    assert told_of(place.answered()) == {place.clerk.pk, place.caller.pk}


def test_a_card_of_a_case_that_nobody_took_goes_to_its_unit():
    place = county()
    case = advance(place.accepted(), "assign", actor=place.clerk, organisation=place.union)

    assert told_of(case) == {place.handler.pk, place.deputy.pk}


def test_a_card_of_a_work_order_goes_to_those_of_its_organisation_who_answer_for_it():
    place = county()
    case, party, clerk = party_of(place)
    AccountFactory(grants=[(place.region, party.line, "case.respond")])
    Clock.objects.filter(subject_id=case.pk, party=None).update(warned_at=timezone.now())

    assert told_of(case) == {clerk.pk}


def test_a_late_answer_makes_the_case_late_even_if_no_sweep_ran():
    place = county()
    case = place.handling()
    after = Clock.objects.get(parameter__code="hotline.handling").due_at + timedelta(hours=1)

    assert advance(case, "answer", actor=place.handler, reply=REPLY, at=after).late


def test_clocks_are_derived_anew_when_a_year_becomes_known():
    place = county()
    place.handling()
    clock = Clock.objects.get(parameter__code="hotline.handling")
    right = clock.due_at
    Clock.objects.filter(pk=clock.pk).update(due_at=right + timedelta(days=3), provisional=True)

    sweep.rewind_year(timezone.now().year)

    clock.refresh_from_db()
    assert (clock.due_at, clock.provisional) == (right, False)


def test_a_city_that_swallowed_another_still_sees_its_cases():
    place = county("371202")
    old = RegionFactory(code="371200")
    jinan = RegionFactory(code="370100")
    old.successors.add(jinan)
    place.case()
    clerk = AccountFactory(grants=[(jinan, None, "case.view")])

    assert seen_by(Case, clerk).count() == 1


def test_a_party_rejects_behind_its_own_wall():
    place = county()
    case, party, clerk = party_of(place)

    with database_scope(clerk.audience_keys()):
        parties.respond(party, actor=clerk, accept=False, reason="属区人社局管辖")

    assert list(seen_by(Case, clerk)) == []
    case.refresh_from_db()
    assert case.open_parties == 0


def test_a_unit_of_another_line_sends_a_case_back_though_it_sees_it_no_more():
    place = county()
    court = OrganisationFactory(region=place.region, line=LineFactory(code="court"), kind="court")
    judge = AccountFactory(grants=[(place.region, court.line, "case.view case.handle")], organisation=court)
    case = advance(place.accepted(), "assign", actor=place.clerk, organisation=court)

    with database_scope(judge.audience_keys()):
        advance(case, "send_back", actor=judge, counter_proposal=place.union, note="不属本院管辖")

    assert list(seen_by(Case, judge)) == []
    assert list(seen_by(Case, place.clerk)) == [case]


def test_a_party_keeps_sight_of_the_case_whoever_moves_it_and_the_new_unit_sees_its_result():
    place = county()
    case, party, clerk = party_of(place)
    party = parties.respond(party, actor=clerk, accept=True)
    parties.finish(party, actor=clerk, result="已核实，欠缴六个月")
    court = OrganisationFactory(region=place.region, line=LineFactory(code="court"), kind="court")
    judge = AccountFactory(
        grants=[(place.region, court.line, "case.view case.handle case.refer")], organisation=court
    )
    advance(case, "reassign", actor=place.clerk, organisation=court, note="移送")

    with database_scope(judge.audience_keys()):
        seen = [p.result for p in parties_of(case)]
        again = parties.refer(case, party.organisation, actor=judge, demand="请补充材料")
        advance(Case.objects.get(pk=case.pk), "reassign", actor=place.clerk, organisation=court, note="登记")

    assert seen == ["已核实，欠缴六个月"]
    assert again.number != party.number
    assert list(seen_by(Case, clerk)) == [case]


def test_a_pause_resumed_on_its_first_day_used_nothing_up():
    place = county()
    clock = Clock.objects.get(subject_id=place.handling().pk, stopped_at=None)
    stay = stays.request_stay(clock, actor=place.handler, kind="pause", amount=15, reason="等待鉴定")
    stays.decide_stay(stay, actor=place.approver, grant=True)

    stays.resume(Clock.objects.get(pk=clock.pk), actor=place.handler, reason="鉴定已出")

    assert (
        stays.request_stay(clock, actor=place.handler, kind="pause", amount=15, reason="补充鉴定").amount
        == 15
    )


def test_every_term_warns_before_it_ends():
    place = county()
    place.called_back()

    assert not Clock.objects.filter(warn_at=None).exists()


def test_who_decides_on_more_time_finds_the_case_in_the_inbox():
    place = county()
    case = place.handling()
    clock = Clock.objects.get(subject_id=case.pk, stopped_at=None)
    stays.request_stay(clock, actor=place.handler, kind="extension", amount=2, reason="多方取证")

    assert list(to_do(Case, place.approver)) == [case]


def test_a_part_done_for_others_lies_among_what_one_did():
    place = county()
    case, party, clerk = party_of(place)
    party = parties.respond(party, actor=clerk, accept=True)

    assert list(done_by(Case, clerk)) == [case]


@pytest.mark.django_db(transaction=True)
def test_the_sweep_leaves_what_somebody_is_moving_and_takes_it_later():
    place = county()
    case = place.case()
    Clock.objects.update(due_at=timezone.now() - timedelta(days=1))
    swept: list[tuple[int, int]] = []

    def other() -> None:
        with connection.cursor() as cursor:
            cursor.execute("select set_config('yanzhen.reach', '{*:}', false)")
        swept.append(sweep.mark_due(timezone.now()))
        connection.close()

    with transaction.atomic():
        list(Case.objects.filter(pk=case.pk).select_for_update())
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()

    assert swept == [(0, 0)]
    assert sweep.mark_due(timezone.now())[1] == 1
