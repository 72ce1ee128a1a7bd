"""What the caller says on the page of the case: solved, satisfied, and an appeal against a mark.

Opened by number and check code, the page holds a signed leave to write, bound to the code's hash, so that neither the
code nor anybody's guess is sent again. The last digits of the phone open it to read alone: staff see them too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from django import forms
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from yanzhen.domains.hotline import queries
from yanzhen.domains.hotline.closing import actions
from yanzhen.domains.hotline.closing.marks import appeal_online
from yanzhen.domains.hotline.closing.queries import feedback
from yanzhen.domains.hotline.models import Case
from yanzhen.domains.hotline.queries import NotFound
from yanzhen.faces.portal import visitors
from yanzhen.faces.portal.visitors import public
from yanzhen.foundation import limits
from yanzhen.foundation.errors import Refusal

SALT = "yanzhen.portal.feedback"
LEAVE_SECONDS = 1800
"""How long a page that was opened may still be written from."""
EMPTY = ("", _("不评价"))
GONE = _("页面已过期，或编号与查询码不符，请重新查询进度后再提交")


class AnswerForm(forms.Form):
    solved = forms.TypedChoiceField(
        label=_("您的问题解决了吗"),
        choices=(("", _("请选择")), ("true", _("已解决")), ("false", _("没有解决"))),
        coerce=lambda value: value == "true",
        empty_value=None,
    )
    satisfaction = forms.ChoiceField(
        label=_("对办理结果"), choices=[EMPTY, *Case.Satisfaction.choices], required=False
    )
    service = forms.ChoiceField(
        label=_("对服务态度"), choices=[EMPTY, *Case.Satisfaction.choices], required=False
    )
    words = forms.CharField(
        label=_("想说的话（选填）"), max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )


class AppealForm(forms.Form):
    objection = forms.CharField(
        label=_("您为什么不同意"), max_length=2000, widget=forms.Textarea(attrs={"rows": 4})
    )


def progress_page(
    request: HttpRequest,
    case: Case,
    *,
    by_code: bool,
    done: str = "",
    sent: Mapping[str, forms.Form] | None = None,
    status: int = 200,
) -> HttpResponse:
    """Show what may be seen of the case, to the holder of the check code with the leave to say what came of it.

    `sent` is a form that was refused.
    """
    context = {
        "progress": queries.progress(case, by_code),
        "feedback": feedback(case),
        "by_code": by_code,
        "leave": signing.dumps(case.number, salt=_salt(case)) if by_code else "",
        "done": done,
        "answer_form": AnswerForm(),
        "appeal_form": AppealForm(),
        **(sent or {}),
    }
    return render(request, "portal/progress.html", context, status=status)


@require_POST
@public
def answer(request: HttpRequest) -> HttpResponse:
    form = AnswerForm(request.POST)
    return _said(
        request, form, "answer_form", gettext("已收到您的评价，谢谢。办结前您可以修改。"),
        lambda case: actions.answer_online(case, actions.Answer(**form.cleaned_data)),
    )  # fmt: skip


@require_POST
@public
def appeal(request: HttpRequest) -> HttpResponse:
    form = AppealForm(request.POST)
    return _said(
        request, form, "appeal_form", gettext("已收到您的异议，将由另一位工作人员复核。"),
        lambda case: appeal_online(case, objection=form.cleaned_data["objection"]),
    )  # fmt: skip


def _said(
    request: HttpRequest, form: forms.Form, name: str, done: str, act: Callable[[Case], object]
) -> HttpResponse:
    """Act for the holder of a leave and show the case again, with what went wrong in the form."""
    case = _opened(request)
    if not form.is_valid():
        return progress_page(request, case, by_code=True, status=422, sent={name: form})
    try:
        act(case)
    except Refusal as refusal:
        form.add_error(None, refusal.message)
        return progress_page(request, case, by_code=True, status=refusal.status, sent={name: form})
    return progress_page(request, case, by_code=True, done=done)


def _opened(request: HttpRequest) -> Case:
    """Return the case that the leave opens; a wrong one counts as a guess at the number. Raises NotFound, TooMany."""
    number = request.POST.get("number", "")[:40]
    leave = request.POST.get("leave", "")
    tries = visitors.count_look(request, number, secret=leave)
    case = queries.by_number(number)
    if case is None:
        raise NotFound(str(GONE))
    try:
        held = signing.loads(leave, salt=_salt(case), max_age=LEAVE_SECONDS)
    except signing.BadSignature:
        raise NotFound(str(GONE)) from None
    if held != number:
        raise NotFound(str(GONE))
    limits.clear(tries)
    return case


def _salt(case: Case) -> str:
    """A new check code ends the leaves that were given on the old one."""
    return f"{SALT}.{bytes(case.check_hash).hex()}"
