"""The records as an auditor looks through them: who did what to which row, when, why, and under which checkpoint."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.utils.translation import gettext_lazy as _

from yanzhen.faces.console.filters import DAYS, midnight
from yanzhen.faces.console.keys import SIZE, ids_of
from yanzhen.faces.console.lists import with_
from yanzhen.faces.console.pages import page, show
from yanzhen.faces.http import AccountRequest
from yanzhen.faces.staff import account_names, accounts_called
from yanzhen.foundation.models import Record
from yanzhen.foundation.records import seen_by
from yanzhen.foundation.scope import EVERYTHING, database_scope


class TrailForm(forms.Form):
    subject = forms.CharField(
        label=_("对象"), max_length=64, required=False, help_text=_("类别，或类别#编号，如 hotline.case#12")
    )
    verb = forms.CharField(label=_("动作"), max_length=64, required=False)
    actor = forms.CharField(label=_("操作人账号"), max_length=64, required=False)
    day = forms.DateField(
        label=_("日期"), required=False, validators=DAYS, widget=forms.DateInput(attrs={"type": "date"})
    )


@dataclass(frozen=True, slots=True)
class Entry:
    record: Record
    who: str
    changed: str


@page("GET", "HEAD")
def trail(request: AccountRequest) -> HttpResponse:
    if not request.user.reaches("record.view"):
        raise Http404
    form = TrailForm(request.GET)
    rows = seen_by(request.user)
    rows = _narrowed(rows, form.cleaned_data) if form.is_valid() else rows.none()
    if before := ids_of([request.GET.get("before", "")]):
        rows = rows.filter(pk__lt=before[0])
    with database_scope({EVERYTHING}):  # else a case that lies elsewhere now would not be known as kept
        found = list(rows[: SIZE + 1])
    more = len(found) > SIZE
    found = found[:SIZE]
    names = account_names(r.actor_id for r in found if r.actor_id)
    context = {
        "form": form,
        "entries": [Entry(r, names.get(r.actor_id or 0, ""), _changed(r)) for r in found],
        "following": with_(request.GET, before=str(found[-1].pk)) if more else "",
    }
    return show(request, "console/trail.html", context, status=200 if form.is_valid() else 422)


def _narrowed(rows: QuerySet[Record], given: dict[str, Any]) -> QuerySet[Record]:
    if given["subject"]:
        kind, _hash, pk = given["subject"].strip().partition("#")
        rows = rows.filter(subject_type=kind.lower(), **({"subject_id": pk} if pk else {}))
    if given["verb"]:
        rows = rows.filter(verb__startswith=given["verb"].strip())
    if given["actor"]:
        rows = rows.filter(actor_id__in=accounts_called(given["actor"].strip()))
    if given["day"]:
        rows = rows.filter(at__gte=midnight(given["day"]), at__lt=midnight(given["day"] + timedelta(days=1)))
    return rows


def _changed(record: Record) -> str:
    """Return what was before and after as one line each."""
    pairs = (("-", record.before), ("+", record.after))
    return "\n".join(f"{sign} {json.dumps(v, ensure_ascii=False)}" for sign, v in pairs if v)
