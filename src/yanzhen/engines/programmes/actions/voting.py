"""The network vote: one a day for each verified member, shown as a share, its weight capped by the programme."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Count, Q
from django.utils import timezone

from yanzhen.engines.procedures.parties import beyond_the_wall
from yanzhen.engines.programmes.legs import REVIEWED, is_fixed
from yanzhen.engines.programmes.models import Application, Ballot, Round
from yanzhen.engines.programmes.totals import gives, place_anew
from yanzhen.foundation.errors import Invalid, NotAllowed, Refusal
from yanzhen.foundation.models import Account
from yanzhen.foundation.records import record

RUN = "round.run"
LEAST_WORDS = 4


class VoteRefused(Refusal):
    code = "vote_refused"


@beyond_the_wall
def vote(application: Application, *, actor: Account) -> Ballot:
    """Cast today's vote. Raises VoteRefused with the sentence that says why not."""
    row = Application.objects.select_related("round").get(pk=application.pk)
    round_ = row.round
    if reason := shut(round_) or not_a_voter(actor):
        raise VoteRefused(reason)
    if row.person_id == actor.person_id:
        raise VoteRefused("不能给自己投票")
    if row.state != "review":
        raise VoteRefused(f"{row.number} 现为“{row.stage.public_label}”，不在投票之列")
    now = timezone.now()
    ballot = Ballot(
        round=round_,
        stage=round_.stage,
        application=row,
        person_id=actor.person_id,  # type: ignore[misc]  # `not_a_voter` looked at it
        day=timezone.localdate(now),
        at=now,
    )
    try:
        with transaction.atomic():
            ballot.save(force_insert=True)
    except IntegrityError:
        raise VoteRefused("每人每天一票，今天已经投过：明天可以再投") from None
    return ballot


def shut(round_: Round) -> str:
    """Return why the round takes no votes now; "" where it does."""
    stage = round_.stage_now
    if round_.status != Round.Status.RUNNING or stage.kind != "vote":
        return f"{round_} 现在不接受投票"
    if round_.standstill:
        return round_.standstill
    window, now = round_.window(stage.code), timezone.now()
    if now < window.opens_at:
        return f"投票于 {timezone.localtime(window.opens_at):%Y-%m-%d %H:%M} 开始"
    if now >= window.closes_at:
        return f"投票已于 {timezone.localtime(window.closes_at):%Y-%m-%d %H:%M} 截止"
    return ""


def not_a_voter(account: Account) -> str:
    """Return why the account may not vote at all; "" where it may."""
    if account.person is None or account.person.id_number_hash is None:
        return "投票须实名：请用本人账号登录，并由单位登记身份证号"
    return ""


@transaction.atomic
def void(ballots: Iterable[Ballot], *, round_: Round, why: str, actor: Account) -> int:
    """Leave votes of one round out of the count; they stay on record. Return how many were counted till now."""
    held: Round = Round.objects.select_for_update(of=("self",)).prefetch_related("windows").get(pk=round_.pk)
    if not actor.has_right(RUN, held):
        raise NotAllowed("您在该区划和条线没有“组织评选轮次”权限")
    if len(why.strip()) < LEAST_WORDS:
        raise Invalid(f"作废选票须写明理由（至少 {LEAST_WORDS} 个字）", fields={"why": "请写明理由"})
    rows = Ballot.objects.filter(pk__in=[b.pk for b in ballots], round=held, void_reason="")
    if any(is_fixed(held, stage) for stage in set(rows.values_list("stage", flat=True))):
        raise VoteRefused("入围名单已经采用，选票不能再作废：受理对打分的异议之后，才能更正")
    ids = list(rows.order_by("pk").values_list("pk", flat=True))
    if not ids:
        raise VoteRefused("没有可以作废的选票：请先勾选，已作废的不必再作废")
    rows.update(void_reason=why.strip()[:200], voided_by=actor)
    record("vote.void", held, actor=actor, right=RUN, after={"ballots": ids}, reason=why)
    place_anew(held)
    return len(ids)


def is_over(round_: Round, stage: Any) -> bool:
    """Whether no vote of the Vote stage can come any more, so that its result may be told."""
    codes = [one.code for one in round_.programme.stages]
    here, there = codes.index(round_.stage), codes.index(stage.code)
    return here > there or (here == there and timezone.now() >= round_.window(stage.code).closes_at)


@gives("vote")
def shares(round_: Round, stage: Any) -> Mapping[int, Decimal]:
    """Return by application its votes in percent of those of the one that has most; without votes 0.

    Nothing before the vote is over: a total would tell how it stands.
    """
    if not is_over(round_, stage):
        return {}
    counted = counts(round_, stage)
    most = max(counted.values(), default=0)
    return {pk: Decimal(n * 100) / most if most else Decimal(0) for pk, n in counted.items()}


def counts(round_: Round, stage: Any) -> dict[int, int]:
    """Return by application how many votes count."""
    return dict(
        Application.objects.filter(round=round_, state__in=REVIEWED)
        .annotate(n=Count("ballots", filter=Q(ballots__stage=stage.code, ballots__void_reason="")))
        .values_list("pk", "n")
    )
