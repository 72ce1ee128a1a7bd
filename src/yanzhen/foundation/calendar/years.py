"""The calendar's years in the database: read, loaded from the State Council's notice, presumed ahead."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, time
from decimal import Decimal
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

from chinese_calendar import constants as known
from django.db import transaction
from django.db.models.functions import ExtractYear
from django.db.models.signals import post_delete, post_save
from django.utils import timezone

from yanzhen.foundation.calendar.authority import demand_right
from yanzhen.foundation.calendar.days import OFFICE_HOURS, Calendar
from yanzhen.foundation.calendar.held import Held, fingerprint_of
from yanzhen.foundation.errors import Invalid, Refusal
from yanzhen.foundation.models import Account, CalendarDay, CalendarYear, Parameter
from yanzhen.foundation.records import record_many

Status = CalendarYear.Status
Kind = CalendarDay.Kind
AHEAD = 5
"""Years presumed ahead of the current one: no term of the law that starts today ends later."""
STATUTORY = Path(__file__).parents[1] / "data" / "calendar_statutory.csv"
HOURS_CODE = "calendar.hours."
"""Prefix of the parameters that hold when offices open and close, as hours of the day."""

on_year_loaded: list[Callable[[int], None]] = []
"""Called with the year, in the transaction of the change, when a year that was known already is changed.

Who holds running clocks derives those anew that touch the year or the last three days before it.
"""


class YearRefused(Refusal):
    code = "calendar_year_refused"


class Day(NamedTuple):
    """A day that differs from the plain week."""

    day: date
    kind: str
    name: str = ""


def load_calendar() -> Calendar:
    """Return the calendar of this moment; looks at the database at most once a minute, and after a change here."""
    return _CALENDAR.get()


def forget_calendar(**_: object) -> None:
    """Read the calendar again before its next use."""
    _CALENDAR.forget()


def load_year(
    year: int, days: Iterable[Day], source: str, *, status: str, actor: Account | None
) -> CalendarYear:
    """Put `days` in place of what the calendar holds of `year`, as the notice named by `source` has it.

    Days are those that differ from the plain week, from 29 December of the year before on. Loading the same again
    changes nothing. `actor` None is the system. Raises Invalid, NotAllowed, YearRefused.
    """
    row = CalendarYear(year=year, status=Status(status), source=source.strip(), loaded_at=timezone.now())
    days = list(days)
    if problems := _problems(row, days):
        raise Invalid(f"{year} 年放假安排有误：{'；'.join(problems)}", fields={"days": problems})
    if actor:
        demand_right(actor, "calendar.edit", None)
    _write([(row, days)], actor=actor)
    return CalendarYear.objects.get(pk=year)


def read_year(lines: Iterable[str]) -> list[Day]:
    """Read a year from CSV with the columns 日期, 性质, 名称; raises Invalid that names the lines at fault."""
    kinds = {label: value for value, label in Kind.choices}
    days: list[Day] = []
    problems: dict[str, str] = {}
    for number, row in enumerate(csv.DictReader(lines), start=2):
        kind = (row.get("性质") or "").strip()
        try:
            days.append(
                Day(
                    date.fromisoformat((row.get("日期") or "").strip()),
                    kinds[kind],
                    (row.get("名称") or "").strip(),
                )
            )
        except KeyError:
            problems[f"第 {number} 行"] = f"性质“{kind}”须为 {'、'.join(kinds)} 之一"
        except ValueError:
            problems[f"第 {number} 行"] = f"日期“{row.get('日期')}”须写作 2027-01-01 的形式"
    if problems:
        raise Invalid("；".join(f"{line}：{why}" for line, why in problems.items()), fields=problems)
    return days


def seed(*, today: date | None = None) -> list[int]:
    """Load every year that chinesecalendar knows and presume those ahead; return the years that changed.

    May be run again at any time: a year that staff loaded from the notice stays as it is.
    """
    today = today or timezone.localdate()
    source = f"国务院办公厅该年度节假日安排通知（据 chinesecalendar {version('chinesecalendar')} 数据）"
    held = dict(CalendarYear.objects.values_list("year", "status"))
    published = sorted({day.year for day in known.holidays})
    plans = [
        (CalendarYear(year=year, status=Status.PUBLISHED, source=source), published_days(year))
        for year in published
        if held.get(year) != Status.PUBLISHED
    ] + [
        (CalendarYear(year=year, status=Status.PRESUMED, source=PRESUMPTION), statutory_days(year))
        for year in range(published[-1] + 1, today.year + AHEAD + 1)
        if year not in held
    ]
    return _write(plans, actor=None)


PRESUMPTION = "推定：只含法定节假日和周末，国务院办公厅公布调休安排后更新"


def published_days(year: int) -> list[Day]:
    """Return the days that chinesecalendar has for a year, told apart by the statutory holidays of our own table."""
    days = {day.day: day for day in statutory_days(year)}
    for day, name in known.holidays.items():
        if day.year == year and day.weekday() < 5 and day not in days:
            days[day] = Day(day, Kind.OFF, NAMES.get(name, name))
    for day, name in known.workdays.items():
        if day.year == year:
            days[day] = Day(day, Kind.WORK, NAMES.get(name, name))
    return sorted(days.values())


def statutory_days(year: int) -> list[Day]:
    """Return the statutory holidays of a year; empty past the last year of the table."""
    return list(_statutory().get(year, ()))


def concerns(today: date) -> list[str]:
    """Return what is wrong with the calendar on `today`, as sentences for those who run the installation."""
    held: Mapping[int, str] = dict(CalendarYear.objects.values_list("year", "status"))
    found = []
    if held.get(today.year) != Status.PUBLISHED:
        found.append(f"{today.year} 年放假安排尚未载入，涉及该年度的时限均为暂定")
    if today.month == 12 and held.get(today.year + 1) != Status.PUBLISHED:
        found.append(f"{today.year + 1} 年放假安排尚未载入（通知一般在 11 月公布），跨年时限均为暂定")
    if max(held, default=0) < today.year + AHEAD:
        found.append(
            f"工作日历只到 {max(held, default='—')} 年，请再运行一次初始化以推定至 {today.year + AHEAD} 年"
        )
    return found


NAMES = {
    "New Year's Day": "元旦",
    "Spring Festival": "春节",
    "Tomb-sweeping Day": "清明节",
    "Labour Day": "劳动节",
    "Dragon Boat Festival": "端午节",
    "National Day": "国庆节",
    "Mid-autumn Festival": "中秋节",
    "Anti-Fascist 70th Day": "抗战胜利纪念日",
}


@cache
def _statutory() -> dict[int, tuple[Day, ...]]:
    years: dict[int, tuple[Day, ...]] = {}
    with STATUTORY.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            day = Day(date.fromisoformat(row["day"]), Kind.STATUTORY, row["name"])
            years[day.day.year] = (*years.get(day.day.year, ()), day)
    return years


def _problems(year: CalendarYear, days: Sequence[Day]) -> list[str]:
    first, last = date(year.year - 1, 12, 29), date(year.year, 12, 31)
    found = [f"{d.day} 不在 {first} 至 {last} 之间" for d in days if not first <= d.day <= last]
    found += [f"{d.day} 的性质“{d.kind}”无法识别" for d in days if d.kind not in Kind.values]
    found += [
        f"{d.day} 本是工作日，不能标为调休上班" for d in days if d.kind == Kind.WORK and d.day.weekday() < 5
    ]
    found += [
        f"{d.day} 本是周末，不必标为调休放假" for d in days if d.kind == Kind.OFF and d.day.weekday() > 4
    ]
    if len({d.day for d in days}) != len(days):
        found.append("同一日期出现两次")
    if not days:
        found.append("没有任何日期")
    if not year.source:
        found.append("须注明来源（通知文号）")
    return found


@transaction.atomic
def _write(plans: Sequence[tuple[CalendarYear, list[Day]]], *, actor: Account | None) -> list[int]:
    """Write the years whose status, source or days differ from what is held, in a handful of statements."""
    wanted = {row.year: (row, sorted(days)) for row, days in plans}
    held = {row.year: row for row in CalendarYear.objects.select_for_update().filter(year__in=wanted)}
    before = {year: _as_record(row, _days_of(year)) for year, row in held.items()}
    after = {year: _as_record(row, days) for year, (row, days) in wanted.items()}
    changed = sorted(year for year in wanted if before.get(year) != after[year])
    for year in changed:
        if (
            year in held
            and held[year].status == Status.PUBLISHED
            and wanted[year][0].status == Status.PRESUMED
        ):
            raise YearRefused(f"{year} 年放假安排已公布，不能改回推定；如有更正，请按新通知重新载入")
    if not changed:
        return []
    CalendarYear.objects.bulk_create(
        [wanted[year][0] for year in changed],
        update_conflicts=True,
        update_fields=("status", "source", "loaded_at"),
        unique_fields=("year",),
    )
    _put_days({year: wanted[year][1] for year in changed})
    record_many(
        "calendar.load_year",
        [(wanted[year][0], before.get(year), after[year]) for year in changed],
        actor=actor,
        right="calendar.edit",
    )
    forget_calendar()
    for year in changed:
        for hook in on_year_loaded if year in held else ():
            hook(year)
    return changed


def _put_days(years: Mapping[int, Sequence[Day]]) -> None:
    """Put the days of whole years in place of those held."""
    CalendarDay.objects.filter(year__in=years).delete()
    # A notice also speaks for the last days of the year before, and the later notice holds.
    taken = set(CalendarDay.objects.filter(year__gt=ExtractYear("day")).values_list("day", flat=True))
    CalendarDay.objects.bulk_create(
        [
            CalendarDay(year_id=year, day=d.day, kind=d.kind, name=d.name)
            for year, days in years.items()
            for d in days
            if d.day.year < year or d.day not in taken
        ],
        update_conflicts=True,
        update_fields=("year", "kind", "name"),
        unique_fields=("day",),
    )


def _days_of(year: int) -> list[Day]:
    rows = CalendarDay.objects.filter(year=year).order_by("day").values_list("day", "kind", "name")
    return [Day(*row) for row in rows]


def _as_record(row: CalendarYear, days: Iterable[Day]) -> dict[str, object]:
    return {
        "status": str(row.status),
        "source": row.source,
        "days": {day.day.isoformat(): f"{day.kind} {day.name}".strip() for day in days},
    }


def _read() -> Calendar:
    years = dict(CalendarYear.objects.values_list("year", "status"))
    days = list(CalendarDay.objects.values_list("day", "kind"))
    return Calendar(
        off=frozenset(day for day, kind in days if kind != Kind.WORK),
        worked=frozenset(day for day, kind in days if kind == Kind.WORK),
        published=frozenset(year for year, status in years.items() if status == Status.PUBLISHED),
        presumed=frozenset(year for year, status in years.items() if status == Status.PRESUMED),
        hours=_office_hours(),
    )


def _office_hours() -> tuple[tuple[time, time], ...]:
    """Read the parameters calendar.hours.1 ... in their order: opens, closes, opens, closes."""
    today = timezone.localdate()
    rows = Parameter.objects.filter(code__startswith=HOURS_CODE, region=None, starts_on__lte=today).exclude(
        ends_on__lte=today
    )
    return _windows(rows.order_by("code").values_list("value", flat=True)) or OFFICE_HOURS


def hours_problem(code: str, hours: Decimal, *, starts_on: date, ends_on: date | None) -> str | None:
    """Return why offices can not open and close so, were the parameter `code` set from `starts_on` until `ends_on`."""
    others = Parameter.objects.filter(code__startswith=HOURS_CODE, region=None).exclude(code=code)
    rows = list(others.exclude(ends_on__lte=starts_on))
    turns = {
        row.starts_on
        for row in rows
        if row.starts_on > starts_on and (not ends_on or row.starts_on < ends_on)
    }
    for day in sorted({starts_on, *turns}):
        edges = {r.code: r.value for r in rows if r.starts_on <= day and (not r.ends_on or day < r.ends_on)}
        try:
            Calendar(hours=_windows(value for _, value in sorted({**edges, code: hours}.items())))
        except ValueError:
            return f"按此设定，{day} 起的上下班时间不成立：须在 0 至 24 时之间，上班、下班成对，依次向后，互不重叠"
    return None


def _windows(hours: Iterable[Decimal]) -> tuple[tuple[time, time], ...]:
    """Return opens, closes, opens, closes in pairs; raises ValueError where one is no time of day or has no pair."""
    edges = [_time_of(value) for value in hours]
    return tuple(zip(edges[::2], edges[1::2], strict=True))


def _time_of(hours: Decimal) -> time:
    return time(*divmod(int(hours * 60), 60))


_CALENDAR = Held(
    _read,
    fingerprint_of(
        "select * from foundation_calendaryear",
        "select * from foundation_calendarday",
        "select *, current_date from foundation_parameter where starts_with(code, 'calendar.hours.')",
    ),
    seconds=60,
)
for _model in (CalendarYear, CalendarDay, Parameter):
    post_save.connect(forget_calendar, sender=_model, dispatch_uid=f"calendar-saved-{_model.__name__}")
    post_delete.connect(forget_calendar, sender=_model, dispatch_uid=f"calendar-deleted-{_model.__name__}")
