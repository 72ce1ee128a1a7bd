"""Random moves by random accounts: whatever is tried, state, clocks, records and rights stay consistent."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.factories import AccountFactory, LineFactory, OrganisationFactory, RegionFactory
from tests.hotline import EVERY_RIGHT, REPLY, County, county
from yanzhen.domains.hotline.models import Case
from yanzhen.domains.hotline.procedures import CASE
from yanzhen.engines.procedures import parties, stays
from yanzhen.engines.procedures.engine import advance, outlook
from yanzhen.engines.procedures.models import Clock, Party, Stay
from yanzhen.engines.procedures.queries import seen_by
from yanzhen.foundation.errors import Refusal
from yanzhen.foundation.models import Account
from yanzhen.foundation.records import history
from yanzhen.foundation.scope import database_scope

pytestmark = pytest.mark.django_db

MOVES = sorted({t.code for t in CASE.transitions})
DEEDS = [*MOVES, "refer", "respond", "finish", "revoke", "ask", "decide"]
steps = st.lists(
    st.tuples(st.sampled_from(DEEDS), st.integers(0, 4), st.booleans(), st.booleans()),
    min_size=4,
    max_size=25,
)


class World:
    def __init__(self, place: County) -> None:
        self.place = place
        self.hrss = OrganisationFactory(region=place.region, line=LineFactory(code="hrss"))
        hrss = AccountFactory(
            grants=[(place.region, self.hrss.line, "case.view case.respond")], organisation=self.hrss
        )
        stranger = AccountFactory(grants=[(RegionFactory(code="370202"), None, EVERY_RIGHT)])
        self.accounts = [place.clerk, place.handler, place.approver, hrss, stranger]

    def do(self, case: Case, deed: str, actor: Account, yes: bool, note: bool) -> None:
        words = "随机动作的说明" if note else ""
        match deed:
            case "refer":
                parties.refer(case, self.hrss, actor=actor, demand=words)
            case "respond" | "finish" | "revoke":
                party = Party.objects.filter(subject_id=case.pk).order_by("-pk").first()
                if party:
                    self._party(deed, party, actor, yes, words)
            case "ask":
                clock = Clock.objects.filter(subject_id=case.pk).order_by("-pk").first()
                stays.request_stay(
                    clock, actor=actor, kind="pause" if yes else "extension", amount=3, reason=words
                )
            case "decide":
                stay = Stay.objects.filter(subject_id=case.pk).order_by("-pk").first()
                if stay:
                    stays.decide_stay(stay, actor=actor, grant=yes, opinion=words)
            case _:
                advance(case, deed, actor=actor, note=words, **self._changes(deed, yes))

    def _party(self, deed: str, party: Party, actor: Account, yes: bool, words: str) -> None:
        match deed:
            case "respond":
                parties.respond(party, actor=actor, accept=yes, reason=words)
            case "finish":
                parties.finish(party, actor=actor, result=words)
            case _:
                parties.revoke(party, actor=actor, reason=words)

    def _changes(self, code: str, yes: bool) -> dict[str, Any]:
        given = {
            "category": self.place.category,
            "reply": REPLY,
            "organisation": self.place.union,
            "handler": self.place.handler,
            "reached": True,
            "solved": yes,
            "satisfaction": "satisfied" if yes else "dissatisfied",
        }
        move = next(t for t in CASE.transitions if t.code == code)
        return {name: given[name] for name in (*move.fields, *move.optional) if name in given}


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=steps)
def test_random_moves_leave_everything_consistent(steps):
    world = World(county())
    case = world.place.case()
    made = 0
    for deed, who, yes, note in steps:
        actor = world.accounts[who]
        before = (case.state, case.step, history(case).count(), Clock.objects.count())
        may = {o.transition.code for o in outlook(case, actor=actor) if o.open}
        try:
            with database_scope(actor.audience_keys()):
                world.do(case, deed, actor, yes, note)
        except Refusal:
            case.refresh_from_db()
            assert (case.state, case.step, history(case).count(), Clock.objects.count()) == before
            continue
        if deed in MOVES:
            made += 1
            assert deed in may
            assert actor is not world.accounts[4]
        case.refresh_from_db()
        consistent(case, made, world)


def consistent(case: Case, made: int, world: World) -> None:
    stage = CASE.state(case.state)
    own = list(
        Clock.objects.filter(subject_id=case.pk, party=None, stopped_at=None).select_related("parameter")
    )
    moves = [r for r in history(case) if r.verb.startswith("move.")]
    assert case.step == made == len(moves)
    if moves:
        assert moves[-1].after["state"] == case.state
        assert all(one.after["state"] == two.before["state"] for one, two in pairwise(moves))
    assert sorted(c.parameter.code for c in own) == sorted(t.parameter for t in stage.terms)
    assert case.due_at == min((c.due_at for c in own), default=None)
    assert (case.ended_at is not None) == stage.final
    open_parties = Party.objects.filter(subject_id=case.pk).exclude(state__in=("rejected", "revoked"))
    assert seen_by(Case, world.accounts[3]).exists() == open_parties.exists()
    assert not seen_by(Case, world.accounts[4]).exists()
    if stage.code == "answered":
        assert not open_parties.filter(state__in=("offered", "accepted")).exists()
