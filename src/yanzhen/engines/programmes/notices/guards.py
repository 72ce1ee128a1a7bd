"""Who may not handle an objection, and what an upheld one has to rest on."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from django.db.models import TextField
from django.db.models.functions import Cast

from yanzhen.engines.programmes.legs import CORRECTING
from yanzhen.engines.programmes.notices.models import Notice, Objection
from yanzhen.engines.programmes.panels.models import ScoreRun
from yanzhen.foundation.models import Record

if TYPE_CHECKING:
    from yanzhen.engines.programmes.models import Application, Round

ACTS = {
    "application.fill_in": "填报人", "application.settle": "资格审查人", "opinion.give": "部门意见出具人",
    "move.submit": "填报人", "move.supplement": "填报人", "move.give_back": "推荐人", "move.pass_screen": "资格审查人",
    "move.ask_more": "资格审查人", "move.fail_screen": "资格审查人", "move.clear": "部门意见办理人", "start": "填报人",
}  # fmt: skip
"""What the records of an application tell of the part that somebody had in it."""
PREFIXES = (("move.recommend_", "推荐人"), ("move.decline_", "推荐人"), ("mark.", "评委"))


def part_in(application: Application, account: int) -> str | None:
    """Return the part that the account had in the application, by the records; None where it had none."""
    verbs = Record.objects.filter(
        subject_type="programmes.application", subject_id=str(application.pk), actor_id=account
    ).values_list("verb", flat=True)
    for verb in verbs:
        if verb in ACTS:
            return ACTS[verb]
        for prefix, name in PREFIXES:
            if verb.startswith(prefix):
                return name
    return None


def had_no_part(objection: Objection) -> str | None:
    """由没有参与过该申报的人办理。"""
    if objection.handler_id is None:
        return None
    part = part_in(objection.application, objection.handler_id)
    return (
        f"{objection.handler} 是这件申报的{part}，不能办理对它的异议：须由没有参与过的人办理"
        if part
        else None
    )


def change_was_applied(objection: Objection) -> str | None:
    """名单已按预览更换。"""
    return (
        None if objection.remedy_id else "请在“影响预览”中核对全部变化并确认：成立即按预览更换名单并重新公示"
    )


def list_follows_scores(objection: Objection) -> str | None:
    """评分没有因这件异议更正过，或名单已跟着更换。"""
    if objection.ground != Objection.Ground.MARKS:
        return None
    followed = [
        *Notice.objects.filter(round=objection.round).values_list("published_at", flat=True),
        *_upheld(objection.round),
    ]
    if not ScoreRun.objects.filter(round=objection.round, adopted_at__gt=max(followed)).exists():
        return None
    return "评分已经更正，名单还没有跟着更换：请在“影响预览”中核对并认定成立；不应更正的，请先恢复原来的评分并重新采用"


def marks_are_heard(round_: Round) -> bool:
    """Whether an objection to marks was accepted and is not yet decided."""
    return Objection.objects.filter(round=round_, ground=Objection.Ground.MARKS, state="accepted").exists()


def _upheld(round_: Round) -> list[datetime]:
    heard = Objection.objects.filter(round=round_).annotate(key=Cast("pk", TextField())).values("key")
    moves = Record.objects.filter(
        verb="move.uphold", subject_type="programmes.objection", subject_id__in=heard
    )
    return list(moves.values_list("at", flat=True))


CORRECTING.append(marks_are_heard)
