"""Sealing: committed records go under a Merkle root; the signed checkpoint leaves the database at once.

A pass takes records whose transaction is older than every running one, in the order of (transaction, id), so that
nothing can commit later and slip under a position already sealed. Works as the web role: it only adds rows.
"""

from __future__ import annotations

import logging
import threading
from datetime import timedelta
from typing import Any

from django.db import InterfaceError, OperationalError, connection, transaction

from yanzhen.foundation.bulk import reserve_ids
from yanzhen.foundation.models import Checkpoint
from yanzhen.foundation.records.outside import UTC_TEXT, carry_out
from yanzhen.foundation.records.proof import PURPOSE, ZERO, Tree, canonical, checkpoint_digest, leaf_hash
from yanzhen.foundation.signing import signer

logger = logging.getLogger(__name__)

BATCH = 10_000
"""Records under one checkpoint at most: about 10 MB in memory."""
LOCK = 0x59A_5EA1
"""The advisory lock that makes two sealers take turns."""

COLUMNS = {
    "id": "r.id",
    "tx": "r.tx::text",
    "at": UTC_TEXT.format("r.at"),
    "actor_id": "r.actor_id",
    "grant_id": "r.grant_id",
    "verb": "r.verb",
    "subject_type": "r.subject_type",
    "subject_id": "r.subject_id",
    "region_id": "r.region_id",
    "line_id": "r.line_id",
    "before": "r.before::text",
    "after": "r.after::text",
    "reason": "r.reason",
}
"""Every column of a record and how it is read for hashing. JSON stands as PostgreSQL writes it, so that no number is
rounded on the way; times in UTC to the microsecond."""
SELECT_LINE = ", ".join(COLUMNS.values())

PENDING = f"""
    select {SELECT_LINE} from foundation_record r
    where r.tx >= %(since)s::text::xid8 and (r.tx < %(horizon)s::text::xid8 or (%(ahead)s and r.tx >= %(next)s::text::xid8))
        and not exists (select from foundation_leaf l where l.record_id = r.id)
    order by r.tx, r.id limit {BATCH}
"""  # noqa: S608  # program text only

SNAPSHOT = f"""
    select pg_snapshot_xmin(s)::text::bigint, pg_snapshot_xmax(s)::text::bigint, {UTC_TEXT.format("clock_timestamp()")}
    from pg_current_snapshot() s
"""  # noqa: S608  # program text only


def record_line(values: tuple[Any, ...]) -> bytes:
    """Return the canonical form of a record, given as `SELECT_LINE` selects it."""
    return canonical(dict(zip(COLUMNS, values, strict=True)))


def seal(*, since: int = 0, everything: bool = False) -> tuple[int, int]:
    """Seal all that can be sealed; return how many records that were, and the `since` for the next call.

    `since` is a low-water mark: every record of an older transaction is sealed. 0 looks through the whole table.
    `everything` also takes records whose transaction number lies in the future, which are there after a dump was
    loaded into another server; no record can still be on its way there.
    """
    sealed = 0
    while True:
        with transaction.atomic():
            count, following = _seal_batch(since, everything=everything)
            if count or not since:
                transaction.on_commit(carry_out)
        since = following
        sealed += count
        if count < BATCH:
            return sealed, since


def seal_loop(stop: threading.Event, *, interval: float = 0.5) -> None:
    """Seal twice a second until `stop` is set. The worker process runs it in a thread of its own.

    A lost database or a full disk is logged and tried again at the next beat; /readyz shows it by `sealing_lag`.
    """
    since = 0
    while not stop.is_set():
        try:
            _, since = seal(since=since)
        except (OperationalError, InterfaceError, OSError) as problem:
            logger.warning("sealing: %s", problem.__class__.__name__, exc_info=problem)
            connection.close()
            since = 0
        stop.wait(interval)
    connection.close()


def sealing_lag() -> timedelta | None:
    """Return the age of the oldest record that could have been sealed and is not; None if there is none."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select clock_timestamp() - min(r.at) from foundation_record r"
            " where r.tx >= coalesce((select p.tx from foundation_checkpoint c"
            "   join foundation_leaf l on l.checkpoint_id = c.id and l.position = c.size - 1"
            "   join foundation_record p on p.id = l.record_id"
            "   where p.tx < pg_snapshot_xmax(pg_current_snapshot()) order by c.id desc limit 1), '0'::xid8)"
            " and r.tx < pg_snapshot_xmin(pg_current_snapshot())"
            " and not exists (select from foundation_leaf l where l.record_id = r.id)"
        )
        (age,) = cursor.fetchone()
    return age if age is None else timedelta(seconds=age.total_seconds())


def _seal_batch(since: int, *, everything: bool) -> tuple[int, int]:
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(%s)", [LOCK])
        # After the lock, so that the snapshot sees what the sealer before us has sealed.
        cursor.execute(SNAPSHOT)
        horizon, following, at = cursor.fetchone()
        if since > following:
            since = 0  # another server with a younger clock: look through everything once
        cursor.execute(PENDING, {"since": since, "horizon": horizon, "ahead": everything, "next": following})
        rows = cursor.fetchall()
    if rows:
        _write_checkpoint(rows, at)
    if len(rows) == BATCH:
        return BATCH, int(rows[-1][1]) if int(rows[-1][1]) < horizon else since
    return len(rows), horizon


def _write_checkpoint(rows: list[tuple[Any, ...]], at: str) -> None:
    tree = Tree()
    digests = [leaf_hash(record_line(row)) for row in rows]
    for digest in digests:
        tree.add(digest)
    last = Checkpoint.objects.order_by("-id").values_list("digest", "total").first()
    previous, total = (bytes(last[0]), last[1]) if last else (ZERO, 0)
    (pk,) = reserve_ids(Checkpoint, 1)
    key = signer()
    values = {
        "id": pk,
        "at": at,
        "size": len(rows),
        "total": total + len(rows),
        "root": tree.root().hex(),
        "previous": previous.hex(),
        "key_id": key.key.key_id,
    }
    digest = checkpoint_digest(values)
    Checkpoint.objects.create(
        **{**values, "root": tree.root(), "previous": previous},
        digest=digest,
        signature=key.sign(PURPOSE + digest),
    )
    with (
        connection.cursor() as cursor,
        cursor.cursor.copy(
            "copy foundation_leaf (checkpoint_id, position, record_id, digest) from stdin"
        ) as copy,
    ):
        for position, (row, leaf) in enumerate(zip(rows, digests, strict=True)):
            copy.write_row((pk, position, row[0], leaf))
