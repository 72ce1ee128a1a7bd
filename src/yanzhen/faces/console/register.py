"""Taking an appeal in by hand: an agent on the telephone, a clerk at the counter."""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import Any

from django import forms
from django.db import transaction
from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _

from yanzhen.domains.hotline.calls.actions import add_case, tie_case
from yanzhen.domains.hotline.calls.models import Call
from yanzhen.domains.hotline.calls.taking import party_of
from yanzhen.domains.hotline.knowledge import queries
from yanzhen.domains.hotline.knowledge.models import Script
from yanzhen.domains.hotline.models import Case
from yanzhen.domains.hotline.rules import Appeal
from yanzhen.faces.console import choices
from yanzhen.faces.console.calls.listing import call_or_404
from yanzhen.faces.console.desks import CASES
from yanzhen.faces.console.pages import attempt, page, sent, show
from yanzhen.faces.console.pickers import EMPTY
from yanzhen.faces.console.themes import CategoryCodeField
from yanzhen.faces.filing import Filed, file_appeal
from yanzhen.faces.http import AccountRequest
from yanzhen.faces.places import categories

BY_HAND = (Case.Channel.PHONE, Case.Channel.VISIT)
SAME = (
    "body", "region", "title", "category", "urgency", "employer", "place", "headcount", "amount_yuan", "anonymous",
    "secret", "name", "phone",
)  # fmt: skip


class AppealForm(forms.Form):
    """What a caller tells. What is right and wrong about it the domain says."""

    token = forms.UUIDField(widget=forms.HiddenInput)
    """Made with the empty form: the same form sent twice is one case."""
    channel = forms.ChoiceField(label=_("渠道"), choices=[(c.value, c.label) for c in BY_HAND])
    name = forms.CharField(label=_("诉求人姓名"), max_length=64, required=False)
    phone = forms.CharField(label=_("手机号"), max_length=32, required=False)
    anonymous = forms.BooleanField(label=_("匿名"), required=False)
    secret = forms.BooleanField(label=_("要求保密"), required=False)
    body = forms.CharField(
        label=_("诉求内容"),
        help_text=_("时间、单位、发生了什么、希望怎样解决"),
        max_length=5000,
        widget=forms.Textarea(attrs={"rows": 6}),
    )
    title = forms.CharField(label=_("标题（选填，默认取首句）"), max_length=80, required=False)
    region = forms.ChoiceField(label=_("事发地"), choices=lambda: [EMPTY, *choices.regions()])
    category = CategoryCodeField(
        label=_("诉求类别（选填）"),
        choices=lambda: [EMPTY, *choices.tree(categories(), leaf=6)],
        required=False,
    )
    urgency = forms.ChoiceField(label=_("紧急程度"), choices=Case.Urgency.choices)
    employer = forms.CharField(label=_("涉事单位（选填）"), max_length=128, required=False)
    place = forms.CharField(label=_("事发地点（选填）"), max_length=128, required=False)
    headcount = forms.IntegerField(label=_("涉及人数"), min_value=1, max_value=2_147_483_647, initial=1)
    amount_yuan = forms.DecimalField(
        label=_("涉及金额（元，选填）"), min_value=0, max_digits=14, decimal_places=2, required=False
    )

    def appeal(self) -> Appeal:
        return Appeal(**{name: self.cleaned_data[name] for name in SAME})


@page("GET", "HEAD", "POST")
def register(request: AccountRequest) -> HttpResponse:
    """Take an appeal in; with `?call=` the one that a caller tells on the telephone now, with `&more=1` another one."""
    call = _call(request)
    form = AppealForm(sent(request), initial={"token": uuid.uuid4(), **_told(call)})
    if call:
        form.fields["body"].widget.attrs["autofocus"] = True
    if call and call.phone_hash:
        form.fields["phone"].help_text = _("留空即用来电号码")
    if not form.is_bound:
        return _asking(request, form, call)
    filed: list[Filed] = []
    refusal = attempt(form, lambda _given: filed.append(_file(form, request, call)))
    if refusal:
        return _asking(request, form, call, status=refusal.status)
    return show(request, "console/registered.html", {"filed": filed[0], "desk": CASES, "call": call})


def _asking(
    request: AccountRequest, form: AppealForm, call: Call | None, *, status: int = 200
) -> HttpResponse:
    """Show the form, and beside it what to ask."""
    scripts = [
        (script, script.text.splitlines())
        for script in queries.wordings(Script, request.user)
        if script.active
    ]
    context = {"form": form, "scripts": scripts, "call": call, "more": _more(request, call)}
    return show(request, "console/register.html", context, status=status)


def _call(request: AccountRequest) -> Call | None:
    pk = request.GET.get("call", "")
    return call_or_404(request, int(pk)) if pk.isdecimal() and len(pk) < 19 else None


def _more(request: AccountRequest, call: Call | None) -> bool:
    """Tell whether this is a further matter of a call that has its case: asked for, so that no slip makes a second case."""
    return bool(call and call.case_id and request.GET.get("more"))


def _told(call: Call | None) -> dict[str, Any]:
    """What the form can begin with; the number itself does not leave the server."""
    if call is None:
        return {}
    return {"channel": Case.Channel.PHONE, "region": call.region_id}


@transaction.atomic
def _file(form: AppealForm, request: AccountRequest, call: Call | None) -> Filed:
    """File the appeal, and tie it to the call in the same transaction."""
    appeal = form.appeal()
    if call and not appeal.phone and not appeal.anonymous:
        appeal = replace(appeal, phone=party_of(call)["phone"])
    filed = file_appeal(
        appeal,
        actor=request.user,
        channel=form.cleaned_data["channel"],
        sender=f"console:{request.user.pk}",
        key=str(form.cleaned_data["token"]),
    )
    if call:
        tie = add_case if _more(request, call) else tie_case
        tie(call, filed.number, actor=request.user)
    return filed
