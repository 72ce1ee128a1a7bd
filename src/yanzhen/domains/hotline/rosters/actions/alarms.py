"""Alarms: every hole of the next thirty days has one open, and those whose concern it is are told."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from yanzhen.domains.hotline.actions import LINE
from yanzhen.domains.hotline.rosters.coverage import Hole, Span, folded, ladder
from yanzhen.domains.hotline.rosters.models import Alarm, Skill
from yanzhen.domains.hotline.rosters.notices import HOLE
from yanzhen.domains.hotline.rosters.queries import HORIZON, find_holes, regions
from yanzhen.foundation.models import Account, Region
from yanzhen.foundation.outbox.messages import Telling, notify_many
from yanzhen.foundation.records import record_many


@transaction.atomic
def watch(now: datetime) -> list[Alarm]:
    """Open an alarm for each hole that has none, follow those that grew or shrank, close the others. Return the new.

    May be run again at any time. Needs everything in reach.
    """
    window = Span(now, now + HORIZON)
    holes = folded(find_holes(window), regions())
    there = list(Alarm.objects.select_for_update().filter(closed_at=None))
    opened, kept = [], set()
    for hole in holes:
        alarm = next((a for a in there if a.pk not in kept and _is(a, hole)), None)
        if alarm is None:
            opened.append(_new(hole, now))
            continue
        kept.add(alarm.pk)
        _follow(alarm, hole, now)
    over = [alarm for alarm in there if alarm.pk not in kept]
    Alarm.objects.filter(pk__in=[alarm.pk for alarm in over]).update(closed_at=now)
    _name_editors(opened)
    Alarm.objects.bulk_create(opened)
    _tell(opened)
    record_many("roster.alarm", [(alarm, None, _facts(alarm)) for alarm in opened], actor=None)
    record_many("roster.all_clear", [(alarm, _facts(alarm), None) for alarm in over], actor=None)
    return opened


def _is(alarm: Alarm, hole: Hole) -> bool:
    """Tell whether the alarm is about this hole: same place and skill, and some time in common."""
    same = (alarm.region_id, alarm.skill_id, alarm.whole) == (hole.region, hole.skill, hole.whole)
    return same and alarm.starts_at < hole.end and hole.start < alarm.ends_at


def _follow(alarm: Alarm, hole: Hole, now: datetime) -> None:
    """Move the ends; the start of a hole that has begun is kept, for the window begins only now."""
    start = alarm.starts_at if alarm.starts_at < now == hole.start else hole.start
    if (alarm.starts_at, alarm.ends_at) != (start, hole.end):
        alarm.starts_at, alarm.ends_at = start, hole.end
        alarm.save(update_fields=["starts_at", "ends_at"])


def _new(hole: Hole, now: datetime) -> Alarm:
    return Alarm(
        region_id=hole.region,
        line_id=LINE,
        skill_id=hole.skill,
        starts_at=hole.start,
        ends_at=hole.end,
        whole=hole.whole,
        opened_at=now,
    )


def _tell(alarms: Sequence[Alarm]) -> None:
    """Tell each of them, once a hole: where nobody sits now, calls are lost until somebody does."""
    names = dict(Skill.objects.values_list("code", "name"))
    places = Region.objects.in_bulk([alarm.region_id for alarm in alarms])
    notify_many(
        HOLE,
        [
            Telling(
                alarm,
                alarm.told,
                {
                    "region": str(places[alarm.region_id]),
                    "state": names[alarm.skill_id],
                    "at": alarm.starts_at,
                    "due_at": alarm.ends_at,
                },
            )
            for alarm in alarms
        ],
    )


def _name_editors(alarms: Sequence[Alarm]) -> None:
    """Name those who edit the roster of the place or above it."""
    codes = {step for alarm in alarms for step in ladder(alarm.region_id)}
    if not codes:
        return
    today = timezone.localdate(alarms[0].opened_at)
    editors = (
        Account.objects.filter(
            Q(grants__ends_on=None) | Q(grants__ends_on__gt=today),
            grants__starts_on__lte=today,
            is_active=True,
            grants__region__in=codes,
            grants__role__rights__contains=["roster.edit"],
        )
        .values_list("pk", "grants__region_id")
        .distinct()
    )
    charge = list(editors)
    for alarm in alarms:
        steps = set(ladder(alarm.region_id))
        alarm.told = sorted({pk for pk, code in charge if code in steps})


def _facts(alarm: Alarm) -> dict[str, object]:
    return {
        "skill": alarm.skill_id,
        "starts_at": alarm.starts_at,
        "ends_at": alarm.ends_at,
        "whole": alarm.whole,
        "told": alarm.told,
    }
