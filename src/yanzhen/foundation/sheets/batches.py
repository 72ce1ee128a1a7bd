"""A batch's life as its sender sees it: send a file in, look at what is wrong, confirm, and take it all back."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import IO

from django.core.files.base import ContentFile, File
from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from yanzhen.foundation import attachments, tasks
from yanzhen.foundation.attachments import LARGEST, MEGABYTE
from yanzhen.foundation.errors import NotAllowed
from yanzhen.foundation.jobs import defer
from yanzhen.foundation.models import Account, Batch, BatchRow, Grant, Line
from yanzhen.foundation.records import record
from yanzhen.foundation.rights import RIGHTS
from yanzhen.foundation.scope import EVERYTHING, database_scope
from yanzhen.foundation.sheets.checking import out_of_reach
from yanzhen.foundation.sheets.declare import SHEETS, Sheet
from yanzhen.foundation.sheets.precheck import look, refused
from yanzhen.foundation.sheets.refusals import SentAlready, UndoRefused, WrongState
from yanzhen.foundation.sheets.running import KEPT_DAYS
from yanzhen.foundation.sheets.workbooks import failed_workbook

TAKEN = (Batch.State.APPLYING, Batch.State.HALTED, Batch.State.APPLIED)
"""States in which what the file says is in, or on its way in."""


@transaction.atomic
def submit(sheet: Sheet, file: File[bytes], *, actor: Account, foreground: bool = False) -> Batch:
    """Take a file in and have it checked; nothing but the batch is written before somebody confirms it.

    `foreground` leaves the check to the caller (`running.check`). Raises Invalid for what is no sheet or a hostile one,
    NotAllowed, SentAlready.
    """
    grant = _grant(sheet, actor)
    file.seek(0)
    content = file.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise refused(f"文件超过 {LARGEST // MEGABYTE} MB，请拆分后分次导入")
    kind = look(content)
    name = attachments.clean_name(file.name or "")
    batch = Batch(
        sheet=sheet.code,
        region_id=grant.region_id,
        line_id=grant.line_id or _own_line(sheet),
        name=name,
        sha256=hashlib.sha256(content).hexdigest(),
        sender=actor,
    )
    _demand_new(batch)
    batch.save()
    named = name if name.lower().endswith(f".{kind}") else f"{name}.{kind}"
    batch.file = attachments.store(ContentFile(content, named), subject=batch, actor=actor)
    batch.save(update_fields=["file"])
    record(
        "sheet.submit",
        batch,
        actor=actor,
        right="sheet.import",
        after={"sheet": sheet.code, "sha256": batch.sha256},
    )
    if not foreground:
        defer(tasks.check_batch, batch_id=batch.pk)
    return batch


@transaction.atomic
def confirm(batch: Batch, *, actor: Account, foreground: bool = False) -> Batch:
    """Have the good rows of a checked or halted batch applied. Only its sender does: the rows were checked against
    the sender's rights. `foreground` leaves the work to the caller (`running.apply`). Raises WrongState, NotAllowed,
    SentAlready.
    """
    batch = _locked(batch, Batch.State.CHECKED, Batch.State.HALTED)
    if actor.pk != batch.sender_id:
        raise NotAllowed("请由提交人本人确认导入：各行是按提交人的权限校验的")
    _demand_new(batch)
    if not batch.good:
        raise WrongState("没有合格的行，不能导入；请下载不合格行改正后重新提交")
    if batch.state == Batch.State.CHECKED:
        batch.done = 0
    batch.state, batch.problem = Batch.State.APPLYING, ""
    batch.save(update_fields=["state", "problem", "done"])
    record(
        "sheet.confirm",
        batch,
        actor=actor,
        right="sheet.import",
        after={"good": batch.good, "bad": batch.bad},
    )
    if not foreground:
        defer(tasks.apply_batch, batch_id=batch.pk)
    return batch


@transaction.atomic
def discard(batch: Batch, *, actor: Account) -> Batch:
    """Put a checked batch away that nobody wants. Raises WrongState, NotAllowed."""
    batch = _locked(batch, Batch.State.CHECKED)
    if not batches_of(actor).filter(pk=batch.pk).exists():
        raise NotAllowed("您在该区划和条线没有“导入表格”权限，或没有该表格所需的权限")
    batch.state, batch.finished_at = Batch.State.DISCARDED, timezone.now()
    batch.save(update_fields=["state", "finished_at"])
    record(
        "sheet.discard",
        batch,
        actor=actor,
        right="sheet.import",
        before={"good": batch.good, "bad": batch.bad},
    )
    return batch


@transaction.atomic
def undo(batch: Batch, *, actor: Account, reason: str) -> Batch:
    """Take back the whole batch, or refuse and name what stands in the way. Raises UndoRefused, WrongState, NotAllowed."""
    batch = _locked(batch, Batch.State.APPLIED, Batch.State.HALTED)
    sheet = SHEETS[batch.sheet]
    beyond = any(out_of_reach(batch, sheet, actor, right) for right in ("sheet.undo", sheet.right))
    if not may_undo(batch, actor) or beyond:
        raise NotAllowed(
            f"撤销须对批次和其中每一行的区划都有“撤销导入批次”和“{RIGHTS[sheet.right].label}”权限"
        )
    if not reason.strip():
        raise UndoRefused("撤销导入须说明理由")
    if batch.file_id is None:
        raise UndoRefused(f"导入已超过 {KEPT_DAYS} 天，暂存数据已经清理，不能再整批撤销；请逐件处理")
    with database_scope({EVERYTHING}):
        sheet.undo(batch, actor=actor, reason=reason.strip())
    before = batch.state
    batch.state, batch.finished_at = Batch.State.UNDONE, timezone.now()
    batch.save(update_fields=["state", "finished_at"])
    record(
        "sheet.undo",
        batch,
        actor=actor,
        right="sheet.undo",
        before={"state": before, "done": batch.done},
        reason=reason,
    )
    return batch


def batches_of(account: Account) -> QuerySet[Batch]:
    """The batches that the account may look into, newest first: those of sheets whose right it holds there too."""
    shown = Q(pk=None)
    for sheet in sheets_of(account):
        keys = sorted({reach.key for reach in account.reaches(sheet.right)})
        shown |= Q(sheet=sheet.code) & (Q(audience__overlap=keys) | Q(sender=account))
    rows: QuerySet[Batch] = Batch.objects.visible_to(account, "sheet.import")
    return rows.filter(shown).select_related("sender", "region", "line").order_by("-pk")


def may_undo(batch: Batch, account: Account) -> bool:
    """Tell whether the account may take back what lies at the batch's place; its rows are looked at when it does."""
    right = SHEETS[batch.sheet].right
    held = account.has_right(right, batch) or (account.pk == batch.sender_id and account.reaches(right))
    return bool(held) and account.has_right("sheet.undo", batch)


def shows_rows(batch: Batch, account: Account) -> bool:
    """Tell whether rows may be shown to the account: those of a sheet with private columns go to the sender alone."""
    private = any(column.private for column in SHEETS[batch.sheet].columns)
    return account.pk == batch.sender_id or not private


def hand_out_failed(batch: Batch, out: IO[bytes], *, actor: Account) -> None:
    """Write the workbook of failed rows for `actor`, on record. Raises NotAllowed."""
    if not shows_rows(batch, actor):
        raise NotAllowed("这类表格的不合格行含个人信息，只能由提交人本人下载")
    record("sheet.failed_rows", batch, actor=actor, right="sheet.import", after={"bad": batch.bad})
    failed_workbook(batch, out)


def problems_of(batch: Batch, limit: int = 50) -> QuerySet[BatchRow]:
    """The first rows that are not good, in the order of the file."""
    return batch.lines.exclude(problems=[]).order_by("number")[:limit]


def sheets_of(account: Account) -> list[Sheet]:
    """The sheets that the account may send in somewhere."""
    may = bool(account.reaches("sheet.import"))
    return [sheet for sheet in SHEETS if may and account.reaches(sheet.right)]


def _grant(sheet: Sheet, actor: Account) -> Grant:
    """Return the first grant that gives the import: its place is the batch's."""
    for right in ("sheet.import", sheet.right):
        if not actor.reaches(right):
            raise NotAllowed(f"您没有“{RIGHTS[right].label}”权限，不能导入“{sheet.label}”")
    pk = next(pk for pk, _, rights in actor.cells() if "sheet.import" in rights)
    return Grant.objects.get(pk=pk)


def _own_line(sheet: Sheet) -> str:
    """Return the line of a batch whose sender holds all lines."""
    return Line.objects.values_list("pk", flat=True)[:1].get() if sheet.has_line_column else sheet.line


def _demand_new(batch: Batch) -> None:
    """Raise SentAlready where the same file is in; two who confirm it at once take turns here."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select pg_advisory_xact_lock(hashtextextended('sheet:' || %s, 0))",
            [f"{batch.sheet}:{batch.sha256}"],
        )
    with database_scope({EVERYTHING}):
        twin = (
            Batch.objects.filter(sheet=batch.sheet, sha256=batch.sha256, state__in=TAKEN)
            .exclude(pk=batch.pk)
            .first()
        )
    if twin:
        raise SentAlready(
            f"这个文件已于 {_day(twin.sent_at)} 作为批次 {twin.pk} 导入（{twin.get_state_display()}），不能重复导入；"
            "如需重新导入，请先撤销该批次",
            batch=twin.pk,
        )


def _day(at: datetime) -> str:
    return f"{timezone.localtime(at):%Y-%m-%d %H:%M}"


def _locked(batch: Batch, *states: Batch.State) -> Batch:
    row: Batch = Batch.objects.select_for_update(of=("self",)).select_related("sender").get(pk=batch.pk)
    if row.state not in states:
        raise WrongState(
            f"批次 {row.pk} 现为“{row.get_state_display()}”，不能进行这一步；请刷新后查看", state=row.state
        )
    return row
