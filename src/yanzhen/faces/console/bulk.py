"""One move over a whole list: fixed and counted in a preview, confirmed, done by the worker, told one by one."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext

from yanzhen.engines.procedures.declare import Transition
from yanzhen.faces.console.desk import Desk
from yanzhen.faces.console.forms import move_form
from yanzhen.faces.console.keys import ids_of
from yanzhen.faces.console.lists import narrowed, query_of
from yanzhen.faces.console.models import BulkMove
from yanzhen.faces.console.pages import attempt, page, see_other, sent, show
from yanzhen.faces.console.tasks import run_bulk
from yanzhen.faces.http import AccountRequest
from yanzhen.foundation.errors import Invalid
from yanzhen.foundation.jobs import defer

MOST = 20_000
SHOWN = 500
"""Refusals on the page; the list behind it shows what is left as it is."""


@page("POST")
def preview(request: AccountRequest, desk: Desk) -> HttpResponse:
    """Fix what is to be moved, the ticked ones or all that is filtered, and show how many they are."""
    move = _move(desk, request.POST.get("move", ""))
    rows, _form = narrowed(request, desk, query_of(request))
    if request.POST.get("whole") != "1":
        ticked = ids_of(request.POST.getlist("ids"))
        rows = desk.query(request.user).filter(pk__in=ticked[:MOST])
    ids = list(rows.order_by("pk").values_list("pk", flat=True)[: MOST + 1])
    if not ids:
        raise Invalid("没有选中任何一件：请先勾选，或选择“全部筛选结果”")
    if len(ids) > MOST:
        raise Invalid(f"筛选结果超过 {MOST:,} 件，请缩小范围后分次办理")
    bulk = BulkMove.objects.create(account=request.user, desk=desk.name, move=move.code, ids=ids)
    return see_other(reverse("console:bulk", args=[desk, bulk.pk]))


@page("GET", "HEAD", "POST")
def bulk(request: AccountRequest, desk: Desk, pk: int) -> HttpResponse:
    """Ask once more with the move's fields; then show how far the worker is, and what was refused and why."""
    wanted = BulkMove.objects.filter(account=request.user, desk=desk.name, pk=pk).first()
    if wanted is None:
        raise Http404
    move = _move(desk, wanted.move)
    form = move_form(desk, move, account=request.user, row=None, data=sent(request))
    status = 200
    if form.is_bound and wanted.stage == BulkMove.Stage.PREVIEWED:
        refusal = attempt(form, lambda given: _queue(wanted.pk, dict(request.POST.items()), given["note"]))
        if refusal is None:
            return see_other(request.path)
        status = refusal.status
    rows = desk.query(request.user).filter(pk__in=wanted.ids)
    context = {
        "desk": desk,
        "bulk": wanted,
        "form": form,
        "label": gettext(move.label),
        "queued": wanted.stage == BulkMove.Stage.QUEUED,
        "ready": rows.filter(state__in=move.sources).count() if wanted.stage == "previewed" else None,
        "refusals": wanted.refusals.all()[:SHOWN],
    }
    return show(request, "console/bulk.html", context, status=status)


@transaction.atomic
def _queue(pk: int, values: dict[str, Any], note: str) -> None:
    """Keep what the form held and let the worker begin; a second click changes nothing."""
    wanted = BulkMove.locked(pk)
    if wanted.stage != BulkMove.Stage.PREVIEWED:
        return
    wanted.values = {name: value for name, value in values.items() if name != "csrfmiddlewaretoken"}
    wanted.note, wanted.stage = note, BulkMove.Stage.QUEUED
    wanted.save()
    defer(run_bulk, pk=pk)


def _move(desk: Desk, code: str) -> Transition:
    move = next((t for t in desk.bulk_moves if t.code == code), None)
    if move is None:
        raise Http404
    return move
