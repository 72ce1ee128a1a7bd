"""What the demo's callers said of the result, and the second look at closed cases."""

from __future__ import annotations

import random

from django.utils import timezone

from yanzhen.domains.hotline.closing.actions import Answer, answer_online, note_attempt
from yanzhen.domains.hotline.closing.marks import propose_mark
from yanzhen.domains.hotline.closing.models import Sampled
from yanzhen.domains.hotline.closing.points import POINTS
from yanzhen.domains.hotline.closing.sampling import draw_day, review_sample
from yanzhen.domains.hotline.models import Case
from yanzhen.faces.cli.province.cases import WORDS
from yanzhen.foundation.models import Account

LATEST = 40
"""Closed cases whose days are drawn from."""
ALL_PASS = {point.code: "pass" for point in POINTS}


def load(dice: random.Random, staff: dict[str, Account]) -> None:
    waiting = list(Case.objects.filter(state="answered", phone_hash__isnull=False).order_by("-answered_at"))
    for case in waiting[:3]:
        answer_online(case, Answer(dice.random() < 0.7, "satisfied", "satisfied", dice.choice(WORDS[:4])))
    for case in waiting[3:6]:
        note_attempt(case, actor=staff["caller"], outcome="no_answer")
    for case in waiting[6:8]:
        reason = "同一事项已答复两次，本次没有新的事实和理由（演示）"
        propose_mark(case, actor=staff["caller"], ground="repeated", reason=reason)
    _second_looks(staff["checker"])


def _second_looks(checker: Account) -> None:
    """Draw for the last days on which cases were closed; the checker has looked at every other, and found one wanting."""
    ended = (
        Case.objects.filter(state="closed").order_by("-ended_at").values_list("ended_at", flat=True)[:LATEST]
    )
    for day in sorted({timezone.localdate(at) for at in ended if at} - {timezone.localdate()}):
        draw_day(day)
    for n, sampled in enumerate(Sampled.objects.order_by("pk")[::2]):
        good = n != 1
        review_sample(
            sampled,
            actor=checker,
            findings=ALL_PASS if good else {**ALL_PASS, "own_words": "fail"},
            passed=good,
            opinion="" if good else "答复是套话，没有写明本件查明的事实（演示）",
        )
