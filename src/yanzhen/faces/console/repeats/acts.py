"""What is done to a group: a page with a form each, refused in the form."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext

from yanzhen.domains.hotline.models import Case
from yanzhen.domains.hotline.repeats import actions, queries
from yanzhen.engines.procedures.engine import Outcome
from yanzhen.faces.console.forms import act_form, text_field
from yanzhen.faces.console.pages import attempt, page, see_other, sent, show
from yanzhen.faces.console.repeats.views import case_or_404
from yanzhen.faces.http import AccountRequest

WAYS = ("GET", "HEAD", "POST")


@page(*WAYS)
def leaving(request: AccountRequest, number: str) -> HttpResponse:
    row = case_or_404(request, number)
    help_text = gettext("退出后单独办理；随主件派出的，恢复合并前的承办单位和承办人；已统一答复的仍为已答复")
    fields = {"reason": text_field(gettext("退出理由"), help_text=help_text)}
    return _act(
        request, row, fields,
        lambda given: _warn(request, actions.leave(row, actor=request.user, reason=given["reason"])),
        label=gettext("退出合并：%s") % number, done=gettext("已退出合并"),
    )  # fmt: skip


@page(*WAYS)
def dissolving(request: AccountRequest, number: str) -> HttpResponse:
    row = case_or_404(request, number)
    help_text = gettext("各件分开办理；随主件派出的，恢复合并前的承办单位和承办人；已统一答复的仍为已答复")
    fields = {"reason": text_field(gettext("解散理由"), help_text=help_text)}
    return _act(
        request, row, fields,
        lambda given: _warn(request, actions.dissolve(row, actor=request.user, reason=given["reason"])),
        label=gettext("解散合并：%s") % number, done=gettext("已解散合并"),
    )  # fmt: skip


@page(*WAYS)
def assigning(request: AccountRequest, number: str) -> HttpResponse:
    row = case_or_404(request, number)
    fields = {
        "note": text_field(gettext("说明"), help_text=gettext("各件派给主件的承办单位，不另行指定承办人"))
    }

    return _act(
        request, row, fields,
        lambda given: _warn(request, actions.assign_along(row, actor=request.user, note=given["note"])),
        label=gettext("随主件派单：%s") % number, done=gettext("已随主件派单，未能派的见下")
    )  # fmt: skip


@page(*WAYS)
def answering(request: AccountRequest, number: str) -> HttpResponse:
    row = case_or_404(request, number)
    count = len(group.waiting) if (group := queries.gathered(row, request.user)) else 0
    help_text = gettext(
        "主件和 %(count)s 件并入的工单各自得到这份答复，各自回访和质检；不要写入某一位诉求人的个人信息"
    )
    reply = text_field(gettext("答复内容"), help_text=help_text % {"count": count})
    fields = {
        "reply": reply,
        "note": text_field(gettext("说明（选填）"), required=False),
        "seen": forms.IntegerField(widget=forms.HiddenInput, initial=row.step),
    }
    return _act(
        request, row, fields,
        lambda given: actions.answer_group(row, actor=request.user, **given),
        label=gettext("统一答复：%s") % number, done=gettext("已统一答复"),
    )  # fmt: skip


@page(*WAYS)
def bringing(request: AccountRequest, number: str) -> HttpResponse:
    row = case_or_404(request, number)
    group = queries.gathered(row, request.user)
    answered = {case.number: case for case in (group.answered if group else ())}
    fields = {
        "cases": forms.MultipleChoiceField(
            label=gettext("随主件重新办理的工单"),
            help_text=gettext("只列已随主件答复的；须回访反映未解决或不满意"),
            choices=[(one, f"{one} {gettext(case.stage.label)}") for one, case in answered.items()],
            widget=forms.CheckboxSelectMultiple,
        ),
        "note": text_field(gettext("重新办理理由")),
    }
    return _act(
        request, row, fields,
        lambda given: actions.bring_along(
            row, [answered[one] for one in given["cases"]], actor=request.user, note=given["note"]
        ),
        label=gettext("随主件重新办理：%s") % number, done=gettext("已随主件重新办理"),
    )  # fmt: skip


def _warn(request: AccountRequest, outcome: Outcome) -> None:
    """Say which cases stayed as they were, and why."""
    for stayed, reasons in outcome.refused:
        messages.warning(request, f"{stayed}：{'；'.join(reasons)}")


def _act(
    request: AccountRequest,
    row: Case,
    fields: Mapping[str, forms.Field],
    act: Callable[[dict[str, Any]], object],
    *,
    label: str,
    done: str,
) -> HttpResponse:
    """Show the form of an act on a group; when it is sent, act and go back to the group."""
    back = reverse("console:repeats", args=[row.number])
    form = act_form(fields, sent(request))
    status = 200
    if form.is_bound:
        refusal = attempt(form, act)
        if refusal is None:
            messages.success(request, done)
            return see_other(back)
        status = refusal.status
    return show(
        request, "console/setup/form.html", {"form": form, "label": label, "back": back}, status=status
    )
