"""Running a round: moving its dates, turning to the next stage, ending it."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from yanzhen.engines.programmes.actions.editing import RoundRefused
from yanzhen.engines.programmes.models import Application, Round, Window
from yanzhen.engines.programmes.totals import place_anew
from yanzhen.engines.programmes.turning import waiting
from yanzhen.foundation.errors import Invalid, NotAllowed
from yanzhen.foundation.models import Account
from yanzhen.foundation.records import record

RUN = "round.run"
BRING = ("vote", "inspect", "shortlist")
"""Kinds of stage after which totals and places are others: something was added, or a final begins with what it carries."""


@transaction.atomic
def set_window(
    window: Window, *, opens_at: datetime, closes_at: datetime, why: str, actor: Account
) -> Window:
    """Move the dates of a stage; a stage that is over keeps its own. Raises RoundRefused, Invalid or NotAllowed."""
    round_ = going(window.round_id, actor)
    window = round_.windows.select_for_update().get(pk=window.pk)
    if opens_at >= closes_at:
        raise Invalid("截止时间须在开始时间之后", fields={"closes_at": "须在开始时间之后"})
    if window.order < round_.window(round_.stage).order:
        raise RoundRefused(f"“{round_.programme.stage(window.stage).label}”环节已过，时间不能再改")
    if not why.strip():
        raise Invalid("改动时间须写明理由", fields={"why": "请写明理由"})
    before = {"opens_at": window.opens_at, "closes_at": window.closes_at}
    window.opens_at, window.closes_at = opens_at, closes_at
    window.save(update_fields=["opens_at", "closes_at"])
    record("round.window", round_, actor=actor, right=RUN, before={"stage": window.stage, **before},
           after={"stage": window.stage, "opens_at": opens_at, "closes_at": closes_at}, reason=why)  # fmt: skip
    return window


@transaction.atomic
def turn(round_: Round, *, actor: Account, note: str = "") -> Round:
    """Go on to the next stage. Raises RoundRefused with every reason why the present one is not done."""
    round_ = going(round_.pk, actor)
    now = timezone.now()
    if reasons := waiting(round_, at=now):
        raise RoundRefused(f"还不能结束“{round_.stage_now.label}”：" + "；".join(reasons), reasons=reasons)
    before, kind = round_.stage, round_.stage_now.kind
    following = round_.programme.after(before)
    if following is None:
        round_.status, round_.ended_at = Round.Status.ENDED, now
    else:
        round_.stage = following.code
        round_.windows.filter(stage=following.code).update(turned_at=now)
    round_.save(update_fields=["status", "stage", "ended_at"])
    if kind in BRING:
        place_anew(round_)
    record("round.turn", round_, actor=actor, right=RUN, before={"stage": before},
           after={"stage": round_.stage, "status": round_.status}, reason=note)  # fmt: skip
    return round_


@transaction.atomic
def cancel(round_: Round, *, why: str, actor: Account) -> Round:
    """Call a round off before anybody was awarded in it."""
    round_ = mine(round_.pk, actor)
    if Application.objects.filter(round=round_, state="awarded").exists():
        raise RoundRefused("本轮已有认定，不能取消：请逐人按撤销办理")
    if not why.strip():
        raise Invalid("取消轮次须写明理由", fields={"why": "请写明理由"})
    round_.status, round_.ended_at = Round.Status.CANCELLED, timezone.now()
    round_.save(update_fields=["status", "ended_at"])
    record("round.cancel", round_, actor=actor, right=RUN, after={"status": round_.status}, reason=why)
    return round_


def going(pk: int, actor: Account) -> Round:
    """Do what `mine` does; refuse to touch one that stands still."""
    round_ = mine(pk, actor)
    if round_.standstill:
        raise RoundRefused(round_.standstill)
    return round_


def mine(pk: int, actor: Account) -> Round:
    """Lock the round; refuse to touch one that is over or not the actor's."""
    round_: Round = Round.objects.select_for_update(of=("self",)).prefetch_related("windows").get(pk=pk)
    if not actor.has_right(RUN, round_):
        raise NotAllowed("您在该区划和条线没有“组织评选轮次”权限")
    if round_.status != Round.Status.RUNNING:
        raise RoundRefused(f"{round_} {round_.get_status_display()}，不能再改动")
    return round_
