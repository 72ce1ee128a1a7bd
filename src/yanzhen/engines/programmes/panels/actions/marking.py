"""Marks: a whole sheet at once, blind, inside the stage's window; nothing is changed, only made void and given anew."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone

from yanzhen.engines.procedures.parties import beyond_the_wall
from yanzhen.engines.programmes.models import Application, Round
from yanzhen.engines.programmes.panels import field
from yanzhen.engines.programmes.panels.actions.judging import DONE, LEAST_WORDS, LIVE, demand
from yanzhen.engines.programmes.panels.models import (
    Assignment,
    AssignmentRun,
    Judge,
    Mark,
    ScoreRun,
    Sheet,
    VoidSheet,
)
from yanzhen.engines.programmes.panels.refusals import MarkRefused, PanelRefused
from yanzhen.engines.programmes.scoring import criteria
from yanzhen.engines.programmes.scoring.criteria import Discrepancy, compare
from yanzhen.foundation.errors import Invalid, NotAllowed
from yanzhen.foundation.models import Account
from yanzhen.foundation.records import record

FIRST, SECOND, SETTLING = 1, 2, 3
"""Entries of a sheet: the judge's own, the one that is typed in from paper, and what a third decides where they differ."""
Closed = Callable[[Round, Any], str | None]
CLOSED: list[Closed] = []
"""Say why a Mark stage takes no marks though it is on and its window open: a calibration that was not released yet."""


@dataclass(frozen=True, slots=True)
class Filed:
    """A sheet that was taken. `differs` says where a second entry is not the first: a third person decides."""

    sheet: Sheet
    differs: tuple[Discrepancy, ...] = ()


@beyond_the_wall
def file(
    assignment: Assignment,
    marks: Iterable[criteria.Mark],
    *,
    actor: Account,
    opinion: str = "",
    entry: int = FIRST,
) -> Filed:
    """File the sheet of an assignment. `actor` is its judge; a second or third entry is typed in by the organiser's people.

    Raises MarkRefused with every reason, Invalid by aspect where a mark is outside its scale.
    """
    held = (
        Assignment.objects.select_for_update(of=("self",))
        .select_related("judge", "application__round")
        .get(pk=assignment.pk)
    )
    round_, stage = marking_stage(held.application.round)
    _may_file(held, actor, entry, stage)
    if round_.programme.coming("mark", held.stage) != stage or held.application.state != "review":
        raise MarkRefused("这件申报已不在本环节的评审之中，不必再打分")
    assigning = round_.programme.stage(held.stage)
    if reasons := field.barred(held.judge, held.application, assigning):
        raise MarkRefused(
            f"须回避，不能打分：{'；'.join(reasons)}。请点“申请回避”，组织者会另行分配", reasons=reasons
        )
    given = list(marks)
    total = round_.programme.criteria.total(given, held.application.track)
    before = {sheet.entry: sheet for sheet in held.sheets.filter(void=None).prefetch_related("marks")}
    if reason := _untimely(before, entry):
        raise MarkRefused(reason)
    sheet = Sheet.objects.create(
        assignment=held, entry=entry, total=total, opinion=opinion.strip(), by=actor, at=timezone.now()
    )
    Mark.objects.bulk_create(
        [Mark(sheet=sheet, aspect=m.aspect, value=m.value, reason=m.reason.strip()) for m in given]
    )
    other = before.get(FIRST if entry == SECOND else SECOND)
    differs = compare(given_of(other), given) if other and entry != SETTLING else ()
    if entry == SETTLING or stage.entries == 1 or (other and not differs):
        Assignment.objects.filter(pk=held.pk).update(status=DONE)
    record(
        "mark.file",
        held.application,
        actor=actor,
        after={"assignment": held.pk, "sheet": sheet.pk, "entry": entry},
    )
    return Filed(sheet, differs)


@transaction.atomic
def void(sheet: Sheet, *, why: str, actor: Account) -> VoidSheet:
    """Leave a sheet out of every later run; its judge may file anew. A run that stands does not change by itself."""
    held = (
        Assignment.objects.select_for_update(of=("self",))
        .select_related("application__round")
        .get(pk=sheet.assignment_id)
    )
    demand(held.application.round, actor)
    if len(why.strip()) < LEAST_WORDS:
        raise Invalid(
            f"作废评分须说明理由（至少 {LEAST_WORDS} 个字）",
            fields={"why": f"请说明理由（至少 {LEAST_WORDS} 个字）"},
        )
    if VoidSheet.objects.filter(sheet=sheet).exists():
        raise MarkRefused("这一份已经作废")
    made = VoidSheet.objects.create(sheet=sheet, why=why.strip(), by=actor, at=timezone.now())
    if held.status == DONE:
        Assignment.objects.filter(pk=held.pk).update(status=LIVE)
    record(
        "mark.void", held.application, actor=actor, right="round.run", after={"sheet": sheet.pk}, reason=why
    )
    return made


@transaction.atomic
def mark_again(run: ScoreRun, application: Application, *, actor: Account) -> Assignment:
    """Give an application with an odd mark to one more judge who may mark it and has least to do; nobody is told which mark.

    Raises PanelRefused where nobody is left.
    """
    demand(run.round, actor)
    round_, _stage = marking_stage(run.round)
    assigning = round_.programme.latest("assign", round_.stage)
    seated = Assignment.objects.filter(application=application, stage=assigning.code).exclude(
        status=Assignment.State.RELEASED
    )
    if seated.filter(remark=True, status=LIVE).exists():
        raise PanelRefused(f"{application.number} 已另请评委，还没有评完：请等这一份交来再看")
    free = Judge.objects.filter(round=round_, active=True).exclude(pk__in=seated.values("judge"))
    loads = {judge: judge.assignments.filter(status__in=(LIVE, DONE)).count() for judge in free}
    for judge in sorted(loads, key=lambda j: (loads[j], j.pk)):
        most = judge.most if judge.most is not None else assigning.most
        if loads[judge] < most and not field.barred(judge, application, assigning):
            break
    else:
        raise PanelRefused(f"{application.number} 没有可以复评的评委：都已评过、须回避或已满员，请增补评委")
    last = AssignmentRun.objects.filter(round=round_, stage=assigning.code).latest("pk")
    made = Assignment.objects.create(
        run=last, stage=assigning.code, judge=judge, application=application, remark=True
    )
    record(
        "mark.again", application, actor=actor, right="round.run", after={"judge": judge.pk, "run": run.pk}
    )
    return made


@transaction.atomic
def redact(application: Application, answers: dict[str, str], *, actor: Account) -> Application:
    """Keep the text that blind judges read, with what tells who it is taken out. An edit of the answers undoes it."""
    row: Application = (
        Application.objects.select_for_update(of=("self",)).select_related("round").get(pk=application.pk)
    )
    demand(row.round, actor)
    known = {q.code for q in row.programme.questions if q.kind in ("line", "text")}
    if wrong := set(answers) - known:
        raise Invalid("只能遮蔽文字项", fields=dict.fromkeys(wrong, "不是文字项"))
    row.redacted = {**row.answers, **answers}
    row.save(update_fields=["redacted"])
    record("application.redact", row, actor=actor, right="round.run", after={"fields": sorted(answers)})
    return row


def marking_stage(round_: Round) -> tuple[Round, Any]:
    """Return the round with its Mark stage, which has to be the present one and within its window."""
    stage = round_.stage_now
    if round_.status != Round.Status.RUNNING:
        raise MarkRefused(f"{round_} {round_.get_status_display()}，不接受打分")
    if round_.standstill:
        raise MarkRefused(round_.standstill)
    if stage.kind != "mark":
        raise MarkRefused(f"{round_} 现为“{stage.label}”环节，不接受打分")
    window, now = round_.window(stage.code), timezone.now()
    if not window.opens_at <= now < window.closes_at:
        raise MarkRefused(
            f"打分时间为 {timezone.localtime(window.opens_at):%Y-%m-%d %H:%M} 至 {timezone.localtime(window.closes_at):%Y-%m-%d %H:%M}，"
            "现在不接受打分；确需延长的，请组织者调整环节时间"
        )
    for reason in (closed(round_, stage) for closed in CLOSED):
        if reason:
            raise MarkRefused(reason)
    return round_, stage


def _may_file(held: Assignment, actor: Account, entry: int, stage: Any) -> None:
    if held.status != LIVE:
        raise MarkRefused(f"这项评审任务{held.get_status_display()}，不能再打分")
    if entry == FIRST and actor.pk != held.judge.account_id:
        raise NotAllowed("只能由这位评委本人打分")
    if entry != FIRST:
        demand(held.application.round, actor)
        if stage.entries == 1:
            raise MarkRefused("本环节不要求双人录入")
        if actor.pk == held.judge.account_id or held.sheets.filter(by=actor, void=None).exists():
            raise MarkRefused("同一个人不能录入两遍：请由另一人录入")


def given_of(sheet: Sheet) -> list[criteria.Mark]:
    return [criteria.Mark(mark.aspect, mark.value, mark.reason) for mark in sheet.marks.all()]


def _untimely(before: Mapping[int, Sheet], entry: int) -> str:
    """Return why this entry can not come now, by the entries that stand; "" where it can."""
    if entry in before:
        return "这一份已经交过：要更正，请组织者先作废原来的一份"
    if SETTLING in before:
        return "这项评审任务已经裁定：要更正，请组织者先作废裁定的一份"
    if entry != SETTLING:
        return ""
    if FIRST not in before or SECOND not in before:
        return "两份还没有录齐，不能裁定"
    return "" if compare(given_of(before[FIRST]), given_of(before[SECOND])) else "两份一致，不必裁定"
