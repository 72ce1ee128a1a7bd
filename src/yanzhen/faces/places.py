"""Regions and categories as a form or an address names them."""

from __future__ import annotations

from collections.abc import Iterable

from django.conf import settings

from yanzhen.domains.hotline.models import Category
from yanzhen.foundation.models import Region
from yanzhen.foundation.scope import prefix_of

Row = tuple[str, str, str, str | None]


def region_by_code(code: str) -> Region | None:
    return Region.objects.filter(code=code).first()


def region_names(codes: Iterable[str]) -> dict[str, str]:
    return dict(Region.objects.filter(code__in=codes).values_list("code", "name"))


def cities_and_counties() -> list[Row]:
    """Return (code, name, level, parent) of the province's cities and counties that are in force, by code."""
    rows = Region.objects.filter(
        code__startswith=prefix_of(settings.PROVINCE),
        valid_to=None,
        level__in=(Region.Level.CITY, Region.Level.COUNTY),
    )
    return list(rows.values_list("code", "name", "level", "parent_id"))


def first_categories() -> list[tuple[str, str]]:
    """Return (code, name) of the first level of the tree of categories."""
    return list(Category.objects.filter(active=True, code__regex=r"^\d\d$").values_list("code", "name"))
