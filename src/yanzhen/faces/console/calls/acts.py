"""What an agent does with a call that is no case of its own, and the recording of one."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from yanzhen.domains.hotline.calls.actions import end_with_reason, listen, recording_problem
from yanzhen.domains.hotline.calls.models import Call
from yanzhen.domains.hotline.calls.taking import BY_ITSELF
from yanzhen.faces.console.calls.listing import call_or_404
from yanzhen.faces.console.forms import act_form, text_field
from yanzhen.faces.console.pages import attempt, page, see_other, sent, show
from yanzhen.faces.http import AccountRequest

WAYS = ("GET", "HEAD", "POST")
BY_HAND = [reason for reason in Call.Reason if reason not in {*BY_ITSELF, Call.Reason.ANONYMOUS}]
REASONS = [(reason.value, reason.label) for reason in BY_HAND]


class FinishForm(forms.Form):
    outcome = forms.ChoiceField(
        label=_("小结"), choices=REASONS, widget=forms.Select(attrs={"autofocus": True})
    )
    note = forms.CharField(label=_("说明（选填）"), max_length=200, required=False)
    case_number = forms.CharField(
        label=_("原工单编号"), help_text=_("只有“重复来电”须填写"), max_length=32, required=False
    )


@page(*WAYS)
def finishing(request: AccountRequest, pk: int) -> HttpResponse:
    call = call_or_404(request, pk)
    form = FinishForm(sent(request), initial={"outcome": Call.Reason.ANSWERED})
    status = 200
    if form.is_bound:
        refusal = attempt(form, lambda given: _finish(call, given, request))
        if refusal is None:
            messages.success(request, gettext("已小结"))
            return see_other(reverse("console:calls"))
        status = refusal.status
    context = {
        "form": form,
        "label": gettext("小结：%s") % (call.phone_mask or gettext("未显示号码")),
        "back": reverse("console:call", args=[pk]),
    }
    return show(request, "console/setup/form.html", context, status=status)


@page(*WAYS)
def recording(request: AccountRequest, pk: int) -> HttpResponse:
    """Give the address of the recording for a reason; the address is used from the reader's own browser."""
    call = call_or_404(request, pk)
    form = act_form(
        {"reason": text_field(gettext("调取理由"), help_text=gettext("会记入记录链"))}, sent(request)
    )
    found: list[str] = []
    status = 200
    if form.is_bound:
        refusal = attempt(
            form, lambda given: found.append(listen(call, actor=request.user, reason=given["reason"]))
        )
        status = refusal.status if refusal else 200
    context = {
        "form": form,
        "label": gettext("调取录音"),
        "address": found[0] if found else "",
        "problem": recording_problem(found[0]) if found else "",
        "back": reverse("console:call", args=[pk]),
    }
    return show(request, "console/calls/recording.html", context, status=status)


def _finish(call: Call, given: dict[str, Any], request: AccountRequest) -> None:
    end_with_reason(
        call,
        given["outcome"],
        actor=request.user,
        note=given["note"],
        case_number=given["case_number"],
    )
