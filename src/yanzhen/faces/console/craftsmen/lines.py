"""What is typed as lines: a day or an amount, a blank, and what it is about."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar

from django import forms

from yanzhen.foundation.errors import Invalid

T = TypeVar("T")
MOST = 20


def lines_field(label: Any, *, help_text: str) -> forms.CharField:
    return forms.CharField(
        label=label, help_text=help_text, max_length=4000, widget=forms.Textarea(attrs={"rows": 4})
    )


def days(name: str, typed: str) -> list[tuple[str, date]]:
    """Read «2026-06-30 what is to be reached»; raises Invalid naming the line."""
    return [(text, day) for day, text in _read(name, typed, date.fromisoformat, "日期写作 2026-06-30")]


def amounts(name: str, typed: str) -> list[tuple[Decimal, str]]:
    """Read «25000 what is to be reached»; raises Invalid naming the line."""
    return _read(name, typed, _yuan, "金额写作 25000 或 25000.00")


def _yuan(text: str) -> Decimal:
    value = Decimal(text)
    if not value.is_finite() or value != round(value, 2) or abs(value) >= 10**10:
        raise ValueError(text)
    return value


def _read(name: str, typed: str, first: Callable[[str], T], form: str) -> list[tuple[T, str]]:
    found = []
    rows = [row.split(maxsplit=1) for row in typed.splitlines() if row.strip()]
    for n, row in enumerate(rows, 1):
        told = f"第 {n} 行：每行先写{form}，空一格，再写内容（至多 200 字）"
        if len(row) != 2 or len(row[1]) > 200 or len(rows) > MOST:  # two parts of a line; the column's length
            raise Invalid(told, fields={name: told})
        try:
            found.append((first(row[0]), row[1].strip()))
        except (ValueError, InvalidOperation):
            raise Invalid(told, fields={name: told}) from None
    return found
