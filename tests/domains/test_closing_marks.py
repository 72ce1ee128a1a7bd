"""Unreasonable demands: a second person marks, the caller appeals, a third person decides."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from tests.closing import WHY, checker
from tests.factories import AccountFactory, LineFactory, RegionFactory
from tests.hotline import County, county
from yanzhen.domains.hotline.closing import queries
from yanzhen.domains.hotline.closing.marks import appeal_online, propose_mark
from yanzhen.domains.hotline.closing.models import Unreasonable
from yanzhen.domains.hotline.models import Case
from yanzhen.engines.procedures.engine import advance
from yanzhen.engines.procedures.queries import to_do
from yanzhen.engines.procedures.refusals import MoveNotAllowed, MoveRefused, NoSuchMove
from yanzhen.foundation.errors import Invalid, NotAllowed, Refusal
from yanzhen.foundation.models import Account, Record
from yanzhen.foundation.records import history

pytestmark = pytest.mark.django_db


def proposed(place: County) -> Unreasonable:
    return propose_mark(place.answered(), actor=place.handler, ground="repeated", reason=WHY)


def confirmed(place: County, by: Account) -> Unreasonable:
    return advance(proposed(place), "confirm", actor=by, opinion=WHY)


def appealed(place: County, by: Account) -> Unreasonable:
    return appeal_online(confirmed(place, by).case, objection="单位至今没有付钱")


def test_the_handler_proposes_and_the_case_stays_where_it_is():
    place = county()
    mark = proposed(place)

    assert (mark.state, mark.started_by, mark.case.state) == ("proposed", place.handler, "answered")
    assert mark.due_at is not None
    assert mark in to_do(Unreasonable, checker(place))


def test_who_neither_handles_nor_calls_back_does_not_propose():
    place = county()
    case = place.answered()

    for account in (
        checker(place),
        AccountFactory(grants=[(RegionFactory(code="370202"), None, "case.handle case.call_back")]),
        AccountFactory(grants=[(place.region, LineFactory(code="court"), "case.handle")]),
    ):
        with pytest.raises(NotAllowed):
            propose_mark(case, actor=account, ground="repeated", reason=WHY)

    assert Unreasonable.objects.count() == 0


def test_a_case_has_one_mark_at_a_time():
    place = county()
    mark = proposed(place)

    with pytest.raises(Refusal, match="不能重复提出"):
        propose_mark(mark.case, actor=place.clerk, ground="abuse", reason=WHY)
    advance(mark, "reject", actor=checker(place), opinion=WHY)
    again = propose_mark(mark.case, actor=place.clerk, ground="abuse", reason=WHY)

    assert again.state == "proposed"


def test_a_proposal_says_on_what_ground_and_why():
    place = county()

    with pytest.raises(Invalid) as refusal:
        propose_mark(place.answered(), actor=place.handler, ground="他很烦", reason="无理")

    assert list(refusal.value.data["fields"]) == ["ground", "reason"]


def test_neither_who_proposed_nor_the_handler_decides():
    place = county()
    mark = propose_mark(place.answered(), actor=place.clerk, ground="repeated", reason=WHY)
    handler = checker(place)
    Case.objects.filter(pk=mark.case_id).update(handler=handler)
    records = Record.objects.count()

    for account in (place.clerk, handler):
        with pytest.raises(MoveRefused, match="须由提出人和承办人以外的人决定"):
            advance(mark, "confirm", actor=account, opinion=WHY)

    assert (Unreasonable.objects.get().state, Record.objects.count()) == ("proposed", records)


@pytest.mark.parametrize("where", ["region", "line"])
def test_a_mark_is_decided_within_ones_own_reach_alone(where):
    place = county()
    mark = proposed(place)
    region = RegionFactory(code="370202") if where == "region" else place.region
    line = LineFactory(code="court") if where == "line" else None
    stranger = AccountFactory(grants=[(region, line, "case.view case.check")])

    with pytest.raises(MoveNotAllowed):
        advance(mark, "confirm", actor=stranger, opinion=WHY)

    assert (list(queries.marks(stranger)), list(queries.marks(checker(place)))) == ([], [mark])


def test_the_caller_appeals_without_an_account_and_the_words_are_not_in_the_record():
    place = county()
    mark = appealed(place, checker(place))

    last = history(mark).last()
    assert (mark.state, mark.objection) == ("appealed", "单位至今没有付钱")
    assert (last.verb, last.actor_id, last.grant_id) == ("move.object", None, None)
    assert mark.due_at is not None


def test_a_caller_has_no_say_in_another_case():
    place = county()
    mark = confirmed(place, checker(place))

    with pytest.raises(Refusal, match="没有被认定"):
        appeal_online(place.answered(), objection="单位至今没有付钱")

    mark.refresh_from_db()
    assert mark.state == "confirmed"


def test_an_appeal_comes_within_its_time_and_once():
    place = county()
    mark = confirmed(place, checker(place))
    Unreasonable.objects.update(ended_at=timezone.now() - timedelta(days=60))

    with pytest.raises(MoveRefused, match="异议期"):
        appeal_online(mark.case, objection="单位至今没有付钱")
    Unreasonable.objects.update(ended_at=timezone.now())
    mark = appeal_online(mark.case, objection="单位至今没有付钱")
    advance(mark, "uphold", actor=checker(place), opinion=WHY)
    with pytest.raises(MoveRefused, match="已提出过异议"):
        appeal_online(mark.case, objection="单位至今没有付钱")


def test_a_third_person_decides_on_the_appeal():
    place = county()
    first = checker(place)
    mark = propose_mark(place.answered(), actor=place.clerk, ground="repeated", reason=WHY)
    advance(mark, "confirm", actor=first, opinion=WHY)
    mark = appeal_online(mark.case, objection="单位至今没有付钱")

    for account in (first, place.clerk):
        with pytest.raises(MoveRefused):
            advance(mark, "overturn", actor=account, opinion=WHY)
    done = advance(mark, "overturn", actor=checker(place), opinion=WHY)

    assert done.state == "overturned"


def test_an_officer_may_appeal_too():
    place = county()
    mark = confirmed(place, checker(place))

    assert advance(mark, "appeal", actor=place.handler, objection="凭证不足").state == "appealed"
    with pytest.raises(NoSuchMove):
        advance(mark, "object", actor=place.handler, objection="替诉求人提出")


def test_staff_do_not_use_up_the_callers_own_objection():
    place = county()
    first = checker(place)
    mark = confirmed(place, first)
    advance(mark, "appeal", actor=place.handler, objection="凭证不足")
    advance(mark, "uphold", actor=checker(place), opinion=WHY)

    with pytest.raises(MoveNotAllowed, match="只能由当事人本人提出"):
        advance(
            mark,
            "object",
            actor=AccountFactory(grants=[(RegionFactory(), None, "case.check")]),
            objection="异议",
        )
    assert queries.feedback(mark.case).may_appeal
    mark = appeal_online(mark.case, objection="单位至今没有付钱")
    assert not queries.feedback(mark.case).may_appeal
    with pytest.raises(MoveRefused, match="本件的认定人不能办理本环节"):
        advance(mark, "overturn", actor=first, opinion=WHY)

    assert advance(mark, "overturn", actor=checker(place), opinion=WHY).state == "overturned"
