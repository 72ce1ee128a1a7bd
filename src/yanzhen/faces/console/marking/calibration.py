"""The calibration for its organiser: samples, how each judge lies, where judges differ, and opening the marking."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from yanzhen.engines.programmes.calibration import actions, queries
from yanzhen.engines.programmes.models import Round
from yanzhen.engines.programmes.panels import standing
from yanzhen.faces.console.forms import act_form, text_field
from yanzhen.faces.console.pages import page, sent
from yanzhen.faces.console.panels.frame import CALIBRATION, WAYS, act, round_or_404, show_tab
from yanzhen.faces.http import AccountRequest


@page("GET", "HEAD")
def one(request: AccountRequest, pk: int) -> HttpResponse:
    round_, stage = _round(request, pk)
    standings = queries.standings(round_, stage)
    names = standing.judge_names(round_)
    labels = {aspect.code: aspect.label for aspect in round_.programme.aspects}
    context = {
        "stage": stage,
        "released": queries.release_of(round_, stage),
        "shut": actions.shut(round_, stage),
        "samples": queries.agreements(round_, stage),
        "standings": standings,
        "ready": sum(one.ready for one in standings),
        "limits": queries.limits(round_),
        "apart": [
            (number, labels.get(found.aspect, found.aspect), [(names.get(j, "—"), level) for j, level in found.levels])
            for number, found in queries.apart(round_, stage)
        ],
    }  # fmt: skip
    return show_tab(request, "console/marking/calibration.html", context, round_=round_, tab=CALIBRATION[0])


@page(*WAYS)
def adding(request: AccountRequest, pk: int) -> HttpResponse:
    round_, _stage = _round(request, pk)
    form = act_form(
        {
            "number": forms.CharField(
                label=_("申报编号"), max_length=40, help_text=_("本轮评审中的，或同一方案往年的申报")
            ),
            "reference": forms.DecimalField(
                label=_("参考分（选填）"), required=False, max_digits=5, decimal_places=2,
                help_text=_("百分制；不填时以评委的中位数为准"),
                widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
            ),
        },
        sent(request),
    )  # fmt: skip
    return act(
        request, form,
        lambda given: actions.add_sample(
            round_, given["number"], reference=given["reference"], actor=request.user
        ),
        label=gettext("增加样卷"), done=gettext("已增加"), back=reverse("console:calibration", args=[pk]), round=round_,
        note=gettext("样卷给全体评委匿名试评，不计分。评委与申报人有利害关系的，不会看到这一件。"),
    )  # fmt: skip


@page(*WAYS)
def dropping(request: AccountRequest, pk: int, sample: int) -> HttpResponse:
    round_, stage = _round(request, pk)
    held = queries.sample_of(round_, stage, sample)
    if held is None:
        raise Http404
    return act(
        request, act_form({}, sent(request)), lambda _given: actions.drop_sample(held, actor=request.user),
        label=gettext("撤下样卷"), done=gettext("已撤下"), back=reverse("console:calibration", args=[pk]), round=round_,
        danger=True,
    )  # fmt: skip


@page(*WAYS)
def releasing(request: AccountRequest, pk: int) -> HttpResponse:
    round_, stage = _round(request, pk)
    found = queries.standings(round_, stage)
    ready = sum(one.ready for one in found)
    form = act_form(
        {
            "why": text_field(
                _("理由（全体评委已达要求时可不填）"), required=False, help_text=_("写入记录，可供查验")
            )
        },
        sent(request),
    )
    return act(
        request, form, lambda given: actions.release(round_, why=given["why"], actor=request.user),
        label=gettext("放行正式打分"), done=gettext("已放行，评委可以正式打分"),
        back=reverse("console:calibration", args=[pk]), round=round_,
        note=gettext("%(ready)s 名评委已达要求，共 %(all)s 名。放行后不能再试评，也不能撤回。")
        % {"ready": ready, "all": len(found)},
    )  # fmt: skip


def _round(request: AccountRequest, pk: int) -> tuple[Round, Any]:
    round_ = round_or_404(request, pk)
    stage = queries.stage_of(round_)
    if stage is None:
        raise Http404(gettext("方案没有定校准样卷，本轮不必校准"))
    return round_, stage
