"""Numbers without gaps, and codes that catch a slip of the pen."""

from __future__ import annotations

import re
import secrets
from datetime import datetime

from django.db import connection
from django.db.models.functions import Right
from django.utils import timezone
from stdnum.iso7064 import mod_37_36

from yanzhen.foundation.models import Series

TAKE = """
insert into foundation_series as s (code, last) values (%(code)s, %(count)s)
on conflict (code) do update set last = s.last + excluded.last
returning last
"""
SHAPE = re.compile(r"([A-Z]{2}\d{6})-(\d{8})-(\d{5,})-([0-9A-Z])", re.ASCII)
MOST_SERIES = 2000
ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""Without 0, 1, I, L and O, which people mix up."""


def next_number(prefix: str, *, at: datetime) -> str:
    """Return the next number of the prefix's series on the day of `at`, such as GD370102-20261124-00017-K.

    The series' row stays locked until the transaction ends: no number is lost and none is given twice. Take it late.
    """
    return next_numbers(prefix, 1, at=at)[0]


def next_numbers(prefix: str, count: int, *, at: datetime) -> list[str]:
    """Return the next `count` numbers of one series, in one statement."""
    series = f"{prefix}-{timezone.localtime(at):%Y%m%d}"
    return [_written(series, n) for n in take(series, count)]


def take(series: str, count: int) -> range:
    """Return the next `count` serials of a series, the first ever being 1. Its row stays locked, as above."""
    with connection.cursor() as cursor:
        cursor.execute(TAKE, {"code": series, "count": count})
        (last,) = cursor.fetchone()
    return range(last - count + 1, last + 1)


def numbers_ending(tail: str, *, prefix: str) -> list[str]:
    """Return the numbers given out, of series that begin with `prefix`, whose digits before the check character end so.

    `tail` is six digits or more: five of the place in the series and some of its date, then of its region. Of more than
    MOST_SERIES the newest count. Read from the series, which are few, so that the numbers can be asked for by equality.
    """
    head, place = tail[:-5], int(tail[-5:])
    ending = f"{head[:-8]}-{head[-8:]}" if len(head) >= len("20261124") else head
    series = Series.objects.filter(code__startswith=prefix, code__endswith=ending, last__gte=place)
    codes = series.order_by(Right("code", 8).desc(), "code").values_list("code", flat=True)[:MOST_SERIES]
    return [_written(code, place) for code in codes] if place else []


def problem_with(number: str) -> str | None:
    """Return which check a number fails, as the reader reads it, or None."""
    match = SHAPE.fullmatch(number)
    if match is None:
        return "格式应如 GD370102-20261124-00017-K"
    body = number.rpartition("-")[0].replace("-", "")
    if mod_37_36.calc_check_digit(body) != match[4]:
        return "校验位不符，可能有一位抄错"
    return None


def check_code() -> str:
    """Return a random code of eight characters in two groups, for following a case without a phone."""
    letters = "".join(secrets.choice(ALPHABET) for _ in range(8))
    return f"{letters[:4]}-{letters[4:]}"


def _written(series: str, n: int) -> str:
    body = f"{series}-{n:05}"
    return f"{body}-{mod_37_36.calc_check_digit(body.replace('-', ''))}"
