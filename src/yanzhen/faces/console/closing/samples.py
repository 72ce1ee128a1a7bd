"""The second look: cases drawn, what is found of each, and a draw that anybody can repeat."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from yanzhen.domains.hotline.closing import queries, sampling
from yanzhen.domains.hotline.closing.models import Sampled
from yanzhen.domains.hotline.closing.points import FINDINGS, POINTS
from yanzhen.faces.console.cells import cells, due_of, title_of
from yanzhen.faces.console.desks import CASES
from yanzhen.faces.console.forms import act_form, text_field
from yanzhen.faces.console.keys import Order, page_of
from yanzhen.faces.console.lists import with_
from yanzhen.faces.console.pages import attempt, look_at, page, see_other, sent, show
from yanzhen.faces.console.pickers import EMPTY
from yanzhen.faces.http import AccountRequest
from yanzhen.foundation.errors import NotAllowed

ORDERS = {
    "open": Order("due_at", "时限近的在前"),
    "done": Order("reviewed_at", "最近复核在前", descending=True),
}
TABS = (("open", "待复核"), ("done", "已复核"))
FIGURE_DAYS = 90
CONCLUSIONS = (EMPTY, ("true", "通过"), ("false", "建议重新办理"))


@page("GET", "HEAD")
def listing(request: AccountRequest) -> HttpResponse:
    if not request.user.reaches(sampling.CHECK):
        raise NotAllowed("您没有“质检与办结”权限")
    box = request.GET.get("box", "open")
    box = box if box in ORDERS else "open"
    rows = queries.samples(request.user).filter(reviewed_at__isnull=box == "open")
    found = page_of(rows, ORDERS[box], cursor=request.GET.get("cursor", ""))
    now = timezone.now()
    samples = queries.with_cases(found.rows)
    context = {
        "box": box, "tabs": [(code, gettext(label)) for code, label in TABS], "desk": CASES,
        "samples": [(s, title_of(CASES, s.case, request.user), None if s.reviewed_at else due_of(s.due_at, None, now=now)) for s in samples],
        "found": queries.found(request.user, since=now - timedelta(days=FIGURE_DAYS)), "days": FIGURE_DAYS,
        "previous": with_(request.GET, cursor=found.previous) if found.previous else "",
        "following": with_(request.GET, cursor=found.following) if found.following else "",
    }  # fmt: skip
    return show(request, "console/closing/samples.html", context)


@page("GET", "HEAD", "POST")
def one(request: AccountRequest, pk: int) -> HttpResponse:
    """Show the case and what was found; who may look fills in the points."""
    sampled = _sampled(request, pk)
    look_at(request, CASES, sampled.case)
    form = act_form(_fields(), sent(request))
    status = 200
    if form.is_bound:
        refusal = attempt(form, lambda given: _review(sampled, request, given))
        if refusal is None:
            messages.success(request, gettext("已复核"))
            return see_other(reverse("console:samples") if form.cleaned_data["passed"] else request.path)
        status = refusal.status
    labels = dict(FINDINGS)
    context = {
        "sampled": sampled, "case": sampled.case, "form": form, "desk": CASES, "points": POINTS,
        "title": title_of(CASES, sampled.case, request.user),
        "facts": [cell for section in CASES.sections for cell in cells(CASES, sampled.case, section.columns, request.user)],
        "findings": [(p.label, labels.get(sampled.findings.get(p.code, ""), "—")) for p in POINTS],
        "reasons": [] if sampled.reviewed_at else sampling.reasons_against(sampled, request.user),
        "may_reopen": request.user.has_right("case.reopen", sampled.case) and sampled.case.state == "closed",
    }  # fmt: skip
    return show(request, "console/closing/sample.html", context, status=status)


@page("GET", "HEAD")
def draw(request: AccountRequest, pk: int) -> HttpResponse:
    """Show how a day's sample was drawn, and draw it again to compare."""
    row = queries.draws(request.user).filter(pk=pk).first()
    if row is None:
        raise Http404
    context = {"draw": row, "again": sampling.drawn_again(row)}
    return show(request, "console/closing/draw.html", context)


def _fields() -> dict[str, forms.Field]:
    fields: dict[str, forms.Field] = {
        p.code: forms.ChoiceField(label=p.label, help_text=p.question, choices=(EMPTY, *FINDINGS))
        for p in POINTS
    }
    fields["passed"] = forms.TypedChoiceField(
        label=gettext("结论"), choices=CONCLUSIONS, coerce=lambda value: value == "true", empty_value=None
    )
    fields["opinion"] = text_field(gettext("意见（有不符合项的必填）"), required=False)
    return fields


def _review(sampled: Sampled, request: AccountRequest, given: dict[str, Any]) -> None:
    findings = {p.code: given[p.code] for p in POINTS}
    sampling.review_sample(
        sampled, actor=request.user, findings=findings, passed=given["passed"], opinion=given["opinion"]
    )


def _sampled(request: AccountRequest, pk: int) -> Sampled:
    sampled = queries.samples(request.user).filter(pk=pk).first()
    if sampled is None:
        raise Http404
    return sampled
