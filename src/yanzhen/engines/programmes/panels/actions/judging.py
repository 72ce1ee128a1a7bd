"""Inviting judges, learning of conflicts, filling panels, and filling their holes anew."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from django.db import transaction
from django.utils import timezone

from yanzhen.engines.matching.field import digest
from yanzhen.engines.matching.panels import Panel, assign
from yanzhen.engines.matching.repair import Standing, repair
from yanzhen.engines.matching.shortages import Shortage
from yanzhen.engines.procedures.parties import beyond_the_wall
from yanzhen.engines.programmes.models import Application, Round
from yanzhen.engines.programmes.panels import field
from yanzhen.engines.programmes.panels.models import Assignment, AssignmentRun, Bar, Judge, Sheet, VoidSheet
from yanzhen.engines.programmes.panels.refusals import PanelRefused
from yanzhen.foundation.errors import Invalid, NotAllowed
from yanzhen.foundation.models import Account, Organisation, Region
from yanzhen.foundation.records import record

RUN = "round.run"
LEAST_WORDS = 4
LIVE, DONE = Assignment.State.LIVE, Assignment.State.DONE


@transaction.atomic
def invite(
    round_: Round,
    account: Account,
    *,
    region: Region,
    employer: Organisation | None,
    topics: Iterable[str],
    actor: Account,
    most: int | None = None,
) -> Judge:
    """Make the account a judge of the round. Raises PanelRefused where it applies itself, or is a judge already."""
    demand(round_, actor)
    if (
        account.person_id
        and Application.objects.filter(round=round_, person_id=account.person_id)
        .exclude(state="withdrawn")
        .exists()
    ):
        raise PanelRefused(f"{account} 在本轮有申报，不能担任评委：申报人不得评审本轮")
    if Judge.objects.filter(round=round_, account=account).exists():
        raise PanelRefused(f"{account} 已是本轮评委")
    judge = Judge.objects.create(
        round=round_,
        account=account,
        region=region,
        employer=employer or account.organisation,
        topics=sorted({*topics} - {""}),
        most=most,
    )
    record("judge.invite", round_, actor=actor, right=RUN, after={"judge": judge.pk, "account": account.pk})
    return judge


@beyond_the_wall
def declare(judge: Judge, application: Application, *, kind: str, why: str, actor: Account) -> Bar:
    """Keep a judge from an application: by its own word, or by what the organiser learned. A filed mark becomes void."""
    if actor.pk != judge.account_id:
        demand(judge.round, actor)
    if kind not in Bar.Kind.values:
        raise Invalid("请选择回避事由", fields={"kind": "请选择"})
    if len(why.strip()) < LEAST_WORDS:
        raise Invalid(
            f"请说明回避的理由（至少 {LEAST_WORDS} 个字）",
            fields={"why": f"请说明理由（至少 {LEAST_WORDS} 个字）"},
        )
    now = timezone.now()
    bar, _made = Bar.objects.get_or_create(
        judge=judge,
        application=application,
        defaults={"kind": kind, "why": why.strip(), "by": actor, "at": now},
    )
    held = Assignment.objects.select_for_update().filter(
        judge=judge, application=application, status__in=(LIVE, DONE)
    )
    for assignment in held:
        for sheet in assignment.sheets.filter(void=None):
            VoidSheet.objects.create(sheet=sheet, why=f"回避：{why.strip()}"[:200], by=actor, at=now)
    held.update(status=Assignment.State.RECUSED, why=why.strip())
    record("judge.recuse", application, actor=actor, after={"judge": judge.pk, "kind": kind}, reason=why)
    return bar


@transaction.atomic
def fill_panels(
    round_: Round, *, actor: Account, preview: bool = False, seen: str = ""
) -> tuple[AssignmentRun, Panel]:
    """Fill the panels of the present Assign stage; with `preview` nothing is kept. Raises PanelRefused or NotAllowed.

    `seen` is the input hash of the preview that is confirmed: where judges or applications changed since, it is refused.
    """
    round_ = _locked(round_)
    stage = against_filling(round_, actor, holes=False)
    judges, applications = _both(round_)
    panel = assign(
        field.field_of(round_, stage, judges, applications),
        seed=_seed(round_, stage.code),
        floor=len(applications) <= 2000,
    )
    run = _run_of(round_, stage, panel, actor, repairs=False)
    _demand_seen(seen, run)
    if not preview:
        _keep(run, panel, stage.code, round_, actor)
    return run, panel


@transaction.atomic
def fill_holes(
    round_: Round, *, gone: Sequence[Judge] = (), actor: Account, preview: bool = False, seen: str = ""
) -> tuple[AssignmentRun, Panel]:
    """Fill what judges who left and conflicts learned late left open; no filed mark moves. `preview`, `seen`: as above."""
    round_ = _locked(round_)
    stage = against_filling(round_, actor, holes=True)
    judges, applications = _both(round_, all_judges=True)
    held = list(
        Assignment.objects.select_for_update()
        .filter(run__round=round_, stage=stage.code, status__in=(LIVE, DONE))
        .order_by("pk")
    )
    among = {a.pk for a in applications}
    held = [a for a in held if a.application_id in among]
    standing = _standing(held)
    leaving = {judge.pk for judge in gone}
    away = np.array([j.pk for j in judges if not j.active or j.pk in leaving], np.int64)
    runs = AssignmentRun.objects.filter(round=round_, stage=stage.code).count()
    found = repair(
        field.field_of(round_, stage, judges, applications),
        standing,
        gone=away,
        seed=_seed(round_, stage.code, runs),
    )
    run = _run_of(round_, stage, found.panel, actor, repairs=True)
    _demand_seen(seen, run)
    if preview:
        return run, found.panel
    Judge.objects.filter(pk__in=leaving, round=round_).update(active=False)
    Assignment.objects.filter(pk__in=[held[n].pk for n in found.released]).update(
        status=Assignment.State.RELEASED, why="评委离任或须回避"
    )
    now = timezone.now()
    for n in found.voided:
        for sheet in Sheet.objects.filter(assignment=held[n], void=None):
            VoidSheet.objects.create(sheet=sheet, why="须回避的评委所评，作废", by=actor, at=now)
    Assignment.objects.filter(pk__in=[held[n].pk for n in found.voided]).update(
        status=Assignment.State.RECUSED
    )
    _keep(run, found.panel, stage.code, round_, actor)
    return run, found.panel


def _standing(held: Sequence[Assignment]) -> Standing:
    return Standing(
        np.array([a.application_id for a in held], np.int64), np.array([a.judge_id for a in held], np.int64),
        np.array([a.status == DONE for a in held], np.bool_),
    )  # fmt: skip


def said(shortage: Shortage, number: str) -> str:
    """Return the sentence that says what a panel lacks and why."""
    why = [
        f"{field.REASONS.get(reason, reason)} {n} 人" for reason, n in sorted(shortage.barred.items()) if n
    ]
    if shortage.full:
        why.append(f"已满员 {shortage.full} 人")
    why += [
        f"受“{field.REASONS.get(reason, reason)}”人数上限所限 {n} 人"
        for reason, n in sorted(shortage.capped.items())
        if n
    ]
    return f"{number} 还缺 {shortage.lacks} 名评委（{'；'.join(why) or '没有可用的评委'}）：请增补评委，或放宽承担上限"


def demand(round_: Round, actor: Account) -> None:
    if not actor.has_right(RUN, round_):
        raise NotAllowed("您在该区划和条线没有“组织评选轮次”权限")
    if round_.standstill:
        raise PanelRefused(round_.standstill)


def against_filling(round_: Round, actor: Account, *, holes: bool, seen: str = "-") -> Any:
    """Return the Assign stage at which the round is, or whose marks are being given.

    Raises what filling refuses before it looks at judges and applications; `seen` "" is a confirmation of nothing.
    """
    demand(round_, actor)
    if round_.stage_now.kind not in ("assign", "mark"):
        raise PanelRefused(f"{round_} 现为“{round_.stage_now.label}”环节，不能分配评委")
    stage = round_.programme.latest("assign", round_.stage)
    held = Assignment.objects.filter(run__round=round_, stage=stage.code, status__in=(LIVE, DONE))
    if not holes and held.exists():
        raise PanelRefused("本环节已分配评委：请用“补位”填补空缺，已交的评分不动")
    if not seen:
        raise PanelRefused("请先预览，再确认分配")
    return stage


def _locked(round_: Round) -> Round:
    """Lock the round; applicants, who only point at it, are not made to wait."""
    rows = Round.objects.select_for_update(of=("self",), no_key=True)
    held: Round = rows.prefetch_related("windows").get(pk=round_.pk)
    return held


def _both(round_: Round, *, all_judges: bool = False) -> tuple[list[Judge], list[Application]]:
    judges = list(
        Judge.objects.filter(round=round_, **({} if all_judges else {"active": True}))
        .select_related("account")  # ties go by the judge's person
        .order_by("pk")
    )
    applications = list(Application.objects.filter(round=round_, state="review").order_by("pk"))
    if not judges:
        raise PanelRefused("本轮还没有评委：请先邀请评委")
    if not applications:
        raise PanelRefused("没有进入评审的申报")
    return judges, applications


def _seed(round_: Round, *parts: object) -> int:
    """Draw from the round's seed, published with its result: the same for the same stage and run."""
    return int(digest([round_.seed, *parts])[:12], 16)


def _run_of(round_: Round, stage: Any, panel: Panel, actor: Account, *, repairs: bool) -> AssignmentRun:
    return AssignmentRun(
        round=round_, stage=stage.code, seed=panel.stamp.seed, input_hash=panel.stamp.input, solver=panel.stamp.solver, gap=panel.gap,
        shortages=[shortage._asdict() for shortage in panel.shortages], repairs=repairs, by=actor, at=timezone.now(),
    )  # fmt: skip


def _demand_seen(seen: str, run: AssignmentRun) -> None:
    if seen and seen != run.input_hash:
        raise PanelRefused("预览之后评委、回避或申报有变化：请按新的预览再确认一次")


def _keep(run: AssignmentRun, panel: Panel, stage: str, round_: Round, actor: Account) -> None:
    run.save(force_insert=True)
    Assignment.objects.bulk_create(
        [
            Assignment(run=run, stage=stage, judge_id=int(judge), application_id=int(application))
            for application, judge in zip(panel.applications, panel.judges, strict=True)
        ],
        batch_size=5000,
    )
    record(
        "panel.fill", round_, actor=actor, right=RUN,
        after={"run": run.pk, "input": run.input_hash, "assigned": len(panel.judges), "short": len(panel.shortages)},
    )  # fmt: skip
