"""What has to be done before a round leaves a stage. Parts that bring a kind of stage add their reasons here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

from django.db.models import Count
from django.utils import timezone

from yanzhen.engines.programmes.models import Application, Round

Reasons = Callable[[Round], Iterator[str]]
TURNS: dict[str, list[Reasons]] = {}
"""By kind of stage: what is still to be done, as the organiser reads it."""
BEFORE = {
    "recommend": ("recommend_unit", "recommend_county", "recommend_city", "recommend_province"),
    "screen": ("screen", "supplement"),
    "opinion": ("opinion",),
    "decide": ("noticed",),
}
"""States in which no application may be left when the stage is over."""


def waits(kind: str) -> Callable[[Reasons], Reasons]:
    """Register a function that says what is still to be done in a stage of `kind`."""

    def add(reasons: Reasons) -> Reasons:
        TURNS.setdefault(kind, []).append(reasons)
        return reasons

    return add


def waiting(round_: Round, *, at: datetime) -> list[str]:
    """Return every reason why the round can not leave its stage at `at`."""
    stage = round_.stage_now
    reasons = []
    if stage.kind in ("apply", "vote", "notice") and at < (closes := round_.window(stage.code).closes_at):
        reasons.append(f"这一环节至 {timezone.localtime(closes):%Y-%m-%d %H:%M} 截止")
    if left := BEFORE.get(stage.kind):
        counted = Application.objects.filter(round=round_, state__in=left).aggregate(n=Count("pk"))["n"]
        if counted:
            reasons.append(f"还有 {counted} 件申报没有办完")
    return reasons + [reason for ask in TURNS.get(stage.kind, ()) for reason in ask(round_)]
