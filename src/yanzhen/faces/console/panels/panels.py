"""A panel round for its organiser: who judges, who may not judge what, and panels filled after a preview."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from django import forms
from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from yanzhen.engines.programmes.models import Application, Round
from yanzhen.engines.programmes.panels import standing
from yanzhen.engines.programmes.panels.actions import judging
from yanzhen.engines.programmes.panels.models import Bar, Judge
from yanzhen.engines.programmes.panels.works import PANEL_FILL, PANEL_PREVIEW
from yanzhen.engines.programmes.works.asking import ask
from yanzhen.engines.programmes.works.models import Work
from yanzhen.faces.console import choices, works
from yanzhen.faces.console.forms import act_form
from yanzhen.faces.console.pages import page, sent
from yanzhen.faces.console.panels.frame import WAYS, act, round_or_404, show_tab
from yanzhen.faces.console.panels.sheet import reason_field
from yanzhen.faces.console.pickers import EMPTY
from yanzhen.faces.http import AccountRequest
from yanzhen.faces.places import regions_in_force
from yanzhen.foundation.errors import Invalid
from yanzhen.foundation.models import Organisation

MOST_SHOWN = 200
LONGEST_TOPIC = 32


@page("GET", "HEAD")
def one(request: AccountRequest, pk: int) -> HttpResponse:
    """Where the round stands, and each run of the solver with what makes it repeatable."""
    round_ = round_or_404(request, pk)
    runs = [(run, standing.sentences(run.shortages)) for run in standing.assignment_runs(round_)[:20]]
    context = {
        "counts": standing.counts(round_),
        "runs": runs,
        "stage": round_.stage_now,
        **works.standing(round_, PANEL_FILL),
    }
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
    """Ask the worker for a preview; when it is there, show it with the form that confirms just that."""
    here = works.standing(round_, PANEL_PREVIEW, PANEL_FILL)
    shown = _previewed(round_, here["work"], holes=holes)
    form = _gone_form(request, round_, holes=holes, gone=shown.get("gone", ()))
    label = gettext("补位") if holes else gettext("分配评委")
    confirmed = request.method == "POST" and "confirm" in request.POST
    back = reverse("console:panel-round", args=[round_.pk])

    def run(given: dict[str, Any]) -> None:
        asked = {"holes": holes, "gone": sorted(judge.pk for judge in given.get("gone", ()))}
        if confirmed:
            ask(round_, PANEL_FILL, actor=request.user, seen=request.POST.get("seen", ""), **asked)
        else:
            ask(round_, PANEL_PREVIEW, actor=request.user, **asked)

    return act(
        request, form, run, label=label, done=gettext(works.ASKED), back=back if confirmed else request.path,
        leave=back, template="console/panels/fill.html", round=round_, holes=holes, **here, **shown,
    )  # fmt: skip


def _gone_form(request: AccountRequest, round_: Round, *, holes: bool, gone: Sequence[int]) -> forms.Form:
    form = forms.Form(sent(request), initial={"gone": gone})
    if holes:
        form.fields["gone"] = forms.ModelMultipleChoiceField(
            standing.serving(round_),
            label=gettext("离任的评委（没有则不选）"),
            required=False,
            widget=forms.CheckboxSelectMultiple,
        )
    return form


def _previewed(round_: Round, work: Work | None, *, holes: bool) -> dict[str, Any]:
    """Return what the panels would be, where the last that was done is such a preview: loads, shortages, the stamp."""
    if work is None or work.kind != PANEL_PREVIEW or not work.result or work.given["holes"] != holes:
        return {}
    found = work.result
    loads = dict(found["loads"])
    rows = [(judge, loads.get(judge.pk, 0)) for judge in standing.serving(round_)]
    return {
        "preview": found,
        "gone": work.given["gone"],
        "loads": sorted(rows, key=lambda row: (-row[1], row[0].pk)),
        "assigned": found["assigned"],
        "idle": found["idle"],
        "lacking": standing.sentences(found["shortages"]),
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
