"""The judge's own pages: what is to be marked, one sheet after another, and giving one up. Nobody else's sheets."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import FileResponse, Http404, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from yanzhen.engines.programmes.calibration import queries as calibration
from yanzhen.engines.programmes.panels import queries
from yanzhen.engines.programmes.panels.actions import judging, marking
from yanzhen.engines.programmes.panels.models import Bar
from yanzhen.engines.programmes.panels.queries import Task
from yanzhen.engines.programmes.panels.refusals import MarkRefused
from yanzhen.faces.console.forms import act_form
from yanzhen.faces.console.pages import attempt, page, see_other, sent, show
from yanzhen.faces.console.panels.sheet import OPINION, SheetForm, lines_of, reason_field
from yanzhen.faces.console.pickers import EMPTY
from yanzhen.faces.files import handed_over
from yanzhen.faces.http import AccountRequest
from yanzhen.foundation.scope import EVERYTHING, database_scope

WAYS = ("GET", "HEAD", "POST")


@page("GET", "HEAD")
def listing(request: AccountRequest) -> HttpResponse:
    practices = calibration.practices(request.user)
    context = {
        "rounds": queries.my_rounds(request.user),
        "practices": practices,
        "closed": [practice.round.pk for practice in practices if not practice.released],
        "now": timezone.now(),
    }
    return show(request, "console/panels/reviews.html", context)


@page(*WAYS)
def one(request: AccountRequest, pk: int) -> HttpResponse:
    """One assignment: what is to be read, and the sheet, to fill in or as it was filed."""
    task = _task(request, pk)
    if task.barred:
        return show(request, "console/panels/barred.html", {"task": task}, status=403)
    aspects = task.round.programme.criteria.applying(task.assignment.application.track)
    form = SheetForm(aspects, sent(request))
    status = 200
    if form.is_bound:
        refusal = attempt(
            form,
            lambda given: marking.file(
                task.assignment, form.marks(), actor=request.user, opinion=given[OPINION]
            ),
        )
        if refusal is None:
            messages.success(request, gettext("已交：任务 %(pk)s") % {"pk": pk})
            return see_other(_onward(request, task))
        status = refusal.status
    context = {
        "task": task,
        "form": form,
        "shut": _shut(task),
        "filed": [(sheet, lines_of(sheet, aspects)) for sheet in task.sheets],
        "following": queries.my_next(request.user, task.assignment),
    }
    return show(request, "console/panels/review.html", context, status=status)


@page("GET", "HEAD")
def paper(request: AccountRequest, pk: int, paper: UUID) -> FileResponse:
    """Hand over a paper of the application, as far as its judge may see it."""
    found = next((one for one in _task(request, pk).papers if one.attachment.pk == paper), None)
    if found is None:
        raise Http404(gettext("没有这个附件，或它没有放行给评委"))
    with database_scope({EVERYTHING}):
        return handed_over(found.attachment, reader=request.user, name=found.name)


@page(*WAYS)
def recusing(request: AccountRequest, pk: int) -> HttpResponse:
    """Give an assignment up for a reason; the organiser finds another judge."""
    task = _task(request, pk)
    form = act_form(
        {
            "kind": forms.ChoiceField(label=_("回避事由"), choices=[EMPTY, *Bar.Kind.choices]),
            "why": reason_field(_("说明"), help_text=_("写明与申报人的关系；只有组织者能看到")),
        },
        sent(request),
    )
    status = 200
    if form.is_bound:
        refusal = attempt(
            form,
            lambda given: judging.declare(
                task.assignment.judge, task.assignment.application, actor=request.user, **given
            ),
        )
        if refusal is None:
            messages.success(request, gettext("已回避，组织者会另行分配"))
            return see_other(_onward(request, task))
        status = refusal.status
    return show(request, "console/panels/recuse.html", {"task": task, "form": form}, status=status)


def _task(request: AccountRequest, pk: int) -> Task:
    task = queries.my_task(request.user, pk)
    if task is None:
        raise Http404(gettext("没有这项评审任务，或不是分给您的"))
    return task


def _shut(task: Task) -> str:
    """Return why no sheet is taken now; "" where one is."""
    try:
        _round, stage = marking.marking_stage(task.round)
    except MarkRefused as refusal:
        return refusal.message
    return "" if stage == task.stage else gettext("本环节的打分已经结束")


def _onward(request: AccountRequest, task: Task) -> str:
    """To the next sheet that is to be marked, else back to the list."""
    following: Any = queries.my_next(request.user, task.assignment)
    return reverse("console:review", args=[following]) if following else reverse("console:reviews")
