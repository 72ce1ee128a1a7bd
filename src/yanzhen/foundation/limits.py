"""Rate limits that hold over all web processes: a counter with a window, kept in the database."""

from __future__ import annotations

from django.db import connection
from django.utils import timezone

from yanzhen.foundation.errors import TooMany
from yanzhen.foundation.models import Tally

HIT = """
insert into foundation_tally as t (key, count, until) values (%(key)s, 1, now() + %(seconds)s * interval '1 second')
on conflict (key) do update set
    count = case when t.until <= now() then 1 else t.count + 1 end,
    until = case when t.until <= now() then excluded.until else t.until end
returning count, ceil(extract(epoch from until - now()))::int
"""


def hit(key: str, *, limit: int, seconds: int, message: str) -> None:
    """Count one try under `key`; past `limit` within `seconds` raise TooMany with `message` and when to come back.

    Call it outside a transaction that may roll back, or the try is not counted. `key` holds no personal data.
    """
    with connection.cursor() as cursor:
        cursor.execute(HIT, {"key": key, "seconds": seconds})
        count, wait = cursor.fetchone()
    if count > limit:
        raise TooMany(message, retry_after_seconds=wait)


def clear(key: str) -> None:
    """Forget the tries under `key`, as after a success."""
    Tally.objects.filter(key=key).delete()


def sweep() -> int:
    """Remove the windows that are over; return how many."""
    return Tally.objects.filter(until__lt=timezone.now()).delete()[0]
