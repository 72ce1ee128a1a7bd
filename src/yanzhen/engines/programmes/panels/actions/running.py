"""Score runs: computed from the sheets that stand, frozen with their hashes, adopted once, compared with what would be."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone

from yanzhen.engines.programmes.actions.inspecting import not_passed
from yanzhen.engines.programmes.legs import carried, is_fixed, taking_part
from yanzhen.engines.programmes.models import Application, Round
from yanzhen.engines.programmes.panels.actions.judging import demand
from yanzhen.engines.programmes.panels.models import Assignment, Mark, ScoreRun, Sheet
from yanzhen.engines.programmes.panels.refusals import RunRefused
from yanzhen.engines.programmes.scoring.difference import Difference, difference
from yanzhen.engines.programmes.scoring.flags import outliers
from yanzhen.engines.programmes.scoring.marks import AspectGiven, Entry, Given, ScoreInput, aspect_means
from yanzhen.engines.programmes.scoring.runs import ScoreResult, score
from yanzhen.engines.programmes.scoring.runs import ScoreRun as Computed
from yanzhen.engines.programmes.scoring.ties import Chain, Place, Standing, rank
from yanzhen.engines.programmes.totals import totals
from yanzhen.foundation import parameters
from yanzhen.foundation.models import Account
from yanzhen.foundation.records import record


@transaction.atomic
def run(round_: Round, *, actor: Account, method: str = "") -> ScoreRun:
    """Compute and freeze a run of the present stage, by the round's method or another to compare with.

    Raises RunRefused where nothing was marked, or what the method refuses (judges and applications that do not hang together).
    """
    stage = against_running(round_, actor)
    given = input_of(round_, stage)
    if not given.marks:
        raise RunRefused("还没有评委交来评分")
    scoring = round_.programme.scoring
    named = method or scoring.method
    done = score(
        given,
        method=named,
        chain=chain_of(round_),
        parameters=scoring.given if named == scoring.method else None,
    )
    odd = parameters.get("programmes.odd_mark", on=timezone.localdate(), region=round_.region_id).value
    flags = (
        [
            [o.application, o.judge, str(o.value), str(o.expected), str(o.strength)]
            for o in outliers(done.fit, float(odd))
        ]
        if done.fit
        else []
    )
    made = ScoreRun.objects.create(
        round=round_, stage=stage.code, method=named, input_hash=done.result.input_hash, result_hash=done.result.hash,
        frozen=done.result.canonical(), flags=flags, by=actor, at=timezone.now(),
    )  # fmt: skip
    record(
        "score.run",
        round_,
        actor=actor,
        right="round.run",
        after={"run": made.pk, "method": named, "input": made.input_hash, "result": made.result_hash},
    )
    return made


@transaction.atomic
def adopt(made: ScoreRun, *, actor: Account) -> ScoreRun:
    """Take a run as the score of its stage, and give every application its total and place.

    The method has to be the one that was fixed before marks opened, and the marks those that stand now.
    """
    round_: Round = Round.objects.select_for_update(of=("self",), no_key=True).get(pk=made.round_id)
    against_adoption(made, actor)
    if input_of(round_, round_.programme.stage(made.stage)).hash != made.input_hash:
        raise RunRefused("运行之后又有评分交来或作废：请重新运行，再采用新的结果")
    ScoreRun.objects.filter(round=round_, stage=made.stage, adopted_at__isnull=False).update(
        adopted_at=None, adopted_by=None
    )
    made.adopted_by, made.adopted_at = actor, timezone.now()
    made.save(update_fields=["adopted_by", "adopted_at"])
    record(
        "score.adopt",
        round_,
        actor=actor,
        right="round.run",
        after={"run": made.pk, "result": made.result_hash},
    )
    place(round_)
    return made


def against_running(round_: Round, actor: Account) -> Any:
    """Return the Mark stage that is on, or the last one that was; raises what a run refuses before it reads marks."""
    demand(round_, actor)
    found = round_.programme.latest("mark", round_.stage)
    if found is None:
        raise RunRefused(f"{round_} 还没有到打分环节")
    return found


def against_adoption(made: ScoreRun, actor: Account) -> None:
    """Raise what adopting refuses before it reads marks."""
    round_ = made.round
    demand(round_, actor)
    if made.method != round_.programme.scoring.method:
        raise RunRefused(
            f"本轮启动时定下的计分方法是 {round_.programme.scoring.method}，{made.method} 的结果只供比较，不能采用"
        )
    if is_fixed(round_, made.stage):
        raise RunRefused("入围名单已经采用，计分结果已冻结：受理对打分的异议之后，才能更正并重新采用")


def place(round_: Round) -> int:
    """Write total and place of everybody who takes part in the present leg; return how many have a place.

    What lacks a part has neither; what an inspection did not pass has no place. Who was left out before keeps what it had.
    """
    rows = list(taking_part(round_, round_.stage).select_for_update(of=("self",)).order_by("pk"))
    adopted = _scored(round_)
    scores = result_of(adopted).by_application() if adopted else {}
    aspects = _aspects(round_, adopted.stage) if adopted else {}
    sums, earlier = totals(round_, [row.pk for row in rows]), carried(round_, round_.stage)
    standings = [
        Standing(
            application=row.pk, score=sums[row.pk], raw=scores[row.pk].raw if row.pk in scores else None,
            dispersion=scores[row.pk].dispersion if row.pk in scores else None, earlier=earlier.get(row.pk),
            aspects=dict(aspects.get(row.pk, ())),
        )
        for row in rows
    ]  # fmt: skip
    failed = not_passed(round_)
    places: dict[int, Place] = rank([s for s in standings if s.application not in failed], chain_of(round_))
    for row in rows:
        total, found = sums[row.pk], places.get(row.pk)
        row.score = None if total is None else round(total, 4)
        row.place = found.rank if found else None
    Application.objects.bulk_update(rows, ["score", "place"], batch_size=2000)
    return len(places)


def _scored(round_: Round) -> ScoreRun | None:
    """Return the adopted run of the last marking that the present total counts: by its marks ties are told apart."""
    programme = round_.programme
    marked = [s.code for s in programme.counted(programme.leads_to(round_.stage)) if s.kind == "mark"]
    if not marked:
        return None
    return ScoreRun.objects.filter(round=round_, stage=marked[-1], adopted_at__isnull=False).first()


def shadow(round_: Round, *, without_sheet: Sheet, places: int) -> Difference:
    """Return everything that would change if a sheet did not count; nothing is written."""
    stage = round_.programme.coming("mark", without_sheet.assignment.stage)
    adopted = ScoreRun.objects.filter(round=round_, stage=stage.code, adopted_at__isnull=False).first()
    if adopted is None:
        raise RunRefused("还没有采用计分结果，无从比较")
    scoring = round_.programme.scoring
    given = input_of(round_, stage, leave_out=(without_sheet.pk,))
    after = score(given, method=scoring.method, chain=chain_of(round_), parameters=scoring.given).result
    return difference(result_of(adopted), after, places)


def computed_again(made: ScoreRun) -> Computed:
    """Compute a run from the marks that stand now, by its own method, parameters and chain; nothing is written."""
    was = result_of(made)
    given = input_of(made.round, made.round.programme.stage(made.stage))
    return score(given, method=was.method, chain=was.chain, parameters=dict(was.parameters))


def result_of(made: ScoreRun) -> ScoreResult:
    """Return the frozen result, as it was computed."""
    return ScoreResult.read(bytes(made.frozen))


def input_of(round_: Round, stage: Any, *, leave_out: Iterable[int] = ()) -> ScoreInput:
    """Return the sheets that stand: of a double entry the one that was agreed on or decided."""
    assigned = round_.programme.latest("assign", stage.code)
    entries = list(taking_part(round_, stage.code).order_by("pk").values_list("pk", flat=True))
    earlier = carried(round_, stage.code)
    sheets = (
        Sheet.objects.filter(
            assignment__run__round=round_, assignment__stage=assigned.code, assignment__status=Assignment.State.DONE, void=None,
            assignment__application__in=entries,
        )
        .exclude(pk__in=list(leave_out))
        .order_by("assignment", "entry")
        .values_list("assignment__application", "assignment__judge", "entry", "total")
    )  # fmt: skip
    latest: dict[tuple[int, int], Decimal | None] = {}
    for application, judge, _entry, total in sheets:
        latest[application, judge] = total
    aspects = _aspects(round_, stage.code)
    return ScoreInput(
        tuple(Given(application, judge, total) for (application, judge), total in latest.items()),
        tuple(Entry(pk, earlier=earlier.get(pk), aspects=aspects.get(pk, ())) for pk in entries),
    )


def chain_of(round_: Round) -> Chain:
    """Return the round's tie chain; a lot is drawn from the seed that the round has had since it was opened."""
    return round_.programme.scoring.chain(str(round_.seed))


def _aspects(round_: Round, stage: str) -> dict[int, tuple[tuple[str, Decimal | None], ...]]:
    codes = {step.aspect for step in chain_of(round_).steps if step.aspect}
    if not codes:
        return {}
    assigned = round_.programme.latest("assign", stage)
    marks = (
        Mark.objects.filter(
            aspect__in=codes, sheet__void=None, sheet__assignment__run__round=round_,
            sheet__assignment__status=Assignment.State.DONE, sheet__assignment__stage=assigned.code,
        )
        .order_by("sheet__entry")
        .values_list("sheet__assignment__application", "sheet__assignment__judge", "aspect", "value")
    )  # fmt: skip
    latest = {(application, judge, aspect): value for application, judge, aspect, value in marks}
    return aspect_means(AspectGiven(*key, value) for key, value in latest.items())
