"""Running a shortlist and adopting it; changing an adopted one by a shadow that was shown before; awarding what stands."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.db.models import OuterRef, Subquery
from django.utils import timezone

from yanzhen.engines.procedures.engine import Outcome, advance_many
from yanzhen.engines.procedures.parties import beyond_the_wall
from yanzhen.engines.programmes.models import Application, Round
from yanzhen.engines.programmes.results import queries
from yanzhen.engines.programmes.results.contest import field_of, in_review, places_of
from yanzhen.engines.programmes.results.models import Seat, ShortlistRun
from yanzhen.engines.programmes.results.solving import ShortlistRefused, keep, solve
from yanzhen.foundation.errors import NotAllowed, Refusal
from yanzhen.foundation.models import Account
from yanzhen.foundation.records import record

RUN, DECIDE = "round.run", "application.decide"
Awarded = Callable[[Round, Sequence[int], Account], None]
AWARDED: list[Awarded] = []
"""Called with the round, the ids of the awarded applications and who decided, in the transaction of the decision:
domains make honours of them."""


class DecisionRefused(Refusal):
    code = "decision_refused"


@beyond_the_wall
def run_shortlist(round_: Round, *, actor: Account) -> ShortlistRun:
    """Solve the shortlist of the present stage and freeze it. Raises what `solving.solve` raises; then nothing is kept."""
    round_ = locked(round_, actor, RUN)
    stage = _stage(round_, "shortlist")
    field = field_of(round_, in_review(round_), places_of(round_, stage.places))
    run = keep(field, solve(field), stage=stage.code, actor=actor)
    record("shortlist.run", round_, actor=actor, right=RUN,
           after={"run": run.pk, "input": run.input_hash, "result": run.result_hash})  # fmt: skip
    return run


@beyond_the_wall
def adopt_shortlist(run: ShortlistRun, *, actor: Account, note: str = "") -> ShortlistRun:
    """Make a run the result: who is on it goes on, who is not is left out with the written reason.

    Raises ShortlistRefused where it is not the newest run of the present stage, or what it rests on has changed since.
    """
    round_ = locked(run.round, actor, RUN)
    run = ShortlistRun.objects.select_for_update().get(pk=run.pk)
    against_running(round_, actor, run)
    stage = round_.stage_now
    field = field_of(round_, in_review(round_), places_of(round_, stage.places))
    if {c.pk for c in field.candidates} != set(run.seats.values_list("application_id", flat=True)) or (
        field.contest().digest() != run.input_hash
    ):
        raise ShortlistRefused("运行之后得分、名额或申报有变化，名单已不成立：请重新运行")
    mark_adopted(run, actor)
    last = not any(after.kind == "shortlist" for after in queries.later(round_, stage.code))
    _out(run, actor=actor, note=note)
    if last:
        whole(advance_many(Application, queries.chosen_ids(run), "put_forward", actor=actor, note=note))
    else:
        # a final follows: there they are chosen among once more
        Application.objects.filter(pk__in=queries.chosen_ids(run)).update(chosen=None, score=None, place=None)
    record("shortlist.adopt", round_, actor=actor, right=RUN, after={"run": run.pk, "result": run.result_hash},
           reason=note)  # fmt: skip
    return run


@beyond_the_wall
def award(round_: Round, *, actor: Account, note: str = "") -> Outcome:
    """Award everybody on the list once the notice is over, and tell the domains. All of them, or nobody.

    Raises DecisionRefused with every reason, NotAllowed, or what a domain raises that can not make honours of them.
    """
    round_ = locked(round_, actor, DECIDE)
    against_awarding(round_, actor)
    ids = list(queries.listed(round_).values_list("pk", flat=True))
    outcome = whole(advance_many(Application, ids, "award", actor=actor, note=note))
    for tell in AWARDED:
        tell(round_, ids, actor)
    record("round.award", round_, actor=actor, right=DECIDE, after={"awarded": len(ids)}, reason=note)
    return outcome


def mark_adopted(run: ShortlistRun, actor: Account) -> None:
    """Write on the applications what the run says: set by set, whatever their number."""
    run.adopted_at, run.adopted_by = timezone.now(), actor
    run.save(update_fields=["adopted_at", "adopted_by"])
    mine = Seat.objects.filter(run=run)
    sentence = mine.filter(application=OuterRef("pk")).values("sentence")
    Application.objects.filter(pk__in=mine.filter(chosen=True).values("application")).update(chosen=True)
    out = Application.objects.filter(pk__in=mine.filter(chosen=False).values("application"))
    out.update(chosen=False, outcome=Subquery(sentence))


def _out(run: ShortlistRun, *, actor: Account, note: str) -> None:
    ids = list(run.seats.filter(chosen=False).values_list("application_id", flat=True))
    whole(advance_many(Application, ids, "leave_out", actor=actor, note=note))


def whole(outcome: Outcome) -> Outcome:
    """Let a list move whole or not at all."""
    if outcome.refused:
        said = "；".join(f"{number}：{'、'.join(reasons)}" for number, reasons in outcome.refused[:10])
        raise ShortlistRefused(f"有 {len(outcome.refused)} 件不能办理，名单未改动：{said}")
    return outcome


def against_running(round_: Round, actor: Account, run: ShortlistRun | None) -> None:
    """Raise what running a shortlist, or adopting `run`, refuses without a look at the applications."""
    stage = _stage(permitted(round_, actor, RUN), "shortlist")
    if run is None:
        return
    if run.adopted_at:
        raise ShortlistRefused("这份名单已经采用")
    if run != ShortlistRun.objects.filter(round=round_, stage=stage.code).latest("pk"):
        raise ShortlistRefused("只能采用本环节最近一次运行的名单：请查看最新一份")


def against_awarding(round_: Round, actor: Account) -> None:
    """Raise what awarding the list refuses before anybody is moved, every reason at once."""
    _stage(permitted(round_, actor, DECIDE), "decide")
    if reasons := queries.against_award(round_):
        raise DecisionRefused("还不能认定：" + "；".join(reasons), reasons=reasons)


def locked(round_: Round, actor: Account, right: str) -> Round:
    """Lock the round for an act of `actor`; applicants, who only point at it, are not made to wait."""
    rows = Round.objects.select_for_update(of=("self",), no_key=True).prefetch_related("windows")
    return permitted(rows.get(pk=round_.pk), actor, right)


def permitted(row: Round, actor: Account, right: str) -> Round:
    if not actor.has_right(right, row):
        words = "组织评选轮次" if right == RUN else "决定认定"
        raise NotAllowed(f"您在该区划和条线没有“{words}”权限")
    if row.status != Round.Status.RUNNING:
        raise ShortlistRefused(f"{row} {row.get_status_display()}，不能再改动")
    if row.standstill:
        raise ShortlistRefused(row.standstill)
    return row


def _stage(round_: Round, kind: str) -> Any:
    stage = round_.stage_now
    if stage.kind != kind:
        raise ShortlistRefused(f"{round_} 现为“{stage.label}”环节，不能进行这一步")
    return stage
