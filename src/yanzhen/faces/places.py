"""Regions and categories as a form or an address names them; what every form offers is kept in the process."""

from __future__ import annotations

from collections.abc import Iterable

from django.conf import settings
from django.db.models import Model, QuerySet
from django.db.models.signals import post_delete, post_save

from yanzhen.domains.hotline.models import Category
from yanzhen.domains.hotline.queries import category_names
from yanzhen.foundation.calendar.held import Held, fingerprint_of
from yanzhen.foundation.models import Line, Region
from yanzhen.foundation.scope import prefix_of

Row = tuple[str, str, str, str | None]
FRESH_SECONDS = 60


def region_by_code(code: str) -> Region | None:
    return Region.objects.filter(code=code).first()


def regions_in_force() -> QuerySet[Region]:
    return Region.objects.filter(valid_to=None)


def lines() -> QuerySet[Line]:
    return Line.objects.all()


def region_names(codes: Iterable[str]) -> dict[str, str]:
    return dict(Region.objects.filter(code__in=codes).values_list("code", "name"))


def cities_and_counties() -> tuple[Row, ...]:
    """Return (code, name, level, parent) of the province's cities and counties that are in force, by code."""
    return _REGIONS.get()


def categories() -> tuple[tuple[str, str], ...]:
    """Return (code, name) of the whole tree of categories in force, in order of code."""
    return _CATEGORIES.get()


def _read_regions() -> tuple[Row, ...]:
    rows = Region.objects.filter(
        code__startswith=prefix_of(settings.PROVINCE),
        valid_to=None,
        level__in=(Region.Level.CITY, Region.Level.COUNTY),
    )
    return tuple(rows.values_list("code", "name", "level", "parent_id"))


def _table(model: type[Model]) -> str:
    return f"select * from {model._meta.db_table}"  # noqa: S608  # program text


_REGIONS: Held[tuple[Row, ...]] = Held(
    _read_regions, fingerprint_of(f"{_table(Region)} where length(code) = 6"), seconds=FRESH_SECONDS
)
_CATEGORIES: Held[tuple[tuple[str, str], ...]] = Held(
    category_names, fingerprint_of(_table(Category)), seconds=FRESH_SECONDS
)


def forget_regions(**_: object) -> None:
    _REGIONS.forget()


def forget_categories(**_: object) -> None:
    _CATEGORIES.forget()


for signal in (post_save, post_delete):
    signal.connect(forget_regions, sender=Region, dispatch_uid=f"places-regions-{id(signal)}")
    signal.connect(forget_categories, sender=Category, dispatch_uid=f"places-categories-{id(signal)}")
