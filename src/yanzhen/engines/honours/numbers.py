"""Numbers of honours: given in order without reuse, void ones with a reason, gaps found, typing errors named."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from yanzhen.engines.honours.declare import TITLES, Title
from yanzhen.engines.honours.models import Honour, VoidNumber
from yanzhen.engines.honours.templates import Parsed, bare
from yanzhen.foundation import numbering
from yanzhen.foundation.errors import Invalid, NotAllowed
from yanzhen.foundation.models import Account
from yanzhen.foundation.records import record
from yanzhen.foundation.scope import EVERYTHING, database_scope

MOST_LISTED = 100
"""Missing serials that an audit lists by name; their number is told in full."""
MISSING = """
select g from generate_series(1, %(last)s) g
where not exists (select from honours_honour h where h.title = %(title)s and h.year = %(year)s and h.serial = g)
  and not exists (select from honours_voidnumber v where v.title = %(title)s and v.year = %(year)s and v.serial = g)
order by g
"""
SERIES = "select code, last from foundation_series where code like 'honours:number:%%' order by code"


@dataclass(frozen=True, slots=True)
class Named:
    """A typed number as we write it, and the first check that it failed: "form", "check"; "" where it passed both."""

    number: str
    problem: str
    told: str


@dataclass(frozen=True, slots=True)
class SeriesAudit:
    """One series against what became of its serials. `missing` lists the first MOST_LISTED."""

    title: str
    year: int
    last: int
    issued: int
    void: int
    missing: tuple[str, ...]
    missing_count: int


def series_of(title: Title, year: int) -> str:
    return f"honours:number:{title.code}:{year}"


def take(title: Title, year: int, count: int) -> list[tuple[int, str]]:
    """Return the next `count` (serial, number) of the title's series of the year; kept without gaps by its lock."""
    serials = numbering.take(series_of(title, year), count)
    return [(serial, title.template.written(year, serial)) for serial in serials]


def named(typed: str) -> Named:
    """Return a typed number as it is written, or the check that it fails and what to do."""
    text = bare(typed)
    for title in TITLES:
        found = title.template.parsed(text)
        if found:
            return _checked(title, found)
    like = next((t for t in TITLES if text.startswith(t.template.prefix)), None)
    examples = [like] if like else list(TITLES)[:3]
    shown = "、".join(t.template.example for t in examples) or "证书上印的编号"
    return Named(typed.strip()[:40], "form", f"格式不符：编号应形如 {shown}，请对照证书逐位核对")


@transaction.atomic
def void(title: Title, year: int, serial: int, *, actor: Account, reason: str) -> VoidNumber:
    """Explain a serial that no honour has: it stays void for good. Raises Invalid or NotAllowed."""
    if not any(reach.covers(settings.PROVINCE, title.line) for reach in actor.reaches("honour.approve")):
        raise NotAllowed("编号全省统一：作废须有全省的“审批暂停、撤销、恢复与续期”权限")
    with connection.cursor() as cursor:
        cursor.execute(
            "select last from foundation_series where code = %s for update", [series_of(title, year)]
        )
        last = (cursor.fetchone() or (0,))[0]
    problems = {}
    if not 1 <= serial <= last:
        problems["serial"] = f"{title.label} {year} 年的编号用到第 {last} 号，没有第 {serial} 号可以作废"
    elif _is_given(title, year, serial):
        problems["serial"] = f"第 {serial} 号已经授出：要收回证书，请撤销该荣誉"
    elif VoidNumber.objects.filter(title=title.code, year=year, serial=serial).exists():
        problems["serial"] = f"第 {serial} 号已经作废"
    if len(reason.strip()) < 4:
        problems["reason"] = "请写明作废原因（至少 4 个字）"
    if problems:
        raise Invalid("；".join(problems.values()), fields=problems)
    row = VoidNumber.objects.create(
        title=title.code, year=year, serial=serial, number=title.template.written(year, serial),
        reason=reason.strip()[:200], by=actor, at=timezone.now(),
    )  # fmt: skip
    record("honour.void", row, actor=actor, after={"number": row.number}, reason=row.reason)
    return row


def audit() -> list[SeriesAudit]:
    """Return every series with what became of its serials: awarded, void with a reason, or missing.

    Numbers are the province's and name nobody: what lies beyond the reader's reach is counted too.
    """
    with database_scope({EVERYTHING}), connection.cursor() as cursor:
        cursor.execute(SERIES)
        found = [(*code.split(":")[2:], last) for code, last in cursor.fetchall()]
        return [_audited(TITLES[code], int(year), last) for code, year, last in found if code in TITLES]


def voided() -> QuerySet[VoidNumber]:
    return VoidNumber.objects.select_related("by").order_by("-pk")


def _is_given(title: Title, year: int, serial: int) -> bool:
    with database_scope({EVERYTHING}):
        return Honour.objects.filter(title=title.code, year=year, serial=serial).exists()


def _audited(title: Title, year: int, last: int) -> SeriesAudit:
    with connection.cursor() as cursor:
        cursor.execute(MISSING, {"title": title.code, "year": year, "last": last})
        missing = [serial for (serial,) in cursor.fetchall()]
    return SeriesAudit(
        title=title.code,
        year=year,
        last=last,
        issued=Honour.objects.filter(title=title.code, year=year).count(),
        void=VoidNumber.objects.filter(title=title.code, year=year).count(),
        missing=tuple(title.template.written(year, serial) for serial in missing[:MOST_LISTED]),
        missing_count=len(missing),
    )


def _checked(title: Title, found: Parsed) -> Named:
    if found.check != found.expected:
        told = "校验位不符：多半有一位抄错，请对照证书逐位核对，注意区分 0 和 O、1 和 I"
        return Named(bare_number(title, found), "check", told)
    return Named(title.template.written(found.year, found.serial), "", "")


def bare_number(title: Title, found: Parsed) -> str:
    """Return the number as typed, in our way of writing."""
    return title.template.written(found.year, found.serial)[:-1] + found.check
