"""Verification of the live database against the chain, the keys and the checkpoints outside."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import timedelta
from itertools import islice, takewhile
from pathlib import Path

from django.db import connection
from django.db.models import Max
from django.utils import timezone

from yanzhen.foundation.models import Checkpoint
from yanzhen.foundation.records.outside import carried_lines, folders, stored_checkpoints
from yanzhen.foundation.records.seal import SELECT_LINE, record_line
from yanzhen.foundation.records.standalone import Finding, LeafRow, check, compare_outside
from yanzhen.foundation.signing import public_keys

CHUNK = 5000
CARRIED_WITHIN = timedelta(minutes=1)
"""A checkpoint younger than this may still be on its way out."""
SELECT_LEAVES = f"""
    select l.checkpoint_id, l.position, l.record_id, l.digest, {SELECT_LINE}
    from foundation_leaf l left join foundation_record r on r.id = l.record_id
    where (l.checkpoint_id, l.position) > (%s, %s) and l.checkpoint_id <= %s
    order by l.checkpoint_id, l.position limit {CHUNK}
"""  # noqa: S608  # program text only
UNSEALED = """
    select r.id from foundation_record r
    where not exists (select from foundation_leaf l where l.record_id = r.id)
        and (r.tx < %s::text::xid8 or r.at < now() - interval '1 hour' and (
            r.tx < pg_snapshot_xmin(pg_current_snapshot()) or r.tx >= pg_snapshot_xmax(pg_current_snapshot())))
    order by r.id limit %s
"""
LOOSE = """
    select l.checkpoint_id, l.record_id from foundation_leaf l
    where l.checkpoint_id > %s and not exists (select from foundation_checkpoint c where c.id = l.checkpoint_id)
    order by l.checkpoint_id, l.position limit %s
"""


def verify(*, outside: Sequence[Path] | None = None, limit: int = 1000) -> list[Finding]:
    """Return what is not as it was sealed, `limit` findings at most; an empty list says that all is well.

    `outside` are the folders that hold carried checkpoints, by default those of the settings. Rows are read in
    chunks: the table's size does not matter to memory. Records younger than the last seal are not yet provable.
    """
    return list(islice(_findings(folders() if outside is None else outside, limit), limit))


def sealed_leaves(upto: int) -> Iterator[LeafRow]:
    """Yield the leaves with their records up to the checkpoint `upto`, in the order of the log."""
    place = (0, -1)
    while True:
        with connection.cursor() as cursor:
            cursor.execute(SELECT_LEAVES, [*place, upto])
            rows = cursor.fetchall()
        for checkpoint, position, record, digest, *values in rows:
            there = values[0] is not None
            yield LeafRow(
                checkpoint, position, record, bytes(digest), record_line(tuple(values)) if there else None,
                int(values[1]) if there else 0, values[2] if there else "",
            )  # fmt: skip
        if len(rows) < CHUNK:
            return
        place = (rows[-1][0], rows[-1][1])


def last_checkpoint() -> int:
    """Return the id of the newest checkpoint, 0 without any: what is sealed meanwhile is left for the next time."""
    return Checkpoint.objects.aggregate(last=Max("id"))["last"] or 0


def key_table() -> dict[str, dict[str, str]]:
    return {key_id: asdict(key) for key_id, key in public_keys().items()}


def _findings(outside: Sequence[Path], limit: int) -> Iterator[Finding]:
    upto = last_checkpoint()
    points = takewhile(lambda point: point["id"] <= upto, stored_checkpoints())
    clock = 0

    def leaves() -> Iterator[LeafRow]:
        nonlocal clock
        for row in sealed_leaves(upto):
            clock = row.tx or clock
            yield row

    yield from check(points, leaves(), key_table())
    with connection.cursor() as cursor:
        cursor.execute(UNSEALED, [clock, limit])
        unsealed = cursor.fetchall()
        cursor.execute(LOOSE, [upto, limit])
        loose = cursor.fetchall()
    for checkpoint, record in loose:
        yield Finding("leaf_without_checkpoint", "树叶所属的检查点不存在", checkpoint, record)
    for (record,) in unsealed:
        yield Finding("record_unsealed", "较早的记录未经封存：事后补入，或封存程序停止已久", None, record)
    edge = timezone.now() - CARRIED_WITHIN
    young = set(Checkpoint.objects.filter(at__gt=edge).values_list("id", flat=True))
    for folder in outside:
        yield from compare_outside(carried_lines(folder), _digests, name=str(folder), young=young)


def _digests(low: int, high: int | None) -> dict[int, str]:
    rows = Checkpoint.objects.filter(id__gt=low)
    if high is not None:
        rows = rows.filter(id__lte=high)
    return {pk: bytes(digest).hex() for pk, digest in rows.values_list("id", "digest")}
