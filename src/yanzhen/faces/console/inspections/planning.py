"""The organiser's pages: what is outstanding, plans for one application or a tour of several, changes, and what was found."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import FileResponse, Http404, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from yanzhen.engines.programmes.models import Round
from yanzhen.engines.programmes.panels import standing
from yanzhen.engines.programmes.visits import actions, queries
from yanzhen.engines.programmes.visits.models import Visit
from yanzhen.faces.console.forms import act_form
from yanzhen.faces.console.inspections.errands import handed_over
from yanzhen.faces.console.pages import attempt, page, see_other, sent, show
from yanzhen.faces.console.panels.frame import act
from yanzhen.faces.console.panels.progress import asked_page
from yanzhen.faces.console.panels.sheet import reason_field
from yanzhen.faces.console.pickers import EMPTY
from yanzhen.faces.http import AccountRequest
from yanzhen.foundation import attachments
from yanzhen.foundation.models import Account

WAYS = ("GET", "HEAD", "POST")
SIZE = 100
PLACES = ("first", "second", "third")
LABELS = {"first": _("考察人员"), "second": _("考察人员二（选填）"), "third": _("考察人员三（选填）")}


@page("GET", "HEAD")
def listing(request: AccountRequest, pk: int) -> HttpResponse:
    """The applications by what is outstanding; those without a visit may be ticked and planned together."""
    round_, stage = _round(request, pk)
    asked = request.GET.get("box", "")
    box = asked if asked in queries.BOXES else queries.TODO
    number, today = asked_page(request), timezone.localdate()
    first = (number - 1) * SIZE
    found = queries.lines(round_, stage, request.user, box, today=today, first=first, most=SIZE + 1)
    counts = queries.counts(round_, stage, request.user, today=today)
    context = {
        "round": round_,
        "stage": stage,
        "on": round_.stage == stage.code,
        "window": round_.window(stage.code),
        "box": box,
        "boxes": [(code, label, counts[code]) for code, label in queries.BOXES.items()],
        "lines": found[:SIZE],
        "today": today,
        "previous": f"box={box}&page={number - 1}" if number > 1 else "",
        "following": f"box={box}&page={number + 1}" if len(found) > SIZE else "",
    }
    return show(request, "console/inspections/round.html", context)


@page(*WAYS)
def planning(request: AccountRequest, pk: int) -> HttpResponse:
    """Plan a visit to each of the applications that were ticked."""
    round_, _stage = _round(request, pk)
    asked = request.POST if request.method == "POST" else request.GET
    rows = queries.picked(round_, request.user, asked.getlist("number")[: actions.MOST_AT_ONCE + 1])
    back = reverse("console:inspection-round", args=[pk])
    if not rows:
        messages.error(request, gettext("请先勾选要考察的申报"))
        return see_other(back)
    form = act_form(_fields(round_), sent(request))
    status = 200
    if form.is_bound:
        refusal = attempt(
            form,
            lambda given: actions.plan(
                round_, [row.number for row in rows], on=given["on"], inspectors=_going(given), note=given["note"],
                actor=request.user,
            ),
        )  # fmt: skip
        if refusal is None:
            messages.success(request, gettext("已安排 %(n)s 件") % {"n": len(rows)})
            return see_other(back)
        status = refusal.status
    context = {"round": round_, "rows": rows, "form": form, "back": back}
    return show(request, "console/inspections/plan.html", context, status=status)


@page("GET", "HEAD")
def one(request: AccountRequest, pk: int, visit: int) -> HttpResponse:
    round_, stage = _round(request, pk)
    held = _visit(round_, visit)
    checks = [(item, actions.ANSWERS.get(answer, answer), note) for item, answer, note in held.checks]
    context = {
        "round": round_, "stage": stage, "visit": held, "checks": checks, "files": attachments.of(held),
        "inspectors": list(held.inspectors.all()),
    }  # fmt: skip
    return show(request, "console/inspections/visit.html", context)


@page(*WAYS)
def changing(request: AccountRequest, pk: int, visit: int) -> HttpResponse:
    round_, _stage = _round(request, pk)
    held = _visit(round_, visit)
    going = [one.pk for one in held.inspectors.all()]
    initial = {"on": held.on, "note": held.note, **dict(zip(PLACES, going, strict=False))}
    form = act_form({**_fields(round_), "why": reason_field(_("改动的理由"))}, sent(request))
    form.initial = initial
    return act(
        request, form,
        lambda given: actions.change(
            held, on=given["on"], inspectors=_going(given), note=given["note"], why=given["why"], actor=request.user
        ),
        label=gettext("改期或换人"), done=gettext("已改动"),
        back=reverse("console:inspection-visit", args=[pk, visit]), round=round_,
    )  # fmt: skip


@page(*WAYS)
def calling_off(request: AccountRequest, pk: int, visit: int) -> HttpResponse:
    round_, _stage = _round(request, pk)
    held = _visit(round_, visit)
    form = act_form({"why": reason_field(_("取消的理由"))}, sent(request))
    return act(
        request, form, lambda given: actions.call_off(held, why=given["why"], actor=request.user),
        label=gettext("取消考察"), done=gettext("已取消，请另行安排"),
        back=reverse("console:inspection-round", args=[pk]), round=round_, danger=True,
        note=gettext("取消后这件申报回到“未安排”；没有考察的，本环节不能结束。"),
    )  # fmt: skip


@page("GET", "HEAD")
def download(request: AccountRequest, pk: int, visit: int, file: Any) -> FileResponse:
    round_, _stage = _round(request, pk)
    return handed_over(request, attachments.of(_visit(round_, visit)), file)


def _round(request: AccountRequest, pk: int) -> tuple[Round, Any]:
    round_ = standing.run_by(request.user, pk)
    if round_ is None:
        raise Http404(gettext("没有这一轮次，或不由您组织"))
    stage = queries.stage_of(round_)
    if stage is None:
        raise Http404(gettext("本轮没有考察环节"))
    return round_, stage


def _visit(round_: Round, pk: int) -> Visit:
    held = queries.visit_of(round_, pk)
    if held is None:
        raise Http404
    return held


def _fields(round_: Round) -> dict[str, forms.Field]:
    who = queries.who_may_go(round_)
    fields: dict[str, forms.Field] = {
        "on": forms.DateField(
            label=_("考察日期"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
        )
    }
    for place in PLACES:
        fields[place] = forms.ModelChoiceField(
            who, label=LABELS[place], required=place == PLACES[0], empty_label=EMPTY[1]
        )
    fields["note"] = forms.CharField(
        label=_("行程说明（选填）"), required=False, max_length=300, help_text=_("如集合地点、联系方式")
    )
    return fields


def _going(given: dict[str, Any]) -> list[Account]:
    """Return those who go, each once."""
    return list(dict.fromkeys(given[place] for place in PLACES if given[place]))
