"""The demo's roster: a province round the clock, a city on three shifts, one by day; with one night left bare."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from yanzhen.domains.hotline.rosters.actions.seats import save_seat
from yanzhen.domains.hotline.rosters.actions.shifts import cancel_shift, unfold_rotation
from yanzhen.domains.hotline.rosters.models import Shift, Skill
from yanzhen.domains.hotline.rosters.rotations import ROTATIONS
from yanzhen.foundation.models import Account, Grant, Region, Role

TEAMS = (("370000", "four_teams", 4), ("370100", "three_weekly", 3), ("370200", "office", 2))
"""Region, rotation, people; the demo's own agent is the first of the province."""
DAYS = 32
BARE_IN = 6
"""Days until the night that nobody of the province takes."""


def load(agent: Account, *, planner: Account, administrator: Account) -> None:
    """Give the demo seats and shifts, as the planner of the province would."""
    role = Role.objects.get(code="agent")
    number = 8001
    for code, rotation, size in TEAMS:
        region = Region.objects.get(pk=code)
        team = [agent] if code == "370000" else []
        while len(team) < size:
            who = Account.objects.create_user(
                f"seat{number + len(team)}", name=f"演示坐席{number + len(team)}"
            )
            Grant.objects.create(account=who, role=role, region=region, line_id="union")
            team.append(who)
        for who in team:
            skills = ["general", "law"] if who == agent else ["general"]
            address = f"sip:{number}@127.0.0.1:5070"
            save_seat(
                who, extension=str(number), address=address, skills=skills, active=True, actor=administrator
            )
            number += 1
        unfold_rotation(
            ROTATIONS[rotation],
            team,
            region=region,
            skill=Skill.objects.get(code="general"),
            first=timezone.localdate(),
            days=DAYS,
            actor=planner,
        )
    _leave_a_night_bare(planner)


def _leave_a_night_bare(planner: Account) -> None:
    night = (
        Shift.objects.filter(
            region="370000", kind=Shift.Kind.NIGHT, starts_at__gt=timezone.now() + timedelta(days=BARE_IN)
        )
        .order_by("starts_at")
        .first()
    )
    if night:
        cancel_shift(night, actor=planner, reason="参加培训，尚未安排补班（演示）")
