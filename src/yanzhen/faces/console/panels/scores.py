"""Score runs for the organiser: run, read raw beside corrected, compare, check by computing again, adopt."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext

from yanzhen.engines.programmes.models import Round
from yanzhen.engines.programmes.panels import standing
from yanzhen.engines.programmes.panels.actions import marking, running
from yanzhen.engines.programmes.panels.models import ScoreRun
from yanzhen.engines.programmes.panels.works import SCORES_ADOPT, SCORES_RUN
from yanzhen.engines.programmes.scoring.difference import difference
from yanzhen.engines.programmes.scoring.flags import hinges, judge_reports
from yanzhen.engines.programmes.scoring.methods import METHODS
from yanzhen.engines.programmes.works.asking import ask
from yanzhen.faces.console import works
from yanzhen.faces.console.forms import act_form
from yanzhen.faces.console.pages import attempt, page, see_other, sent, show
from yanzhen.faces.console.panels.frame import WAYS, act, round_or_404, show_tab
from yanzhen.faces.console.panels.progress import SIZE, asked_page, turned
from yanzhen.faces.http import AccountRequest
from yanzhen.foundation.errors import Refusal

MOST_SHOWN = 200


@page(*WAYS)
def listing(request: AccountRequest, pk: int) -> HttpResponse:
    """The runs, and a new one by the round's method or by another to compare with."""
    round_ = round_or_404(request, pk)
    fixed = round_.programme.scoring.method
    methods = [(m.code, m.label + (gettext("（本轮所定）") if m.code == fixed else "")) for m in METHODS]
    field = forms.ChoiceField(label=gettext("方法"), choices=sorted(methods, key=lambda one: one[0] != fixed))
    form = act_form({"method": field}, sent(request))
    status = 200
    if form.is_bound:
        refusal = attempt(
            form, lambda given: ask(round_, SCORES_RUN, actor=request.user, method=given["method"])
        )
        if refusal is None:
            return see_other(request.path)
        status = refusal.status
    labels = {method.code: method.label for method in METHODS}
    runs = [
        (run, labels.get(run.method, run.method), round_.programme.stage(run.stage).label)
        for run in standing.score_runs(round_)[:MOST_SHOWN]
    ]
    context = {"form": form, "runs": runs, "fixed": fixed, **works.standing(round_, SCORES_RUN, SCORES_ADOPT)}
    return show_tab(
        request,
        "console/panels/scores.html",
        context,
        round_=round_,
        tab="console:panel-scores",
        status=status,
    )


@page("GET", "HEAD")
def one(request: AccountRequest, pk: int, run: int) -> HttpResponse:
    """One run: raw and corrected side by side, what hinges on the correction, marks that look odd."""
    round_ = round_or_404(request, pk)
    made = _run(round_, run)
    result, number = running.result_of(made), asked_page(request)
    scores = result.scores[(number - 1) * SIZE : number * SIZE]
    places = standing.places_after(round_, made.stage)
    hinging = hinges(result, places)
    named = standing.numbers(
        [
            *(s.application for s in scores),
            *(h.application for h in hinging),
            *(flag[0] for flag in made.flags),
        ]
    )
    judges = standing.judge_names(round_)
    again = standing.given_again(round_)
    context = {
        "round": round_,
        "run": made,
        "result": result,
        "method": METHODS[made.method],
        "places": places,
        "rows": [(score, named.get(score.application, "—")) for score in scores],
        "hinging": [(hinge, named.get(hinge.application, "—")) for hinge in hinging],
        "flags": [_flag(flag, named, judges, again) for flag in made.flags[:MOST_SHOWN]],
        "others": [other for other in standing.score_runs(round_)[:MOST_SHOWN] if other.pk != made.pk],
        **turned(number, number * SIZE < len(result.scores)),
    }
    return show(request, "console/panels/score.html", context)


@page("GET", "HEAD")
def frozen(request: AccountRequest, pk: int, run: int) -> HttpResponse:
    """The bytes that were frozen: their SHA-256 is the result's hash."""
    made = _run(round_or_404(request, pk), run)
    answer = HttpResponse(bytes(made.frozen), content_type="application/json")
    answer["Content-Disposition"] = f'attachment; filename="score-run-{made.pk}.json"'
    return answer


@page("GET", "HEAD")
def checking(request: AccountRequest, pk: int, run: int) -> HttpResponse:
    """The run computed again from the marks that stand now, and how each judge marked where the method tells."""
    round_ = round_or_404(request, pk)
    made = _run(round_, run)
    context: dict[str, Any] = {"round": round_, "run": made, "code": running.result_of(made).code}
    try:
        found = running.computed_again(made)
    except Refusal as refusal:
        context["refused"] = refusal.message
    else:
        judges = standing.judge_names(round_)
        context |= {
            "again": found.result,
            "same_input": found.result.input_hash == made.input_hash,
            "same": found.result.hash == made.result_hash,
            "reports": [(r, judges.get(r.judge, "—")) for r in judge_reports(found.fit)] if found.fit else [],
        }
    return show(request, "console/panels/check.html", context)


@page("GET", "HEAD")
def comparing(request: AccountRequest, pk: int, run: int, other: int) -> HttpResponse:
    """What changes from one run to another: scores, places, who comes in and who goes out."""
    round_ = round_or_404(request, pk)
    before, after = _run(round_, other), _run(round_, run)
    context = {"round": round_, "before": before, "after": after, **_difference(round_, before, after)}
    return show(request, "console/panels/difference.html", context)


@page(*WAYS)
def adopting(request: AccountRequest, pk: int, run: int) -> HttpResponse:
    """Take a run as the score of its stage, after what it changes against the one adopted so far."""
    round_ = round_or_404(request, pk)
    made = _run(round_, run)
    before = standing.adopted(round_, made.stage)
    changes = _difference(round_, before, made) if before and before.pk != made.pk else {}
    return act(
        request, act_form({}, sent(request)), lambda _given: ask(round_, SCORES_ADOPT, actor=request.user, run=run),
        label=gettext("采用计分结果"), done=gettext(works.ASKED),
        back=reverse("console:panel-scores", args=[pk]), template="console/panels/adopt.html",
        round=round_, before=before, **changes,
    )  # fmt: skip


@page(*WAYS)
def marking_again(request: AccountRequest, pk: int, run: int, number: str) -> HttpResponse:
    """Give an application with an odd mark to one more judge, who is not told why."""
    round_ = round_or_404(request, pk)
    made = _run(round_, run)
    row = standing.under_review(round_, request.user).filter(number=number).first()
    if row is None or row.pk not in {flag[0] for flag in made.flags}:
        raise Http404
    return act(
        request, act_form({}, sent(request)), lambda _given: marking.mark_again(made, row, actor=request.user),
        label=gettext("复评：%(number)s") % {"number": number}, done=gettext("已另请一名评委"),
        back=reverse("console:panel-score", args=[pk, run]), round=round_,
        note=gettext("由能评、任务最少的另一名评委再打一份；不告诉哪一份评分偏离。原来的评分不动。"),
    )  # fmt: skip


def _run(round_: Round, pk: int) -> ScoreRun:
    made = standing.score_run(round_, pk)
    if made is None:
        raise Http404
    return made


def _flag(flag: list[Any], named: dict[int, str], judges: dict[int, str], again: set[int]) -> dict[str, Any]:
    application, judge, value, expected, strength = flag
    return {
        "number": named.get(application, "—"),
        "judge": judges.get(judge, "—"),
        "value": Decimal(value),
        "expected": Decimal(expected),
        "strength": Decimal(strength),
        "again": application in again,
    }


def _difference(round_: Round, before: ScoreRun, after: ScoreRun) -> dict[str, Any]:
    places = standing.places_after(round_, after.stage)
    found = difference(running.result_of(before), running.result_of(after), places)
    shown = found.changes[:MOST_SHOWN]
    named = standing.numbers(
        [*(change.application for change in shown), *found.into, *found.out, *found.to_border]
    )
    return {
        "places": places,
        "total": len(found.changes),
        "changes": [(change, named.get(change.application, "—")) for change in shown],
        "into": sorted(named.get(pk, "—") for pk in found.into),
        "out": sorted(named.get(pk, "—") for pk in found.out),
        "border": sorted(named.get(pk, "—") for pk in found.to_border),
    }
