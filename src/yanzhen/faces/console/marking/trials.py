"""A judge's practice before the marking: the samples one after another, and how far from the panel each came to lie."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext

from yanzhen.engines.programmes.calibration import actions, queries
from yanzhen.engines.programmes.calibration.models import Trial
from yanzhen.engines.programmes.calibration.queries import Own, Practice
from yanzhen.engines.programmes.panels import blind
from yanzhen.engines.programmes.scoring.criteria import Aspect
from yanzhen.faces.console.pages import attempt, page, see_other, sent, show
from yanzhen.faces.console.panels.sheet import OPINION, SheetForm
from yanzhen.faces.http import AccountRequest
from yanzhen.foundation.scope import EVERYTHING, database_scope

WAYS = ("GET", "HEAD", "POST")


@page("GET", "HEAD")
def listing(request: AccountRequest, pk: int) -> HttpResponse:
    """The samples, and of those marked the distance from the others and from the reference."""
    practice = _practice(request, pk)
    context = {"practice": practice, "shut": actions.shut(practice.round, practice.stage)}
    return show(request, "console/marking/trials.html", context)


@page(*WAYS)
def one(request: AccountRequest, pk: int, sample: int) -> HttpResponse:
    """One sample: its text, blind, and the sheet to fill in or as it was filed."""
    practice = _practice(request, pk)
    own = next((own for own in practice.owns if own.sample.pk == sample), None)
    if own is None or (own.barred and own.trial is None):
        raise Http404(gettext("没有这件样卷，或您须回避"))
    shut = actions.shut(practice.round, practice.stage)
    aspects = practice.round.programme.criteria.applying(own.sample.application.track)
    form = SheetForm(aspects, sent(request))
    del form.fields[OPINION]
    status = 200
    if form.is_bound:
        refusal = attempt(
            form, lambda _given: actions.mark_sample(own.sample, form.marks(), actor=request.user)
        )
        if refusal is None:
            messages.success(request, gettext("已试评样卷 %(n)s") % {"n": own.number})
            return see_other(reverse("console:trials", args=[pk]))
        status = refusal.status
    context = {
        "practice": practice, "own": own, "form": form, "shut": shut, "answers": _read(own),
        "lines": _lines(own.trial, aspects) if own.trial else [],
    }  # fmt: skip
    return show(request, "console/marking/trial.html", context, status=status)


def _practice(request: AccountRequest, pk: int) -> Practice:
    practice = queries.practice(request.user, pk)
    if practice is None:
        raise Http404(gettext("没有要您试评的样卷"))
    return practice


def _read(own: Own) -> tuple[blind.Said, ...]:
    with database_scope({EVERYTHING}):
        return blind.read(own.sample.application, names=False)


def _lines(trial: Trial, aspects: tuple[Aspect, ...]) -> list[tuple[Aspect, Decimal | None, str]]:
    marks: dict[str, Any] = {code: (value, reason) for code, value, reason in trial.marks}
    found = []
    for aspect in aspects:
        value, reason = marks.get(aspect.code, (None, ""))
        found.append((aspect, None if value is None else Decimal(value), reason))
    return found
