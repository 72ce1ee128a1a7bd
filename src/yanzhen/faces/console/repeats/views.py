"""Likely repeats, while an appeal is typed and on a case; two side by side; the group. For staff alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from yanzhen.domains.hotline.models import Case
from yanzhen.domains.hotline.repeats import actions, queries
from yanzhen.domains.hotline.repeats.candidates import WEIGHTS, Candidate, candidates
from yanzhen.domains.hotline.repeats.models import Member
from yanzhen.domains.hotline.rules import Appeal
from yanzhen.engines.similarity.fingerprint import Span
from yanzhen.faces.console.cells import Cell, cells
from yanzhen.faces.console.desk import Column
from yanzhen.faces.console.desks import CASES
from yanzhen.faces.console.forms import text_field
from yanzhen.faces.console.pages import attempt, page, see_other, sent, show, subject_or_404
from yanzhen.faces.http import AccountRequest
from yanzhen.foundation.errors import NotAllowed
from yanzhen.foundation.models import Account

BRIEF = (Column("title"), Column("state", hint="state"), Column("received_at", hint="time"))
FACTS = (
    Column("title"), Column("state", hint="state"), Column("caller_mask"), Column("employer"), Column("place"), Column("category"),
    Column("region"), Column("received_at", hint="time"), Column("headcount"), Column("organisation"), Column("handler"),
)  # fmt: skip
TYPED = (("title", 80), ("body", 5000), ("employer", 128), ("place", 128), ("phone", 32), ("region", 12))
"""What is read of a form that is still being filled in, and the most of it."""
SOURCES = {
    "phone": _("来电号码相同"), "unit": _("同一登记单位（含别名）"), "employer": _("涉事单位名称相同"), "place": _("事发地点相同"),
    "same": _("内容几乎相同"), "overlaps": _("内容一半以上重合"), "related": _("部分内容相近"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Shown:
    """A case of a list, as the account may read it."""

    number: str
    cells: list[Cell]
    candidate: Candidate | None = None
    member: Member | None = None


@page("POST")
def alike(request: AccountRequest) -> HttpResponse:
    """Say which cases an appeal may repeat that is still being typed. It is kept nowhere."""
    if not request.user.reaches("case.register"):
        raise NotAllowed("您没有“登记工单”权限")
    typed: dict[str, Any] = {name: request.POST.get(name, "")[:most] for name, most in TYPED}
    found = candidates(Appeal(**typed), request.user)
    return show(request, "console/repeats/alike.html", {"desk": CASES, "found": _listed(found, request.user)})


@page("GET", "HEAD")
def overview(request: AccountRequest, number: str) -> HttpResponse:
    """Show the group of a case, and the cases that may be about the same."""
    row = case_or_404(request, number)
    account = request.user
    group = queries.gathered(row, account)
    lead = group.lead if group else None
    context = {
        "desk": CASES,
        "row": row,
        "group": group,
        "lead": lead,
        "leads": bool(group and group.mine.leads),
        "members": [
            Shown(case.number, cells(CASES, case, BRIEF, account), member=member)
            for member, case in (group.members if group else ())
        ],
        "may_join": actions.may_join((row,), account),
        "may_answer": account.has_right("case.handle", row),
        "may_assign": account.has_right("case.assign", row),
        "may_repeat": account.has_right("case.call_back", row),
        "found": _listed(candidates(row, account), account),
        "weights": [(label, WEIGHTS[code]) for code, label in SOURCES.items()],
    }
    return show(request, "console/repeats/overview.html", context)


@page("GET", "HEAD", "POST")
def comparing(request: AccountRequest, number: str) -> HttpResponse:
    """Show two cases side by side, what they have in common marked; join them here."""
    row = case_or_404(request, number)
    other = case_or_404(request, request.GET.get("with", ""))
    form = JoinForm(row, other, sent(request), request.user)
    status = 200
    if form.is_bound:
        refusal = attempt(form, lambda given: _join(row, other, request.user, given))
        if refusal is None:
            messages.success(request, gettext("已合并办理"))
            return see_other(reverse("console:repeats", args=[row.number]))
        status = refusal.status
    likeness = queries.likeness(row, other, request.user)
    context = {
        "desk": CASES,
        "row": row,
        "other": other,
        "form": form,
        "likeness": likeness,
        "percent": round(100 * likeness.containment) if likeness else 0,
        "may_join": actions.may_join((row, other), request.user),
        "facts": list(zip(*(cells(CASES, case, FACTS, request.user) for case in (row, other)), strict=True)),
        "sides": [
            (row, _pieces(queries.story(row, request.user), likeness.left if likeness else ())),
            (other, _pieces(queries.story(other, request.user), likeness.right if likeness else ())),
        ],
    }
    return show(request, "console/repeats/compare.html", context, status=status)


class JoinForm(forms.Form):
    """Which leads, how they are related, and why."""

    def __init__(self, row: Case, other: Case, data: Any, account: Account) -> None:
        same = queries.same_caller(row, other, account)
        kind = Member.Kind.AGAIN if same else Member.Kind.CALLERS
        super().__init__(data, initial={"lead": other.number, "kind": kind})
        self.fields["lead"] = forms.ChoiceField(
            label=gettext("主件"),
            help_text=gettext("由主件统一派单和答复"),
            choices=[(case.number, case.number) for case in (other, row)],
        )
        self.fields["kind"] = forms.ChoiceField(label=gettext("合并类型"), choices=Member.Kind.choices)
        self.fields["reason"] = text_field(gettext("合并理由"), help_text=gettext("会记入两件的办理记录"))


def case_or_404(request: AccountRequest, number: str) -> Case:
    row = subject_or_404(request, CASES, number)
    if not isinstance(row, Case):
        raise Http404
    return row


def _join(row: Case, other: Case, actor: Account, given: dict[str, Any]) -> None:
    case, lead = (row, other) if given["lead"] == other.number else (other, row)
    actions.join(case, lead, actor=actor, kind=given["kind"], reason=given["reason"])


def _listed(found: Iterable[Candidate], account: Account) -> list[Shown]:
    return [Shown(c.case.number, cells(CASES, c.case, BRIEF, account), candidate=c) for c in found]


def _pieces(text: str | None, spans: Sequence[Span]) -> list[tuple[str, bool]]:
    """Cut a text at its spans: (passage, whether it is common to both)."""
    if text is None:
        return []
    pieces, at = [], 0
    for start, end in spans:
        pieces += [(text[at:start], False), (text[start:end], True)]
        at = end
    return [piece for piece in [*pieces, (text[at:], False)] if piece[0]]
