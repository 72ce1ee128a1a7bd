"""A worker's own record and a unit's: applications with where they stand, filled in, handed in, taken back, put forward."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_safe

from yanzhen.engines.procedures.engine import Option, outlook
from yanzhen.engines.programmes import progress, queries
from yanzhen.engines.programmes.actions import applying
from yanzhen.engines.programmes.actions.papers import held
from yanzhen.engines.programmes.certificates import queries as certificates
from yanzhen.engines.programmes.differences import spoken_answers
from yanzhen.engines.programmes.eligibility import label_of, mend_of
from yanzhen.engines.programmes.models import Application
from yanzhen.faces.http import AccountRequest
from yanzhen.faces.portal.selection import papers, slots
from yanzhen.faces.portal.selection.forms import answer_form, answers_of, show
from yanzhen.faces.portal.selection.rounds import CODE
from yanzhen.faces.portal.visitors import mine
from yanzhen.foundation.attachments import open_attachment
from yanzhen.foundation.errors import Refusal

VERBS = ("GET", "HEAD", "POST")
BY_FORM = {"draft": "submit", "supplement": "supplement"}
"""By state, the move that the form of the answers ends with."""


@require_safe
@login_required
@mine
def record(request: AccountRequest) -> HttpResponse:
    """What a worker has of its own; a unit's account goes to the unit's page."""
    account = request.user
    if account.person_id is None and queries.speaks_for_unit(account):
        return HttpResponseRedirect(reverse("portal:unit"))
    rows = [row for row in queries.own(account) if row.person_id and row.person_id == account.person_id]
    return render(
        request,
        "portal/selection/me.html",
        {"rows": _told(rows), "slots": slots.filled(slots.ON_RECORD, account)},
    )


@require_safe
@login_required
@mine
def unit(request: AccountRequest) -> HttpResponse:
    """A unit's applications: first those that wait for its recommendation."""
    account = request.user
    if account.organisation is None or not queries.speaks_for_unit(account):
        raise Http404
    rows = [row for row in queries.own(account) if row.organisation_id == account.organisation_id]
    waiting = [row for row in rows if row.state == "recommend_unit"]
    return render(
        request,
        "portal/selection/unit.html",
        {"unit": account.organisation, "waiting": _told(waiting), "others": _told([row for row in rows if row not in waiting])},
    )  # fmt: skip


@require_http_methods(VERBS)
@login_required
@mine
def application(request: AccountRequest, number: str) -> HttpResponse:
    """One own application: where it stands, its conditions, its answers, and what may be done."""
    row = _own(request, number)
    edits = row.state in applying.EDITED
    if request.method != "POST":
        return _page(request, row, _answers(row) if edits else None)
    form = _answers(row, data=request.POST)
    if not form.is_valid():
        return _page(request, row, form, status=422)
    try:
        done = _save(request, row, form)
    except Refusal as refusal:
        show(form, refusal)
        return _page(request, _own(request, number), form, status=refusal.status)
    messages.success(request, done)
    return HttpResponseRedirect(request.path, status=303)


@require_http_methods(VERBS)
@login_required
@mine
def move(request: AccountRequest, number: str, code: str) -> HttpResponse:
    """Withdraw, or recommend for the unit: asked once more, with a reason where one is needed."""
    row = _own(request, number)
    option = next((o for o in _options(row, request) if o.transition.code == code), None)
    if option is None:
        raise Http404
    form = forms.Form(request.POST if request.method == "POST" else None)
    needed = option.transition.note_required
    form.fields["note"] = forms.CharField(
        label=gettext("说明") if needed else gettext("说明（选填）"),
        required=needed,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    form.fields["seen"] = forms.IntegerField(widget=forms.HiddenInput, initial=row.step)
    status = 200
    if form.is_bound and form.is_valid():
        try:
            applying.move_own(row, code, actor=request.user, **form.cleaned_data)
        except Refusal as refusal:
            show(form, refusal)
            status = refusal.status
        else:
            messages.success(request, gettext("已办理：%s") % gettext(option.transition.label))
            return HttpResponseRedirect(reverse("portal:application", args=[number]), status=303)
    elif form.is_bound:
        status = 422
    context = {"row": row, "option": option, "form": form, "composition": _composition(row, code)}
    return render(request, "portal/selection/move.html", context, status=status)


@require_http_methods(["POST"])
@login_required
@mine
def examine(request: AccountRequest, number: str) -> HttpResponse:
    applying.examine_again(_own(request, number), actor=request.user)
    messages.success(request, gettext("已按现有记录重新核对"))
    return HttpResponseRedirect(reverse("portal:application", args=[number]), status=303)


@require_safe
@login_required
@mine
def certificate(request: AccountRequest, number: str) -> FileResponse:
    """The holder's own certificate, as it was printed; it is on record that it was fetched."""
    account = request.user
    found = certificates.own(account.person, number) if account.person else None
    if found is None:
        raise Http404
    return FileResponse(
        open_attachment(found.file, actor=account), as_attachment=True, filename=found.file.name,
        content_type=found.file.media_type,
    )  # fmt: skip


def followed_page(request: HttpRequest, row: Application) -> HttpResponse:
    """What number and check code show without a log-in: where it stands, and no word of what was filled in."""
    return render(request, "portal/selection/followed.html", {"row": row, "progress": progress.progress(row)})


def _save(request: AccountRequest, row: Application, form: forms.Form) -> str:
    """Keep the answers; hand them in where that was asked. Returns what to say. Raises what the engine raises."""
    saved = applying.save_answers(row, answers_of(form), actor=request.user)
    if request.POST.get("do") != "submit":
        return gettext("已保存，还没有提交")
    seen = form.cleaned_data["seen"]
    if saved.state == "supplement":
        applying.move_own(saved, "supplement", actor=request.user, seen=seen)
        return gettext("已提交补正")
    applying.submit(saved, actor=request.user, seen=seen)
    return gettext("已提交。下一步见本页上方")


def _page(
    request: AccountRequest, row: Application, form: forms.Form | None, *, status: int = 200
) -> HttpResponse:
    options = _options(row, request)
    code = request.session.get(CODE)
    shown_once = code[1] if code and code[0] == row.number else ""
    if shown_once:
        del request.session[CODE]
    context = {
        "row": row,
        "progress": progress.progress(row),
        "check_code": shown_once,
        "form": form,
        "ends_with": next((o for o in options if o.transition.code == BY_FORM.get(row.state)), None),
        "findings": [(f, label_of(f.rule), "" if f.answer == "yes" else mend_of(f.rule)) for f in queries.findings(row)],
        "answers": spoken_answers(row.programme, row.answers),
        "options": [o for o in options if o.transition.code not in BY_FORM.values()],
        "unit": row.organisation_id is not None and row.organisation_id == request.user.organisation_id,
        "notice": queries.last_note(row) if row.state in applying.EDITED else "",
        "papers": held(row),
        "papers_form": papers.PapersForm() if form else None,
        "slots": slots.filled(slots.ON_APPLICATION, row),
    }  # fmt: skip
    return render(request, "portal/selection/application.html", context, status=status)


def _options(row: Application, request: AccountRequest) -> list[Option]:
    """The moves that are the applicant's or its unit's to make, with what stands against them now."""
    account = request.user
    by_unit = account.organisation_id is not None and account.organisation_id == row.organisation_id
    options = [
        option
        for option in outlook(row, actor=account)
        if option.transition.or_owner or (by_unit and option.transition.by_own_unit)
    ]
    # what waits for the unit comes before what the applicant may do at any time
    return sorted(options, key=lambda option: not option.transition.by_own_unit)


def _composition(row: Application, code: str) -> Any:
    """How its cell stands to the ratio rules, live, while the unit puts somebody forward."""
    return queries.composition(row.round, cell=row.cell) if code == "recommend_unit" else None


def _answers(row: Application, *, data: Any = None) -> forms.Form:
    return answer_form(row.programme, answers=row.answers, step=row.step, data=data)


def _told(rows: list[Application]) -> list[tuple[Application, progress.Progress]]:
    return [(row, progress.progress(row)) for row in rows]


def _own(request: AccountRequest, number: str) -> Application:
    row = queries.own_one(request.user, number)
    if row is None:
        raise Http404
    return row
