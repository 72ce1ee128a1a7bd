"""A mentorship is proposed with its contract; its milestones are reported and confirmed; a wish for a mentor is kept."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from django.db import IntegrityError, transaction
from django.utils import timezone

from yanzhen.domains.craftsmen import rules
from yanzhen.domains.craftsmen.models import Mentorship, Milestone, Seeking
from yanzhen.domains.craftsmen.titles import highest
from yanzhen.engines.honours.queries import titles_of
from yanzhen.engines.procedures.engine import start
from yanzhen.engines.procedures.parties import beyond_the_wall
from yanzhen.foundation import numbering
from yanzhen.foundation.errors import Invalid, NotAllowed, Refusal
from yanzhen.foundation.models import Account, Organisation, Person
from yanzhen.foundation.people import mask_name
from yanzhen.foundation.records import record
from yanzhen.foundation.records.write import masked

LINE = "union"
EDIT, CONFIRM = "mentorship.edit", "mentorship.confirm"
Step = tuple[str, date]
"""What a milestone asks, and the day by which."""


class MentorshipRefused(Refusal):
    code = "mentorship_refused"


@beyond_the_wall
def propose(
    *,
    mentor: Person,
    apprentice: Person,
    organisation: Organisation,
    trade: str,
    starts_on: date,
    ends_on: date,
    goals: str,
    steps: Sequence[Step],
    actor: Account,
) -> Mentorship:
    """Put a mentorship down for confirmation. `organisation` is the apprentice's unit; the signed contract is attached next.

    Raises Invalid, NotAllowed or MentorshipRefused.
    """
    row = Mentorship(
        mentor=mentor, apprentice=apprentice, mentor_mask=mask_name(mentor.name), apprentice_mask=mask_name(apprentice.name),
        mentor_title=highest(titles_of(mentor)), trade=trade.strip(), starts_on=starts_on, ends_on=ends_on, goals=masked(goals.strip()),
        organisation=organisation, region_id=organisation.region_id, line_id=LINE,
        number=numbering.next_number(f"ST{organisation.region_id[:6]}", at=timezone.now()),
    )  # fmt: skip
    if not actor.has_right(EDIT, row):
        raise NotAllowed("您在该区划和条线没有“登记师徒结对”权限")
    if mentor.pk == apprentice.pk:
        raise Invalid("师傅和徒弟不能是同一人", fields={"apprentice": "与师傅是同一人"})
    if problem := rules.contract_problem(starts_on, ends_on, [due for _, due in steps]):
        raise Invalid(problem, fields={"ends_on": problem})
    try:
        with transaction.atomic():
            start(row, actor=actor, right=EDIT)
    except IntegrityError as error:
        raise MentorshipRefused(
            f"{row.apprentice_mask} 已有在办或在带的师徒结对，一名徒弟同时只拜一位师傅"
        ) from error
    Milestone.objects.bulk_create(
        Milestone(
            mentorship=row,
            order=n,
            text=masked(text.strip()),
            due_on=due,
            region_id=row.region_id,
            line_id=LINE,
        )
        for n, (text, due) in enumerate(steps, 1)
    )
    Seeking.objects.filter(person=apprentice, closed_at=None).update(closed_at=timezone.now())
    return row


@transaction.atomic
def report_milestone(milestone: Milestone, *, evidence: str, actor: Account) -> Milestone:
    """Say what shows that a step was reached; until it is confirmed it may be said again."""
    row = _locked(milestone)
    mentorship = row.mentorship
    if not (actor.has_right(EDIT, mentorship) or mentorship.belongs_to(actor)):
        raise NotAllowed("只有师徒本人，或有“登记师徒结对”权限的人，才能填报阶段成果")
    if mentorship.state != "active":
        raise MentorshipRefused(f"{mentorship.number} 现为“{mentorship.stage.label}”，不能填报阶段成果")
    if row.confirmed_at:
        raise MentorshipRefused(f"第 {row.order} 个阶段目标已经确认，不能再改")
    if len(evidence.strip()) < rules.SHORTEST:
        told = f"请写明成果和佐证（至少 {rules.SHORTEST} 个字）"
        raise Invalid(told, fields={"evidence": told})
    row.evidence, row.reported_by, row.reported_at = masked(evidence.strip()), actor, timezone.now()
    row.save(update_fields=["evidence", "reported_by", "reported_at"])
    record("milestone.report", mentorship, actor=actor, right=EDIT, after={"order": row.order})
    return row


@transaction.atomic
def confirm_milestone(milestone: Milestone, *, actor: Account) -> Milestone:
    """Confirm a reported step: never by whoever reported it, never by one of the two."""
    row = _locked(milestone)
    mentorship = row.mentorship
    if not actor.has_right(CONFIRM, mentorship):
        raise NotAllowed("您在该区划和条线没有“确认师徒结对与阶段成果”权限")
    if mentorship.belongs_to(actor) or row.reported_by_id == actor.pk:
        raise NotAllowed("填报人和师徒本人不能确认阶段成果，须由他人确认")
    if row.reported_at is None or row.confirmed_at:
        raise MentorshipRefused(
            f"第 {row.order} 个阶段目标{'已经确认' if row.confirmed_at else '还没有填报成果'}"
        )
    row.confirmed_by, row.confirmed_at = actor, timezone.now()
    row.save(update_fields=["confirmed_by", "confirmed_at"])
    record("milestone.confirm", mentorship, actor=actor, right=CONFIRM, after={"order": row.order})
    return row


@transaction.atomic
def seek(*, person: Person, organisation: Organisation, trade: str, actor: Account) -> Seeking:
    """Keep that `person`, who works at `organisation`, wants a mentor of a trade."""
    row = Seeking(
        person=person, organisation=organisation, mask=mask_name(person.name), trade=trade.strip(), entered_by=actor,
        entered_at=timezone.now(), region_id=organisation.region_id, line_id=LINE,
    )  # fmt: skip
    if not actor.has_right(EDIT, row):
        raise NotAllowed("您在该区划和条线没有“登记师徒结对”权限")
    if Mentorship.objects.filter(apprentice=person).exclude(state__in=Mentorship.OVER).exists():
        raise MentorshipRefused(f"{row.mask} 已有师傅，不必登记拜师需求")
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:
        raise MentorshipRefused(f"{row.mask} 的拜师需求已经登记") from error
    record("seeking.enter", row, actor=actor, right=EDIT, after={"trade": row.trade})
    return row


@transaction.atomic
def withdraw_seeking(seeking: Seeking, *, actor: Account) -> Seeking:
    row: Seeking = Seeking.objects.select_for_update().get(pk=seeking.pk)
    if not actor.has_right(EDIT, row):
        raise NotAllowed("您在该区划和条线没有“登记师徒结对”权限")
    if row.closed_at is None:
        row.closed_at = timezone.now()
        row.save(update_fields=["closed_at"])
        record("seeking.withdraw", row, actor=actor, right=EDIT)
    return row


def _locked(milestone: Milestone) -> Milestone:
    rows = Milestone.objects.select_for_update(of=("self",)).select_related("mentorship__organisation")
    row: Milestone = rows.get(pk=milestone.pk)
    return row
