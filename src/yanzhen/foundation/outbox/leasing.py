"""What the courier does in the database: make deliveries of messages, take some in hand, write down what came of them."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from yanzhen.foundation.outbox.messages import holders, notify
from yanzhen.foundation.outbox.models import Delivery, Endpoint, Message
from yanzhen.foundation.outbox.notices import DEAD
from yanzhen.foundation.outbox.posting import Outcome

LEASE = timedelta(seconds=60)
FIRST, LONGEST = timedelta(seconds=5), timedelta(hours=1)
GIVE_UP = timedelta(hours=72)
ALARM_EVERY = timedelta(hours=24)
AT_ONCE = 32
"""Deliveries to one endpoint that are out at a time, over all workers: one that hangs leaves threads for the others."""
SPREAD = 1000
"""Messages whose deliveries are made in one statement."""

MAKE = """
with fresh as (
    select id from outbox_message where not spread order by id limit %(limit)s for update skip locked
), made as (
    insert into outbox_delivery
        (message_id, endpoint_id, state, attempts, created_at, next_at, give_up_at, problem)
    select m.id, e.id, 'pending', 0, %(now)s, %(now)s, %(give_up)s, ''
    from fresh join outbox_message m using (id)
    join outbox_endpoint e on e.active and m.kind = any(e.kinds) and yanzhen_audience(m.region_id, m.line_id, '{}')
        && array[e.line_id || ':' || regexp_replace(e.region_id, '^(..)0000$|^(....)00$', '\\1\\2')]
    on conflict do nothing
)
update outbox_message m set spread = true from fresh where m.id = fresh.id
"""
TAKE = """
with picked as (
    select d.id, d.endpoint_id, e.failures
    from outbox_endpoint e cross join lateral (
        select id, endpoint_id from outbox_delivery
        where endpoint_id = e.id and state = 'pending' and next_at <= %(now)s
            and (leased_until is null or leased_until <= %(now)s)
        order by next_at, id
        limit case when e.failures > 0 then 1 else greatest(0, %(at_once)s - (
            select count(*) from outbox_delivery o
            where o.endpoint_id = e.id and o.state = 'pending' and o.leased_until > %(now)s)) end
        for update skip locked
    ) d
    where e.active and (e.rests_until is null or e.rests_until <= %(now)s)
    limit %(limit)s
), tried as (
    update outbox_endpoint e set rests_until = %(until)s
    from picked where e.id = picked.endpoint_id and picked.failures > 0
), taken as (
    update outbox_delivery d set leased_until = %(until)s, attempts = attempts + 1
    from picked where d.id = picked.id returning d.id, d.message_id, d.endpoint_id, d.attempts
)
select t.id, t.endpoint_id, t.attempts, e.code, e.url, e.secret_cipher, m.event, m.kind, m.text, m.payload::text, m.at
from taken t join outbox_endpoint e on e.id = t.endpoint_id join outbox_message m on m.id = t.message_id
"""
SENT = """
update outbox_delivery d
set state = 'delivered', delivered_at = %(now)s, leased_until = null, problem = '', status = done.status
from unnest(%(ids)s::bigint[], %(statuses)s::int[]) as done (id, status) where d.id = done.id
"""
NOT_SENT = """
update outbox_delivery d
set leased_until = null, problem = done.problem, status = done.status,
    next_at = %(now)s + make_interval(secs => done.wait)
from unnest(%(ids)s::bigint[], %(untils)s::timestamptz[], %(statuses)s::int[], %(problems)s::text[], %(waits)s::float[])
    as done (id, until, status, problem, wait)
where d.id = done.id and d.state = 'pending' and d.leased_until = done.until
"""
BURY = """
update outbox_delivery d set state = 'dead', problem = case when d.problem = '' then e.problem else d.problem end
from outbox_endpoint e
where e.id = d.endpoint_id and e.id = any(%(ids)s) and d.state = 'pending' and d.give_up_at <= %(now)s
    and d.leased_until is null
returning e.id
"""
"""Also what was not tried itself while its endpoint was down: the tries of others told as much."""


@dataclass(frozen=True, slots=True)
class Leased:
    """A delivery in this worker's hand, with all that sending it takes."""

    pk: int
    endpoint: int
    attempts: int
    until: datetime
    code: str
    url: str
    secret_cipher: bytes
    event: uuid.UUID
    kind: str
    text: str
    payload: dict[str, Any]
    at: datetime


def backoff(failures: int) -> timedelta:
    """Return how long to wait after so many failures in a row: 5 s, 10 s, 20 s ... an hour."""
    return min(LONGEST, FIRST * (1 << min(failures - 1, 20)))


def spread(*, now: datetime) -> int:
    """Make the deliveries of messages that have none yet; return how many messages these were."""
    with connection.cursor() as cursor:
        cursor.execute(MAKE, {"limit": SPREAD, "now": now, "give_up": now + GIVE_UP})
        return int(cursor.rowcount)


def lease(limit: int, *, now: datetime) -> list[Leased]:
    """Take up to `limit` due deliveries in hand until `now` + LEASE; one statement."""
    if limit < 1:
        return []
    until = now + LEASE
    with connection.cursor() as cursor:
        cursor.execute(TAKE, {"now": now, "until": until, "limit": limit, "at_once": AT_ONCE})
        rows = cursor.fetchall()
    return [
        Leased(
            pk,
            endpoint,
            attempts,
            until,
            code,
            url,
            bytes(secret),
            event,
            kind,
            text,
            json.loads(payload),
            at,
        )
        for pk, endpoint, attempts, code, url, secret, event, kind, text, payload, at in rows
    ]


def settle(done: Sequence[tuple[Leased, Outcome]], *, now: datetime) -> None:
    """Write down what came of deliveries; a lease that ran out meanwhile is somebody else's, but what arrived arrived."""
    if not done:
        return
    sent = [(leased, outcome) for leased, outcome in done if not outcome.problem]
    failed = [(leased, outcome) for leased, outcome in done if outcome.problem]
    if sent:
        _execute(SENT, now=now, ids=[d.pk for d, _ in sent], statuses=[o.status for _, o in sent])
        up = {leased.endpoint for leased, _ in sent}
        Endpoint.objects.filter(pk__in=up, failures__gt=0).update(
            failures=0, failed_at=None, rests_until=None, problem=""
        )
    if failed:
        _settle_failed(failed, now=now)


def _settle_failed(failed: Sequence[tuple[Leased, Outcome]], *, now: datetime) -> None:
    _execute(
        NOT_SENT,
        now=now,
        ids=[d.pk for d, _ in failed],
        untils=[d.until for d, _ in failed],
        statuses=[o.status for _, o in failed],
        problems=[o.problem for _, o in failed],
        waits=[backoff(d.attempts).total_seconds() for d, _ in failed],
    )
    for leased, outcome in failed:
        if outcome.down:
            _rest(leased.endpoint, outcome.problem, taken_at=leased.until - LEASE, now=now)
    endpoints = sorted({leased.endpoint for leased, _ in failed})
    with connection.cursor() as cursor:
        cursor.execute(BURY, {"ids": endpoints, "now": now})
        buried = sorted({endpoint for (endpoint,) in cursor.fetchall()})
    if buried:
        _alarm(buried, now=now)


def _rest(pk: int, problem: str, *, taken_at: datetime, now: datetime) -> None:
    """Have an endpoint rest, longer each time in a row. What was sent before its last failure tells nothing new."""
    endpoint = Endpoint.objects.select_for_update(of=("self",)).get(pk=pk)
    if endpoint.failed_at and endpoint.failed_at >= taken_at:
        return
    endpoint.failures += 1
    endpoint.failed_at, endpoint.problem = now, problem
    endpoint.rests_until = now + backoff(endpoint.failures)
    endpoint.save(update_fields=["failures", "failed_at", "rests_until", "problem"])


def _alarm(buried: Sequence[int], *, now: datetime) -> None:
    """Tell those who look after these endpoints, once a day each, how many notices lie undelivered."""
    for endpoint in Endpoint.objects.filter(pk__in=buried):
        told = Message.objects.filter(
            kind=DEAD.code, subject_id=str(endpoint.pk), at__gt=now - ALARM_EVERY, account__isnull=False
        )
        if told.exists():
            continue
        lying = Delivery.objects.filter(endpoint=endpoint, state=Delivery.State.DEAD).count()
        to = holders("outbox.view", region=endpoint.region_id, line=endpoint.line_id)
        notify(DEAD, subject=endpoint, to=to, values={"number": endpoint.name, "count": lying}, at=now)


def _execute(statement: str, **values: Any) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return int(cursor.rowcount)
