"""The heads of a group: callers who are a collective together make its lead critical, for as long as they are together.

Who complains again of the same is one caller.
"""

from __future__ import annotations

from decimal import Decimal

from django.utils import timezone

from yanzhen.domains.hotline.models import Case
from yanzhen.domains.hotline.procedures import LADDER
from yanzhen.domains.hotline.repeats.models import Member
from yanzhen.engines.procedures.ladder import escalations, tell_at_once
from yanzhen.foundation import parameters
from yanzhen.foundation.models import Account, Record
from yanzhen.foundation.records import history, record
from yanzhen.foundation.scope import EVERYTHING, database_scope

RAISE, LOWER = "case.raise", "case.lower"
BY_HAND = "move.prioritise"
"""Whoever makes this move means the urgency that it names, even where it is the same."""


def raise_lead(lead: Case, group: int, *, actor: Account, right: str) -> None:
    """Make the lead critical, and tell of it, where the group is a collective."""
    with database_scope({EVERYTHING}):
        heads, limit = _heads(lead, group), _limit(lead)
    if heads < limit or lead.urgency == Case.Urgency.CRITICAL:
        return
    before, lead.urgency = lead.urgency, Case.Urgency.CRITICAL
    lead.save(update_fields=["urgency"])
    why = f"合并各件共涉及 {heads} 人，达到集体诉求人数（{limit.normalize():f} 人）"
    after = {"urgency": str(lead.urgency)}
    record(RAISE, lead, actor=actor, right=right, before={"urgency": before}, after=after, reason=why)
    tell_at_once({lead: why}, dict(LADDER.at_once)[Case.Urgency.CRITICAL])


def lower_lead(group: int, *, actor: Account, right: str, reason: str) -> None:
    """Give the lead back its urgency where those who are left are no collective and nobody has had a say in it since.

    Wherever the lead lies: who may set a member apart undoes all that joining it did.
    """
    with database_scope({EVERYTHING}):
        found = Case.objects.filter(memberships__group=group, memberships__leads=True)
        lead = found.select_for_update(of=("self",)).get()
        heads, limit = _heads(lead, group), _limit(lead)
        raised = _raised(lead)
        if heads >= limit or raised is None:
            return
        before, lead.urgency = lead.urgency, (raised.before or {})["urgency"]
        lead.save(update_fields=["urgency"])
        why = (
            f"退出合并后共涉及 {heads} 人，未达到集体诉求人数（{limit.normalize():f} 人），"
            f"恢复合并前的紧急程度“{lead.get_urgency_display()}”"
        )
        # what was sent can not be unsent: the record says that it no longer holds
        if told := escalations(lead).filter(clock=None, reason=raised.reason).first():
            why += f"；此前因合并向{told.region}的特急报告作废"
        record(
            LOWER,
            lead,
            actor=actor,
            right=right,
            before={"urgency": before},
            after={"urgency": lead.urgency},
            reason=f"{why}：{reason.strip()}",
        )


def _heads(lead: Case, group: int) -> int:
    """Return how many people the lead and those that are with it speak for."""
    others = Member.objects.filter(group=group, left_at=None, leads=False).exclude(kind=Member.Kind.AGAIN)
    counts = Case.objects.filter(pk__in=others.values("case")).values_list("headcount", flat=True)
    heads: int = lead.headcount + sum(counts)
    return heads


def _limit(lead: Case) -> Decimal:
    on = timezone.localdate(lead.received_at)
    return parameters.get("hotline.group_threshold", on=on, region=lead.region_id).value


def _raised(lead: Case) -> Record | None:
    """Return the record of how a group raised the lead; None where that is not the last word on its urgency."""
    said = [
        each
        for each in history(lead).filter(after__has_key="urgency")
        if each.verb == BY_HAND or (each.before or {}).get("urgency") != (each.after or {})["urgency"]
    ]
    return said[-1] if said and said[-1].verb == RAISE else None
