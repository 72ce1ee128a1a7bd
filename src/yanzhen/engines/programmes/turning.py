"""What has to be done before a round leaves a stage. Parts that bring a kind of stage add their reasons here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

from django.db.models import Count
from django.utils import timezone

from yanzhen.engines.programmes.models import Application, Round
from yanzhen.engines.programmes.unfold import WHOLE

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
        rows = Application.objects.filter(round=round_, state__in=left).order_by()
        counted = dict(rows.values_list("state").annotate(n=Count("pk")))
        where = "、".join(f"{WHOLE.state(code).label} {counted[code]} 件" for code in left if code in counted)
        if where:
            reasons.append(
                f"还有 {sum(counted.values())} 件申报没有办完（{where}）：请催办，或由经办的一级退回、作出结论"
            )
    return reasons + [reason for ask in TURNS.get(stage.kind, ()) for reason in ask(round_)]
