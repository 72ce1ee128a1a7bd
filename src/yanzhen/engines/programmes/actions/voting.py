"""The network vote: one a day for each verified member, shown as a share, its weight capped by the programme."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Count, F, Max, Q
from django.db.models.functions import TruncHour
from django.utils import timezone

from yanzhen.engines.procedures.parties import beyond_the_wall
from yanzhen.engines.programmes.models import Application, Ballot, Round
from yanzhen.engines.programmes.totals import gives
from yanzhen.foundation import parameters
from yanzhen.foundation.errors import Invalid, NotAllowed, Refusal
from yanzhen.foundation.models import Account, Employment
from yanzhen.foundation.records import record


class VoteRefused(Refusal):
    code = "vote_refused"


@beyond_the_wall
def vote(application: Application, *, actor: Account) -> Ballot:
    """Cast today's vote. Raises VoteRefused with the sentence that says why not."""
    row = Application.objects.select_related("round").get(pk=application.pk)
    round_ = row.round
    stage = round_.stage_now
    if round_.standstill:
        raise VoteRefused(round_.standstill)
    now = timezone.now()
    window = round_.window(stage.code)
    if stage.kind != "vote" or not window.opens_at <= now < window.closes_at:
        raise VoteRefused(f"{round_} 现在不接受投票")
    if actor.person_id is None or actor.person.id_number_hash is None:  # type: ignore[union-attr]  # looked at before
        raise VoteRefused("投票须实名：请用本人账号登录，并由单位登记身份证号")
    if row.person_id == actor.person_id:
        raise VoteRefused("不能给自己投票")
    if row.state != "review":
        raise VoteRefused(f"{row.number} 现为“{row.stage.public_label}”，不在投票之列")
    ballot = Ballot(
        round=round_,
        stage=stage.code,
        application=row,
        person_id=actor.person_id,
        day=timezone.localdate(now),
        at=now,
    )
    try:
        with transaction.atomic():
            ballot.save(force_insert=True)
    except IntegrityError:
        raise VoteRefused("每人每天一票，今天已经投过：明天可以再投") from None
    return ballot


@transaction.atomic
def void(ballot: Ballot, *, why: str, actor: Account) -> Ballot:
    """Leave a vote out of the count; it stays on record."""
    if not actor.has_right("round.run", ballot.round):
        raise NotAllowed("您没有“组织评选轮次”权限")
    if len(why.strip()) < 4:
        raise Invalid("作废选票须写明理由（至少 4 个字）", fields={"why": "请写明理由"})
    Ballot.objects.filter(pk=ballot.pk).update(void_reason=why.strip(), voided_by=actor)
    record("vote.void", ballot.round, actor=actor, right="round.run", after={"ballot": ballot.pk}, reason=why)
    ballot.refresh_from_db()
    return ballot


@gives("vote")
def shares(round_: Round, stage: Any) -> Mapping[int, Decimal]:
    """Return by application its votes in percent of those of the one that has most; without votes 0."""
    counted = dict(
        Application.objects.filter(
            round=round_, state__in=("review", "noticed", "awarded", "left_out", "not_awarded")
        )
        .annotate(n=Count("ballots", filter=Q(ballots__stage=stage.code, ballots__void_reason="")))
        .values_list("pk", "n")
    )
    most = max(counted.values(), default=0)
    return {pk: Decimal(n * 100) / most if most else Decimal(0) for pk, n in counted.items()}


def anomalies(round_: Round, stage: Any) -> list[dict[str, Any]]:
    """Return what looks bought or arranged: many votes from the own employer, or most of them within one hour.

    The bounds are parameters; what is said is a question to people, nothing is voided by itself.
    """
    today = timezone.localdate()
    own, hour, least = (
        parameters.get(f"programmes.vote_{name}", on=today, region=round_.region_id).value
        for name in ("own_percent", "hour_percent", "least")
    )
    standing = Ballot.objects.filter(round=round_, stage=stage.code, void_reason="")
    found = []
    counted = (
        standing.values("application", "application__number", "application__organisation")
        .annotate(n=Count("pk"))
        .filter(n__gte=least)
    )
    for row in counted.order_by("-n"):
        ballots = standing.filter(application=row["application"])
        colleagues = Employment.objects.filter(
            organisation=row["application__organisation"], ends_on=None
        ).values("person")
        inside = ballots.filter(person__in=colleagues).count()
        busiest = (
            ballots.annotate(hour=TruncHour("at"))
            .values("hour")
            .annotate(k=Count("pk"))
            .aggregate(most=Max(F("k")))["most"]
        )
        for said, n, bound in (("本单位职工投票占比", inside, own), ("最忙一小时的投票占比", busiest, hour)):
            if n * 100 > bound * row["n"]:
                found.append(
                    {
                        "number": row["application__number"],
                        "said": said,
                        "percent": round(n * 100 / row["n"]),
                        "bound": int(bound),
                        "votes": row["n"],
                    }
                )
    return found
