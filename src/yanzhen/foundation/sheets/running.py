"""What the worker does with a batch: read and check it, apply it by chunks, and forget it in the end.

Each commit says how far it went, under the batch's lock: a run that was killed goes on where it stopped, and of two
runs that meet one gives up. So nothing is staged or applied twice.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import timedelta
from typing import Any

from django.core.files.storage import default_storage
from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone
from psycopg.types.json import Jsonb

from yanzhen.foundation import attachments
from yanzhen.foundation.bulk import copying
from yanzhen.foundation.errors import Invalid, Refusal
from yanzhen.foundation.models import Batch
from yanzhen.foundation.records import record
from yanzhen.foundation.sheets.checking import check_rows, count_rows, good_rows
from yanzhen.foundation.sheets.declare import SHEETS, Row, Sheet
from yanzhen.foundation.sheets.precheck import look
from yanzhen.foundation.sheets.reading import read

Progress = Callable[[int, int], None]
"""(rows done so far, rows in all, about)"""

KEPT_DAYS = 30
"""How long a batch that is over can be looked into and undone; personal data goes at the latest then."""
COPIED = ("batch_id", "number", "cells", "problems")
"""The batch, then what the reader's lines hold."""
APPLIED = """
update foundation_batchrow as line set target_id = done.target_id, before = done.before, cells = line.cells - %s::text[]
from unnest(%s::bigint[], %s::bigint[], %s::jsonb[]) as done (id, target_id, before)
where line.id = done.id
"""


def check(batch_id: int, progress: Progress | None = None) -> None:
    """Read the batch's file and check every row; nothing but the batch changes. May be run again after a kill."""
    batch = _begin(batch_id)
    if batch is None:
        return
    sheet = SHEETS[batch.sheet]
    try:
        whole = _stage(batch, sheet, progress)
    except Invalid as refusal:
        _fail(batch, refusal.message)
        return
    if whole:
        _judge(batch, sheet)


def apply(batch_id: int, progress: Progress | None = None) -> None:
    """Apply the good rows of a confirmed batch that are not applied yet.

    A refusal halts the batch: what is applied stays, the sender sees why, and may confirm again or undo it all.
    """
    sheet = SHEETS[Batch.objects.get(pk=batch_id).sheet]
    try:
        if not _look_again(batch_id, sheet):
            return
        last: int | None = 0
        while last is not None:
            last = _apply_chunk(batch_id, sheet, after=last, progress=progress)
    except Refusal as refusal:
        _halt(batch_id, refusal)


def sweep() -> int:
    """Remove rows and files of batches that were over KEPT_DAYS ago, and end those that were left lying for so long.

    Return how many batches.
    """
    limit = timezone.now() - timedelta(days=KEPT_DAYS)
    over = Q(finished_at__lt=limit) | Q(finished_at=None, sent_at__lt=limit)
    old = list(Batch.objects.filter(over).exclude(file=None).order_by("pk").values_list("pk", flat=True))
    for batch_id in old:
        _forget(batch_id)
    return len(old)


def _begin(batch_id: int) -> Batch | None:
    with transaction.atomic():
        batch = _locked(batch_id)
        if batch.state not in {Batch.State.QUEUED, Batch.State.READING}:
            return None
        batch.lines.all().delete()
        batch.state, batch.done, batch.rows = Batch.State.READING, 0, 0
        batch.save(update_fields=["state", "done", "rows"])
    return batch


def _stage(batch: Batch, sheet: Sheet, progress: Progress | None) -> bool:
    """Return whether all rows are staged by this run; another one may have taken over."""
    assert batch.file is not None  # noqa: S101  # it goes only once a batch is over
    with attachments.open_attachment(batch.file, actor=batch.sender) as file:
        kind = look(file.read())
        file.seek(0)
        with closing(read(sheet, kind, file)) as chunks:
            for about, chunk in chunks:
                batch.rows = about
                if not _stage_chunk(batch, chunk):
                    return False
                if progress:
                    progress(batch.done, about)
    return True


def _stage_chunk(batch: Batch, chunk: Sequence[bytes]) -> bool:
    """Stage the next lines unless another run did: what is staged is told by the number of rows alone."""
    with transaction.atomic():
        now = _locked(batch.pk)
        if (now.state, now.done) != (Batch.State.READING, batch.done):
            return False
        before = f"{batch.pk}\t".encode()
        with copying("foundation_batchrow", COPIED) as copy:
            for line in chunk:
                copy.write(before + line)
        batch.done += len(chunk)
        batch.save(update_fields=["done", "rows"])
    return True


def _judge(batch: Batch, sheet: Sheet) -> None:
    with transaction.atomic():
        now = _locked(batch.pk)
        if (now.state, now.done) != (Batch.State.READING, batch.done):
            return
        check_rows(batch, sheet)
        batch.state = Batch.State.CHECKED
        batch.rows, batch.good = count_rows(batch)
        batch.bad = batch.rows - batch.good
        batch.save(update_fields=["state", "rows", "good", "bad"])
        record("sheet.check", batch, actor=None, after=_counts(batch))


def _fail(batch: Batch, problem: str) -> None:
    with transaction.atomic():
        now = _locked(batch.pk)
        if now.state != Batch.State.READING:
            return
        now.lines.all().delete()
        now.state, now.problem, now.finished_at, now.done = Batch.State.FAILED, problem, timezone.now(), 0
        now.save(update_fields=["state", "problem", "finished_at", "done"])
        record("sheet.fail", now, actor=None)


def _look_again(batch_id: int, sheet: Sheet) -> bool:
    """Check the good rows again: a grant, a category, a twin may have come or gone since. Return whether to go on."""
    with transaction.atomic():
        batch = _locked(batch_id)
        if batch.state != Batch.State.APPLYING:
            return False
        check_rows(batch, sheet, again=True)
        batch.rows, batch.good = count_rows(batch)
        batch.bad = batch.rows - batch.good
        batch.save(update_fields=["rows", "good", "bad"])
    return True


def _apply_chunk(batch_id: int, sheet: Sheet, *, after: int, progress: Progress | None) -> int | None:
    """Apply the next rows in one transaction and return the last one's number, None at the end."""
    with transaction.atomic():
        batch = _locked(batch_id)
        if batch.state != Batch.State.APPLYING:
            return None
        rows = good_rows(batch, sheet, after)
        if not rows:
            _finish(batch)
            return None
        sheet.apply(rows, batch=batch)
        _note(sheet, rows)
        batch.done += len(rows)
        batch.save(update_fields=["done"])
    if progress:
        progress(batch.done, batch.good)
    return rows[-1].number


def _note(sheet: Sheet, rows: Sequence[Row]) -> None:
    """Keep what each row became, and let its private cells go."""
    private = [column.name for column in sheet.columns if column.private]
    before = [None if row.before is None else Jsonb(row.before) for row in rows]
    with connection.cursor() as cursor:
        cursor.execute(APPLIED, [private, [row.id for row in rows], [row.target_id for row in rows], before])


def _finish(batch: Batch) -> None:
    batch.state, batch.finished_at, batch.problem = Batch.State.APPLIED, timezone.now(), ""
    batch.save(update_fields=["state", "finished_at", "problem"])
    record("sheet.apply", batch, actor=batch.sender, right="sheet.import", after=_counts(batch))


def _halt(batch_id: int, refusal: Refusal) -> None:
    with transaction.atomic():
        batch = _locked(batch_id)
        if batch.state != Batch.State.APPLYING:
            return
        batch.state, batch.problem = Batch.State.HALTED, refusal.message
        batch.save(update_fields=["state", "problem"])
        record("sheet.halt", batch, actor=None, after={"done": batch.done, "refusal": refusal.code})


def _forget(batch_id: int) -> None:
    with transaction.atomic():
        batch = _locked(batch_id)
        file = batch.file
        if file is None:
            return
        if batch.finished_at is None:
            begun = batch.state in {Batch.State.APPLYING, Batch.State.HALTED} and batch.done
            batch.state = Batch.State.APPLIED if begun else Batch.State.DISCARDED
            batch.finished_at = timezone.now()
        batch.problem = ""
        batch.save(update_fields=["state", "finished_at", "problem"])
        batch.lines.all().delete()
        record("sheet.forget", batch, actor=None, before={"file": str(file.pk), "sha256": file.sha256})
        path = attachments.path_of(file)
        file.delete()
        transaction.on_commit(lambda: default_storage.delete(path))


def _locked(batch_id: int) -> Batch:
    found: Batch = (
        Batch.objects.select_for_update(of=("self",)).select_related("sender", "file").get(pk=batch_id)
    )
    return found


def _counts(batch: Batch) -> dict[str, Any]:
    return {"sheet": batch.sheet, "rows": batch.rows, "good": batch.good, "bad": batch.bad}
