"""Planning visits, moving them, calling them off, and filing what was found."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from django.core.files.base import File
from django.utils import timezone

from yanzhen.engines.procedures.parties import beyond_the_wall
from yanzhen.engines.programmes.actions.inspecting import Found, InspectionRefused, keep
from yanzhen.engines.programmes.models import Application, Inspection, Round
from yanzhen.engines.programmes.panels.actions.judging import LEAST_WORDS, demand
from yanzhen.engines.programmes.visits.conflicts import conflicts
from yanzhen.engines.programmes.visits.models import Visit
from yanzhen.foundation import attachments
from yanzhen.foundation.errors import Invalid, NotAllowed
from yanzhen.foundation.models import Account, Attachment
from yanzhen.foundation.records import record

RUN = "round.run"
YES, NO, UNSEEN = "yes", "no", "unseen"
ANSWERS = {YES: "属实", NO: "不符", UNSEEN: "未能核实"}
MOST_AT_ONCE = 50
"""Applications of one plan: a tour of a city in a day or two."""
MOST_FILES = 40


@beyond_the_wall
def plan(
    round_: Round,
    numbers: Sequence[str],
    *,
    on: date,
    inspectors: Sequence[Account],
    actor: Account,
    note: str = "",
) -> list[Visit]:
    """Plan a visit to each application. Raises InspectionRefused with every conflict of interest; then nothing is planned."""
    round_, stage = _inspecting(round_, actor)
    _demand_day(on)
    rows = list(
        Application.objects.select_for_update(of=("self",))
        .filter(round=round_, number__in=numbers)
        .order_by("number")
    )
    if not rows or len(rows) != len(set(numbers)):
        raise Invalid("请先勾选要考察的申报", fields={"number": "有编号不在本轮之中，请核对"})
    if len(rows) > MOST_AT_ONCE:
        raise Invalid(f"一次至多安排 {MOST_AT_ONCE} 件，请分次安排")
    reasons = [reason for row in rows for reason in _against(row, stage.code, inspectors)]
    if reasons:
        raise InspectionRefused("；".join(reasons), reasons=reasons)
    made = []
    for row in rows:
        visit = Visit.objects.create(
            application=row, stage=stage.code, on=on, note=note.strip(), planned_by=actor, planned_at=timezone.now(),
            region_id=row.region_id, line_id=row.line_id,
        )  # fmt: skip
        visit.inspectors.set(inspectors)
        record("visit.plan", row, actor=actor, right=RUN, after=_plain(visit, inspectors))
        made.append(visit)
    return made


@beyond_the_wall
def change(
    visit: Visit, *, on: date, inspectors: Sequence[Account], why: str, actor: Account, note: str = ""
) -> Visit:
    """Move a visit to another day, or send others. Raises InspectionRefused, Invalid or NotAllowed."""
    held = _planned(visit, actor)
    _demand_reason(why)
    _demand_day(on)
    if reasons := list(_ties(held.application, inspectors)):
        raise InspectionRefused("；".join(reasons), reasons=reasons)
    before = _plain(held, list(held.inspectors.all()))
    held.on, held.note = on, note.strip()
    held.save(update_fields=["on", "note"])
    held.inspectors.set(inspectors)
    record("visit.change", held.application, actor=actor, right=RUN, before=before,
           after=_plain(held, inspectors), reason=why)  # fmt: skip
    return held


@beyond_the_wall
def call_off(visit: Visit, *, why: str, actor: Account) -> Visit:
    """Give a visit up; the application has to be visited all the same, or the round waits for it."""
    held = _planned(visit, actor)
    _demand_reason(why)
    held.status = Visit.State.CALLED_OFF
    held.save(update_fields=["status"])
    record("visit.call_off", held.application, actor=actor, right=RUN, after={"visit": held.pk}, reason=why)
    return held


@beyond_the_wall
def attach(visit: Visit, file: File[bytes], *, actor: Account) -> Attachment:
    """Keep a photograph or paper with the visit, before what was found is filed. Raises Invalid, or what `may_file` raises."""
    held = may_file(visit, actor)
    if len(attachments.of(held)) >= MOST_FILES:
        raise Invalid(f"一次考察至多 {MOST_FILES} 个文件", fields={"file": f"至多 {MOST_FILES} 个文件"})
    return attachments.store(file, subject=held, actor=actor)


@beyond_the_wall
def file(visit: Visit, found: Found, *, checks: Mapping[str, tuple[str, str]], actor: Account) -> Inspection:
    """File what was found, by one of those who went. `checks`: by item of the checklist its answer and a note.

    `found.members` is written from the plan. Raises InspectionRefused, Invalid by field, or NotAllowed.
    """
    held = may_file(visit, actor)
    row = (
        Application.objects.select_for_update(of=("self",))
        .select_related("round")
        .get(pk=held.application_id)
    )
    items = row.round.programme.stage(held.stage).checklist
    if problems := dict(_unanswered(items, checks)):
        raise Invalid("；".join(problems.values()), fields=problems)
    members = "、".join(str(one) for one in held.inspectors.order_by("pk"))
    made = keep(
        row,
        Found(found.visited_on, members[:200], found.seen, found.passed, found.points),
        actor=actor,
        right="",
    )
    held.checks = [[item, *checks[item]] for item in items]
    held.status, held.inspection = Visit.State.FILED, made
    held.save(update_fields=["checks", "status", "inspection"])
    return made


def may_file(visit: Visit, actor: Account) -> Visit:
    """Lock a planned visit and return it, if the account goes on it and nothing ties it to the applicant."""
    held: Visit = (
        Visit.objects.select_for_update(of=("self",)).select_related("application__round").get(pk=visit.pk)
    )
    if not held.inspectors.filter(pk=actor.pk).exists():
        raise NotAllowed("只有安排去考察的人可以登记")
    if held.status != Visit.State.PLANNED:
        raise InspectionRefused(
            f"这次考察{held.get_status_display()}，不能再登记；确需更正的，请组织者另行安排"
        )
    if reasons := conflicts(actor, held.application):
        raise InspectionRefused(f"须回避，不能考察：{'；'.join(reasons)}。请告知组织者换人", reasons=reasons)
    return held


def _inspecting(round_: Round, actor: Account) -> tuple[Round, Any]:
    held: Round = Round.objects.select_for_update(of=("self",)).get(pk=round_.pk)
    demand(held, actor)
    if held.standstill:
        raise InspectionRefused(held.standstill)
    if held.status != Round.Status.RUNNING or held.stage_now.kind != "inspect":
        raise InspectionRefused(f"{held} 现为“{held.stage_now.label}”环节，不能安排考察")
    return held, held.stage_now


def _planned(visit: Visit, actor: Account) -> Visit:
    held: Visit = (
        Visit.objects.select_for_update(of=("self",)).select_related("application__round").get(pk=visit.pk)
    )
    demand(held.application.round, actor)
    if held.status != Visit.State.PLANNED:
        raise InspectionRefused(f"这次考察{held.get_status_display()}，不能再改")
    return held


def _against(row: Application, stage: str, inspectors: Sequence[Account]) -> Iterator[str]:
    """Say why no visit can be planned to an application."""
    if row.state != "review":
        yield f"{row.number} 现为“{row.stage.label}”，不在考察之列"
    if Visit.objects.filter(application=row, stage=stage, status=Visit.State.PLANNED).exists():
        yield f"{row.number} 已有待考察的安排：请改期或取消原来的安排"
    yield from _ties(row, inspectors)


def _ties(row: Application, inspectors: Sequence[Account]) -> Iterator[str]:
    if not inspectors:
        yield "请至少选一名考察人员"
    for account in inspectors:
        if reasons := conflicts(account, row):
            yield f"{account} 不能考察 {row.number}：{'、'.join(reasons)}"


def _unanswered(items: Sequence[str], checks: Mapping[str, tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Say by `check-N` what of the checklist is not answered, or needs a note."""
    for n, item in enumerate(items):
        answer, note = checks.get(item, ("", ""))
        if answer not in ANSWERS:
            yield f"check-{n}", f"“{item}”还没有核查结论"
        elif answer != YES and not note.strip():
            yield f"note-{n}", f"“{item}”{ANSWERS[answer]}，请写明情况"


def _demand_day(on: date) -> None:
    if on < timezone.localdate():
        raise Invalid("考察日期不能早于今天", fields={"on": "不能早于今天"})


def _demand_reason(why: str) -> None:
    if len(why.strip()) < LEAST_WORDS:
        raise Invalid(f"请写明理由（至少 {LEAST_WORDS} 个字）", fields={"why": "请写明理由"})


def _plain(visit: Visit, inspectors: Sequence[Account]) -> dict[str, Any]:
    return {"visit": visit.pk, "on": visit.on, "inspectors": [account.pk for account in inspectors]}
