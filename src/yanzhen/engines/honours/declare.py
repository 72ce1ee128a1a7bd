"""Declare a title: what is awarded, at which rank of its ladder, for how long, under which numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from yanzhen.engines.honours.templates import Template
from yanzhen.foundation.errors import DeclarationError
from yanzhen.foundation.registry import Registry

CODE = re.compile(r"[a-z][a-z0-9_]{0,23}", re.ASCII)


class Level(StrEnum):
    NATION = "nation"
    PROVINCE = "province"
    CITY = "city"
    COUNTY = "county"
    UNIT = "unit"


LEVELS = {
    Level.NATION: "国家级",
    Level.PROVINCE: "省级",
    Level.CITY: "市级",
    Level.COUNTY: "县级",
    Level.UNIT: "单位",
}


@dataclass(frozen=True, slots=True)
class Title:
    """An honour that people may hold. `basis` is the page under docs/rules that quotes its rule."""

    code: str
    label: str
    family: str
    """The ladder that it belongs to; titles of one family are compared by rank."""
    rank: int
    """1 is the lowest of the family."""
    level: Level
    issuer: str
    """The body in whose name the certificate is made out."""
    citation: str
    """What the certificate says after the name."""
    number: str
    """Template of its numbers (templates.Template)."""
    basis: str
    term: str = ""
    """Code of the parameter that says for how many months it is awarded; "" where it has no end."""
    requires: str = ""
    """Code of the title that has to be held in good standing."""
    outside: bool = False
    """Awarded by somebody else and only recorded here: it has no certificate and no credential of ours."""
    line: str = "union"
    template: Template = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not CODE.fullmatch(self.code):
            raise DeclarationError(f"title {self.code}: a code is up to 24 of a-z, 0-9 and _")
        if self.rank < 1:
            raise DeclarationError(f"title {self.code}: ranks begin with 1")
        object.__setattr__(self, "template", Template(self.number))


class Titles(Registry[Title]):
    """All titles that this installation knows."""

    def add(self, declaration: Title) -> Title:
        """List the title; raises DeclarationError where it does not fit those that are listed."""
        for problem in self._problems(declaration):
            raise DeclarationError(f"title {declaration.code}: {problem}")
        return super().add(declaration)

    def _problems(self, title: Title) -> Iterator[str]:
        if title.requires and title.requires not in self:
            yield f"requires {title.requires}, which is not declared before it"
        elif title.requires:
            lower = self[title.requires]
            if lower.family == title.family and lower.rank >= title.rank:
                yield f"requires {title.requires}, which is not of a lower rank"
        for other in self:
            if other.template.prefix == title.template.prefix:
                yield f"its numbers look like those of {other.code}"


TITLES = Titles("title")


def title_choices() -> list[tuple[str, str]]:
    """Return (code, label) of all titles, as a choice field asks for them."""
    return [(title.code, title.label) for title in TITLES]
