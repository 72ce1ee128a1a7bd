"""The page of one subject: facts, terms, what may be done and why not, parties, files, what happened."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.http import FileResponse, Http404, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext

from yanzhen.engines.procedures import queries
from yanzhen.engines.procedures.copies import copy_to
from yanzhen.engines.procedures.engine import Option, outlook
from yanzhen.engines.procedures.ladder import escalations
from yanzhen.engines.procedures.models import Clock, Party, Stay, Subject
from yanzhen.faces.console import acts, pickers
from yanzhen.faces.console.cells import WITHHELD, Due, cells, due_of, title_of
from yanzhen.faces.console.desk import Column, Desk, Part
from yanzhen.faces.console.following import next_url
from yanzhen.faces.console.forms import act_form, text_field
from yanzhen.faces.console.pages import (
    act_page,
    attempt,
    detail_url,
    page,
    see_other,
    sent,
    show,
    subject_or_404,
)
from yanzhen.faces.console.timeline import timeline
from yanzhen.faces.files import handed_over
from yanzhen.faces.http import AccountRequest
from yanzhen.foundation import attachments
from yanzhen.foundation.calendar.spans import BY_DAY
from yanzhen.foundation.models import Account
from yanzhen.foundation.scope import Scoped


@dataclass(frozen=True, slots=True)
class Running:
    """A clock with what is left of it, what may be asked for it, and what was, each with how it may be decided."""

    clock: Clock
    due: Due | None
    paused: bool
    stays: list[tuple[Stay, list[acts.Act]]]
    acts: list[acts.Act]

    @property
    def by_day(self) -> bool:
        """Whether the day on which it began is not counted (Civil Code art. 201)."""
        return self.clock.parameter.unit in BY_DAY

    @property
    def began_today(self) -> bool:
        """Whether what is left holds a day more than the term has: today, which is not counted."""
        return timezone.localdate(self.clock.started_at) == timezone.localdate()


@dataclass(frozen=True, slots=True)
class Charged:
    """A work order with what this account may do to it."""

    party: Party
    due: Due | None
    acts: list[acts.Act]


@page("GET", "HEAD")
def detail(request: AccountRequest, desk: Desk, number: str) -> HttpResponse:
    row = subject_or_404(request, desk, number)
    account = request.user
    told = desk.tells(account, row)
    parties = parts_of(desk, row, account)
    options = outlook(row, actor=account)
    referral = row.procedure.referral
    return show(
        request,
        "console/detail.html",
        {
            "desk": desk,
            "row": row,
            **_facts(desk, row, account),
            **_terms(request, row, parties, told=told),
            "open": [option for option in options if option.open],
            "shut": [option for option in options if not option.open],
            "may_refer": bool(
                referral and row.state in referral.states and account.has_right(referral.right, row)
            ),
            "next": next_url(desk, row.number, request.GET),
            "told": told,
            "links": [
                link for link in desk.links if account.reaches(link.right) and (told or not link.story)
            ],
            "may_audit": account.has_right("record.view", row),
            "parts": _parts(desk, row, account),
            "advised": [
                (desk.label_of(Column(name)), desk.advice[name](row)) for name in _asked(desk, options)
            ],
            "files": attachments.of(row) if told else [],
            "may_attach": told and any(option.open for option in options),
            "timeline": timeline([row, *parties] if told else parties, row.procedure, desk.query(account)),
        },
    )


def _parts(desk: Desk, row: Subject, account: Account) -> list[tuple[Part, Mapping[str, Any]]]:
    """Return the parts of the page that this kind of subject has and that have something to show."""
    given = [(part, part.show(row, account)) for part in desk.parts]
    return [(part, shown) for part, shown in given if shown is not None]


def _facts(desk: Desk, row: Subject, account: Account) -> dict[str, Any]:
    """What the subject says of itself, as the account may read it."""
    now = timezone.now()
    stage = [c for c in desk.columns if c.hint in {"state", "due"}]
    return {
        "stage": cells(desk, row, stage, account, now=now),
        "title": title_of(desk, row, account),
        "sections": [(s.label, cells(desk, row, s.columns, account, now=now)) for s in desk.sections],
        "may_reveal": _may_reveal(desk, row, account),
        "masked": _masked(desk, row, account),
    }


def parts_of(desk: Desk, row: Subject, account: Account) -> list[Party]:
    """Return the work orders of the subject; of one that is kept from the account those that it answers for itself."""
    parties, referral = queries.parties(row), row.procedure.referral
    if referral is None or desk.tells(account, row):
        return parties
    return [party for party in parties if account.has_right(referral.respond_right, party)]


def _terms(request: AccountRequest, row: Subject, parties: list[Party], *, told: bool) -> dict[str, Any]:
    """The subject's running terms with what was asked for each, whom they were told to, and the work orders' own.

    What was asked for a term that is over is part of what happened; but as long as nobody decided on it, it is `left_open`.
    Where the subject is not `told`, the work orders' alone: reasons and opinions speak of the matter.
    """
    now, account = timezone.now(), request.user
    running = queries.clocks(row) if told else ()
    clocks = [c for c in running if c.stopped_at is None and c.party_id is None]
    stays = [(stay, acts.of_stay(stay, row, account)) for stay in (queries.stays(row) if told else ())]
    shown = {clock.pk for clock in clocks}
    return {
        "clocks": [_running(clock, row, stays, request) for clock in clocks],
        "left_open": [
            (stay, decisions)
            for stay, decisions in stays
            if stay.decision == Stay.Decision.OPEN and stay.clock_id not in shown
        ],
        "escalations": escalations(row) if told else [],
        "parties": [
            Charged(p, due_of(p.due_at, p.warn_at, now=now), acts.of_party(p, row, account)) for p in parties
        ],
    }


@page("GET", "HEAD", "POST")
def copy(request: AccountRequest, desk: Desk, number: str) -> HttpResponse:
    row = subject_or_404(request, desk, number)
    field = pickers.colleague_field(request.user, row)
    field.label = gettext("抄送给")
    form = act_form({"account": field}, sent(request))
    return act_page(
        request, desk, row, form,
        lambda given: copy_to(row, given["account"], actor=request.user),
        label=gettext("抄送"), done=gettext("已抄送"),
    )  # fmt: skip


@page("GET", "HEAD", "POST")
def reveal(request: AccountRequest, desk: Desk, number: str) -> HttpResponse:
    """Show what is masked in full, once, for a reason."""
    row = subject_or_404(request, desk, number)
    if desk.reveal is None:
        raise Http404
    wanted = desk.reveal
    form = act_form(
        {"reason": text_field(gettext("查看理由"), help_text=gettext("会记入办理记录"))}, sent(request)
    )
    found: dict[str, str] = {}
    status = 200
    if form.is_bound:
        refusal = attempt(
            form, lambda given: found.update(wanted.act(row, actor=request.user, reason=given["reason"]))
        )
        status = refusal.status if refusal else 200
    plain = [(label, found.get(key) or "—") for key, label in wanted.fields] if found else []
    context = {"desk": desk, "row": row, "form": form, "label": gettext("查看完整信息"), "plain": plain}
    return show(request, "console/reveal.html", context, status=status)


@page("POST")
def attach(request: AccountRequest, desk: Desk, number: str) -> HttpResponse:
    """Keep a file with the subject; whoever may make any move may hand in papers."""
    row = subject_or_404(request, desk, number)
    form = forms.Form(request.POST, request.FILES)
    form.fields["file"] = forms.FileField(
        label=gettext("文件"), error_messages={"required": gettext("请先选择文件")}
    )
    refusal = attempt(form, lambda given: _store(given["file"], row, request))
    if refusal:
        messages.error(request, "；".join(str(e) for errors in form.errors.values() for e in errors))
    else:
        messages.success(request, gettext("已添加附件"))
    return see_other(detail_url(desk, number))


@page("GET", "HEAD")
def download(request: AccountRequest, desk: Desk, number: str, pk: Any) -> FileResponse:
    """Hand over a file of the subject, never shown inside our own pages; the reading is on record."""
    row = subject_or_404(request, desk, number)
    files = attachments.of(row) if desk.tells(request.user, row) else []
    attachment = next((file for file in files if file.pk == pk), None)
    if attachment is None:
        raise Http404
    return handed_over(attachment, reader=request.user)


def _may_reveal(desk: Desk, row: Subject, account: Account) -> bool:
    """Tell whether the account may see what is masked: asked over the record that is looked at, where it is one of its own."""
    if desk.reveal is None or (desk.reveal.unless and getattr(row, desk.reveal.unless)):
        return False
    masked = getattr(row, desk.reveal.masked)
    over = masked if isinstance(masked, Scoped) else row
    return masked is not None and account.has_right(desk.reveal.right, over)


def _masked(desk: Desk, row: Subject, account: Account) -> str:
    """Return the mask of what is revealed for a reason, unless that too is hidden from the account."""
    if desk.reveal is None:
        return ""
    hidden = desk.reveal.masked in desk.hidden(account, row)
    masked = getattr(row, desk.reveal.masked)
    return gettext(WITHHELD) if hidden else str(masked if masked is not None else "")


def _asked(desk: Desk, options: list[Option]) -> list[str]:
    """Return the fields with advice that an open move asks for, each once."""
    names = [name for option in options if option.open for name in option.transition.fields]
    return [name for name in desk.advice if name in names]


def _store(file: Any, row: Subject, request: AccountRequest) -> None:
    acts.demand_any_move(row, request.user)
    attachments.store(file, subject=row, actor=request.user)


def _running(
    clock: Clock, row: Subject, stays: list[tuple[Stay, list[acts.Act]]], request: AccountRequest
) -> Running:
    today = timezone.localdate().isoformat()
    paused = bool(clock.pauses and clock.pauses[-1][0] <= today < clock.pauses[-1][1])
    due = due_of(clock.due_at, clock.warn_at, now=timezone.now())
    own = [(stay, decisions) for stay, decisions in stays if stay.clock_id == clock.pk]
    asked = any(stay.decision == Stay.Decision.OPEN for stay, _decisions in own)
    offered = [] if asked else acts.of_clock(clock, row, request.user, paused=paused)
    return Running(clock, due, paused, own, offered)
