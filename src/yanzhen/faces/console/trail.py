"""The records as an auditor looks through them: who did what to which row, when, why, and under which checkpoint."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django import forms
from django.db.models import Q, QuerySet
from django.http import Http404, HttpResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from yanzhen.faces.console import evidence
from yanzhen.faces.console.changes import Change, changes, names_in, procedure_of, raw
from yanzhen.faces.console.desk import DESKS
from yanzhen.faces.console.filters import ANY, DAYS, midnight
from yanzhen.faces.console.keys import SIZE, ids_of
from yanzhen.faces.console.lists import with_
from yanzhen.faces.console.pages import page, show
from yanzhen.faces.console.verbs import LABELS, LOOKS, moves, verb_label
from yanzhen.faces.http import AccountRequest
from yanzhen.faces.staff import account_names, accounts_called
from yanzhen.foundation.models import Account, Record
from yanzhen.foundation.records import seen_by
from yanzhen.foundation.scope import EVERYTHING, database_scope

WAYS = {"export": _("导出清单"), "excerpt": _("检索结果中看到正文")}
"""How a list told of secret subjects, as `pages.look_at_list` has it."""


def _verbs() -> list[Any]:
    def named(verbs: dict[str, str]) -> list[tuple[str, str]]:
        return [(verb, gettext(label)) for verb, label in verbs.items()]

    return [
        ("", gettext(ANY)),
        (gettext("查阅"), named({verb: LABELS[verb] for verb in LOOKS})),
        (gettext("办理步骤"), [(verb, " / ".join(map(gettext, labels))) for verb, labels in moves().items()]),
        (gettext("其他动作"), named({v: label for v, label in LABELS.items() if v not in LOOKS})),
    ]


class TrailForm(forms.Form):
    subject = forms.CharField(
        label=_("对象"),
        max_length=64,
        required=False,
        help_text=_("编号，如工单编号；没有编号的写类别#序号，如 foundation.account#12"),
    )
    verb = forms.ChoiceField(label=_("动作"), choices=_verbs, required=False)
    actor = forms.CharField(label=_("操作人账号"), max_length=64, required=False)
    day = forms.DateField(
        label=_("日期"),
        required=False,
        validators=DAYS,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )


@dataclass(frozen=True, slots=True)
class Entry:
    record: Record
    who: str
    did: str
    kind: str
    """What kind of row it is about, and its number; a row without one is told by its id."""
    number: str
    changes: list[Change]
    raw: str


@page("GET", "HEAD")
def trail(request: AccountRequest) -> HttpResponse:
    if not request.user.reaches("record.view"):
        raise Http404
    form = TrailForm(request.GET)
    valid = form.is_valid()
    with database_scope({EVERYTHING}):  # else a case that lies elsewhere now would not be known as kept
        about, lists = _about(request.user, form.cleaned_data["subject"]) if valid else (Q(pk=None), [])
        rows = seen_by(request.user, beside=lists).filter(about)
        rows = _narrowed(rows, form.cleaned_data) if valid else rows.none()
        if before := ids_of([request.GET.get("before", "")]):
            rows = rows.filter(pk__lt=before[0])
        found = list(rows[: SIZE + 1])
        more = len(found) > SIZE
        entries = _entries(found[:SIZE], frozenset(lists))
    context = {
        "form": form,
        "entries": entries,
        "following": with_(request.GET, before=str(entries[-1].record.pk)) if more else "",
    }
    return show(request, "console/trail.html", context, status=200 if valid else 422)


def _narrowed(rows: QuerySet[Record], given: dict[str, Any]) -> QuerySet[Record]:
    if given["verb"]:
        rows = rows.filter(verb=given["verb"])
    if given["actor"]:
        rows = rows.filter(actor_id__in=accounts_called(given["actor"].strip()))
    if given["day"]:
        rows = rows.filter(at__gte=midnight(given["day"]), at__lt=midnight(given["day"] + timedelta(days=1)))
    return rows


def _about(account: Account, subject: str) -> tuple[Q, list[int]]:
    """Return what the records are to speak of: a subject by its number, or a row or kind of row by its name."""
    if not subject:
        return Q(), []
    if named := evidence.subject_numbered(subject):
        return evidence.speaking_of(named, account)
    kind, _hash, pk = subject.partition("#")
    return Q(subject_type=kind.lower(), **({"subject_id": pk} if pk else {})), []


def _entries(records: Sequence[Record], lists: frozenset[int]) -> list[Entry]:
    """Tell the records; of `lists` that showed the subject not what else they showed, which may lie out of reach."""
    who = account_names(r.actor_id for r in records if r.actor_id)
    known, names = evidence.subjects(records), names_in(records)
    found = []
    for record in records:
        named = known.get((record.subject_type, record.subject_id))
        found.append(
            Entry(
                record,
                who=who.get(record.actor_id or 0, ""),
                did=_did(record),
                kind=gettext(named.desk.label) if named else "",
                number=named.row.number if named else "",
                changes=changes(record, names),
                raw="" if record.pk in lists else raw(record),
            )
        )
    return found


def _did(record: Record) -> str:
    after = record.after or {}
    if record.verb == "read" and after.get("by") in WAYS:
        desk = next((gettext(d.label) for d in DESKS if d.name == after.get("desk")), "")
        many = len(after.get("ids", ()))
        return gettext("%(way)s：%(desk)s，含保密 %(many)d 件") % {
            "way": WAYS[after["by"]], "desk": desk, "many": many,
        }  # fmt: skip
    return gettext(verb_label(record.verb, procedure_of(record)))
