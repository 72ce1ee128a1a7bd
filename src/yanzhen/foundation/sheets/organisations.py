"""The sheet of organisations: one row is one unit, found by its credit code, else by its name in its region."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db import connection

from yanzhen.foundation.bulk import copy_in, reserve_ids
from yanzhen.foundation.models import Account, Batch, BatchRow, Organisation
from yanzhen.foundation.organisations import keep_name
from yanzhen.foundation.records import record_many
from yanzhen.foundation.sheets.choices import lines, regions
from yanzhen.foundation.sheets.declare import SHEETS, Check, Column, Kind, Row, Sheet
from yanzhen.foundation.sheets.pointing import pointed_to
from yanzhen.foundation.sheets.refusals import UndoRefused

RIGHT = "organisation.edit"
FIELDS = {
    "name": "name",
    "region": "region_id",
    "line": "line_id",
    "kind": "kind",
    "uscc": "uscc",
    "industry": "industry",
    "ownership": "ownership",
    "headcount": "headcount",
}
"""Columns of the sheet and of the table."""
WRITE = """
update foundation_organisation as o set name = d.name, region_id = d.region_id, line_id = d.line_id, kind = d.kind,
    uscc = d.uscc, industry = d.industry, ownership = d.ownership, headcount = d.headcount, aliases = d.aliases
from jsonb_to_recordset(%s::jsonb) as d (id bigint, name text, region_id text, line_id text, kind text, uscc text,
    industry text, ownership text, headcount integer, aliases text[])
where o.id = d.id
"""
SHOWN = 5
"""Obstacles that a refusal names."""


def kinds() -> Iterable[tuple[str, str]]:
    return Organisation.Kind.choices


def ownerships() -> Iterable[tuple[str, str]]:
    return Organisation.Ownership.choices


def apply(rows: Sequence[Row], *, batch: Batch) -> None:
    """Register what is new and bring up to date what is there; a blank cell changes nothing."""
    by_code, by_name = _known(rows)
    new: list[Organisation] = []
    changed: list[Organisation] = []
    history: list[tuple[Organisation, dict[str, Any] | None, dict[str, Any]]] = []
    for row in rows:
        given = {FIELDS[name]: value for name, value in row.values.items() if value is not None}
        found = by_code.get(given.get("uscc", "")) or by_name.get((given["region_id"], given["name"]))
        if found is None:
            new.append(Organisation(**given))
            history.append((new[-1], None, given))
            continue
        after = {name: value for name, value in given.items() if getattr(found, name) != value}
        row.target_id, row.before = found.pk, {name: getattr(found, name) for name in after}
        former = found.name
        for name, value in after.items():
            setattr(found, name, value)
        keep_name(found, former)
        if after:
            changed.append(found)
            history.append((found, row.before, after))
    _insert(new, [row for row in rows if row.target_id is None])
    _write(changed)
    reason = f"导入批次 {batch.pk}"
    record_many("organisation.save", history, actor=batch.sender, right=RIGHT, reason=reason)


def undo(batch: Batch, *, actor: Account, reason: str) -> None:
    """Put back what was changed and remove what was new; refuses where either has become something else since."""
    rows = list(batch.lines.exclude(target_id=None).order_by("number"))
    there = Organisation.objects.select_for_update().in_bulk([row.target_id for row in rows])
    _demand_untouched(batch, rows, there)
    restored, history = [], []
    for row in rows:
        organisation = there[row.target_id]
        if row.before is None:
            history.append((organisation, {"name": organisation.name, "uscc": organisation.uscc}, None))
        elif row.before:
            after = {name: getattr(organisation, name) for name in row.before}
            for name, value in row.before.items():
                setattr(organisation, name, value)
            restored.append(organisation)
            history.append((organisation, after, row.before))
    record_many(
        "sheet.undo", history, actor=actor, right="sheet.undo", reason=f"撤销导入批次 {batch.pk}：{reason}"
    )
    _write(restored)
    Organisation.objects.filter(pk__in=[row.target_id for row in rows if row.before is None]).delete()


def _known(rows: Sequence[Row]) -> tuple[dict[str, Organisation], dict[tuple[str, str], Organisation]]:
    """Lock and return the organisations that the rows speak of, by credit code and by (region, name)."""
    everything = Organisation.objects.select_for_update().order_by("pk")
    codes = [row.values["uscc"] for row in rows if row.values["uscc"]]
    by_code = {o.uscc: o for o in everything.filter(uscc__in=codes)}
    named = everything.filter(
        name__in={row.values["name"] for row in rows}, region__in={row.values["region"] for row in rows}
    )
    return by_code, {(o.region_id, o.name): by_code.get(o.uscc, o) for o in named}


def _insert(new: Sequence[Organisation], rows: Sequence[Row]) -> None:
    for organisation, row, pk in zip(new, rows, reserve_ids(Organisation, len(new)), strict=True):
        organisation.pk = row.target_id = pk
    copy_in(Organisation, new)


def _write(changed: Sequence[Organisation]) -> None:
    """Write the sheet's columns of many organisations in one statement."""
    values = [
        {"id": o.pk} | {name: getattr(o, name) for name in (*FIELDS.values(), "aliases")} for o in changed
    ]
    with connection.cursor() as cursor:
        cursor.execute(WRITE, [json.dumps(values)])


def _demand_untouched(batch: Batch, rows: Sequence[BatchRow], there: Mapping[int, Organisation]) -> None:
    """Raise UndoRefused where an organisation is gone, was edited since, or is new and something points to it."""
    news = BatchRow.objects.filter(batch=batch, before__isnull=True).exclude(target_id=None)
    held = pointed_to(Organisation, news.values("target_id"))
    obstacles = []
    for row in rows:
        organisation = there.get(row.target_id or 0)
        if organisation is None:
            obstacles.append(f"第 {row.number} 行的单位已被删除")
        elif any(_text(getattr(organisation, FIELDS[name])) != row.cells[name] for name in _written(row)):
            obstacles.append(f"{organisation.name}（导入后又有修改）")
        elif organisation.pk in held:
            obstacles.append(f"{organisation.name}（已有{held[organisation.pk]}）")
    if obstacles:
        more = f"等 {len(obstacles)} 个" if len(obstacles) > SHOWN else ""
        raise UndoRefused(
            f"不能整批撤销，以下单位已被修改或使用：{'、'.join(obstacles[:SHOWN])}{more}；请先处理，或逐个更正",
            numbers=obstacles[:SHOWN],
        )


def _written(row: BatchRow) -> list[str]:
    """Return the columns of the sheet that the row wrote."""
    return [name for name in row.cells if row.before is None or FIELDS[name] in row.before]


def _text(value: object) -> str:
    return "" if value is None else str(value)


TARGET = """coalesce(
    (select o.id from foundation_organisation o where o.uscc = cells.uscc),
    (select o.id from foundation_organisation o where o.name = cells.name and o.region_id = cells.region)
)"""
TWIN = """select from foundation_organisation o
where o.name = cells.name and o.region_id = cells.region and cells.uscc is not null and o.uscc is distinct from cells.uscc
    and (o.uscc is not null or exists (select from foundation_organisation p where p.uscc = cells.uscc))"""

ORGANISATIONS = SHEETS.add(
    Sheet(
        code="foundation.organisations",
        label="单位导入",
        right=RIGHT,
        basis="docs/howto/sheets.zh-CN.md",
        help="登记新单位或更新已有单位：先按统一社会信用代码、再按区划和名称对应；空着的格不改动原有内容。",
        apply=apply,
        undo=undo,
        line="line",
        columns=(
            Column("name", "单位名称", Kind.TEXT, required=True, max_length=128, example="示例机械有限公司"),
            Column(
                "region", "行政区划", Kind.CHOICE, required=True, choices=regions, example="370102 历下区"
            ),
            Column("line", "条线", Kind.CHOICE, required=True, choices=lines, example="union 工会"),
            Column("kind", "类别", Kind.CHOICE, required=True, choices=kinds, example="enterprise 企业"),
            Column("uscc", "统一社会信用代码", Kind.USCC, example="91110000600037341L"),
            Column(
                "industry",
                "行业代码",
                Kind.TEXT,
                max_length=5,
                help="GB/T 4754 的代码，如 C3411",
                example="C3411",
            ),
            Column("ownership", "所有制", Kind.CHOICE, choices=ownerships, example="private 民营"),
            Column("headcount", "职工人数", Kind.INTEGER, example="120"),
        ),
        checks=(
            Check("headcount", "headcount >= 0", "不能是负数"),
            Check("uscc", "uscc is null or count(*) over (partition by uscc) = 1", "同一文件中有相同的代码"),
            Check(
                "name",
                "region is null or count(*) over (partition by region, name) = 1",
                "同一文件中该区划有同名单位",
            ),
            Check(
                "name",
                f"{TARGET} is null or count(*) over (partition by {TARGET}) = 1",
                "与同一文件中的另一行对应到同一个单位",
            ),
            Check("name", f"not exists ({TWIN})", "该区划已有同名单位，其统一社会信用代码与本行不同，请核对"),
            Check(
                "name",
                f"not exists (select from foundation_organisation o where o.id = {TARGET} and not o.audience && cells.reach)",
                "该单位现在的区划或条线不在您的权限范围内",
            ),
        ),
    )
)
