"""The procedure of cases with the rules of groups on its moves, as version 0 of it: new cases keep the current one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.hotline import county
from yanzhen.domains.hotline.models import Case
from yanzhen.domains.hotline.procedures import CASE, CHARGE
from yanzhen.domains.hotline.repeats import rules
from yanzhen.engines.procedures.declare import PROCEDURES, Transition

GUARDS = {
    "answer": (rules.is_not_led, rules.nobody_waits_for_it),
    "decline": (rules.is_not_led, rules.nobody_waits_for_it),
    "send_back": (rules.is_not_led,),
    "dispute": (rules.is_not_led,),
}


def _guarded(move: Transition) -> Transition:
    charged = set(CHARGE) <= set(move.checks)
    return replace(
        move,
        guards=(*move.guards, *GUARDS.get(move.code, ())),
        checks=(*move.checks, *((rules.follows_its_lead,) if charged else ())),
    )


@pytest.fixture(scope="session")
def _version_0() -> None:
    PROCEDURES.add(replace(CASE, version=0, transitions=tuple(map(_guarded, CASE.transitions))))


@pytest.fixture
def place(_version_0, db):
    return county()


@pytest.fixture
def guarded(place) -> Callable[..., Case]:
    """Put a case under the rules of groups."""

    def put(case: Case) -> Case:
        Case.objects.filter(pk=case.pk).update(procedure_version=0)
        case.refresh_from_db()
        return case

    return put
