"""Kinds of stages, each with what has to be said of it. A programme lists them in the order in which they come."""

from __future__ import annotations

from dataclasses import MISSING, dataclass, fields
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import Field

Level = Literal["unit", "county", "city", "province"]
Shown = Literal["names", "others", "scores"]
"""What those who act see beside the text: who applied and where from, what others gave, what came out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    code: str
    label: str
    days: int = 10
    """Calendar days that it is planned to take; a round sets the dates."""
    shows: tuple[Shown, ...] = ("names",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Apply(Base):
    kind: Literal["apply"] = "apply"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recommend(Base):
    """Level by level, each with an opinion; the first level that the rule names is where an application goes first."""

    kind: Literal["recommend"] = "recommend"
    levels: tuple[Level, ...] = ("unit", "county", "city")


@dataclass(frozen=True, slots=True, kw_only=True)
class Screen(Base):
    kind: Literal["screen"] = "screen"


@dataclass(frozen=True, slots=True, kw_only=True)
class Opinion(Base):
    """Departments are asked at once; one veto ends the application, an answer that is not there by its term is open."""

    kind: Literal["opinion"] = "opinion"
    lines: tuple[str, ...]
    """Codes of the department lines that are asked."""
    term: str = "programmes.opinion"
    """Code of the parameter that says how long they have."""
    valid: str = "programmes.opinion_valid"
    """Code of the parameter that says how long what they said holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Assign(Base):
    kind: Literal["assign"] = "assign"
    each: int = 5
    """Judges of an application."""
    most: int = 150
    """Applications of a judge."""
    least: int = 0
    per_city: int = 2
    """Judges of one city in a panel; 0: any number."""
    per_employer: int = 1
    same_city: bool = False
    """Whether a judge may mark applications of the own city."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark(Base):
    kind: Literal["mark"] = "mark"
    shows: tuple[Shown, ...] = ()
    weight: Decimal = Decimal(100)
    """Percent of the total."""
    entries: Literal[1, 2] = 1
    """2: what a judge files is typed in again from the paper by somebody else; where the two differ, a third decides."""
    calibrate: int = 0
    """Sample files that every judge marks first; the marking opens when the organiser releases it. 0: none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Vote(Base):
    """One vote a day and verified member, counted as a share; its weight is capped."""

    kind: Literal["vote"] = "vote"
    weight: Decimal = Decimal(10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspect(Base):
    kind: Literal["inspect"] = "inspect"
    weight: Decimal = Decimal(0)
    """0: it is passed or not, and adds nothing to the total."""
    checklist: tuple[str, ...] = ()
    """What those who go have to look at, each answered by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortlist(Base):
    kind: Literal["shortlist"] = "shortlist"
    places: int = 0
    """0: as many as the quota has."""
    counts: tuple[str, ...] = ()
    """Codes of the stages that make up its total, in the proportion of their weights; none named: all weighed before it.
    A final that starts from nothing names its own, one that carries the preliminary names both, or none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice(Base):
    kind: Literal["notice"] = "notice"
    term: str = "programmes.notice"
    """Code of the parameter that says for how many working days the list is shown."""
    venues: tuple[Level, ...] = ("province",)
    names: Literal["whole", "masked"] = "whole"
    """How the list names people; an ID or phone number it never shows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Objection(Base):
    kind: Literal["objection"] = "objection"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decide(Base):
    kind: Literal["decide"] = "decide"


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential(Base):
    kind: Literal["credential"] = "credential"


@dataclass(frozen=True, slots=True, kw_only=True)
class Review(Base):
    """The yearly report of those who hold the title, and what is found of it."""

    kind: Literal["review"] = "review"


Stage = Annotated[
    Apply
    | Recommend
    | Screen
    | Opinion
    | Assign
    | Mark
    | Vote
    | Inspect
    | Shortlist
    | Notice
    | Objection
    | Decide
    | Credential
    | Review,
    Field(discriminator="kind"),
]
ORDER = (
    "apply", "recommend", "screen", "opinion", "assign", "mark", "vote", "inspect", "shortlist",
    "notice", "objection", "decide", "credential", "review",
)  # fmt: skip
"""What comes before what. `assign` to `shortlist` may come again: a preliminary and a final."""
AGAIN = ("assign", "mark", "vote", "inspect", "shortlist")
LABELS = {
    "apply": "申报", "recommend": "推荐", "screen": "资格审查", "opinion": "征求部门意见", "assign": "分配评委", "mark": "评审打分",
    "vote": "网络投票", "inspect": "实地考察", "shortlist": "确定入围名单", "notice": "公示", "objection": "异议处理", "decide": "认定",
    "credential": "制发证书", "review": "年度考核",
}  # fmt: skip
MOST_SAMPLES = 20
"""Of a calibration (selection.md 3: 10 to 20 common files)."""
MOST_VOTE = Decimal(10)
"""Percent of the total that a vote may weigh at most (selection: votes are easily bought; a cap in the house's rule)."""


def fresh(kind: str) -> dict[str, Any]:
    """Return what a new stage of `kind` begins with, in its JSON form; its code and label are the caller's to give."""
    made = next(one for one in Base.__subclasses__() if one.__dataclass_fields__["kind"].default == kind)
    defaults = {field.name: field.default for field in fields(made) if field.default is not MISSING}
    plain = {name: list(value) if isinstance(value, tuple) else value for name, value in defaults.items()}
    return {name: str(value) if isinstance(value, Decimal) else value for name, value in plain.items()}
