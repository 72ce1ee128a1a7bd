"""What a term is before it is counted, and what it comes to."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

from yanzhen.foundation.models import Parameter

Unit = Parameter.Unit
BY_DAY = frozenset({Unit.WORKING_DAYS, Unit.CALENDAR_DAYS, Unit.MONTHS})
BY_TIME = frozenset({Unit.HOURS, Unit.WORKING_HOURS})


@dataclass(frozen=True, slots=True)
class Span:
    """So many of a unit of time. Days and months are whole numbers; raises ValueError for anything else."""

    amount: Decimal | int
    unit: Parameter.Unit
    moves: bool = True
    """A last day that is a day of rest moves to the next working day (Civil Code art. 203)."""
    to_close: bool = False
    """The last day ends at the close of business, not at 24:00 (Civil Code art. 203, second paragraph)."""

    def __post_init__(self) -> None:
        if self.unit not in BY_DAY and self.unit not in BY_TIME:
            raise ValueError(f"{self.unit} is no unit of time")
        if self.amount < 0 or (self.unit in BY_DAY and self.amount != int(self.amount)):
            raise ValueError(f"{self.amount} {self.unit} can not be counted")

    def of(self, amount: Decimal | int) -> Span:
        """Return the same kind of span with another amount."""
        return replace(self, amount=amount)

    def __str__(self) -> str:
        return f"{Decimal(self.amount).normalize():f} {'个' * (self.unit != Unit.MONTHS)}{LABELS[self.unit]}"


LABELS = {
    Unit.HOURS: "小时",
    Unit.WORKING_HOURS: "工作小时",
    Unit.WORKING_DAYS: "工作日",
    Unit.CALENDAR_DAYS: "自然日",
    Unit.MONTHS: "个月",
}

SENTENCES = {
    "from_day": "{since:%Y-%m-%d} 为开始当日，不计入，自次日起算",
    "from_time": "自 {since:%Y-%m-%d %H:%M} 起算",
    "count": "计 {amount:f} {unit}",
    "extension": "其中延长 {amount:f} {unit}",
    "pause": "{since:%Y-%m-%d} 起暂停，{until:%Y-%m-%d} 恢复，扣除 {amount:f} {unit}",
    "rest": "{since:%Y-%m-%d} 至 {until:%Y-%m-%d} 间的 {amount} 个休息日不计入",
    "moved": "末日 {since:%Y-%m-%d} 为休息日或暂停日，顺延至 {until:%Y-%m-%d}",
    "end": "至 {until:%Y-%m-%d %H:%M} 届满",
    "midnight": "至 {until:%Y-%m-%d} 24:00 届满",
    "provisional": "{amount} 年放假安排尚未公布，结果为暂定，公布后重算",
}


class Step(NamedTuple):
    """One step of a derivation; `str()` gives the sentence that is shown."""

    rule: str
    since: date | datetime | None = None
    until: date | datetime | None = None
    amount: Decimal | int = 0
    unit: str = ""

    def __str__(self) -> str:
        amount = Decimal(self.amount).normalize() if self.unit else self.amount
        return SENTENCES[self.rule].format(since=self.since, until=self.until, amount=amount, unit=self.unit)


class Deadline(NamedTuple):
    """The end of a term. `due_at` is the last instant that is still in time, so its local date is the last day."""

    due_at: datetime
    provisional: bool
    """The term touches a year whose days off are not published: the end may move when they are."""
    steps: tuple[Step, ...]
