"""What the worker does for the console: bulk moves, and at night the sessions that are over."""

from __future__ import annotations

from importlib import import_module

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from yanzhen.engines.procedures.declare import Transition
from yanzhen.engines.procedures.engine import CHUNK, Outcome, advance_many
from yanzhen.faces.console.desk import DESKS, Desk
from yanzhen.faces.console.forms import changes_of, move_form
from yanzhen.faces.console.models import BulkMove, BulkRefusal
from yanzhen.foundation.jobs import job
from yanzhen.foundation.models import Account
from yanzhen.foundation.scope import database_scope


@job()
def run_bulk(pk: int) -> None:
    """Move chunk by chunk; each commits with how far it came, so that a job that was cut off goes on from there."""
    account = BulkMove.objects.select_related("account").get(pk=pk).account
    with database_scope(account.audience_keys()):
        while _chunk(pk, account):
            pass


@transaction.atomic
def _chunk(pk: int, account: Account) -> bool:
    """Move the next chunk; return whether there was one."""
    wanted = BulkMove.locked(pk)
    desk = DESKS[wanted.desk]
    move = next(t for t in desk.bulk_moves if t.code == wanted.move)
    ids = wanted.ids[wanted.tried : wanted.tried + CHUNK]
    if wanted.stage != BulkMove.Stage.QUEUED or not ids:
        _finish(wanted)
        return False
    outcome = _moved(wanted, desk, move, ids, account)
    BulkRefusal.objects.bulk_create(
        BulkRefusal(bulk=wanted, number=number, reasons=list(reasons)) for number, reasons in outcome.refused
    )
    wanted.tried += len(ids)
    wanted.moved += outcome.moved
    wanted.save()
    return True


def _moved(wanted: BulkMove, desk: Desk, move: Transition, ids: list[int], account: Account) -> Outcome:
    """Move what the account still sees; where the form no longer holds, as after a category was retired, say so."""
    form = move_form(desk, move, account=account, row=None, data=wanted.values)
    rows = desk.query(account).filter(pk__in=ids)
    if not form.is_valid():
        reasons = tuple(str(reason) for found in form.errors.values() for reason in found)
        return Outcome(refused=[(number, reasons) for number in rows.values_list("number", flat=True)])
    seen = list(rows.values_list("pk", flat=True))
    return advance_many(
        desk.model, seen, move.code, actor=account, note=wanted.note, **changes_of(form, move)
    )


def _finish(wanted: BulkMove) -> None:
    if wanted.stage == BulkMove.Stage.QUEUED:
        wanted.stage, wanted.done_at = BulkMove.Stage.DONE, timezone.now()
        wanted.save()


@job(cron="23 3 * * *")
def clear_sessions() -> None:
    import_module(settings.SESSION_ENGINE).SessionStore.clear_expired()
