"""The papers of an own application: handed in, read, taken back."""

from __future__ import annotations

from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from yanzhen.engines.programmes import queries
from yanzhen.engines.programmes.actions import papers
from yanzhen.engines.programmes.models import Application
from yanzhen.faces.files import handed_over
from yanzhen.faces.http import AccountRequest
from yanzhen.faces.portal.forms import TAKEN, FilesField, FilesInput
from yanzhen.faces.portal.visitors import mine
from yanzhen.foundation import attachments
from yanzhen.foundation.errors import Refusal


class PapersForm(forms.Form):
    papers = FilesField(
        label=_("添加附件"),
        help_text=_(
            "上传前请先保存上面填好的内容。证书、获奖文件、照片等，一次最多 3 个，每个不超过 20 MB；匿名评审时，审看过的才给评委看"
        ),
        required=False,
        widget=FilesInput(attrs={"multiple": True, "accept": TAKEN}),
    )


@require_POST
@login_required
@mine
def adding(request: AccountRequest, number: str) -> HttpResponse:
    row = _own(request, number)
    form = PapersForm(request.POST, request.FILES)
    problems = [str(error) for errors in form.errors.values() for error in errors]
    if not problems:
        try:
            papers.add(row, form.cleaned_data["papers"], actor=request.user)
        except Refusal as refusal:
            problems = [refusal.message]
    for problem in problems:
        messages.error(request, problem)
    if not problems:
        messages.success(request, gettext("已添加附件"))
    return _back(number)


@require_safe
@login_required
@mine
def reading(request: AccountRequest, number: str, pk: UUID) -> FileResponse:
    found = next((one for one in attachments.of(_own(request, number)) if one.pk == pk), None)
    if found is None:
        raise Http404
    return handed_over(found, reader=request.user)


@require_POST
@login_required
@mine
def removing(request: AccountRequest, number: str, pk: UUID) -> HttpResponse:
    try:
        papers.remove(_own(request, number), pk, actor=request.user)
    except Refusal as refusal:
        messages.error(request, refusal.message)
    else:
        messages.success(request, gettext("已删去附件"))
    return _back(number)


def _own(request: AccountRequest, number: str) -> Application:
    row = queries.own_one(request.user, number)
    if row is None:
        raise Http404
    return row


def _back(number: str) -> HttpResponse:
    return HttpResponseRedirect(reverse("portal:application", args=[number]) + "#papers", status=303)
