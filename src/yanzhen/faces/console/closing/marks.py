"""The desk of demands marked unreasonable, and the form that proposes one."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from yanzhen.domains.hotline.closing import queries
from yanzhen.domains.hotline.closing.marks import propose_mark
from yanzhen.domains.hotline.closing.models import Unreasonable
from yanzhen.domains.hotline.closing.procedures import UNREASONABLE
from yanzhen.domains.hotline.queries import worklist
from yanzhen.faces.console.desk import DESKS, Column, Desk, Section
from yanzhen.faces.console.filters import SubjectFilters, choice_field, plain_words_field, state_field
from yanzhen.faces.console.pages import attempt, detail_url, page, see_other, sent, show
from yanzhen.faces.console.pickers import EMPTY
from yanzhen.faces.http import AccountRequest
from yanzhen.foundation.errors import Invalid


class MarkFilters(SubjectFilters):
    state = state_field(UNREASONABLE)
    ground = choice_field("理由类别", Unreasonable.Ground.choices)
    q = plain_words_field("case__number")

    class Meta:
        model = Unreasonable
        fields = ("ground",)


MARKS = DESKS.add(
    Desk(
        name="unreasonable",
        label="不合理诉求",
        model=Unreasonable,
        query=queries.marks,
        columns=(
            Column("case", "诉求工单"),
            Column("state", hint="state"),
            Column("due_at", hint="due"),
            Column("region", "属地", hint="short"),
            Column("ground", hint="long"),
            Column("started_by", "提出人"),
            Column("handler", "决定人"),
            Column("started_at", "提出时间", hint="time"),
        ),
        sections=(
            Section("提出", (Column("case"), Column("ground", hint="long"), Column("reason", hint="long"),
                             Column("started_by", "提出人"), Column("started_at", "提出时间", hint="time"))),
            Section("决定", (Column("handler", "决定人"), Column("opinion", hint="long"),
                             Column("objection", hint="long"), Column("ended_at", hint="time"))),
        ),
        filters=MarkFilters,
        title="case",
        icon="alert-triangle",
        register="console:mark-propose",
        register_right="case.handle",
    )
)  # fmt: skip


class ProposeForm(forms.Form):
    number = forms.CharField(label=_("工单编号"), max_length=40)
    ground = forms.ChoiceField(label=_("理由类别"), choices=[EMPTY, *Unreasonable.Ground.choices])
    reason = forms.CharField(
        label=_("事实和理由"),
        help_text=_("由第二人认定；诉求人可以提出异议。认定不改变工单状态，不免除答复。"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 5}),
    )

    def clean_number(self) -> str:
        return str(self.cleaned_data["number"]).strip().upper()


@page("GET", "HEAD", "POST")
def proposing(request: AccountRequest) -> HttpResponse:
    form = ProposeForm(sent(request), initial={"number": request.GET.get("case", "")[:40]})
    status = 200
    if form.is_bound:
        made: list[Unreasonable] = []
        refusal = attempt(form, lambda given: made.append(_propose(request, given)))
        if refusal is None:
            messages.success(request, gettext("已提出，等待第二人认定"))
            return see_other(detail_url(MARKS, made[0].number))
        status = refusal.status
    context = {
        "form": form,
        "label": gettext("提出不合理诉求认定"),
        "back": reverse("console:list", args=[MARKS]),
    }
    return show(request, "console/setup/form.html", context, status=status)


def _propose(request: AccountRequest, given: dict[str, Any]) -> Unreasonable:
    case = worklist(request.user).filter(number=given.pop("number")).first()
    if case is None:
        raise Invalid("没有这件诉求", fields={"number": "没有这个编号的诉求，或不在您的权限范围内"})
    return propose_mark(case, actor=request.user, **given)
