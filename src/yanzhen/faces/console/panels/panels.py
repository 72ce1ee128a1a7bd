"""A panel round for its organiser: who judges, who may not judge what, and panels filled after a preview."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

from django import forms
from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from yanzhen.engines.matching.panels import Panel
from yanzhen.engines.programmes.models import Application, Round
from yanzhen.engines.programmes.panels import standing
from yanzhen.engines.programmes.panels.actions import judging
from yanzhen.engines.programmes.panels.models import AssignmentRun, Bar, Judge
from yanzhen.faces.console import choices
from yanzhen.faces.console.forms import act_form
from yanzhen.faces.console.pages import page, sent, show
from yanzhen.faces.console.panels.frame import WAYS, act, round_or_404, show_tab
from yanzhen.faces.console.panels.sheet import reason_field
from yanzhen.faces.console.pickers import EMPTY
from yanzhen.faces.http import AccountRequest
from yanzhen.faces.places import regions_in_force
from yanzhen.foundation.errors import Invalid, Refusal
from yanzhen.foundation.models import Organisation

MOST_SHOWN = 200
LONGEST_TOPIC = 32


@page("GET", "HEAD")
def one(request: AccountRequest, pk: int) -> HttpResponse:
    """Where the round stands, and each run of the solver with what makes it repeatable."""
    round_ = round_or_404(request, pk)
    runs = [(run, standing.sentences(run.shortages)) for run in standing.assignment_runs(round_)[:20]]
    context = {"counts": standing.counts(round_), "runs": runs, "stage": round_.stage_now}
    return show_tab(request, "console/panels/round.html", context, round_=round_, tab="console:panel-round")


@page("GET", "HEAD")
def judges(request: AccountRequest, pk: int) -> HttpResponse:
    round_ = round_or_404(request, pk)
    context = {"judges": standing.judges(round_), "bars": standing.bars(round_)[:MOST_SHOWN]}
    return show_tab(request, "console/panels/judges.html", context, round_=round_, tab="console:panel-judges")


@page(*WAYS)
def inviting(request: AccountRequest, pk: int) -> HttpResponse:
    round_ = round_or_404(request, pk)
    region: forms.ModelChoiceField[Any] = forms.ModelChoiceField(
        regions_in_force(), label=_("所在地"), help_text=_("本市的申报不分给本市的评委；省直单位的选全省")
    )
    region.choices = [EMPTY, choices.province(), *choices.regions()]
    form = act_form(
        {
            "account": forms.ModelChoiceField(
                standing.markers(round_),
                label=_("账号"),
                empty_label=EMPTY[1],
                help_text=_("列出有“评审打分”权限、还不是本轮评委的账号"),
            ),
            "region": region,
            "employer": forms.CharField(
                label=_("工作单位全称（选填）"), required=False, max_length=120, help_text=_("不填按账号所属单位；同单位的申报不分给")
            ),
            "topics": forms.CharField(
                label=_("专长（选填）"), required=False, max_length=300, help_text=_("组别或行业代码前三位，用逗号隔开")
            ),
            "most": forms.IntegerField(
                label=_("至多承担件数（选填）"), required=False, min_value=1, max_value=10000
            ),
        },
        sent(request),
    )  # fmt: skip

    def invite(given: dict[str, Any]) -> None:
        judging.invite(
            round_, given["account"], region=given["region"], employer=_unit(given["employer"]),
            topics=_topics(given["topics"]), most=given["most"], actor=request.user,
        )  # fmt: skip

    back = reverse("console:panel-judges", args=[pk])
    return act(
        request, form, invite, label=gettext("邀请评委"), done=gettext("已邀请"), back=back, round=round_
    )


@page(*WAYS)
def barring(request: AccountRequest, pk: int, judge: int) -> HttpResponse:
    """Keep a judge from an application; what was filed of it becomes void."""
    round_ = round_or_404(request, pk)
    held = _judge(round_, judge)
    form = act_form(
        {
            "number": forms.CharField(label=_("申报编号"), max_length=40),
            "kind": forms.ChoiceField(label=_("回避事由"), choices=[EMPTY, *Bar.Kind.choices]),
            "why": reason_field(_("说明")),
        },
        sent(request),
    )

    def bar(given: dict[str, Any]) -> None:
        row: Application | None = (
            standing.under_review(round_, request.user).filter(number=given["number"].strip().upper()).first()
        )
        if row is None:
            raise Invalid("没有这件申报", fields={"number": "本轮评审中没有这个编号的申报，请核对"})
        judging.declare(held, row, kind=given["kind"], why=given["why"], actor=request.user)

    return act(
        request, form, bar, label=gettext("登记回避：%(judge)s") % {"judge": held}, done=gettext("已登记；空缺请补位"),
        back=reverse("console:panel-judges", args=[pk]), round=round_, danger=True,
        note=gettext("该评委已交的这件评分会作废，任务收回；其他评分不动。"),
    )  # fmt: skip


@page(*WAYS)
def filling(request: AccountRequest, pk: int) -> HttpResponse:
    """Fill the panels: first as they would be, then, confirmed, as they were shown."""
    round_ = round_or_404(request, pk)
    return _filled(request, round_, holes=False)


@page(*WAYS)
def mending(request: AccountRequest, pk: int) -> HttpResponse:
    """Fill the holes that judges who left and bars have torn; no filed mark moves."""
    round_ = round_or_404(request, pk)
    return _filled(request, round_, holes=True)


def _filled(request: AccountRequest, round_: Round, *, holes: bool) -> HttpResponse:
    form = _gone_form(request, round_, holes=holes)
    status, confirmed = 200, request.method == "POST" and "confirm" in request.POST

    def run(given: dict[str, Any], *, preview: bool) -> tuple[AssignmentRun, Panel]:
        seen = "" if preview else request.POST.get("seen", "") or "-"
        if holes:
            gone = given.get("gone", ())
            return judging.fill_holes(round_, gone=gone, actor=request.user, preview=preview, seen=seen)
        return judging.fill_panels(round_, actor=request.user, preview=preview, seen=seen)

    label = gettext("补位") if holes else gettext("分配评委")
    back = reverse("console:panel-round", args=[round_.pk])
    shown: dict[str, Any] = {}
    if confirmed:
        answer = act(
            request, form, lambda given: run(given, preview=False), label=label, done=gettext("已分配"), back=back,
            template="console/panels/fill.html", round=round_, holes=holes,
        )  # fmt: skip
        if answer.status_code == 303:
            return answer
        status = answer.status_code
    try:
        form.is_valid()  # a form that is only opened holds nothing
        shown = _preview(round_, *run(getattr(form, "cleaned_data", {}), preview=True))
    except Refusal as refusal:
        status = refusal.status if form.is_bound else status
        shown = {"refused": refusal.message}
    context = {"form": form, "label": label, "back": back, "round": round_, "holes": holes, **shown}
    return show(request, "console/panels/fill.html", context, status=status)


def _gone_form(request: AccountRequest, round_: Round, *, holes: bool) -> forms.Form:
    form = forms.Form(sent(request))
    if holes:
        form.fields["gone"] = forms.ModelMultipleChoiceField(
            standing.serving(round_),
            label=gettext("离任的评委（没有则不选）"),
            required=False,
            widget=forms.CheckboxSelectMultiple,
        )
    return form


def _preview(round_: Round, run: AssignmentRun, panel: Panel) -> dict[str, Any]:
    """Return what the panels would be: loads of the judges, what they lack, and what makes the run repeatable."""
    loads = Counter(int(judge) for judge in panel.judges)
    rows = [(judge, loads.get(judge.pk, 0)) for judge in standing.judges(round_) if judge.active]
    return {
        "run": run,
        "loads": sorted(rows, key=lambda row: (-row[1], row[0].pk)),
        "assigned": len(panel.judges),
        "lacking": standing.sentences(panel.shortages),
        "idle": len(panel.idle),
    }


def _judge(round_: Round, pk: int) -> Judge:
    held = standing.judge_of(round_, pk)
    if held is None:
        raise Http404
    return held


def _unit(name: str) -> Organisation | None:
    if not name.strip():
        return None
    found = standing.units_called(name)
    if len(found) != 1:
        said = "有几个同名的单位，请先在单位页核对" if found else "没有这个单位：请填全称，或先登记单位"
        raise Invalid(said, fields={"employer": said})
    return found[0]


def _topics(text: str) -> list[str]:
    found = [topic for topic in re.split(r"[,，、;；\s]+", text) if topic]
    if any(len(topic) > LONGEST_TOPIC for topic in found):
        raise Invalid("专长过长", fields={"topics": f"每项至多 {LONGEST_TOPIC} 个字"})
    return found
