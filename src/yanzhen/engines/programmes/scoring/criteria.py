"""What a judge marks: aspects with their scales, and how one judge's mark set becomes a percentage of the attainable.

A track to which fewer aspects apply can still reach 100: a mark set is measured against the weights of what applies to
it. Not applicable is a state with a reason, never a number.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Any

from yanzhen.foundation.errors import DeclarationError, Invalid

LEVELS = 4
"""A judgement has the levels 0 to 3, each described for its aspect (WorldSkills ES2016, CIS slides)."""
MOST_ASPECTS = 200
MOST_DECIMALS = 6
LARGEST = Decimal(10) ** 9


class Kind(StrEnum):
    MEASUREMENT = "measurement"
    JUDGEMENT = "judgement"


@dataclass(frozen=True, slots=True)
class Aspect:
    """One thing that is marked. `weight` counts beside the other weights; an informational aspect has none.

    A measurement runs from `low` to `high` in steps of `step`, both ends included; a judgement has four `levels`,
    described from 0 to 3. `only_for` names the tracks it applies to; empty means all.
    """

    code: str
    label: str
    kind: Kind
    weight: Decimal
    low: Decimal = Decimal(0)
    high: Decimal = Decimal(100)
    step: Decimal = Decimal(1)
    levels: tuple[str, ...] = ()
    required: bool = True
    informational: bool = False
    only_for: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if fault := self._fault():
            raise DeclarationError(f"评分项“{self.label or self.code}”：{fault}")

    def _fault(self) -> str | None:
        if not self.code or not self.label:
            return "须有代码和名称。"
        if not all(map(_fits, (self.weight, self.low, self.high, self.step))):
            return "权重和量程须是不超过十亿、至多六位小数的数。"
        if self.informational != (self.weight == 0) or self.weight < 0:
            return "计分项的权重须大于 0；只作参考的项不计分，权重须为 0。"
        return self._scale_fault()

    def _scale_fault(self) -> str | None:
        if self.kind is Kind.JUDGEMENT:
            if len(self.levels) != LEVELS or not all(level.strip() for level in self.levels):
                return "评判项须逐级写明 0、1、2、3 四个等级的标准。"
            return None
        if self.levels:
            return "测量项按量程打分，不设等级标准。"
        if self.low >= self.high or self.step <= 0 or (self.high - self.low) % self.step:
            return "测量项的下限须小于上限，步长须大于 0 且能整分量程。"
        return None

    @property
    def bounds(self) -> tuple[Decimal, Decimal, Decimal]:
        """Return lowest mark, highest mark and step."""
        if self.kind is Kind.JUDGEMENT:
            return Decimal(0), Decimal(LEVELS - 1), Decimal(1)
        return self.low, self.high, self.step

    def applies_to(self, track: str) -> bool:
        return not self.only_for or track in self.only_for


@dataclass(frozen=True, slots=True)
class Mark:
    """What a judge gives for an aspect: a value, or None with the `reason` why the aspect does not apply."""

    aspect: str
    value: Decimal | None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Discrepancy:
    """An aspect that two entries of one mark sheet do not agree on; None where an entry lacks the aspect."""

    aspect: str
    first: Mark | None
    second: Mark | None


@dataclass(frozen=True, slots=True)
class Criteria:
    """The aspects of a round, in the order in which they are shown."""

    aspects: tuple[Aspect, ...]

    def __post_init__(self) -> None:
        codes = [aspect.code for aspect in self.aspects]
        if len(set(codes)) != len(codes):
            raise DeclarationError("评分标准中有代码相同的评分项。")
        if not any(not aspect.informational for aspect in self.aspects):
            raise DeclarationError("评分标准中至少要有一个计分项。")

    def __getitem__(self, code: str) -> Aspect:
        return {aspect.code: aspect for aspect in self.aspects}[code]

    def applying(self, track: str = "") -> tuple[Aspect, ...]:
        return tuple(aspect for aspect in self.aspects if aspect.applies_to(track))

    def faults(self, marks: Iterable[Mark], track: str = "", *, complete: bool = True) -> dict[str, str]:
        """Return by aspect what is wrong with a mark set; empty where it can be filed.

        With `complete`, a required aspect without a mark is wrong too; a draft is looked at without.
        """
        applying = {aspect.code: aspect for aspect in self.applying(track)}
        found: dict[str, str] = {}
        seen: set[str] = set()
        for mark in marks:
            if fault := _misplaced(mark, applying, seen) or check(applying[mark.aspect], mark):
                found[mark.aspect] = fault
            seen.add(mark.aspect)
        if complete:
            for aspect in applying.values():
                if aspect.required and aspect.code not in seen:
                    found[aspect.code] = f"“{aspect.label}”还没有打分；请打分，或者写明不适用的原因。"
        return found

    def total(self, marks: Sequence[Mark], track: str = "") -> Decimal | None:
        """Return a judge's mark set in percent of the attainable (28 digits); None where no aspect that counts applies.

        Raises Invalid, `fields` by aspect, where the set can not be filed. An aspect that is not required and has no
        mark is left out, as one that is not applicable.
        """
        if faults := self.faults(marks, track):
            raise Invalid(next(iter(faults.values())), fields=faults)
        got, attainable = Fraction(0), Fraction(0)
        for mark in marks:
            aspect = self[mark.aspect]
            if mark.value is not None and not aspect.informational:
                got += share(aspect, mark.value) * Fraction(aspect.weight)
                attainable += Fraction(aspect.weight)
        if not attainable:
            return None
        percent = got / attainable * 100
        return Decimal(percent.numerator) / Decimal(percent.denominator)

    def to_json(self) -> list[dict[str, Any]]:
        return [_plain(aspect) for aspect in self.aspects]

    @classmethod
    def from_json(cls, data: object) -> Criteria:
        """Read what `to_json` gave, or what staff edited; raises Invalid with the sentence that says what is wrong."""
        if not isinstance(data, list) or len(data) > MOST_ASPECTS:
            raise Invalid(f"评分标准须是评分项的列表，至多 {MOST_ASPECTS} 项。")
        try:
            return cls(tuple(_aspect(item) for item in data))
        except DeclarationError as error:
            raise Invalid(str(error)) from error


def _misplaced(mark: Mark, applying: Mapping[str, Aspect], seen: set[str]) -> str | None:
    if mark.aspect not in applying:
        return f"评分项 {mark.aspect} 不适用于本组别，请删去这一项。"
    if mark.aspect in seen:
        return f"“{applying[mark.aspect].label}”打了两次分，请只留一次。"
    return None


def share(aspect: Aspect, value: Decimal) -> Fraction:
    """Return where a value lies between the lowest mark (0) and the highest (1)."""
    low, high, _ = aspect.bounds
    return (Fraction(value) - Fraction(low)) / (Fraction(high) - Fraction(low))


def check(aspect: Aspect, mark: Mark) -> str | None:
    """Return why a mark does not fit its aspect, with the scale and what would be right; None where it fits."""
    if mark.value is None:
        return None if mark.reason.strip() else f"“{aspect.label}”标为不适用，请写明原因。"
    low, high, step = aspect.bounds
    value = mark.value
    if _fits(value) and low <= value <= high and (value - low) % step == 0:
        return None
    given = f"{value:f}" if _fits(value) else str(value)[:20]
    if aspect.kind is Kind.JUDGEMENT:
        return f"“{aspect.label}”是评判项，分 0、1、2、3 四级；填的是 {given}，请从四级中选一级。"
    return (
        f"“{aspect.label}”的量程是 {low:f} 至 {high:f}、每档 {step:f}；填的是 {given}，"
        f"请填量程以内、落在档上的数。"
    )


def _fits(value: Decimal) -> bool:
    """Tell whether a number is one that a person may mean: exact sums of such numbers stay small."""
    exponent = value.as_tuple().exponent
    return isinstance(exponent, int) and exponent >= -MOST_DECIMALS and abs(value) <= LARGEST


def compare(first: Iterable[Mark], second: Iterable[Mark]) -> tuple[Discrepancy, ...]:
    """Return where two independent entries of one sheet differ; reasons may be worded differently."""
    one, two = ({mark.aspect: mark for mark in marks} for marks in (first, second))
    return tuple(
        Discrepancy(code, one.get(code), two.get(code))
        for code in dict.fromkeys([*one, *two])
        if code not in one or code not in two or one[code].value != two[code].value
    )


def _plain(aspect: Aspect) -> dict[str, Any]:
    return {
        "code": aspect.code,
        "label": aspect.label,
        "kind": aspect.kind.value,
        "weight": f"{aspect.weight:f}",
        "low": f"{aspect.low:f}",
        "high": f"{aspect.high:f}",
        "step": f"{aspect.step:f}",
        "levels": list(aspect.levels),
        "required": aspect.required,
        "informational": aspect.informational,
        "only_for": list(aspect.only_for),
    }


FIELDS = frozenset(Aspect.__dataclass_fields__)


def _aspect(item: object) -> Aspect:
    if (
        not isinstance(item, dict)
        or not item.keys() <= FIELDS
        or not {"code", "label", "kind", "weight"} <= item.keys()
    ):
        raise DeclarationError("评分项的字段不对：须有 code、label、kind、weight，其余字段见评分标准的说明。")
    values: dict[str, Any] = {name: _field(name, value) for name, value in item.items()}
    return Aspect(**values)


def _field(name: str, value: object) -> object:
    fault = DeclarationError(f"评分项的字段 {name} 填的是 {value!r}，类型不对。")
    if name in {"weight", "low", "high", "step"}:
        return _number(value, fault)
    if name in {"levels", "only_for"}:
        if not isinstance(value, list | tuple) or not all(isinstance(each, str) for each in value):
            raise fault
        return tuple(value)
    if name in {"required", "informational"}:
        if not isinstance(value, bool):
            raise fault
        return value
    if not isinstance(value, str) or (name == "kind" and value not in set(Kind)):
        raise fault
    return Kind(value) if name == "kind" else value


def _number(value: object, fault: DeclarationError) -> Decimal:
    """Decimals travel as text; a float would bring its binary error along."""
    if not isinstance(value, str | int) or isinstance(value, bool):
        raise fault
    try:
        return Decimal(value)
    except ArithmeticError:
        raise fault from None
