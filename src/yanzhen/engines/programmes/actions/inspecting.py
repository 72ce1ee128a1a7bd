"""Inspection on site: what was seen is filed by those who went, and stands until a later one replaces it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone

from yanzhen.engines.programmes.models import Application, Inspection, Round
from yanzhen.engines.programmes.totals import gives
from yanzhen.engines.programmes.turning import waits
from yanzhen.foundation.errors import Invalid, NotAllowed, Refusal
from yanzhen.foundation.models import Account
from yanzhen.foundation.records import record

LEAST_SEEN = 10


class InspectionRefused(Refusal):
    code = "inspection_refused"


@dataclass(frozen=True, slots=True)
class Found:
    """What a visit found. `points` are 0 to 100, None where they do not count."""

    visited_on: date
    members: str
    seen: str
    passed: bool
    points: Decimal | None = None


@transaction.atomic
def inspect(
    application: Application,
    *,
    visited_on: date,
    members: str,
    seen: str,
    passed: bool,
    actor: Account,
    points: Decimal | None = None,
) -> Inspection:
    """File what an inspection saw. Raises InspectionRefused, Invalid by field, or NotAllowed."""
    row = Application.objects.select_for_update(of=("self",)).select_related("round").get(pk=application.pk)
    if not actor.has_right("application.screen", row):
        raise NotAllowed("您在该区划和条线没有“资格审查”权限，不能登记考察")
    if actor.pk == row.started_by_id:
        raise NotAllowed("填报人不能考察自己填报的申报")
    found = Found(visited_on, members, seen, passed, points)
    return keep(row, found, actor=actor, right="application.screen")


def keep(row: Application, found: Found, *, actor: Account, right: str) -> Inspection:
    """Write what was found of a locked application in place of what was there. The caller has looked at the rights.

    Raises InspectionRefused, or Invalid by field.
    """
    stage = row.round.stage_now
    if row.round.standstill:
        raise InspectionRefused(row.round.standstill)
    if row.round.status != Round.Status.RUNNING or stage.kind != "inspect" or row.state != "review":
        raise InspectionRefused(
            f"{row.number} 现不在考察环节（轮次现为“{stage.label}”，申报现为“{row.stage.label}”）"
        )
    if problems := dict(_problems(row.round, found)):
        raise Invalid("；".join(problems.values()), fields=problems)
    row.inspections.filter(stage=stage.code, replaced=False).update(replaced=True)
    filed = Inspection.objects.create(
        application=row, stage=stage.code, visited_on=found.visited_on, members=found.members.strip(),
        seen=found.seen.strip(), passed=found.passed, points=found.points, filed_by=actor, filed_at=timezone.now(),
    )  # fmt: skip
    record(
        "application.inspect",
        row,
        actor=actor,
        right=right,
        after={"passed": found.passed, "points": found.points, "inspection": filed.pk},
    )
    return filed


@gives("inspect")
def points_of(round_: Round, stage: Any) -> Mapping[int, Decimal]:
    """Return by application the points of the inspection that stands."""
    standing = Inspection.objects.filter(
        application__round=round_, stage=stage.code, replaced=False, points__isnull=False
    )
    return {pk: points for pk, points in standing.values_list("application", "points") if points is not None}


def not_passed(round_: Round) -> set[int]:
    """Return the applications that an inspection did not bear out."""
    standing = Inspection.objects.filter(application__round=round_, replaced=False, passed=False)
    return set(standing.values_list("application", flat=True))


@waits("inspect")
def not_inspected(round_: Round) -> Iterator[str]:
    """Every application under review was inspected."""
    stage = round_.stage_now
    left = Application.objects.filter(round=round_, state="review").exclude(
        pk__in=Inspection.objects.filter(stage=stage.code, replaced=False, application__round=round_).values(
            "application"
        )
    )
    if n := left.count():
        yield f"还有 {n} 件没有登记考察：请在“实地考察”中安排，由考察人员登记"


def _problems(round_: Round, found: Found) -> Iterator[tuple[str, str]]:
    stage, begun = round_.stage_now, timezone.localdate(round_.opened_at)
    if found.visited_on > timezone.localdate():
        yield "visited_on", "考察日期不能晚于今天"
    if found.visited_on < begun:
        yield "visited_on", f"考察日期不能早于本轮启动之日（{begun:%Y-%m-%d}）"
    if not found.members.strip():
        yield "members", "请写明考察人员"
    if len(found.seen.strip()) < LEAST_SEEN:
        yield "seen", f"请写明考察情况（至少 {LEAST_SEEN} 个字）"
    if stage.weight and found.points is None:
        yield "points", f"考察计入总分（{stage.weight:f}%），请填考察得分"
    if found.points is not None and not 0 <= found.points <= 100:
        yield "points", "考察得分须在 0 至 100 之间"
