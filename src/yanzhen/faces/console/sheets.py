"""Sheets: take a template, send a file in, look at what is wrong, confirm, watch it go in, take it all back."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from typing import Any, BinaryIO

from django import forms
from django.contrib import messages
from django.http import FileResponse, Http404, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext

from yanzhen.faces.console.forms import act_form, text_field
from yanzhen.faces.console.pages import attempt, page, see_other, sent, show
from yanzhen.faces.http import AccountRequest
from yanzhen.foundation import sheets
from yanzhen.foundation.models import Account, Batch
from yanzhen.foundation.sheets import SHEETS, Sheet

RECENT = 30
SHOWN = 50
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
RUNNING = (Batch.State.QUEUED, Batch.State.READING, Batch.State.APPLYING)


@page("GET", "HEAD")
def listing(request: AccountRequest) -> HttpResponse:
    rows = sheets.batches_of(request.user)[:RECENT]
    context = {"sheets": sheets.sheets_of(request.user), "batches": [(b, _label(b)) for b in rows]}
    return show(request, "console/sheets/list.html", context)


@page("GET", "HEAD", "POST")
def sending(request: AccountRequest, code: str) -> HttpResponse:
    sheet = _sheet(request.user, code)
    form = forms.Form(sent(request), request.FILES or None)
    form.fields["file"] = forms.FileField(
        label=gettext("文件（xlsx、xls、ods、csv）"),
        error_messages={"required": gettext("请先选择文件"), "empty": gettext("文件是空的")},
    )
    made: list[Batch] = []
    status = 200
    if form.is_bound:
        refusal = attempt(
            form, lambda given: made.append(sheets.submit(sheet, given["file"], actor=request.user))
        )
        if refusal is None:
            return see_other(reverse("console:batch", args=[made[0].pk]))
        status = refusal.status
    return show(request, "console/sheets/send.html", {"sheet": sheet, "form": form}, status=status)


@page("GET", "HEAD")
def template(request: AccountRequest, code: str) -> FileResponse:
    sheet = _sheet(request.user, code)
    return _workbook(f"{sheet.label}-模板.xlsx", lambda out: sheets.template(sheet, out))


@page("GET", "HEAD")
def one(request: AccountRequest, pk: int) -> HttpResponse:
    """Show how far a batch is; while it runs the page renews this part by itself."""
    batch = _batch(request.user, pk)
    mine = batch.sender_id == request.user.pk
    context = {
        "batch": batch,
        "label": _label(batch),
        "running": batch.state in RUNNING,
        "of": batch.good if batch.state in {"applying", "halted", "applied"} else batch.rows,
        "shows_rows": sheets.shows_rows(batch, request.user),
        "problems": sheets.problems_of(batch, SHOWN) if sheets.shows_rows(batch, request.user) else (),
        "may_confirm": mine and batch.state in {"checked", "halted"} and batch.good,
        "may_discard": mine and batch.state == "checked",
        "may_undo": batch.state in {"applied", "halted"} and sheets.may_undo(batch, request.user),
    }
    return show(request, "console/sheets/batch.html", context)


@page("POST")
def confirming(request: AccountRequest, pk: int) -> HttpResponse:
    sheets.confirm(_batch(request.user, pk), actor=request.user)
    return see_other(reverse("console:batch", args=[pk]))


@page("POST")
def discarding(request: AccountRequest, pk: int) -> HttpResponse:
    sheets.discard(_batch(request.user, pk), actor=request.user)
    messages.success(request, gettext("已放弃，没有导入任何一行"))
    return see_other(reverse("console:sheets"))


@page("GET", "HEAD", "POST")
def undoing(request: AccountRequest, pk: int) -> HttpResponse:
    batch = _batch(request.user, pk)
    form = act_form({"reason": text_field(gettext("撤销理由"))}, sent(request))
    back, status = reverse("console:batch", args=[pk]), 200
    if form.is_bound:
        refusal = attempt(form, lambda given: sheets.undo(batch, actor=request.user, reason=given["reason"]))
        if refusal is None:
            messages.success(request, gettext("已整批撤销"))
            return see_other(back)
        status = refusal.status
    label = gettext("整批撤销：%s") % batch.name
    return show(
        request, "console/setup/form.html", {"form": form, "label": label, "back": back}, status=status
    )


@page("GET", "HEAD")
def failed(request: AccountRequest, pk: int) -> FileResponse:
    """Hand over the rows that were not good, each with its reasons, ready to be mended and sent again."""
    batch = _batch(request.user, pk)
    return _workbook(
        f"不合格行-{batch.pk}.xlsx", lambda out: sheets.hand_out_failed(batch, out, actor=request.user)
    )


def _workbook(name: str, write: Callable[[BinaryIO], Any]) -> FileResponse:
    out = tempfile.TemporaryFile()  # noqa: SIM115  # the response closes it
    write(out)
    out.seek(0)
    return FileResponse(out, as_attachment=True, filename=name, content_type=XLSX)


def _sheet(account: Account, code: str) -> Sheet:
    sheet = next((s for s in sheets.sheets_of(account) if s.code == code), None)
    if sheet is None:
        raise Http404
    return sheet


def _batch(account: Account, pk: int) -> Batch:
    batch = sheets.batches_of(account).filter(pk=pk).first()
    if batch is None:
        raise Http404
    return batch


def _label(batch: Batch) -> str:
    return SHEETS[batch.sheet].label if batch.sheet in SHEETS else batch.sheet
