"""Parties: another organisation is asked in, accepts or rejects, does its part, or is asked no more."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from yanzhen.engines.procedures import clocks as timing
from yanzhen.engines.procedures.declare import Referral, Term
from yanzhen.engines.procedures.models import Clock, Party, Subject, subject_model
from yanzhen.engines.procedures.refusals import MoveNotAllowed, MoveRefused
from yanzhen.foundation.models import Account, Organisation
from yanzhen.foundation.organisations import charge_problem
from yanzhen.foundation.records import record
from yanzhen.foundation.rights import RIGHTS
from yanzhen.foundation.scope import EVERYTHING, audience_of, database_scope

S = TypeVar("S", bound=Subject)
P = ParamSpec("P")
R = TypeVar("R")


def beyond_the_wall(act: Callable[P, R]) -> Callable[P, R]:
    """Run an act in a transaction that reaches all parties of the subject, those of other places and lines too.

    The act itself demands the right. Who sees a subject is computed from all its parties, not from those its actor sees.
    """

    @wraps(act)
    def reaching(*args: P.args, **kwargs: P.kwargs) -> R:
        with transaction.atomic(), database_scope({EVERYTHING}):
            return act(*args, **kwargs)

    return reaching


@beyond_the_wall
def refer(subject: S, organisation: Organisation, *, actor: Account, demand: str) -> Party:
    """Offer a part of the subject to `organisation`, which sees the subject from now on."""
    row = _locked(type(subject), subject.pk)
    referral = row.procedure.referral
    if referral is None or row.state not in referral.states:
        raise MoveRefused("分办", [f"{row.number} 现为“{row.stage.label}”，不能分办"])
    _demand_right("分办", referral.right, row, actor)
    parties = Party.objects.filter(procedure=row.procedure_code, subject_id=row.pk)
    reasons = _against(organisation, row, parties, demand)
    reasons += [reason for check in referral.checks if (reason := check(row, organisation))]
    if reasons:
        raise MoveRefused("分办", reasons)
    party = Party(
        procedure=row.procedure_code,
        subject_id=row.pk,
        number=f"{row.number}-{parties.count() + 1:02}",
        organisation=organisation,
        region_id=organisation.region_id,
        line_id=organisation.line_id,
        shared_with=sorted({*audience_of(row.region_id, row.line_id), *_charge_keys(row)}),
        state=Party.State.OFFERED,
        demand=demand.strip(),
        asked_by=actor,
        asked_at=timezone.now(),
    )
    party.save()
    _start_clock(row, party, referral.response)
    _share(row)
    record(
        "refer",
        party,
        actor=actor,
        right=referral.right,
        after={"number": row.number, "organisation": organisation.pk},
    )
    return party


def _against(organisation: Organisation, row: Subject, parties: QuerySet[Party], demand: str) -> list[str]:
    """Return every reason against asking the organisation in."""
    reasons = [] if demand.strip() else ["须写明办理要求"]
    if problem := charge_problem(organisation, row.region_id):
        reasons.append(problem)
    if row.organisation_id == organisation.pk:
        reasons.append(f"{organisation.name} 已是本件承办单位")
    if parties.filter(
        organisation=organisation, state__in=(Party.State.OFFERED, Party.State.ACCEPTED)
    ).exists():
        reasons.append(f"{organisation.name} 已有在办的分办单")
    return reasons


@beyond_the_wall
def respond(party: Party, *, actor: Account, accept: bool, reason: str = "") -> Party:
    """Accept the work order, and its own term begins; or reject it with a reason, and it goes back to who asked."""
    row, party, referral = _opened(party, (Party.State.OFFERED,), "接收或退回")
    _demand_right("接收或退回", referral.respond_right, party, actor)
    if not accept and not reason.strip():
        raise MoveRefused("退回", ["须写明退回理由"])
    _settle(party, Party.State.ACCEPTED if accept else Party.State.REJECTED, actor=actor, reason=reason)
    if accept:
        _start_clock(row, party, referral.work)
    else:
        _share(row)
    record(
        "party.accept" if accept else "party.reject",
        party,
        actor=actor,
        right=referral.respond_right,
        reason=reason,
    )
    return party


@beyond_the_wall
def finish(party: Party, *, actor: Account, result: str) -> Party:
    """Hand in what came of the work order."""
    row, party, referral = _opened(party, (Party.State.ACCEPTED,), "办毕")
    _demand_right("办毕", referral.respond_right, party, actor)
    if not result.strip():
        raise MoveRefused("办毕", ["须填写办理结果"])
    party.result = result.strip()
    _settle(party, Party.State.DONE, actor=actor)
    _share(row)
    record("party.done", party, actor=actor, right=referral.respond_right)
    return party


@beyond_the_wall
def revoke(party: Party, *, actor: Account, reason: str) -> Party:
    """Take the work order back; the organisation no longer sees the subject."""
    row, party, referral = _opened(party, (Party.State.OFFERED, Party.State.ACCEPTED), "撤回")
    _demand_right("撤回", referral.right, row, actor)
    if not reason.strip():
        raise MoveRefused("撤回", ["须写明撤回理由"])
    _settle(party, Party.State.REVOKED, actor=actor, reason=reason)
    _share(row)
    record("party.revoke", party, actor=actor, right=referral.right, reason=reason)
    return party


def _locked(model: type[S], pk: int) -> S:
    rows = model._default_manager.select_related("organisation").select_for_update(of=("self",))
    return rows.get(pk=pk)  # type: ignore[no-any-return]  # the scoped manager is untyped


def _opened(party: Party, states: tuple[Party.State, ...], label: str) -> tuple[Subject, Party, Referral]:
    """Lock the subject first and then the party, as every other path does."""
    row = _locked(subject_model(party.procedure), party.subject_id)
    party = Party.objects.select_for_update().get(pk=party.pk)
    if party.state not in states:
        raise MoveRefused(label, [f"分办单 {party.number} 现为“{party.get_state_display()}”"])
    referral = row.procedure.referral
    if referral is None:
        raise MoveRefused(label, ["该流程没有分办环节"])
    return row, party, referral


def _demand_right(label: str, right: str, row: Subject | Party, actor: Account) -> None:
    if not actor.has_right(right, row):
        raise MoveNotAllowed(label, [f"您在该区划和条线没有“{RIGHTS[right].label}”权限"])


def _settle(party: Party, state: Party.State, *, actor: Account, reason: str = "") -> None:
    now = timezone.now()
    Clock.objects.filter(party=party, stopped_at=None).update(stopped_at=now)
    party.state = state
    party.reason = reason.strip()
    party.answered_by, party.answered_at, party.due_at = actor, now, None
    party.save()


def _start_clock(row: Subject, party: Party, term: Term) -> None:
    clock = timing.begin(term, row, at=timezone.now(), party=party)
    clock.save()
    party.due_at = clock.due_at
    party.save(update_fields=["due_at"])


def _charge_keys(row: Subject) -> list[str]:
    return audience_of(row.organisation.region_id, row.organisation.line_id) if row.organisation else []


def _share(row: Subject) -> None:
    """Let those see the subject who have a part in it, and nobody else beyond its own place; count who has to answer."""
    seeing = (Party.State.OFFERED, Party.State.ACCEPTED, Party.State.DONE)
    parties = list(
        Party.objects.filter(procedure=row.procedure_code, subject_id=row.pk, state__in=seeing).values_list(
            "line_id", "region_id", "state"
        )
    )
    row.party_keys = sorted({key for line, region, _ in parties for key in audience_of(region, line)})
    row.open_parties = sum(state != Party.State.DONE for *_place, state in parties)
    row.shared_with = sorted(
        {*row.party_keys, *_charge_keys(row)} - set(audience_of(row.region_id, row.line_id))
    )
    row.save(update_fields=["party_keys", "open_parties", "shared_with"])
