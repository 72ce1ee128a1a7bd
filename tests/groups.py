"""Cases under the rules of groups: version 0 of their procedure, so that new cases keep the current one."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

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


def guarded(case: Case) -> Case:
    """Put a case under the rules of groups."""
    _declare()
    Case.objects.filter(pk=case.pk).update(procedure_version=0)
    case.refresh_from_db()
    return case


@cache
def _declare() -> None:
    PROCEDURES.add(replace(CASE, version=0, transitions=tuple(map(_guarded, CASE.transitions))))


def _guarded(move: Transition) -> Transition:
    charged = set(CHARGE) <= set(move.checks)
    return replace(
        move,
        guards=(*move.guards, *GUARDS.get(move.code, ())),
        checks=(*move.checks, *((rules.follows_its_lead,) if charged else ())),
    )
