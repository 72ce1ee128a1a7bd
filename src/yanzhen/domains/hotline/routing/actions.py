"""Changing the routing table: a new row ends the one before it, and both stay readable."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from yanzhen.domains.hotline.models import Case, Category
from yanzhen.domains.hotline.routing.models import Route
from yanzhen.domains.hotline.rules import category_is_in_force
from yanzhen.foundation.errors import Invalid, NotAllowed
from yanzhen.foundation.models import Account, Line, Organisation, Region
from yanzhen.foundation.organisations import charge_problem
from yanzhen.foundation.records import history, record
from yanzhen.foundation.scope import Reach

DATA = Path(__file__).parent / "data" / "routes.csv"
LINE = "union"
"""The hotline's own line: over it a grant must reach to change where its cases go."""


def draft(
    *,
    region: Region,
    category: str,
    line: Line,
    organisation: Organisation | None,
    valid_from: date,
    source: str,
) -> Route:
    """Return the unsaved route; raises Invalid with a reason for each field that is wrong."""
    problems: dict[str, str] = {}
    if category and (problem := category_is_in_force(Category.objects.filter(code=category).first())):
        problems["category"] = problem
    if organisation and organisation.line_id != line.code:
        problems["organisation"] = f"{organisation.name} 不属于所选条线"
    elif organisation and (problem := charge_problem(organisation, region.code)):
        problems["organisation"] = problem
    if valid_from < timezone.localdate():
        problems["valid_from"] = "生效日期不能早于今天：已派出的工单按当时的规则"
    if not source.strip():
        problems["source"] = "请写明依据（文件名称、文号或决定）"
    if problems:
        raise Invalid("；".join(problems.values()), fields=problems)
    return Route(
        region=region,
        category=category,
        line=line,
        organisation=organisation,
        valid_from=valid_from,
        source=source.strip(),
    )


@transaction.atomic
def set_route(route: Route, *, actor: Account) -> Route:
    """Put a draft into the table; what held for the same matter and place ends on its first day."""
    demand_right(actor, route.region_id)
    _lock()
    same = Route.objects.filter(region=route.region, category=route.category)
    if same.filter(valid_from__gte=route.valid_from).exists():
        raise Invalid(
            "同一区划、同一类别已有当日或以后生效的规则：请先停用它，或另选生效日期",
            fields={"valid_from": "已有当日或以后生效的规则"},
        )
    former = same.filter(Q(valid_to=None) | Q(valid_to__gt=route.valid_from)).first()
    if former:
        former.valid_to = route.valid_from
        former.save(update_fields=["valid_to"])
    route.save(force_insert=True)
    before = {"route": former.pk} if former else None
    record("route.set", route, actor=actor, right="route.edit", before=before, after=_plain(route))
    return route


@transaction.atomic
def end_route(route: Route, *, actor: Account, on: date, reason: str) -> None:
    """Let a row end on a day, today or later; one that has not begun is ended before it begins, by deletion.

    What the deleted row had ended goes on then, so that no day is left without a rule that had one.
    """
    demand_right(actor, route.region_id)
    _lock()
    if on < timezone.localdate():
        raise Invalid("停用日期不能早于今天", fields={"valid_to": "不能早于今天"})
    if not reason.strip():
        raise Invalid("请写明停用理由", fields={"reason": "请写明停用理由"})
    after = {"valid_to": on}
    record(
        "route.end", route, actor=actor, right="route.edit", before=_plain(route), after=after, reason=reason
    )
    if on <= route.valid_from:
        if Case.objects.filter(route=route).exists():
            raise Invalid("今天已有工单按此规则派出：最早从明天起停用", fields={"valid_to": "最早从明天起"})
        route.delete()
        _reopen_before(route, actor=actor, reason=reason)
        return
    route.valid_to = on
    route.save(update_fields=["valid_to"])


def may_edit(actor: Account) -> list[Reach]:
    """Return where the account may change the table: over the hotline's own line."""
    return [reach for reach in actor.reaches("route.edit") if reach.line in (None, LINE)]


def demand_right(actor: Account, region: str) -> None:
    if not any(reach.covers(region, LINE) for reach in may_edit(actor)):
        raise NotAllowed("您在该区划没有“维护派单规则”权限")


def load() -> int:
    """Add the shipped routes where the province has none; return how many were added."""
    if Route.objects.exists():
        return 0
    with DATA.open(encoding="utf-8", newline="") as file:
        rows = [
            Route(
                region_id=settings.PROVINCE,
                category=row["category"],
                line_id=row["line"],
                valid_from=date.fromisoformat(row["valid_from"]),
                source=row["source"],
            )
            for row in csv.DictReader(file)
        ]
    for route in rows:
        route.save(force_insert=True)
    return len(rows)


def _reopen_before(gone: Route, *, actor: Account, reason: str) -> None:
    """Let the row that ended where `gone` began go on: to the end that somebody gave it, else to the next row's first day."""
    same = Route.objects.filter(region=gone.region_id, category=gone.category)
    former = same.filter(valid_to=gone.valid_from).first()
    if former is None:
        return
    asked = history(former).filter(verb="route.end").order_by("-id").first()
    following = same.filter(valid_from__gte=gone.valid_from).order_by("valid_from").first()
    ends = [date.fromisoformat(asked.after["valid_to"])] if asked and asked.after else []
    ends += [following.valid_from] if following else []
    before, former.valid_to = {"valid_to": former.valid_to}, min(ends, default=None)
    if former.valid_to == gone.valid_from:
        return
    former.save(update_fields=["valid_to"])
    after = {"valid_to": former.valid_to}
    record("route.reopen", former, actor=actor, right="route.edit", before=before, after=after, reason=reason)


def _lock() -> None:
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(hashtextextended('routing', 0))")


def _plain(route: Route) -> dict[str, object]:
    names = ("region_id", "category", "line_id", "organisation_id", "valid_from", "valid_to", "source")
    return {name: getattr(route, name) for name in names}
