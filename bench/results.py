"""A shortlist of twenty thousand from the rows to the written reasons: CPU of this process, beside the solver alone."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from decimal import Decimal

from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from bench.province import web_role
from tests.factories import LineFactory, OrganisationFactory, RegionFactory
from tests.results import at_stage, jury
from tests.selection import open_round, organiser, programme
from yanzhen.engines.matching.shortlist import shortlist
from yanzhen.engines.procedures.engine import advance_many
from yanzhen.engines.programmes import quotas
from yanzhen.engines.programmes.declare import Question, Quota, Ratio
from yanzhen.engines.programmes.models import Application, Round
from yanzhen.engines.programmes.results import actions
from yanzhen.engines.programmes.results.contest import field_of, in_review, places_of
from yanzhen.engines.programmes.results.settling import settled
from yanzhen.foundation.bulk import copy_in, reserve_ids
from yanzhen.foundation.scope import EVERYTHING, database_scope

APPLICATIONS, PLACES, CITIES, UNITS = 20_000, 500, 16, 6_000
SHARES = (("front", 0.55, 60, None), ("leader", 0.25, None, 15), ("woman", 0.18, 20, None), ("migrant", 0.17, 20, None),
          ("private", 0.45, 50, None))  # fmt: skip


def run(say: Callable[[str], None]) -> None:
    with database_scope({EVERYTHING}):
        made, actor = _round()
    with web_role(), database_scope({EVERYTHING}):
        field, read = _timed(lambda: field_of(made, in_review(made), places_of(made, 0)))
        contest = field.contest()
        found, solving = _timed(lambda: shortlist(contest))
        _list, settling = _timed(lambda: settled(contest, found))
        kept, whole = _timed(lambda: actions.run_shortlist(made, actor=actor))
        _adopted, moving = _timed(lambda: actions.adopt_shortlist(kept, actor=actor))
        statements, awarding = _award(made)
    say(
        f"results read {read:.2f} s, solve {solving:.2f} s, {len(found.tied)} of one total settled by place {settling:.2f} s CPU"
    )
    say(
        f"results run with {APPLICATIONS - PLACES:,} written reasons {whole:.2f} s CPU, {whole / solving:.1f} x the solver alone"
    )
    say(f"results adopt: {APPLICATIONS:,} moved with clocks and records {moving:.2f} s CPU")
    say(f"results award: a list of {APPLICATIONS:,} in {statements} statements {awarding:.2f} s CPU")


def _award(made):  # type: ignore[no-untyped-def]
    """Award a list on which everybody is: the moves alone, without the notice that comes before."""
    Application.objects.filter(round=made).update(state="noticed")
    Round.objects.filter(pk=made.pk).update(notice_ends_at=timezone.now())
    ids = list(Application.objects.filter(round=made).values_list("pk", flat=True))
    with CaptureQueriesContext(connection) as asked, transaction.atomic():
        outcome, spent = _timed(lambda: advance_many(Application, ids, "award", actor=jury()))
    assert outcome.moved == APPLICATIONS, outcome.refused[:3]
    return len(asked), spent


def _round():  # type: ignore[no-untyped-def]
    chance = random.Random(7)  # noqa: S311  # a bench
    codes = [f"37{n:02}" for n in range(1, CITIES + 1)]
    for code in codes:
        RegionFactory(code=f"{code}00", level="city"), RegionFactory(code=f"{code}02")
    ratios = tuple(
        Ratio(code=name, label=name, trait="woman" if name == "woman" else "front_line" if name == "front" else name,
              least=least and Decimal(least), most=most and Decimal(most))
        for name, _share, least, most in SHARES
    )  # fmt: skip
    asked = tuple(
        Question(code=code, label=code, kind="yes_no", trait=True)
        for code in ("front_line", "leader", "migrant", "private")
    )
    actor = organiser()
    made = open_round(
        actor,
        programme(code="big", questions=asked, ratios=ratios, per_employer=2, quota=Quota(places=PLACES)),
    )
    quotas.deal(made, {code: chance.randint(200, 900) for code in codes}, actor=actor)
    units = [
        OrganisationFactory(region_id=f"{chance.choice(codes)}02", line=LineFactory())
        for _ in range(UNITS // 10)
    ]
    scores = sorted(
        (Decimal(chance.randint(500_000, 990_000)) / 10_000 for _ in range(APPLICATIONS)), reverse=True
    )
    rows = []
    for n, score in enumerate(scores):
        unit = chance.choice(units)
        traits = [
            r.trait for r, (_n, share, *_b) in zip(ratios, SHARES, strict=True) if chance.random() < share
        ]
        rows.append(
            Application(
                round=made, organisation=unit, region_id=unit.region_id, line_id="union", title="x", number=f"B-{n:06}",
                state="review", procedure_version=made.pk, started_at=timezone.now(), cell=unit.region_id[:4],
                check_hash=b"0" * 32, traits=traits, score=score, place=n + 1,
            )
        )  # fmt: skip
    for row, pk in zip(rows, reserve_ids(Application, len(rows)), strict=True):
        row.pk = pk
    with transaction.atomic():
        copy_in(Application, rows)
    return at_stage(made, "shortlist"), actor


def _timed(act):  # type: ignore[no-untyped-def]
    before = time.process_time()
    result = act()
    return result, time.process_time() - before
