"""What columns that say where a row belongs offer."""

from __future__ import annotations

from collections.abc import Iterable

from yanzhen.foundation.models import Line, Region


def regions() -> Iterable[tuple[str, str]]:
    """All regions in force; their names alone do not always tell them apart."""
    return Region.objects.filter(valid_to=None).order_by("code").values_list("code", "name")


def lines() -> Iterable[tuple[str, str]]:
    return Line.objects.values_list("code", "name")
