"""Categories retired and reinstated: by whom, what stays, what is refused."""

from __future__ import annotations

import pytest

from tests.factories import AccountFactory, LineFactory
from tests.hotline import county
from yanzhen.domains.hotline.categories import reinstate, withdraw
from yanzhen.domains.hotline.models import Category
from yanzhen.domains.hotline.queries import categories
from yanzhen.domains.hotline.routing.queries import running
from yanzhen.engines.procedures.engine import advance
from yanzhen.engines.procedures.refusals import MoveRefused
from yanzhen.foundation.errors import Invalid, NotAllowed, Refusal
from yanzhen.foundation.records import history
from yanzhen.foundation.scope import database_scope

pytestmark = pytest.mark.django_db


def keeper(place):
    return AccountFactory(grants=[(place.region.parent.parent, None, "route.edit")])


def test_a_withdrawn_leaf_is_chosen_no_more_until_it_is_reinstated_and_both_are_on_record():
    place = county()
    leaf, actor = place.category, keeper(place)

    withdraw(leaf, actor=actor, reason="与另一类重复")
    gone = list(categories())
    reinstate(leaf, actor=actor, reason="仍有此类诉求")

    assert (gone, list(categories())) == ([], [leaf])
    assert [(r.verb, r.actor_id, r.before, r.after, r.reason) for r in history(leaf)] == [
        ("category.withdraw", actor.pk, {"active": True}, {"active": False}, "与另一类重复"),
        ("category.reinstate", actor.pk, {"active": False}, {"active": True}, "仍有此类诉求"),
    ]


def test_a_case_of_a_withdrawn_leaf_goes_on_and_no_other_is_put_under_it():
    place = county()
    accepted, waiting = place.accepted(), place.case()

    withdraw(place.category, actor=keeper(place), reason="合并")

    moved = advance(accepted, "assign", actor=place.clerk, organisation=place.union, handler=place.handler)
    assert (moved.state, moved.category_id) == ("handling", place.category.code)
    place.category.refresh_from_db()
    with pytest.raises(MoveRefused, match="已停用，请改选在用的类别"):
        advance(waiting, "accept", actor=place.clerk, category=place.category)
    with pytest.raises(Invalid, match="已停用，请改选在用的类别"):
        place.case(category=place.category.code)


def test_a_leaf_is_withdrawn_by_who_keeps_the_rules_of_the_whole_province_alone():
    place = county()
    of_a_city = AccountFactory(grants=[(place.region.parent, None, "route.edit")])
    of_a_line = AccountFactory(grants=[(place.region.parent.parent, LineFactory(code="hrss"), "route.edit")])

    for actor in (of_a_city, of_a_line):
        with pytest.raises(NotAllowed, match="须在全省"):
            withdraw(place.category, actor=actor, reason="合并")

    assert Category.objects.filter(active=False).count() == 0


def test_a_branch_an_empty_reason_and_a_second_time_are_refused():
    place = county()
    actor, branch = keeper(place), Category.objects.get(code="0201")

    with pytest.raises(Invalid, match="只有第三级"):
        withdraw(branch, actor=actor, reason="合并")
    with pytest.raises(Invalid, match="理由"):
        withdraw(place.category, actor=actor, reason=" ")
    with pytest.raises(Refusal, match="在用，无须恢复"):
        reinstate(place.category, actor=actor, reason="恢复")
    withdraw(place.category, actor=actor, reason="合并")
    with pytest.raises(Refusal, match="已经停用"):
        withdraw(place.category, actor=actor, reason="合并")


def test_running_cases_are_counted_where_the_account_keeps_rules():
    place, elsewhere = county(), county("370202")
    place.accepted()
    elsewhere.accepted()
    place.closed()

    counted = []
    for account in (keeper(place), AccountFactory(grants=[(place.region.parent, None, "route.edit")])):
        with database_scope(account.audience_keys()):
            counted.append(running(account))

    assert counted == [{"020101": 2}, {"020101": 1}]
