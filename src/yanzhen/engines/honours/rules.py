"""When an honour may be moved. Sources: docs/rules/honours.md."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta

from django.utils import timezone

from yanzhen.engines.honours.models import Honour

SHORTEST_CAUSE = 10


def last_day(start: date, months: int) -> date:
    """Return the last day of a term of `months` from `start` on, the first day counted.

    2026-01-15 for 48 months ends with 2030-01-14; where the month has no such day, with its last but one.
    """
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    day = min(start.day, monthrange(year, month + 1)[1])
    return date(year, month + 1, day) - timedelta(days=1)


def cause_is_told(honour: Honour) -> str | None:
    """事由须写明事实（至少 10 个字）"""
    if len(honour.cause.strip()) >= SHORTEST_CAUSE:
        return None
    return f"请写明事由：何时、何事、依据什么（至少 {SHORTEST_CAUSE} 个字）"


def term_is_over(honour: Honour) -> str | None:
    """有效期已满"""
    if honour.term_until is None:
        return "这一称号没有期限，不会到期"
    if honour.term_until >= timezone.localdate():
        return f"有效期至 {honour.term_until}，尚未到期"
    return None


def term_is_prolonged(honour: Honour) -> str | None:
    """新的有效期须在今天之后"""
    if honour.term_until and honour.term_until > timezone.localdate():
        return None
    return "新的有效期须在今天之后"


def has_a_term(honour: Honour) -> str | None:
    """有期限的称号才能续期"""
    return None if honour.term_until else "这一称号没有期限，无须续期"


def last_report_passed(honour: Honour) -> str | None:
    """最近一份履职报告已评定且合格"""
    report = honour.reports.order_by("-year").first()
    if report is None:
        return "还没有履职报告，不能续期"
    if not report.grade:
        return f"{report.year} 年度履职报告尚未评定，不能续期"
    return f"{report.year} 年度履职报告评定为不合格，不能续期" if report.grade == "fail" else None
