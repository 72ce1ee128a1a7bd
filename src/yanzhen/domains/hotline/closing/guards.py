"""Rules of the call-back for the case's own procedure: each looks up what was tried and said, and asks the rules.

They stand apart because the case's procedure imports them: nothing here may import that.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from django.db.models import QuerySet
from django.utils import timezone

from yanzhen.domains.hotline.closing import rules
from yanzhen.domains.hotline.closing.models import Attempt, Survey
from yanzhen.domains.hotline.models import Case
from yanzhen.foundation import parameters

BOUNDS = tuple(f"hotline.call_back_hours.{n}" for n in (1, 2, 3, 4))


def tried_before_given_up(case: Case) -> str | None:
    """未联系到诉求人的，须在不同时段、不同日期尝试足够次数；已在网上作答的，采用网上评价"""
    if case.reached is not False:
        return None
    if answer_online(case):
        return "诉求人已在网上作答，请采用网上评价，不能按“未联系到”结束"
    return tried_enough(case)


def says_what_the_caller_said(case: Case) -> str | None:
    """回访结果须是诉求人在电话或网上所作的评价"""
    if not case.reached:
        return None
    said = last_answer(case)
    if said and (said.solved, said.satisfaction) == (case.solved, case.satisfaction):
        return None
    return (
        "回访结果须与诉求人的评价一致：打了电话的，请在“回访”中按“联系上”登记；网上已作答的，请采用网上评价"
    )


def tried_enough(case: Case) -> str | None:
    """Return what has still to be tried before the caller counts as not reached. There is no number: nothing to try."""
    if not case.phone_hash:
        return None
    needed = number("hotline.call_back_attempts", case)
    return rules.what_is_missing(tries_of(case), needed=needed, now=timezone.localtime())


def caller_did_not_say_unsolved(case: Case) -> str | None:
    """诉求人网上答复“未解决”的，不得按已解决办结"""
    said = answer_online(case)
    if said is None or said.solved:
        return None
    return "诉求人已在网上答复“未解决”，应退回重新办理，或写明理由如实办结；如已解决，请诉求人在查询页面改答"


def not_solved_against_the_caller(case: Case) -> str | None:
    """诉求人网上答复“未解决”的，回访不得记为已解决"""
    return caller_did_not_say_unsolved(case) if case.solved else None


def answer_online(case: Case) -> Survey | None:
    """Return what the caller said last in the portal about the reply that now stands."""
    return _answers(case).filter(channel=Survey.Channel.WEB).first()


def last_answer(case: Case) -> Survey | None:
    """Return what the caller said last about the reply that now stands, by phone or in the portal."""
    return _answers(case).first()


def _answers(case: Case) -> QuerySet[Survey]:
    """What the caller said about the reply that now stands, the newest first; nothing while there is none."""
    if case.answered_at is None:
        return Survey.objects.none()
    return Survey.objects.filter(case=case, round_at=case.answered_at).order_by("-pk")


def takes_back_what_was_said(case: Case) -> Survey | None:
    """Return the caller's last word online where it says "solved" against the "unsolved" that was told by telephone.

    Nobody heard the one, somebody the other. Who said "unsolved" online too has only changed their own word.
    """
    said = answer_online(case)
    if said is None or not said.solved or case.solved is not False:
        return None
    rows = Survey.objects.filter(case=case, round_at=said.round_at, solved=False)
    last = rows.order_by("-pk").first()
    return said if last and last.channel == Survey.Channel.PHONE else None


def standing(case: Case) -> list[Attempt]:
    """Return the calls about the reply that now stands, without those noted by mistake, in order of time."""
    if case.answered_at is None:
        return []
    rows = Attempt.objects.filter(case=case, round_at=case.answered_at, corrected_by=None)
    return list(rows.exclude(outcome=Attempt.Outcome.MISTAKE).order_by("at", "pk"))


def tries_of(case: Case) -> list[rules.Tried]:
    return [tried(attempt) for attempt in standing(case)]


def tried(attempt: Attempt) -> rules.Tried:
    agreed = timezone.localtime(attempt.again_at) if attempt.again_at else None
    return rules.Tried(timezone.localdate(attempt.at), attempt.slot, attempt.outcome, agreed)


def slot_of(at: datetime, region: str) -> str:
    """Return the part of the day of `at` by the hours in force in the region that day."""
    local = timezone.localtime(at)
    bounds = [parameters.get(code, on=local.date(), region=region).value for code in BOUNDS]
    return rules.slot_at(Decimal(local.hour) + Decimal(local.minute) / 60, bounds)


def number(code: str, case: Case) -> int:
    return int(parameters.get(code, on=timezone.localdate(), region=case.region_id).value)
