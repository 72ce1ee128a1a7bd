"""Parameters: the numbers that rules need, by region and date, each with its source and article.

Code names a parameter and never holds the number. The list, and where each number comes from: docs/rules/parameters.md.
"""

from __future__ import annotations

import csv
from bisect import bisect_right
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import cache
from pathlib import Path
from typing import NamedTuple

from django.db import connection, transaction
from django.db.models import ForeignObjectRel, Q
from django.db.models.signals import post_delete, post_save
from django.utils import timezone

from yanzhen.foundation.calendar.authority import demand_right
from yanzhen.foundation.calendar.held import Held, fingerprint_of
from yanzhen.foundation.calendar.spans import BY_DAY, BY_TIME, Span
from yanzhen.foundation.calendar.years import AHEAD, HOURS_CODE, hours_problem
from yanzhen.foundation.errors import Invalid, Refusal
from yanzhen.foundation.models import Account, Parameter
from yanzhen.foundation.records import record, record_many
from yanzhen.foundation.scope import DEPTHS, EVERYTHING, database_scope, prefix_of

DEFAULTS = Path(__file__).parent / "data" / "parameters.csv"
NO_REGION = ""
MOST = Decimal(10**10)
"""What the column holds."""
WHOLE = 100
LONGEST = {
    Parameter.Unit.HOURS: 24 * 365 * AHEAD,
    Parameter.Unit.WORKING_HOURS: 8 * 250 * AHEAD,
    Parameter.Unit.WORKING_DAYS: 250 * AHEAD,
    Parameter.Unit.CALENDAR_DAYS: 365 * AHEAD,
    Parameter.Unit.MONTHS: 12 * AHEAD,
}
"""A longer term runs past the calendar, and nothing that takes it could begin."""
MAY_BE_NONE = ("_extension", "_pause", ".reopen")
"""Ends of the codes of what may be granted: 0 grants none. Any other term of 0 would be over before it begins."""


class ParameterMissing(Refusal):
    """A rule needs a number that nobody set."""

    code = "parameter_missing"


class ParameterRefused(Refusal):
    code = "parameter_refused"


class Series(NamedTuple):
    """All values of one code in one region, by the day on which they come into force."""

    starts: list[date]
    rows: list[Parameter]


Index = dict[str, dict[str, Series]]
"""By code and prefix of the region; `NO_REGION` is everywhere."""


def get(code: str, *, on: date, region: str | None = None) -> Parameter:
    """Return the parameter in force on `on` for a region code: the county's own, else the city's, the province's, or
    everybody's. Costs no statement while it is fresh (5 s). The row is shared: never change it. Raises
    ParameterMissing.
    """
    places = _PARAMETERS.get().get(code)
    if places:
        for prefix in _prefixes(region):
            series = places.get(prefix)
            row = series and _in_force(series, on)
            if row:
                return row
    where = f"（区划 {region}）" if region else ""
    raise ParameterMissing(
        f"缺少参数“{label_of(code)}”（{code}）：{on} {where}没有生效的数值。请在参数维护中补录，并注明来源和条款",
        parameter=code,
        on=on.isoformat(),
        region=region,
    )


def span_of(parameter: Parameter) -> Span:
    """Return the parameter as a span; raises ValueError where its unit is none of time."""
    return Span(parameter.value, Parameter.Unit(parameter.unit))


def label_of(code: str) -> str:
    """Return the name under which the shipped list has the code, or the code itself."""
    return _labels().get(code, code)


def forget_parameters(**_: object) -> None:
    """Read the parameters again before their next use."""
    _PARAMETERS.forget()


@transaction.atomic
def set_parameter(
    code: str,
    value: Decimal | int | str,
    *,
    actor: Account | None,
    unit: str,
    starts_on: date,
    source: str,
    grade: str,
    reason: str,
    article: str = "",
    region: str | None = None,
) -> Parameter:
    """Set a number from `starts_on` on, and end the one before it that day. What ran on the old number keeps it.

    A number that begins that very day, today or later, is corrected as long as no term runs on it. `actor` None is the
    system. Raises Invalid, NotAllowed, ParameterRefused.
    """
    amount = _checked(code, value, unit=unit, source=source, grade=grade, reason=reason)
    if actor:
        demand_right(actor, "parameter.edit", region)
    with connection.cursor() as cursor:
        # Office hours are one rule in several numbers: who sets them takes turns.
        whole = HOURS_CODE if code.startswith(HOURS_CODE) else code
        cursor.execute("select pg_advisory_xact_lock(hashtextextended('parameter:' || %s, 0))", [whole])
    row = _begun(code, region, starts_on)
    former, following = _neighbours(code, region, starts_on)
    changed = row or former
    before = _as_record(changed) if changed else None
    verb = "parameter.correct" if row else "parameter.set"
    if row is None:
        row = Parameter(code=code, region_id=region, starts_on=starts_on)
        row.ends_on = following.starts_on if following else None
    row.value, row.unit, row.grade = amount, unit, grade
    row.source, row.article = source.strip(), article.strip()
    _demand_hours(row)
    if former:
        former.ends_on = starts_on
        former.save(update_fields=["ends_on"])
    row.save()
    record(
        verb, row, actor=actor, right="parameter.edit", before=before, after=_as_record(row), reason=reason
    )
    return row


def _begun(code: str, region: str | None, starts_on: date) -> Parameter | None:
    """Return, locked, the value that begins on that very day; raises ParameterRefused where it may not be corrected."""
    same = Parameter.objects.filter(code=code, region=region, starts_on=starts_on)
    row = same.select_for_update(of=("self",)).first()
    if row and starts_on < timezone.localdate():
        raise ParameterRefused(
            f"“{label_of(code)}”自 {starts_on} 起的数值已经设定，不得改写历史：请另选生效日期", parameter=code
        )
    if row and _counts(row):
        raise ParameterRefused(
            f"“{label_of(code)}”自 {starts_on} 起的数值已有时限据以计算，不能更正：请另选生效日期（如次日）",
            parameter=code,
        )
    return row


def _counts(row: Parameter) -> bool:
    """Tell whether anything of the floors above stands on this very row; their models say what may."""
    links = (f for f in Parameter._meta.get_fields(include_hidden=True) if isinstance(f, ForeignObjectRel))
    with database_scope({EVERYTHING}):
        return any(
            link.field.model._default_manager.filter(**{link.field.name: row}).exists() for link in links
        )


def _neighbours(code: str, region: str | None, starts_on: date) -> tuple[Parameter | None, Parameter | None]:
    """Return the value in force before `starts_on` and the next one after."""
    others = Parameter.objects.filter(code=code, region=region)
    former = others.filter(Q(ends_on=None) | Q(ends_on__gt=starts_on), starts_on__lt=starts_on).first()
    return former, others.filter(starts_on__gt=starts_on).order_by("starts_on").first()


def _demand_hours(row: Parameter) -> None:
    if not row.code.startswith(HOURS_CODE):
        return
    if row.region_id:
        raise Invalid("上下班时间只能统一设定", fields={"region": "上下班时间不分区划，请选“全部”"})
    if problem := hours_problem(row.code, row.value, starts_on=row.starts_on, ends_on=row.ends_on):
        raise Invalid(f"参数有误：{problem}", fields={"value": problem})


@transaction.atomic
def load_defaults() -> int:
    """Set the shipped numbers for every code that has none of its own yet; return how many were set.

    May be run again at any time: what staff set stays as it is.
    """
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(hashtextextended('parameter defaults', 0))")
    held = set(Parameter.objects.filter(region=None).values_list("code", flat=True))
    rows = [
        Parameter(
            code=line["code"],
            value=Decimal(line["value"]),
            unit=Parameter.Unit(line["unit"]),
            starts_on=date.fromisoformat(line["starts_on"]),
            source=line["source"],
            article=line["article"],
            grade=Parameter.Grade(line["grade"]),
        )
        for line in shipped()
        if line["code"] not in held
    ]
    if rows:
        Parameter.objects.bulk_create(rows)
        record_many(
            "parameter.set", [(row, None, _as_record(row)) for row in rows], actor=None, reason="产品初始值"
        )
        forget_parameters()
    return len(rows)


def shipped() -> list[dict[str, str]]:
    """Return the lines of the shipped list: code, label, value, unit, starts_on, source, article, grade."""
    with DEFAULTS.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@cache
def _labels() -> dict[str, str]:
    return {line["code"]: line["label"] for line in shipped()}


@cache
def _units() -> dict[str, str]:
    return {line["code"]: line["unit"] for line in shipped()}


@cache
def _prefixes(region: str | None) -> tuple[str, ...]:
    prefix = prefix_of(region) if region else NO_REGION
    return (*(prefix[:n] for n in sorted(DEPTHS, reverse=True) if n <= len(prefix)), NO_REGION)


def _in_force(series: Series, on: date) -> Parameter | None:
    index = bisect_right(series.starts, on) - 1
    if index < 0:
        return None
    row = series.rows[index]
    return row if row.ends_on is None or on < row.ends_on else None


def _checked(
    code: str, value: Decimal | int | str, *, unit: str, source: str, grade: str, reason: str
) -> Decimal:
    wrong_unit = _problem_of_unit(code, unit)
    problems = {
        "value": None if wrong_unit else _problem_of(code, value, Parameter.Unit(unit)),
        "unit": wrong_unit,
        "grade": None if grade in Parameter.Grade.values else "证据等级须为 A、B、C、D 之一",
        "source": None if source.strip() else "须注明来源",
        "reason": None if reason.strip() else "须写明设定理由",
    }
    if found := {field: problem for field, problem in problems.items() if problem}:
        raise Invalid(f"参数有误：{'；'.join(found.values())}", fields=found)
    return Decimal(value)


def _problem_of_unit(code: str, unit: str) -> str | None:
    """The unit belongs to the code: the shipped list says which, and for other codes their first value."""
    if unit not in Parameter.Unit.values:
        return f"“{unit}”不是参数的单位"
    first = Parameter.objects.filter(code=code).order_by("pk").values_list("unit", flat=True).first()
    wanted = _units().get(code, first)
    if wanted is None or wanted == unit:
        return None
    return f"“{label_of(code)}”以{Parameter.Unit(wanted).label}计，不能改用{Parameter.Unit(unit).label}"


def _problem_of(code: str, value: Decimal | int | str, unit: Parameter.Unit) -> str | None:
    try:
        amount = Decimal(value)
    except InvalidOperation:
        return f"“{value}”不是数"
    if not amount.is_finite() or not 0 <= amount < MOST:
        return "数值须在 0 至 100 亿之间"
    if unit in BY_DAY and amount != int(amount):
        return "以日或月计的时限须为整数"
    if unit == Parameter.Unit.PERCENT and amount > WHOLE:
        return "百分比不能大于 100"
    return _problem_of_term(code, amount, unit) if unit in LONGEST else None


def _problem_of_term(code: str, amount: Decimal, unit: Parameter.Unit) -> str | None:
    try:
        Span(amount, unit)
    except ValueError:
        return "不能作为时限计算"
    if amount > LONGEST[unit]:
        return f"时限最长 {LONGEST[unit]:,} {unit.label}：工作日历只推定到 {AHEAD} 年之后"
    if not amount and not code.startswith(HOURS_CODE) and not code.endswith(MAY_BE_NONE):
        return "时限须大于 0" if unit in BY_TIME else "时限至少为 1"
    return None


def _as_record(row: Parameter) -> dict[str, object]:
    return {
        "code": row.code,
        "region": row.region_id,
        "value": row.value,
        "unit": str(row.unit),
        "starts_on": row.starts_on,
        "ends_on": row.ends_on,
        "source": row.source,
        "article": row.article,
        "grade": str(row.grade),
    }


def _read() -> Index:
    index: Index = {}
    for row in Parameter.objects.select_related("region").order_by("code", "region_id", "starts_on"):
        prefix = prefix_of(row.region_id) if row.region_id else NO_REGION
        series = index.setdefault(row.code, {}).setdefault(prefix, Series([], []))
        series.starts.append(row.starts_on)
        series.rows.append(row)
    return index


_PARAMETERS = Held(_read, fingerprint_of("select * from foundation_parameter"), seconds=5)
post_save.connect(forget_parameters, sender=Parameter, dispatch_uid="parameters-saved")
post_delete.connect(forget_parameters, sender=Parameter, dispatch_uid="parameters-deleted")
