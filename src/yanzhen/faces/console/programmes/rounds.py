"""Rounds for those who run them: where each is, what waits, its dates, its applications by state."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from yanzhen.engines.programmes import queries
from yanzhen.engines.programmes.actions import pausing as pauses
from yanzhen.engines.programmes.actions import rounds
from yanzhen.engines.programmes.models import Round, Window
from yanzhen.engines.programmes.turning import waiting
from yanzhen.engines.programmes.unfold import WHOLE
from yanzhen.faces.console.desk import Link
from yanzhen.faces.console.forms import act_form, text_field
from yanzhen.faces.console.pages import attempt, page, see_other, sent, show
from yanzhen.faces.console.programmes.desk import APPLICATIONS
from yanzhen.faces.console.timeline import told
from yanzhen.faces.http import AccountRequest

WAYS = ("GET", "HEAD", "POST")
LINKS = [
    Link("评委与计分", "console:panel-round", "users", rounds.RUN),
    Link("名额与构成", "console:results-places", "adjustments", rounds.RUN),
    Link("入围名单", "console:results-shortlist", "list-check", rounds.RUN),
    Link("公示", "console:results-notice", "message-circle", rounds.RUN),
]
"""Pages about one round that other parts have; `view` takes the round's id."""
OF_KIND = {
    "vote": Link("网络投票", "console:votes", "list-check", rounds.RUN),
    "inspect": Link("实地考察", "console:inspection-round", "building", rounds.RUN),
}
"""Those of a kind of stage, offered where the round has one."""


class MomentField(forms.DateTimeField):
    """A day and a minute, as browsers send them."""

    def __init__(self, **more: Any) -> None:
        widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
        super().__init__(widget=widget, input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"], **more)


@page("GET", "HEAD")
def listing(request: AccountRequest) -> HttpResponse:
    rows = [(one, one.stage_now, one.window(one.stage)) for one in queries.rounds(request.user)[:200]]
    return show(request, "console/programmes/rounds.html", {"rows": rows})


@page("GET", "HEAD")
def one(request: AccountRequest, pk: int) -> HttpResponse:
    held = _round(request, pk)
    runs = held.status == Round.Status.RUNNING
    may_run = runs and request.user.has_right(rounds.RUN, held)
    return show(
        request,
        "console/programmes/round.html",
        {
            "round": held,
            "desk": APPLICATIONS,
            "stages": _stages(held),
            "following": held.programme.after(held.stage) if runs else None,
            "waiting": waiting(held, at=timezone.now()) if may_run else [],
            "counts": queries.by_state(held, request.user),
            "may_run": may_run,
            "links": [link for link in _links(held) if request.user.reaches(link.right)],
            "timeline": told(queries.round_history(held), WHOLE),
        },
    )


def _links(held: Round) -> list[Link]:
    return [*LINKS, *(link for kind, link in OF_KIND.items() if held.programme.of_kind(kind))]


@page(*WAYS)
def turning(request: AccountRequest, pk: int) -> HttpResponse:
    held = _round(request, pk)
    following = held.programme.after(held.stage)
    label = gettext("进入“%s”环节") % following.label if following else gettext("结束本轮")
    form = act_form({"note": text_field(_("说明（选填）"), required=False)}, sent(request))
    return _act(
        request, held, form, lambda given: rounds.turn(held, actor=request.user, note=given["note"]),
        label=label, done=gettext("已办理：%s") % label, reasons=waiting(held, at=timezone.now()),
    )  # fmt: skip


@page(*WAYS)
def pausing(request: AccountRequest, pk: int) -> HttpResponse:
    """Let the round stand still until a day, or make the pause that runs end on another."""
    held = _round(request, pk)
    form = forms.Form(sent(request), initial={"until": held.paused_until, "why": held.pause_why})
    form.fields["until"] = forms.DateField(
        label=gettext("预计恢复日期"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=gettext("这一天自动恢复；此前各环节都不办理，时限和公示期不计算，后面的环节时间顺延"),
    )  # fmt: skip
    form.fields["why"] = text_field(gettext("暂停的理由"), help_text=gettext("申报人会看到"))
    return _act(
        request, held, form, lambda given: pauses.pause(held, actor=request.user, **given),
        label=gettext("暂停轮次"), done=gettext("已暂停"),
    )  # fmt: skip


@page(*WAYS)
def resuming(request: AccountRequest, pk: int) -> HttpResponse:
    held = _round(request, pk)
    form = act_form({"why": text_field(_("说明（选填）"), required=False)}, sent(request))
    return _act(
        request, held, form, lambda given: pauses.resume(held, actor=request.user, **given),
        label=gettext("恢复轮次"), done=gettext("已恢复，没有用完的暂停日已从各项时限中减去"),
    )  # fmt: skip


@page(*WAYS)
def cancelling(request: AccountRequest, pk: int) -> HttpResponse:
    held = _round(request, pk)
    form = act_form({"why": text_field(_("取消的理由"), help_text=_("取消后不能恢复"))}, sent(request))
    return _act(
        request, held, form, lambda given: rounds.cancel(held, why=given["why"], actor=request.user),
        label=gettext("取消轮次"), done=gettext("已取消"), danger=True,
    )  # fmt: skip


@page(*WAYS)
def dating(request: AccountRequest, pk: int, stage: str) -> HttpResponse:
    """Move the dates of a stage, for a reason."""
    held = _round(request, pk)
    window = next((one for one in held.windows.all() if one.stage == stage), None)
    if window is None:
        raise Http404
    form = forms.Form(sent(request), initial={"opens_at": window.opens_at, "closes_at": window.closes_at})
    form.fields["opens_at"] = MomentField(label=gettext("开始"))
    form.fields["closes_at"] = MomentField(
        label=gettext("截止（不含）"), help_text=gettext("截止到 9 日当天结束的，填 10 日 00:00")
    )
    form.fields["why"] = text_field(gettext("理由"))
    return _act(
        request, held, form, lambda given: rounds.set_window(window, actor=request.user, **given),
        label=gettext("调整时间：%s") % held.programme.stage(stage).label, done=gettext("已调整"),
    )  # fmt: skip


def _stages(held: Round) -> list[tuple[Any, Window, str]]:
    """Return (stage, window, where it lies: done, here or ahead) in their order."""
    windows = list(held.windows.all())
    here = next(one.order for one in windows if one.stage == held.stage)
    over = held.status == Round.Status.ENDED
    return [
        (
            held.programme.stage(one.stage),
            one,
            "done" if over or one.order < here else "here" if one.order == here else "ahead",
        )
        for one in windows
    ]


def _act(
    request: AccountRequest, held: Round, form: forms.Form, act: Any, *, label: str, done: str, **more: Any
) -> HttpResponse:
    """Show the form of an act on a round; when it is sent, act and go back to the round."""
    status = 200
    if form.is_bound:
        refusal = attempt(form, act)
        if refusal is None:
            messages.success(request, done)
            return see_other(reverse("console:round", args=[held.pk]))
        status = refusal.status
    context = {"round": held, "form": form, "label": label, **more}
    return show(request, "console/programmes/round_act.html", context, status=status)


def _round(request: AccountRequest, pk: int) -> Round:
    found = queries.rounds(request.user).filter(pk=pk).first()
    if found is None:
        raise Http404
    return found
