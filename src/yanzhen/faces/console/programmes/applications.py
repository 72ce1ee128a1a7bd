"""What is done to an application beside its moves: its conditions are settled, the departments asked and answer."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from yanzhen.engines.programmes import eligibility, queries
from yanzhen.engines.programmes.actions import applying, opinions
from yanzhen.engines.programmes.models import Application, Finding, Opinion
from yanzhen.faces.console.forms import act_form, text_field
from yanzhen.faces.console.pages import act_page, detail_url, page, see_other, sent, subject_or_404
from yanzhen.faces.console.programmes.desk import APPLICATIONS
from yanzhen.faces.http import AccountRequest

WAYS = ("GET", "HEAD", "POST")
SETTLED = [(value, label) for value, label in Finding.Answer.choices if value != Finding.Answer.OPEN]
GIVEN = [(value, label) for value, label in Opinion.Verdict.choices if value != Opinion.Verdict.OPEN]


@page(*WAYS)
def settling(request: AccountRequest, number: str, order: int) -> HttpResponse:
    """Answer a condition that no record tells, for a reason."""
    row = _application(request, number)
    finding = next((one for one in queries.findings(row) if one.order == order), None)
    if finding is None:
        raise Http404
    form = act_form(
        {
            "answer": forms.ChoiceField(label=_("结论"), choices=SETTLED, widget=forms.RadioSelect),
            "reason": text_field(_("理由"), help_text=_("申报人看得到：请写明核实了什么")),
            "evidence": forms.CharField(label=_("所据材料（选填）"), max_length=120, required=False),
        },
        sent(request),
    )
    return act_page(
        request, APPLICATIONS, row, form,
        lambda given: eligibility.settle(finding, given["answer"], reason=given["reason"], evidence=given["evidence"],
                                         actor=request.user),
        label=gettext("认定资格条件：%s") % eligibility.label_of(finding.rule), done=gettext("已认定"),
    )  # fmt: skip


@page("POST")
def examining(request: AccountRequest, number: str) -> HttpResponse:
    row = _application(request, number)
    applying.examine_again(row, actor=request.user)
    messages.success(request, gettext("已按现有记录重新核对资格条件"))
    return see_other(detail_url(APPLICATIONS, number))


@page("POST")
def asking(request: AccountRequest, number: str) -> HttpResponse:
    row = _application(request, number)
    made = opinions.ask(row, actor=request.user)
    messages.success(
        request,
        gettext("已征求 %s 个部门的意见") % len(made) if made else gettext("各部门均已征求，没有新的可征求"),
    )
    return see_other(detail_url(APPLICATIONS, number))


@page(*WAYS)
def giving(request: AccountRequest, number: str, line: str) -> HttpResponse:
    """Say for a department whether anything is against it."""
    row = _application(request, number)
    opinion = next((one for one in queries.opinions(row) if one.line_id == line), None)
    if opinion is None:
        raise Http404
    form = act_form(
        {
            "verdict": forms.ChoiceField(label=_("意见"), choices=GIVEN, widget=forms.RadioSelect),
            "text": text_field(_("说明"), required=False, help_text=_("不同意的必须写明理由：一票否决")),
        },
        sent(request),
    )
    return act_page(
        request, APPLICATIONS, row, form,
        lambda given: opinions.give(opinion, given["verdict"], text=given["text"], actor=request.user),
        label=gettext("部门意见：%s") % opinion.line, done=gettext("已出具意见"),
    )  # fmt: skip


def _application(request: AccountRequest, number: str) -> Application:
    row: Any = subject_or_404(request, APPLICATIONS, number)
    assert isinstance(row, Application)  # noqa: S101  # the desk's own kind, for the types
    return row
