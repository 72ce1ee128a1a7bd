"""Solving a field and keeping what came of it: only a list that is proven, the only one, and explained to the last one."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from decimal import Decimal

from django.utils import timezone

from yanzhen.engines.matching.shortlist import Shortlist, shortlist
from yanzhen.engines.programmes.models import Application
from yanzhen.engines.programmes.results.contest import SCALE, Candidate, Field
from yanzhen.engines.programmes.results.models import Seat, ShortlistRun
from yanzhen.engines.programmes.results.sentences import Said, Speaker, joined
from yanzhen.engines.programmes.results.settling import settled
from yanzhen.foundation.bulk import copy_in, reserve_ids
from yanzhen.foundation.errors import Refusal
from yanzhen.foundation.models import Account

CHOSEN = "chosen"
NAMED = 20
"""So many of the tied are named in the sentence; all of them stand in the data."""


class ShortlistRefused(Refusal):
    code = "shortlist_refused"


class ShortlistTied(ShortlistRefused):
    """An equally good list would change who is on it; `data["tied"]` are the numbers of those concerned."""

    code = "shortlist_tied"


class RulesConflict(ShortlistRefused):
    """No list keeps all rules; `data["rules"]` are the sentences of a smallest set that contradicts itself."""

    code = "rules_conflict"


def solve(field: Field) -> Shortlist:
    """Return the best list. Raises ShortlistRefused where nobody competes, RulesConflict, or ShortlistTied."""
    if not field.ranked:
        raise ShortlistRefused("没有已评出名次的申报：请先采用评分结果，再运行入围名单")
    contest = field.contest()
    found = settled(contest, shortlist(contest))
    if not found.feasible:
        message, rules = _conflict(field, found)
        raise RulesConflict(message, rules=rules)
    if found.ambiguous:
        numbers = Application.objects.filter(pk__in=found.tied.tolist()).order_by("number")
        tied = list(numbers.values_list("number", flat=True))
        more = f"等 {len(tied)} 件" if len(tied) > NAMED else ""
        raise ShortlistTied(
            f"{'、'.join(tied[:NAMED])}{more}不分先后，换其中一件名单同样成立：请按并列规则（复评、表决或抽签）定出先后，"
            "重新采用评分结果后再运行",
            tied=tied,
        )  # fmt: skip
    return found


def keep(
    field: Field, found: Shortlist, *, stage: str, actor: Account, why: str = "", follows: ShortlistRun | None = None
) -> ShortlistRun:  # fmt: skip
    """Freeze a solved field: the run with its hashes, and a seat for everybody with the reason."""
    chosen = set(found.chosen.tolist())
    run = ShortlistRun.objects.create(
        round=field.round, stage=stage, places=len(chosen), input_hash=found.input, result_hash=result_hash(chosen),
        objective=Decimal(found.total) / SCALE, solver=found.solver, follows=follows, why=why[:300], at=timezone.now(),
        by=actor,
    )  # fmt: skip
    speaker = Speaker(field)
    told = {reason.candidate: speaker.reason(reason) for reason in found.reasons}
    told |= {candidate.pk: speaker.unranked(candidate) for candidate in field.unranked}
    seats = [
        _seat(run, candidate, told.get(candidate.pk))
        for candidate in sorted(field.candidates, key=_best_first)
    ]
    for seat, pk in zip(seats, reserve_ids(Seat, len(seats)), strict=True):
        seat.pk = pk
    copy_in(Seat, seats)
    return run


def result_hash(chosen: Iterable[int]) -> str:
    """Return SHA-256 over the ids in ascending order, joined by commas."""
    return hashlib.sha256(",".join(map(str, sorted(chosen))).encode()).hexdigest()


def _best_first(candidate: Candidate) -> tuple[bool, int, int]:
    """Seats lie in the order of places, so that lists page by id; without a place at the end."""
    return candidate.place is None, candidate.place or 0, candidate.pk


def _conflict(field: Field, found: Shortlist) -> tuple[str, list[str]]:
    rules = [Speaker(field).conflict(conflict) for conflict in found.conflicts]
    if not rules:
        return f"应入围 {field.total} 人，参加排名的只有 {len(field.ranked)} 人：请收回或调剂用不完的名额", []
    return f"下列规则不能同时满足：{joined(rules)}。请调剂名额，或按程序修改方案后另开一轮", rules


def _seat(run: ShortlistRun, candidate: Candidate, said: Said | None) -> Seat:
    code, data, sentence = said or Said(CHOSEN, {}, "")
    return Seat(
        run=run, application_id=candidate.pk, chosen=said is None, cell=candidate.cell, score=candidate.score,
        place=candidate.place, reason=code, data=data, sentence=sentence,
    )  # fmt: skip
