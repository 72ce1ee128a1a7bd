"""Regions, lines and categories as forms, addresses and lists name them; what every page needs is kept in the process."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.conf import settings
from django.db.models import Model, QuerySet, prefetch_related_objects
from django.db.models.signals import post_delete, post_save

from yanzhen.domains.hotline.models import Category
from yanzhen.domains.hotline.queries import category_names
from yanzhen.foundation import regions
from yanzhen.foundation.calendar.held import Held, fingerprint_of
from yanzhen.foundation.fields import field_of
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


def point(rows: Sequence[Model], names: Iterable[str], *, known: Model | None = None) -> None:
    """Give `rows`, of one model, what their columns `names` point to.

    Places, lines and categories come as they are kept here, `known` where they point to it, all else in a statement a column.
    """
    asked = [name for name in names if rows and not _pointed(rows, name, known)]
    if asked:
        prefetch_related_objects(rows, *asked)


def _pointed(rows: Sequence[Model], name: str, known: Model | None) -> bool:
    """Give `rows` what `name` points to of what is kept or known; tell whether that was all of it."""
    field = field_of(rows[0], name)
    held = _KEPT.get(field.related_model)  # type: ignore[arg-type]  # a column of the process's own has none
    kept: Mapping[Any, Model] = held.get() if held else {}
    if known is not None and isinstance(known, field.related_model):  # type: ignore[arg-type]
        kept = {known.pk: known}
    whole = True
    for row in rows:
        key = getattr(row, field.attname)
        if key in kept:
            field.set_cached_value(row, kept[key])  # type: ignore[attr-defined]  # a foreign key's
        elif key is not None:
            whole = False
    return whole


def _read_regions() -> tuple[Row, ...]:
    rows = Region.objects.filter(
        code__startswith=prefix_of(settings.PROVINCE),
        valid_to=None,
        level__in=(Region.Level.CITY, Region.Level.COUNTY),
    )
    return tuple(rows.values_list("code", "name", "level", "parent_id"))


def _table(model: type[Model]) -> str:
    return f"select * from {model._meta.db_table}"  # noqa: S608  # program text


def _rows_of(model: type[Model]) -> Held[Mapping[str, Model]]:
    def read() -> dict[str, Model]:
        return {row.pk: row for row in model._default_manager.all()}

    return Held(read, fingerprint_of(_table(model)), seconds=FRESH_SECONDS)


_REGIONS: Held[tuple[Row, ...]] = Held(
    _read_regions, fingerprint_of(f"{_table(Region)} where length(code) = 6"), seconds=FRESH_SECONDS
)
_CATEGORIES: Held[tuple[tuple[str, str], ...]] = Held(
    category_names, fingerprint_of(_table(Category)), seconds=FRESH_SECONDS
)
_KEPT: dict[type[Model], Held[Any]] = {
    Region: regions.KEPT,
    Line: _rows_of(Line),
    Category: _rows_of(Category),
}


def forget_regions(**_: object) -> None:
    _REGIONS.forget()
    _KEPT[Region].forget()


def forget_lines(**_: object) -> None:
    _KEPT[Line].forget()


def forget_categories(**_: object) -> None:
    _CATEGORIES.forget()
    _KEPT[Category].forget()


for signal in (post_save, post_delete):
    signal.connect(forget_regions, sender=Region, dispatch_uid=f"places-regions-{id(signal)}")
    signal.connect(forget_lines, sender=Line, dispatch_uid=f"places-lines-{id(signal)}")
    signal.connect(forget_categories, sender=Category, dispatch_uid=f"places-categories-{id(signal)}")
