"""The demo province: synthetic from end to end, the same on every machine on the same day.

Places and codes are real; units, people and appeals are invented and say so («演示»). Cases run through the engine
as at work, entered afterwards for their day, so that their clocks and records are what an installation would hold.
"""

from __future__ import annotations

import random
from collections.abc import Callable

from django.db import transaction

from yanzhen.domains.hotline import categories
from yanzhen.domains.hotline.rosters import skills
from yanzhen.engines.honours.models import Honour
from yanzhen.faces.cli.province import (
    calls,
    cases,
    closing,
    craftsmen,
    hotspots,
    knowledge,
    ladder,
    people,
    roster,
    selection,
    telling,
    units,
)
from yanzhen.faces.cli.province.posts import PASSWORD, POSTS
from yanzhen.foundation.models import Account, Organisation
from yanzhen.foundation.scope import EVERYTHING, database_scope

Progress = Callable[[str, int, int], None]
"""(what is being done, done, total)"""
COHORTS = 150


def accounts() -> list[tuple[str, str, str]]:
    """Return (username, password, what it is) of the demo's accounts."""
    posts = [(post.username, post.label) for post in POSTS]
    return [(username, PASSWORD, label) for username, label in (*posts, selection.UNIT, selection.WORKER)]


def loaded() -> bool:
    return Account.objects.filter(username=POSTS[0].username).exists()


def load(progress: Progress) -> None:
    """Fill an empty installation; the foundation's data packs are there already. All or nothing."""
    dice = random.Random(20260101)  # noqa: S311  # the same province every time, no secret
    with database_scope({EVERYTHING}), transaction.atomic():
        categories.load()
        bodies = units.register(dice)
        staff = units.staff(bodies)
        skills.load()
        knowledge.publish(staff)
        days = cases.cohort_days(dice, COHORTS)
        for done, day in enumerate(days):
            progress("演示工单", done, len(days))
            cases.cohort(dice, day, bodies, staff)
        cases.disputes(bodies, staff)
        cases.parties_and_stays(dice, bodies, staff)
        progress("演示工单", len(days), len(days))
        rest = (
            lambda: people.register(dice, bodies, staff["registrar"]),
            lambda: roster.load(staff["agent"], planner=staff["province"], administrator=staff["admin"]),
            lambda: hotspots.surge(dice, bodies, staff),
            lambda: closing.load(dice, staff),
            telling.suggestions,
        )
        for done, part in enumerate(rest):
            progress("人员、排班、预警、回访", done, len(rest))
            part()
        progress("人员、排班、预警、回访", len(rest), len(rest))
        _selections(bodies, staff, progress)
        calls.load(dice, progress, administrator=staff["admin"])
        progress("通知和对账", 0, 1)
        telling.load(staff)
        progress("通知和对账", 1, 1)


def _selections(
    bodies: dict[tuple[str, str], Organisation], staff: dict[str, Account], progress: Progress
) -> None:
    """Rounds from the first application to the certificate, and what becomes of those who were awarded."""
    cast = selection.cast_of(random.Random(20260102), bodies, staff)  # noqa: S311  # as above
    craftsman, master = selection.craftsman(cast), selection.master(cast)
    honours: list[Honour] = []
    parts: tuple[Callable[[], object], ...] = (
        lambda: honours.extend(ladder.past(craftsman, cast)),
        lambda: ladder.noticed_now(master, cast, honours[:6]),
        lambda: ladder.marking_now(craftsman, cast),
        lambda: selection.taking(craftsman, cast),
        lambda: craftsmen.load(honours, staff),
    )
    for done, part in enumerate(parts):
        progress("评选、荣誉、师徒", done, len(parts))
        part()
    progress("评选、荣誉、师徒", len(parts), len(parts))
