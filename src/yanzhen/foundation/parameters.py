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
from django.db.models import Q
from django.db.models.signals import post_delete, post_save

from yanzhen.foundation.calendar.authority import demand_right
from yanzhen.foundation.calendar.held import Held, fingerprint_of
from yanzhen.foundation.calendar.spans import BY_DAY, Span
from yanzhen.foundation.errors import Invalid, Refusal
from yanzhen.foundation.models import Account, Parameter
from yanzhen.foundation.records import record, record_many
from yanzhen.foundation.scope import DEPTHS, prefix_of

DEFAULTS = Path(__file__).parent / "data" / "parameters.csv"
NO_REGION = ""
MOST = Decimal(10**10)
"""What the column holds."""


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

    `actor` None is the system. Raises Invalid, NotAllowed, ParameterRefused.
    """
    amount = _checked(value, unit=unit, source=source, grade=grade, reason=reason)
    if actor:
        demand_right(actor, "parameter.edit", region)
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(hashtextextended('parameter:' || %s, 0))", [code])
    former, following = _neighbours(code, region, starts_on)
    row = Parameter(
        code=code,
        region_id=region,
        value=amount,
        unit=unit,
        starts_on=starts_on,
        ends_on=following.starts_on if following else None,
        source=source.strip(),
        article=article.strip(),
        grade=grade,
    )
    if former:
        former.ends_on = starts_on
        former.save(update_fields=["ends_on"])
    row.save()
    record(
        "parameter.set",
        row,
        actor=actor,
        right="parameter.edit",
        before=_as_record(former) if former else None,
        after=_as_record(row),
        reason=reason,
    )
    return row


def _neighbours(code: str, region: str | None, starts_on: date) -> tuple[Parameter | None, Parameter | None]:
    """Return the value in force before `starts_on` and the next one after; refuse where one begins on that very day."""
    others = Parameter.objects.filter(code=code, region=region)
    if others.filter(starts_on=starts_on).exists():
        raise ParameterRefused(
            f"“{label_of(code)}”自 {starts_on} 起的数值已经设定，不得改写历史：请另选生效日期", parameter=code
        )
    former = others.filter(Q(ends_on=None) | Q(ends_on__gt=starts_on), starts_on__lt=starts_on).first()
    return former, others.filter(starts_on__gt=starts_on).order_by("starts_on").first()


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
def _prefixes(region: str | None) -> tuple[str, ...]:
    prefix = prefix_of(region) if region else NO_REGION
    return (*(prefix[:n] for n in sorted(DEPTHS, reverse=True) if n <= len(prefix)), NO_REGION)


def _in_force(series: Series, on: date) -> Parameter | None:
    index = bisect_right(series.starts, on) - 1
    if index < 0:
        return None
    row = series.rows[index]
    return row if row.ends_on is None or on < row.ends_on else None


def _checked(value: Decimal | int | str, *, unit: str, source: str, grade: str, reason: str) -> Decimal:
    problems = {
        "value": _problem_of(value, unit),
        "unit": None if unit in Parameter.Unit.values else f"“{unit}”不是参数的单位",
        "grade": None if grade in Parameter.Grade.values else "证据等级须为 A、B、C、D 之一",
        "source": None if source.strip() else "须注明来源",
        "reason": None if reason.strip() else "须写明设定理由",
    }
    if found := {field: problem for field, problem in problems.items() if problem}:
        raise Invalid(f"参数有误：{'；'.join(found.values())}", fields=found)
    return Decimal(value)


def _problem_of(value: Decimal | int | str, unit: str) -> str | None:
    try:
        amount = Decimal(value)
    except InvalidOperation:
        return f"“{value}”不是数"
    if not amount.is_finite() or not 0 <= amount < MOST:
        return "数值须在 0 至 100 亿之间"
    if unit in BY_DAY and amount != int(amount):
        return "以日或月计的时限须为整数"
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
