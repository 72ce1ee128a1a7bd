"""The call-backs: whose turn it is, a call noted with one click, the caller's answer, the end without one."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from yanzhen.domains.hotline.closing import actions, queries
from yanzhen.domains.hotline.closing.models import Attempt
from yanzhen.domains.hotline.models import Case
from yanzhen.faces.console.cells import due_of, title_of
from yanzhen.faces.console.desks import CASES
from yanzhen.faces.console.forms import YES_NO, act_form, text_field
from yanzhen.faces.console.keys import CAP, Order, count_of, page_of
from yanzhen.faces.console.lists import with_
from yanzhen.faces.console.pages import attempt, look_at, page, see_other, sent, show
from yanzhen.faces.console.pickers import EMPTY
from yanzhen.faces.http import AccountRequest
from yanzhen.foundation.errors import Refusal

BY_TERM = Order("due_at", "时限近的在前", nullable=True)
SIZE = 20
Outcome = Attempt.Outcome
AT_ONCE = (Outcome.NO_ANSWER, Outcome.BUSY, Outcome.REFUSED)
"""Outcomes that need no more words: one click."""
WITH_WORDS = (Outcome.LATER, Outcome.WRONG)
WAYS = ("GET", "HEAD", "POST")


AGAIN, CHECK = "again", "check"
HANDLING = "handling"


def then_field() -> forms.ChoiceField:
    """What becomes of a case that is not solved: it is handled again, unless somebody says that nothing can be done."""
    return forms.ChoiceField(
        label=_("没有解决的，接下来"),
        choices=[
            (AGAIN, _("退回重办：重新计时，由他人承办")),
            (CHECK, _("转质检：确实无法解决，由质检人员写明理由如实办结")),
        ],
        initial=AGAIN,
        required=False,
        widget=forms.RadioSelect,
    )


class AnswerForm(forms.Form):
    solved = forms.TypedChoiceField(
        label=_("问题是否解决"), choices=YES_NO, coerce=lambda value: value == "true", empty_value=None
    )
    then = then_field()
    satisfaction = forms.ChoiceField(
        label=_("对办理结果（选填）"), choices=[EMPTY, *Case.Satisfaction.choices], required=False
    )
    service = forms.ChoiceField(
        label=_("对服务态度（选填）"), choices=[EMPTY, *Case.Satisfaction.choices], required=False
    )
    words = forms.CharField(
        label=_("诉求人的话（选填）"),
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


@page("GET", "HEAD")
def listing(request: AccountRequest) -> HttpResponse:
    rows = queries.call_backs(request.user)
    found = page_of(rows, BY_TERM, cursor=request.GET.get("cursor", ""), size=SIZE)
    now = timezone.now()
    turns = [
        (turn, title_of(CASES, turn.case, request.user), due_of(turn.case.due_at, turn.case.warn_at, now=now))
        for turn in queries.turns(found.rows)
    ]
    context = {
        "turns": turns, "desk": CASES, "at_once": AT_ONCE, "with_words": WITH_WORDS,
        "count": count_of(rows), "cap": CAP, "today": timezone.localdate(),
        "may_reveal": bool(request.user.reaches("case.reveal")),
        "previous": with_(request.GET, cursor=found.previous) if found.previous else "",
        "following": with_(request.GET, cursor=found.following) if found.following else "",
    }  # fmt: skip
    return show(request, "console/closing/calls.html", context)


@page("POST")
def noting(request: AccountRequest, number: str) -> HttpResponse:
    """Note a call that needs no more words; what was noted by mistake is taken back from the list."""
    case = _case(request, number)
    try:
        made = actions.note_attempt(case, actor=request.user, outcome=request.POST.get("outcome", ""))
    except Refusal as refusal:
        messages.error(request, f"{number}：{refusal.message}")
    else:
        done = gettext("已记录 %(number)s：%(outcome)s；记错了可在下方更正")
        messages.success(
            request, done % {"number": number, "outcome": gettext(str(made.get_outcome_display()))}
        )
    return see_other(reverse("console:call-backs"))


@page(*WAYS)
def telling(request: AccountRequest, number: str, outcome: str) -> HttpResponse:
    """Note a call that needs a time or a word."""
    case = _case(request, number)
    if outcome not in WITH_WORDS:
        raise Http404
    fields: dict[str, forms.Field] = {}
    if outcome == Outcome.LATER:
        when = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
        fields["again_at"] = forms.DateTimeField(label=gettext("诉求人约定的时间"), widget=when)
    wrong = outcome == Outcome.WRONG
    label = gettext("怎样核对的") if wrong else gettext("备注（选填）")
    fields["note"] = forms.CharField(label=label, max_length=200, required=wrong)
    form = act_form(fields, sent(request))

    def act(given: dict[str, Any]) -> None:
        actions.note_attempt(case, actor=request.user, outcome=outcome, **given)

    return _form_page(
        request, case, form, act, label=gettext(str(Outcome(outcome).label)), done=gettext("已记录")
    )


@page(*WAYS)
def reached(request: AccountRequest, number: str) -> HttpResponse:
    case = _case(request, number)
    form = AnswerForm(sent(request))

    def act(given: dict[str, Any]) -> None:
        then, answer = given.pop("then"), actions.Answer(**given)
        again = _again(then, solved=answer.solved, words=answer.words)
        actions.finish_by_phone(case, answer, actor=request.user, again=again)

    return _form_page(
        request, case, form, act, label=gettext("联系上：回访结果"), done=gettext("已回访"), reply=True
    )


@page(*WAYS)
def taking_over(request: AccountRequest, number: str) -> HttpResponse:
    """Take what the caller said online for the call-back."""
    case = _case(request, number)
    said = queries.turns([case])[0].said
    unsolved = said is not None and not said.solved
    form = act_form({"then": then_field()} if unsolved else {}, sent(request))

    def act(given: dict[str, Any]) -> None:
        again = _again(given.get("then", ""), solved=not unsolved, words=said.words if said else "")
        actions.finish_by_web(case, actor=request.user, again=again)

    return _form_page(
        request, case, form, act, label=gettext("采用网上评价"), done=gettext("已按网上评价完成回访")
    )


@page(*WAYS)
def giving_up(request: AccountRequest, number: str) -> HttpResponse:
    case = _case(request, number)
    form = act_form({"note": text_field(gettext("说明（选填）"), required=False)}, sent(request))
    return _form_page(
        request, case, form, lambda given: actions.give_up(case, actor=request.user, **given),
        label=gettext("按“未联系到”结束回访"), done=gettext("已结束回访"),
    )  # fmt: skip


@page("POST")
def taking_back(request: AccountRequest, number: str, pk: int) -> HttpResponse:
    case = _case(request, number)
    made = next((a for a in queries.turns([case])[0].attempts if a.pk == pk), None)
    if made is None:
        raise Http404
    try:
        actions.take_back_attempt(made, actor=request.user)
    except Refusal as refusal:
        messages.error(request, f"{number}：{refusal.message}")
    else:
        messages.success(request, gettext("已更正"))
    return see_other(reverse("console:call-backs"))


def _form_page(
    request: AccountRequest,
    case: Case,
    form: forms.Form,
    act: Any,
    *,
    label: str,
    done: str,
    reply: bool = False,
) -> HttpResponse:
    """Show the form; when it is sent, act and go back to the list."""
    status = 200
    if form.is_bound:
        refusal = attempt(form, act)
        if refusal is None:
            case.refresh_from_db(fields=["state"])
            if case.state == HANDLING:
                done = gettext("已回访；诉求人反映未解决，已退回重办，须由他人承办")
            messages.success(request, f"{case.number}：{done}")
            return see_other(reverse("console:call-backs"))
        status = refusal.status
    context = {
        "form": form, "label": label, "turn": queries.turns([case])[0], "case": case,
        "title": title_of(CASES, case, request.user), "desk": CASES, "back": reverse("console:call-backs"), "reply": reply,
    }  # fmt: skip
    return show(request, "console/closing/call.html", context, status=status)


def _again(then: str, *, solved: bool, words: str) -> str:
    """Return why a case is handled once more: it is, where it was not solved and nobody chose otherwise; "" where not."""
    return "" if solved or then == CHECK else actions.why_again(words)


def _case(request: AccountRequest, number: str) -> Case:
    case = queries.call_backs(request.user).filter(number=number).first()
    if case is None:
        raise Http404("没有这一件待回访的诉求，或已由他人回访，或不在您的权限范围内")
    look_at(request, CASES, case)
    return case
