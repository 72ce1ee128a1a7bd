"""Requests that come twice: the second gets the answer of the first, and nothing is done again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from yanzhen.foundation.errors import Invalid
from yanzhen.foundation.models import Replay

Answer = tuple[int, dict[str, Any]]
KEPT_DAYS = 30


@transaction.atomic
def once(sender: str, key: str, fingerprint: str, produce: Callable[[], Answer]) -> Answer:
    """Return (status, answer) of `produce`, run once for the sender's key; both commit together.

    A second request that comes while the first runs waits for it. The same key with another request is Invalid.
    """
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"{sender}/{key}"])
    before = Replay.objects.filter(sender=sender, key=key).first()
    if before is None:
        status, answer = produce()
        Replay.objects.create(sender=sender, key=key, fingerprint=fingerprint, status=status, answer=answer)
        return status, answer
    if before.fingerprint != fingerprint:
        raise Invalid(
            "同一个幂等键已用于另一份内容，请换一个键", fields={"Idempotency-Key": "已用于另一份内容"}
        )
    return before.status, before.answer


def sweep() -> int:
    """Forget answers older than KEPT_DAYS; who sends again after that sends something new. Return how many."""
    return Replay.objects.filter(at__lt=timezone.now() - timedelta(days=KEPT_DAYS)).delete()[0]
