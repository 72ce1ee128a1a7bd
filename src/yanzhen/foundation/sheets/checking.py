"""Check a batch in one statement: every problem of every row at once, whatever their number.

What SQL can not tell of a row, a sheet's `examine` tells of those that passed, by chunks.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import connection
from django.utils import timezone

from yanzhen.foundation.models import Account, Batch
from yanzhen.foundation.rights import RIGHTS
from yanzhen.foundation.sheets import shapes
from yanzhen.foundation.sheets.declare import Choices, Column, Kind, Row, Sheet
from yanzhen.foundation.sheets.shapes import quoted

STATEMENT = """
update foundation_batchrow as line set problems = found.problems, cells = found.cells
from (
    select _id, _given, problems, case when problems = '{{}}' then {stored} else _given end as cells
    from (
        select cells.*, _problems || array_remove(array[{problems}]::text[], null) as problems
        from (
            select _id, _given, _problems, %(reach)s::text[] as reach, {faults}, {values}
            from (
                select forms.*, {judged}
                from (
                    select texts.*, {forms}
                    from (
                        select id as _id, cells as _given, problems as _problems, {texts}
                        from foundation_batchrow where batch_id = %(batch)s and target_id is null{only}
                    ) texts offset 0
                ) forms offset 0
            ) judged offset 0
        ) cells offset 0
    ) checked offset 0
) found
where found._id = line.id and (found.problems <> line.problems or found.cells <> line.cells)
"""
"""Each `offset 0` keeps the planner from writing an expression out again wherever it is used."""
PLACES = """
select distinct cells ->> '{region}', {line} from foundation_batchrow
where batch_id = %(batch)s and target_id is not null
"""
EXAMINED = """
update foundation_batchrow as line set problems = array[found.problem]
from unnest(%s::bigint[], %s::text[]) as found (id, problem) where found.id = line.id
"""
CHUNK = 5_000
"""Rows examined and applied at a time: enough to share statements, few enough to let others in between."""
COUNT = (
    "select count(*), count(*) filter (where problems = '{}') from foundation_batchrow where batch_id = %s"
)


def check_rows(batch: Batch, sheet: Sheet, *, again: bool = False) -> None:
    """Write into each row what is wrong with it, and bring the cells of good rows into their one form.

    `again` looks at those that were good alone: what was true when the file was sent may have changed since.
    """
    sql = STATEMENT.format(
        only=" and problems = '{}'" if again else "",
        texts=_each(sheet, lambda c: f"nullif(cells ->> '{c.name}', '') as {_text(c)}"),
        forms=_each(sheet, lambda c: f"{shapes.form(c, _text(c))} as {_form(c)}"),
        judged=_each(sheet, lambda c: f"{_fault_of(c)} as {_fault(c)}"),
        faults=_each(sheet, _fault),
        values=_each(sheet, lambda c: f"{_value_of(c)} as {_name(c.name)}"),
        problems=", ".join(_problems(sheet)),
        stored=_stored(sheet),
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, _parameters(batch, sheet))
    after: int | None = 0
    while sheet.examine is not None and after is not None:
        after = _examine_chunk(batch, sheet, after)


def good_rows(batch: Batch, sheet: Sheet, after: int) -> list[Row]:
    """Return the next CHUNK rows after number `after` that are good and not applied."""
    to_do = batch.lines.filter(target_id=None, problems=[], number__gt=after).order_by("number")
    found = to_do.values_list("pk", "number", "cells")[:CHUNK]
    return [Row(pk, number, values_of(sheet, cells)) for pk, number, cells in found]


def count_rows(batch: Batch) -> tuple[int, int]:
    """Return (all rows, good rows)."""
    with connection.cursor() as cursor:
        cursor.execute(COUNT, [batch.pk])
        rows, good = cursor.fetchone()
    return rows, good


def out_of_reach(batch: Batch, sheet: Sheet, account: Account, right: str) -> bool:
    """Tell whether a row was applied at a place over which the account does not hold `right`."""
    line = f"cells ->> '{sheet.line}'" if sheet.has_line_column else quoted(sheet.line)
    with connection.cursor() as cursor:
        cursor.execute(PLACES.format(line=line, region=sheet.region), {"batch": batch.pk})
        places = cursor.fetchall()
    reaches = account.reaches(right)
    return any(not any(reach.covers(region, line) for reach in reaches) for region, line in places)


def values_of(sheet: Sheet, cells: dict[str, str]) -> dict[str, Any]:
    """Return the cells of a good row as Python values; blank ones are None."""
    return {c.name: READ.get(c.kind, str)(cells[c.name]) if c.name in cells else None for c in sheet.columns}


def names_of(choices: Choices) -> tuple[dict[str, str], dict[str, str]]:
    """Return (what may stand for a choice, names that more than one has with their codes), without spaces.

    A choice is named by its code, by "code name" as in the template, or by a name that is the only one.
    """
    codes: dict[str, str] = {}
    bearers: dict[str, list[str]] = defaultdict(list)
    for code, name in choices():
        codes[_unspaced(code)] = codes[_unspaced(f"{code}{name}")] = code
        bearers[_unspaced(name)].append(code)
    alone = {name: held[0] for name, held in bearers.items() if len(held) == 1}
    return alone | codes, {name: "、".join(held[:5]) for name, held in bearers.items() if len(held) > 1}


def _examine_chunk(batch: Batch, sheet: Sheet, after: int) -> int | None:
    """Return the last row's number, None at the end."""
    rows = good_rows(batch, sheet, after)
    if not rows or sheet.examine is None:
        return None
    found = sheet.examine(rows)
    told = [f"{sheet.column(column).label}：{message}" for column, message in found.values()]
    with connection.cursor() as cursor:
        cursor.execute(EXAMINED, [list(found), told])
    return rows[-1].number


def _parameters(batch: Batch, sheet: Sheet) -> dict[str, Any]:
    reaches = batch.sender.reaches(sheet.right)
    regions = [code for code, _ in _choices(sheet, sheet.region)]
    lines = [code for code, _ in _choices(sheet, sheet.line)] if sheet.has_line_column else [sheet.line]
    values: dict[str, Any] = {
        "batch": batch.pk,
        "today": timezone.localdate(),
        "reach": sorted({reach.key for reach in reaches}),
        "places": [
            f"{line}:{code}"
            for line in lines
            for code in regions
            if any(r.covers(code, line) for r in reaches)
        ],
    }
    for column in sheet.columns:
        if column.choices:
            names, many = names_of(column.choices)
            values[f"names_{column.name}"] = json.dumps(names)
            values[f"many_{column.name}"] = json.dumps(many)
    return values


def _choices(sheet: Sheet, name: str) -> Iterable[tuple[str, str]]:
    choices = sheet.column(name).choices
    return choices() if choices else ()


def _each(sheet: Sheet, piece: Callable[[Column], str]) -> str:
    return ", ".join(piece(column) for column in sheet.columns)


def _name(name: str) -> str:
    """A column's value; the other three are the steps on the way to it, under names that no column can have."""
    return f'"{name}"'


def _text(column: Column) -> str:
    return _name(f"_t_{column.name}")


def _form(column: Column) -> str:
    return _name(f"_f_{column.name}")


def _fault(column: Column) -> str:
    return _name(f"_p_{column.name}")


def _fault_of(column: Column) -> str:
    blank = "'必填'" if column.required else "null"
    fault = shapes.fault(column, _form(column), _text(column))
    return f"case when {_text(column)} is null then {blank} else {fault} end"


def _value_of(column: Column) -> str:
    return f"case when {_fault(column)} is null then {shapes.value(column, _form(column))} end"


def _stored(sheet: Sheet) -> str:
    names = _each(sheet, lambda c: quoted(c.name))
    values = _each(sheet, lambda c: shapes.stored(c, _name(c.name)))
    return f"jsonb_strip_nulls(jsonb_object(array[{names}], array[{values}]))"


def _problems(sheet: Sheet) -> Iterator[str]:
    """Yield SQL for each thing that may be wrong: a sentence with the column's label, or null."""
    for column in sheet.columns:
        yield f"{quoted(f'{column.label}：')} || {_fault(column)}"
    yield _out_of_reach(sheet)
    for check in sheet.checks:
        column = sheet.column(check.column)
        condition = check.condition.replace("%", "%%")
        words = quoted(f"{column.label}：{check.message}")
        yield f"case when {_fault(column)} is null and ({condition}) is false then {words} end"


def _out_of_reach(sheet: Sheet) -> str:
    line = _name(sheet.line) if sheet.has_line_column else quoted(sheet.line)
    where = "该区划和条线" if sheet.has_line_column else "该区划"
    words = f"{sheet.column(sheet.region).label}：您在{where}没有“{RIGHTS[sheet.right].label}”权限"
    return f"case when {line} || ':' || {_name(sheet.region)} <> all(%(places)s::text[]) then {quoted(words)} end"


def _unspaced(text: str) -> str:
    return re.sub(r"\s", "", text)


def _moment(text: str) -> datetime:
    return timezone.make_aware(datetime.fromisoformat(text))


READ: dict[Kind, Callable[[str], Any]] = {
    Kind.DATE: date.fromisoformat,
    Kind.DATETIME: _moment,
    Kind.INTEGER: int,
    Kind.MONEY: Decimal,
    Kind.YES_NO: lambda text: text == "true",
}
