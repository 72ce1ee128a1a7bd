"""A round stands still: nothing moves, no term runs out, until the day that was named or until it is taken up again.

It is the pause of the procedures: pairs of days that no term counts, here of all terms of the round at once. They are
derived again from the pairs whenever these change.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

from django.utils import timezone

from yanzhen.engines.procedures.parties import beyond_the_wall
from yanzhen.engines.procedures.stays import rewind_many
from yanzhen.engines.programmes.actions.editing import RoundRefused
from yanzhen.engines.programmes.actions.opinions import due_of
from yanzhen.engines.programmes.actions.rounds import RUN, mine
from yanzhen.engines.programmes.models import Application, Opinion, Round
from yanzhen.foundation import parameters
from yanzhen.foundation.errors import Invalid
from yanzhen.foundation.models import Account
from yanzhen.foundation.records import record

SHIFTED: list[Callable[[Round], None]] = []
"""What else has terms in a round, and derives them again; called in the transaction of the pause."""


@beyond_the_wall
def pause(round_: Round, *, until: date, why: str, actor: Account) -> Round:
    """Let the round stand still from today until the day before `until`; a pause that runs ends on that day instead.

    Raises RoundRefused, Invalid or NotAllowed.
    """
    round_ = mine(round_.pk, actor)
    today = timezone.localdate()
    longest = parameters.get("programmes.pause", on=today, region=round_.region_id)
    if not why.strip():
        raise Invalid("暂停须写明理由：申报人会看到", fields={"why": "请写明理由"})
    if not today < until <= today + timedelta(days=int(longest.value)):
        words = f"恢复日期须在明天至 {today + timedelta(days=int(longest.value)):%Y-%m-%d} 之间"
        raise Invalid(words, fields={"until": words})
    return _stand(round_, until, verb="round.pause", why=why, actor=actor)


@beyond_the_wall
def resume(round_: Round, *, why: str, actor: Account) -> Round:
    """Go on today; the days that were not used are taken off every term again."""
    round_ = mine(round_.pk, actor)
    if round_.paused_until is None:
        raise RoundRefused(f"{round_} 没有暂停，不必恢复")
    return _stand(round_, timezone.localdate(), verb="round.resume", why=why, actor=actor)


def _stand(round_: Round, until: date, *, verb: str, why: str, actor: Account) -> Round:
    today = timezone.localdate()
    before = round_.paused_until
    first = round_.pauses.pop()[0] if before else today.isoformat()
    if first < until.isoformat():
        round_.pauses.append([first, until.isoformat()])
    if verb == "round.pause":
        round_.pause_why = why.strip()
    round_.save(update_fields=["pauses", "pause_why"])
    _move_windows(round_, until - (before or today))
    _move_opinions(round_)
    rewind_many(
        Application.objects.filter(round=round_, ended_at=None, due_at__isnull=False).select_related("round")
    )
    for shift in SHIFTED:
        shift(round_)
    record(verb, round_, actor=actor, right=RUN, before={"until": before}, after={"until": until}, reason=why)
    return round_


def _move_windows(round_: Round, days: timedelta) -> None:
    """Move what lies ahead: the windows are days that somebody set, not terms."""
    now = timezone.now()
    for window in round_.windows.select_for_update().filter(closes_at__gt=now):
        window.closes_at += days
        if window.opens_at > now:
            window.opens_at += days
        window.save(update_fields=["opens_at", "closes_at"])


def _move_opinions(round_: Round) -> None:
    asked = list(
        Opinion.objects.filter(application__round=round_, verdict=Opinion.Verdict.OPEN).select_related(
            "application"
        )
    )
    due = {}
    for opinion in asked:
        key = (opinion.asked_at, opinion.application.region_id)
        if key not in due:
            due[key] = due_of(round_, *key)
        opinion.due_at = due[key]
    Opinion.objects.bulk_update(asked, ["due_at"], batch_size=2_000)
