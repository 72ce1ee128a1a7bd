"""Who marked what: the assignments, one sheet, a sheet made void, and the text that blind judges read."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from yanzhen.engines.programmes.models import Application, Round
from yanzhen.engines.programmes.panels import blind, entries, papers, standing
from yanzhen.engines.programmes.panels.actions import marking
from yanzhen.engines.programmes.panels.models import Assignment, Sheet
from yanzhen.faces.console.forms import act_form
from yanzhen.faces.console.pages import page, see_other, sent, show
from yanzhen.faces.console.panels.frame import WAYS, act, round_or_404, show_tab
from yanzhen.faces.console.panels.sheet import lines_of, reason_field
from yanzhen.faces.console.programmes.desk import APPLICATIONS
from yanzhen.faces.http import AccountRequest
from yanzhen.foundation.errors import Invalid, Refusal

SIZE = 100
LARGEST_PAGE = 10_000


def asked_page(request: AccountRequest) -> int:
    """Return the page that the address names, from 1."""
    asked = request.GET.get("page", "")
    return (
        min(max(int(asked), 1), LARGEST_PAGE) if asked.isascii() and asked.isdigit() and len(asked) < 6 else 1
    )


def turned(number: int, more: bool) -> dict[str, str]:
    """Return the queries of the page before and the page after, "" where there is none."""
    return {
        "previous": f"page={number - 1}" if number > 1 else "",
        "following": f"page={number + 1}" if more else "",
    }


@page("GET", "HEAD")
def progress(request: AccountRequest, pk: int) -> HttpResponse:
    """The assignments, or those in one state (`status`), with the sheet of each that was filed."""
    round_ = round_or_404(request, pk)
    rows = standing.assignments(round_)
    status = request.GET.get("status", "")
    if status in Assignment.State.values:
        rows = rows.filter(status=status)
    number = asked_page(request)
    found = list(rows[(number - 1) * SIZE : number * SIZE + 1])
    filed = standing.filed_of(found[:SIZE])
    turning = turned(number, len(found) > SIZE)
    if status:
        turning = {name: query and f"{query}&status={status}" for name, query in turning.items()}
    context = {
        "rows": [(held, filed.get(held.pk, [])) for held in found[:SIZE]],
        "states": Assignment.State.choices,
        "status": status,
        "counts": standing.counts(round_),
        **turning,
    }  # fmt: skip
    return show_tab(
        request, "console/panels/progress.html", context, round_=round_, tab="console:panel-progress"
    )


@page("GET", "HEAD")
def sheet(request: AccountRequest, pk: int, sheet: int) -> HttpResponse:
    round_ = round_or_404(request, pk)
    held = _sheet(round_, sheet)
    secret = entries.is_secret(held, round_, request.user)
    aspects = round_.programme.criteria.applying(held.assignment.application.track)
    context = {
        "round": round_,
        "sheet": held,
        "secret": secret,
        "lines": [] if secret else lines_of(held, aspects),
    }
    return show(request, "console/panels/sheet.html", context, status=403 if secret else 200)


@page(*WAYS)
def voiding(request: AccountRequest, pk: int, sheet: int) -> HttpResponse:
    """Leave a sheet out of every later run, for a reason that its judge reads."""
    round_ = round_or_404(request, pk)
    held = _sheet(round_, sheet)
    form = act_form({"why": reason_field(_("作废理由"), help_text=_("评委会看到"))}, sent(request))
    return act(
        request, form, lambda given: marking.void(held, why=given["why"], actor=request.user),
        label=gettext("作废评分表"), done=gettext("已作废，评委可以重新打分"),
        back=reverse("console:panel-sheet", args=[pk, sheet]), round=round_, danger=True,
        note=gettext("已有的计分结果不会自己改变；作废之后请重新运行计分。"),
    )  # fmt: skip


@page("GET", "HEAD")
def redactions(request: AccountRequest, pk: int) -> HttpResponse:
    """The applications under review, those first whose text nobody has looked through yet."""
    round_ = round_or_404(request, pk)
    number = asked_page(request)
    rows = (
        standing.under_review(round_, request.user).defer("answers").order_by("-redacted__isnull", "number")
    )
    found = list(rows[(number - 1) * SIZE : number * SIZE + 1])
    context = {"rows": found[:SIZE], **turned(number, len(found) > SIZE)}
    return show_tab(
        request, "console/panels/redactions.html", context, round_=round_, tab="console:panel-redactions"
    )


@page("POST")
def clearing(request: AccountRequest, pk: int, number: str, paper: UUID) -> HttpResponse:
    """Let blind judges see a paper, or keep it from them again."""
    row = _reviewed(request, round_or_404(request, pk), number)
    act_, done = (
        (papers.withhold, gettext("已收回，评委看不到这个附件"))
        if request.POST.get("do") == "withhold"
        else (papers.clear, gettext("已放行给评委"))
    )
    try:
        act_(row, paper, actor=request.user)
    except Refusal as refusal:
        messages.error(request, refusal.message)
    else:
        messages.success(request, done)
    return see_other(reverse("console:panel-redact", args=[pk, number]))


@page(*WAYS)
def redacting(request: AccountRequest, pk: int, number: str) -> HttpResponse:
    """The texts of one application as blind judges read them, to be changed where they tell who it is; and its papers."""
    round_ = round_or_404(request, pk)
    row = _reviewed(request, round_, number)
    shown = {said.question.code: said.text for said in blind.read(row, names=False)}
    form = forms.Form(sent(request), initial=shown, prefix="r")
    for question in round_.programme.questions:
        if question.kind in ("line", "text") and not question.personal:
            widget: Any = forms.Textarea(attrs={"rows": 6}) if question.kind == "text" else forms.TextInput()
            form.fields[question.code] = forms.CharField(
                label=question.label, required=False, max_length=question.longest, widget=widget
            )

    def redact(given: dict[str, Any]) -> None:
        if not form.fields:
            raise Invalid("没有可遮蔽的文字项")
        marking.redact(row, given, actor=request.user)

    return act(
        request, form, redact, label=gettext("遮蔽：%(number)s") % {"number": number}, done=gettext("已保存，评委读到的是遮蔽后的文字"),
        back=reverse("console:panel-redactions", args=[pk]), round=round_, template="console/panels/redact.html",
        row=row, papers=papers.of(row), desk=APPLICATIONS,
        note=gettext("姓名、单位和个人信息已先替换为 □□；请再看有没有别的字句能认出申报人。原文不变。"),
    )  # fmt: skip


def _reviewed(request: AccountRequest, round_: Round, number: str) -> Application:
    row: Application | None = (
        standing.under_review(round_, request.user)
        .select_related("person", "organisation")
        .filter(number=number)
        .first()
    )
    if row is None:
        raise Http404
    row.round = round_
    return row


def _sheet(round_: Round, pk: int) -> Sheet:
    held = standing.sheets(round_).filter(pk=pk).first()
    if held is None:
        raise Http404
    return held
