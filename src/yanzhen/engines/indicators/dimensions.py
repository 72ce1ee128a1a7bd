"""By what a figure may be broken down: declared for each kind of record, so that a part opens to its own records."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet, TextField, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast, Coalesce, Left

from yanzhen.foundation.errors import DeclarationError
from yanzhen.foundation.models import Region
from yanzhen.foundation.regions import prefixes
from yanzhen.foundation.registry import Registry

REGION = "region"
"""Every scoped record has a place: its breakdown is by the children of the region that is asked for."""
UNKNOWN = ""
"""The key of what has no value, or lies in none of the children."""

Names = Callable[[Collection[str]], Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Dimension:
    """A way to part the records of the model `of` ("hotline.case"). `name` is the same for all kinds of record.

    `key` is an expression over the record; as text it is the key of a part. `names` gives what the keys are called.
    """

    of: str
    name: str
    label: str
    key: Combinable
    names: Names
    ordered: bool = False
    """Whether the keys have an order of their own, as hours do; else parts are shown by size."""

    def __post_init__(self) -> None:
        if self.name == REGION:
            raise DeclarationError(f"{self.of}: every record has a region without a declaration")

    @property
    def code(self) -> str:
        return f"{self.of}/{self.name}"


DIMENSIONS: Registry[Dimension] = Registry("dimension")


@dataclass(frozen=True, slots=True)
class Cell:
    """One part of a breakdown: the records whose key is `key`; UNKNOWN for those without one."""

    by: str
    key: str


@dataclass(frozen=True, slots=True)
class Cut:
    """How the records of one model fall into parts. With `home`, raw keys are gathered: a merged county counts for its heir."""

    key: Combinable
    home: Mapping[str, str] | None = None

    def part_of(self, raw: str) -> str:
        return raw if self.home is None else self.home.get(raw, UNKNOWN)

    def parted(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Return `rows` with the raw key of each as `cell`."""
        key = Coalesce(Cast(self.key, TextField()), Value(UNKNOWN), output_field=TextField())
        parted: QuerySet[Any] = rows.annotate(cell=key)
        return parted

    def within(self, rows: QuerySet[Any], key: str) -> QuerySet[Any]:
        """Keep the rows of one part."""
        rows = self.parted(rows)
        if self.home is None:
            return rows.filter(cell=key)
        if key == UNKNOWN:
            return rows.exclude(cell__in=list(self.home))
        return rows.filter(cell__in=[raw for raw, part in self.home.items() if part == key])


def names() -> dict[str, str]:
    """Return what may be asked for, by name, with its label: the region first, then as declared."""
    found = {REGION: "区划"}
    for dimension in DIMENSIONS:
        found.setdefault(dimension.name, dimension.label)
    return found


def declared(of: str, name: str) -> Dimension | None:
    """Return the dimension `name` of the model `of`; None where its records have no such thing."""
    return next((d for d in DIMENSIONS if d.code == f"{of}/{name}"), None)


def cut_of(of: str, name: str, region: Region) -> Cut | None:
    """Return how records of the model `of`, looked at from `region`, part by `name`; None where they do not."""
    if name == REGION:
        return _by_child(region)
    found = declared(of, name)
    return Cut(found.key) if found else None


def _by_child(region: Region) -> Cut:
    children = list(region.children.filter(valid_to=None).exclude(level=Region.Level.ZONE))
    length = len(children[0].prefix) if children else len(region.prefix)
    home = {prefix: child.code for child in children for prefix in prefixes(child.code)}
    return Cut(Left("region_id", length), home)


def labels(name: str, keys: Collection[str]) -> dict[str, str]:
    """Return what `keys` are called; one that nobody can name is called by itself, and UNKNOWN not at all."""
    wanted = {key for key in keys if key != UNKNOWN}
    found = {key: key for key in wanted}
    if name == REGION:
        return found | dict(Region.objects.filter(code__in=wanted).values_list("code", "name"))
    source = next((d for d in DIMENSIONS if d.name == name), None)
    return found | dict(source.names(wanted)) if source and wanted else found


def is_ordered(name: str) -> bool:
    return name == REGION or any(d.ordered for d in DIMENSIONS if d.name == name)
