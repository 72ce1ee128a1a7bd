"""Rounds for everybody: which run, what they ask, and where an application begins."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_POST, require_safe

from yanzhen.engines.programmes import progress, queries
from yanzhen.engines.programmes.actions import applying, voting
from yanzhen.engines.programmes.differences import spoken_condition
from yanzhen.engines.programmes.models import Round
from yanzhen.faces.http import AccountRequest
from yanzhen.faces.portal.selection.forms import begin_form, show
from yanzhen.faces.portal.visitors import mine
from yanzhen.foundation.errors import Invalid, Refusal
from yanzhen.foundation.models import Account, Organisation, Person

CODE = "application-code"
"""Where the session keeps number and check code of an application until they were shown once."""
ORDER = ("open", "coming", "paused", "closed", "ended")


@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    """All rounds that run: those that can be applied for first, then those that are coming, closed and over."""
    now = timezone.now()
    rows = [(round_, progress.standing(round_, at=now)) for round_ in queries.open_to_all()]
    rows.sort(key=lambda pair: ORDER.index(pair[1]))
    shown = [(round_, standing, round_.window(round_.programme.stages[0].code)) for round_, standing in rows]
    return render(request, "portal/selection/rounds.html", {"rows": shown})


@require_safe
@mine
def one(request: HttpRequest, pk: int) -> HttpResponse:
    return _page(request, _round(pk))


@require_POST
@login_required
@mine
def beginning(request: AccountRequest, pk: int) -> HttpResponse:
    """Begin an application; the check code is shown once, on the page that follows."""
    round_ = _round(pk)
    form = _form(request.user, round_, data=request.POST)
    status = 422
    if form.is_valid():
        try:
            opened = _begin(request.user, round_, form.cleaned_data)
        except Refusal as refusal:
            show(form, refusal)
            status = refusal.status
        else:
            number = opened.application.number
            request.session[CODE] = [number, opened.check_code]
            return HttpResponseRedirect(reverse("portal:application", args=[number]), status=303)
    return _page(request, round_, form=form, status=status)


def _page(
    request: HttpRequest, round_: Round, *, form: forms.Form | None = None, status: int = 200
) -> HttpResponse:
    account = request.user if isinstance(request.user, Account) else None
    programme = round_.programme
    context = {
        "round": round_,
        "programme": programme,
        "standing": progress.standing(round_, at=timezone.now()),
        "votes": not voting.shut(round_),
        "windows": [(programme.stage(w.stage), w) for w in round_.windows.all()],
        "conditions": [spoken_condition(programme, condition) for condition in programme.conditions],
        "form": form or (_form(account, round_) if account else None),
        "speaks": bool(account and (account.person_id or _for_unit(account))),
        "unit": bool(account and _for_unit(account)),
        "own": queries.own_in(account, round_) if account else None,
    }
    return render(request, "portal/selection/round.html", context, status=status)


def _form(account: Account, round_: Round, *, data: Any = None) -> forms.Form:
    unit = _for_unit(account)
    employers = [] if unit or account.person is None else queries.employers(account.person)
    return begin_form(employers, for_worker=unit and round_.programme.applicant == "person", data=data)


def _begin(account: Account, round_: Round, given: dict[str, Any]) -> applying.Opened:
    """Begin for the account itself, for a worker of its unit, or for the unit. Raises Invalid or what `apply` raises."""
    if _for_unit(account):
        person, unit = _worker(account, given.get("worker", "")), account.organisation
    else:
        person, unit = account.person, _employer(account, given.get("organisation", ""))
    if unit is None:
        raise Invalid(
            "人员记录中没有您现在的工作单位，不能申报：请所在单位或当地工会先登记您的任职；单位申报的，请用单位账号登录"
        )
    if round_.programme.applicant == "unit":
        person = None
    return applying.apply(round_, person=person, organisation=unit, title=given["title"], actor=account)


def _for_unit(account: Account) -> bool:
    """Whether the account speaks for a unit: it has no worker of its own, and may apply for the unit."""
    return account.person_id is None and queries.speaks_for_unit(account)


def _worker(account: Account, number: str) -> Person | None:
    if not number:
        return None
    assert account.organisation is not None  # noqa: S101  # `_for_unit` holds here
    found = queries.worker_of(account.organisation, number)
    if found is None:
        reason = gettext("本单位在职职工的记录中没有这个号码，或有多人共用：请核对，或先由当地工会登记任职")
        raise Invalid(reason, fields={"worker": reason})
    return found


def _employer(account: Account, chosen: str) -> Organisation | None:
    """The unit chosen among the worker's own; the only one where there is one."""
    units = queries.employers(account.person) if account.person else []
    if len(units) == 1:
        return units[0]
    return next((unit for unit in units if str(unit.pk) == chosen), None)


def _round(pk: int) -> Round:
    found = queries.public_round(pk)
    if found is None:
        raise Http404
    return found
