"""The sheet of shifts: a county's roster as its clerk keeps it becomes shifts. Rules: docs/rules/rosters.md."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.conf import settings
from django.utils import timezone

from yanzhen.domains.hotline.actions import LINE
from yanzhen.domains.hotline.rosters.actions.shifts import EDIT, Plan, facts, plan_shifts
from yanzhen.domains.hotline.rosters.models import LONGEST, HandOver, Seat, Shift, Skill, Swap
from yanzhen.domains.hotline.rosters.rules import spelled
from yanzhen.foundation.models import Account, Batch, Region
from yanzhen.foundation.records import record_many
from yanzhen.foundation.sheets import SHEETS, Check, Column, Kind, Row, Sheet, UndoRefused
from yanzhen.foundation.sheets.choices import regions

SHOWN = 5
"""Obstacles that a refusal names."""
START, END = (f"{name} at time zone '{settings.TIME_ZONE}'" for name in ("cells.starts_at", "cells.ends_at"))
OTHERS = (
    "from rosters_shift s join foundation_account a on a.id = s.account_id where a.username = cells.account"
)
FREE = f"not exists (select {OTHERS} and s.starts_at < {END} and s.ends_at > {START})"
SEATED = (
    "exists (select from rosters_seat t join foundation_account a on a.id = t.account_id"
    " where a.username = cells.account and t.active and cells.skill = any(t.skills))"
)


def skills() -> Iterable[tuple[str, str]]:
    return Skill.objects.values_list("code", "name")


def people() -> Iterable[tuple[str, str]]:
    """Whoever has a seat in use, by login."""
    rows = Seat.objects.filter(active=True, account__is_active=True)
    return rows.order_by("account__username").values_list("account__username", "account__name")


def kinds() -> Iterable[tuple[str, str]]:
    return Shift.Kind.choices


def apply(rows: Sequence[Row], *, batch: Batch) -> None:
    """Plan all of the rows at once; raises Overlap where two of them meet, and nothing of them is planned then."""
    accounts = {
        a.username: a for a in Account.objects.filter(username__in={r.values["account"] for r in rows})
    }
    places = Region.objects.in_bulk({row.values["region"] for row in rows})
    known = Skill.objects.in_bulk()
    plans = [
        Plan(
            accounts[row.values["account"]],
            places[row.values["region"]],
            known[row.values["skill"]],
            row.values["starts_at"],
            row.values["ends_at"],
            row.values["kind"] or Shift.Kind.DAY.value,
        )
        for row in rows
    ]
    planned = plan_shifts(plans, actor=batch.sender, reason=f"导入批次 {batch.pk}")
    for row, shift in zip(rows, planned.shifts, strict=True):
        row.target_id = shift.pk


def undo(batch: Batch, *, actor: Account, reason: str) -> None:
    """Take back the batch's shifts; refuses where one of them began, or is being swapped or handed over."""
    ids = [pk for pk in batch.lines.values_list("target_id", flat=True) if pk]
    rows = list(Shift.objects.select_for_update().filter(pk__in=ids))
    held = set(Swap.objects.filter(shift__in=ids).values_list("shift_id", flat=True))
    held |= set(HandOver.objects.filter(shift__in=ids).values_list("shift_id", flat=True))
    now = timezone.now()
    stuck = [spelled(row.starts_at, row.ends_at) for row in rows if row.starts_at <= now or row.pk in held]
    if stuck:
        more = f"等 {len(stuck)} 个" if len(stuck) > SHOWN else ""
        raise UndoRefused(
            f"不能整批撤销，以下班次已经开始，或有换班、交接：{'、'.join(stuck[:SHOWN])}{more}；请在排班表里逐个取消"
        )
    said = f"撤销导入批次 {batch.pk}：{reason}"
    record_many(
        "sheet.undo", [(row, facts(row), None) for row in rows], actor=actor, right="sheet.undo", reason=said
    )
    Shift.objects.filter(pk__in=ids).delete()


ROSTER = SHEETS.add(
    Sheet(
        code="rosters.shifts",
        label="排班导入",
        right=EDIT,
        basis="docs/rules/rosters.md",
        help="每行一个班次。跨夜的班次，结束时间写次日。同一人的班次不能重叠，与已有班次也不能重叠。",
        apply=apply,
        undo=undo,
        line=LINE,
        columns=(
            Column("region", "行政区划", Kind.CHOICE, required=True, choices=regions, example="370102 历下区"),
            Column("skill", "技能", Kind.CHOICE, required=True, choices=skills, example="general 通用"),
            Column("account", "值班人", Kind.CHOICE, required=True, choices=people, help="用户名，或不重名的姓名", example="zhang3"),
            Column("starts_at", "开始", Kind.DATETIME, required=True, example="2026-12-01 08:00"),
            Column("ends_at", "结束", Kind.DATETIME, required=True, help="不含此刻", example="2026-12-01 16:00"),
            Column("kind", "班别", Kind.CHOICE, choices=kinds, help="不填为白班", example="day 白班"),
        ),
        checks=(
            Check("ends_at", "cells.ends_at > cells.starts_at", "须晚于开始；跨夜的班次请写次日"),
            Check(
                "ends_at",
                f"cells.ends_at - cells.starts_at <= interval '{LONGEST}'",
                "一个班次最长 24 小时，请分成几行",
            ),
            Check("ends_at", f"{END} > now()", "已经过去，不能再排"),
            Check("account", SEATED, "没有启用的坐席，或坐席没有该技能"),
            Check("starts_at", FREE, "与此人已排的班次重叠，请改时间、换人，或先取消原班次"),
        ),
    )
)  # fmt: skip
