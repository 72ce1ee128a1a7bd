"""Regions: the shipped data pack, another province's CSV, and the subtree of a code. Sources: docs/reference/data.md."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date
from functools import cache
from pathlib import Path

from django.db import transaction
from django.db.models.signals import m2m_changed, post_delete, post_save

from yanzhen.foundation.calendar.held import Held, fingerprint_of
from yanzhen.foundation.errors import Refusal
from yanzhen.foundation.models import Line, Region
from yanzhen.foundation.scope import prefix_of

PACK = Path(__file__).parent / "data"
SHIPPED = "370000"
"""The province that the shipped pack is of."""
COLUMNS = {"code", "name", "level", "parent"}
LEVELS = {
    Region.Level.PROVINCE: 6,
    Region.Level.CITY: 6,
    Region.Level.COUNTY: 6,
    Region.Level.ZONE: 6,
    Region.Level.TOWN: 9,
}


class PackRefused(Refusal):
    """A data pack contradicts itself; nothing of it was loaded."""

    code = "pack_refused"


@transaction.atomic
def load(folder: Path = PACK) -> int:
    """Load `regions.csv`, and where present `zones.csv`, `towns.csv` and `merged.csv`, of `folder`; return the rows.

    May be run again: rows are matched by code, names and parents follow the file, nothing is removed. Columns: code,
    name, level, parent, and optionally short, pinyin, valid_from, valid_to, successor (a code). Raises PackRefused
    with every contradiction, and has loaded nothing then.
    """
    rows = [row for name in ("regions", "zones", "towns", "merged") for row in _read(folder / f"{name}.csv")]
    if problems := list(_problems(rows)):
        raise PackRefused("区划数据有误，未载入：" + "；".join(problems[:10]), problems=problems)
    known = {row["code"] for row in rows}
    regions = [_region(row, known) for row in rows]
    Region.objects.bulk_create(
        regions,
        batch_size=500,
        update_conflicts=True,
        unique_fields=["code"],
        update_fields=["name", "short", "pinyin", "level", "parent", "valid_from", "valid_to"],
    )
    through = Region.successors.through
    links = [
        through(from_region_id=row["code"], to_region_id=row["successor"])
        for row in rows
        if row.get("successor")
    ]
    through.objects.bulk_create(links, ignore_conflicts=True)
    prefixes.cache_clear()
    KEPT.forget()
    return len(rows)


def load_lines() -> int:
    """Add the shipped department lines; names that staff edited stay."""
    with (PACK / "lines.csv").open(encoding="utf-8", newline="") as file:
        rows = [Line(**row) for row in csv.DictReader(file)]
    Line.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)


@cache
def prefixes(code: str) -> tuple[str, ...]:
    """Return the prefixes whose rows belong to the region's subtree: its own, and those of what was merged into it."""
    merged = Region.objects.filter(successors__code=code).values_list("code", flat=True).order_by("code")
    return (prefix_of(code), *(prefix_of(old) for old in merged))


def _forget(**_: object) -> None:
    prefixes.cache_clear()


def _forget_rows(**_: object) -> None:
    KEPT.forget()


def _all() -> dict[str, Region]:
    return {region.pk: region for region in Region.objects.all()}


KEPT: Held[Mapping[str, Region]] = Held(_all, fingerprint_of("select * from foundation_region"), seconds=60)
"""All regions by code, kept in the process: what every page and every name of a unit needs."""

m2m_changed.connect(_forget, sender=Region.successors.through, dispatch_uid="regions-merged")
for signal in (post_save, post_delete):
    signal.connect(_forget_rows, sender=Region, dispatch_uid=f"regions-kept-{id(signal)}")


def _read(path: Path) -> list[dict[str, str]]:
    if not path.exists():
        if path.name == "regions.csv":
            raise PackRefused(f"找不到 {path.name}：数据包须至少有这一个文件")
        return []
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        if missing := COLUMNS - set(reader.fieldnames or ()):
            raise PackRefused(f"{path.name} 缺少列：{'、'.join(sorted(missing))}")
        return list(reader)


def _problems(rows: list[dict[str, str]]) -> Iterator[str]:
    codes = Counter(row["code"] for row in rows)
    yield from (f"{code} 重复" for code, times in codes.items() if times > 1)
    for row in rows:
        for problem in (_shape_problem(row), _place_problem(row, codes), _dates_problem(row)):
            if problem:
                yield f"{row['code']} {problem}"


def _shape_problem(row: dict[str, str]) -> str | None:
    code, level = row["code"], row["level"]
    if level not in LEVELS:
        return f"的层级“{level}”不认识"
    if not (code.isascii() and code.isdigit() and len(code) == LEVELS[Region.Level(level)]):
        return f"不是 {LEVELS[Region.Level(level)]} 位数字代码"
    return None if row["name"].strip() else "没有名称"


def _place_problem(row: dict[str, str], codes: Counter[str]) -> str | None:
    """A code's prefix is its subtree: a row that lies outside its parent's would escape whoever reaches the parent."""
    parent, successor = row["parent"], row.get("successor")
    if row["level"] != Region.Level.PROVINCE:
        if parent not in codes:
            return f"的上级 {parent} 不在数据中"
        if parent == row["code"] or not row["code"].startswith(prefix_of(parent)):
            return f"的代码不在上级 {parent} 之下"
    if successor and successor not in codes:
        return f"并入的 {successor} 不在数据中"
    return None


def _dates_problem(row: dict[str, str]) -> str | None:
    try:
        first, after = _day(row.get("valid_from")), _day(row.get("valid_to"))
    except ValueError:
        return "的启用或停用日期须写作 2026-01-31"
    return "的停用日期不在启用日期之后" if first and after and first >= after else None


def _region(row: dict[str, str], known: set[str]) -> Region:
    return Region(
        code=row["code"],
        name=row["name"],
        short=row.get("short") or "",
        pinyin=row.get("pinyin") or "",
        level=row["level"],
        parent_id=row["parent"] if row["parent"] in known else None,
        valid_from=_day(row.get("valid_from")),
        valid_to=_day(row.get("valid_to")),
    )


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
