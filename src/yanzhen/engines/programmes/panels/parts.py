"""What a panel gives to the whole: its percent of the total, and what is to be done before its stages are over."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from django.db.models import Count, Q

from yanzhen.engines.programmes.models import Application, Round
from yanzhen.engines.programmes.panels.actions.running import place, result_of
from yanzhen.engines.programmes.panels.models import Assignment, ScoreRun
from yanzhen.engines.programmes.totals import PLACERS, gives
from yanzhen.engines.programmes.turning import waits

PLACERS.append(place)


@gives("mark")
def scores(round_: Round, stage: Any) -> Mapping[int, Decimal]:
    """Return the adopted score of each application, raw or corrected as the round was opened with."""
    adopted = ScoreRun.objects.filter(round=round_, stage=stage.code, adopted_at__isnull=False).first()
    if adopted is None:
        return {}
    corrected = round_.programme.scoring.corrected
    found = ((s.application, s.corrected if corrected else s.raw) for s in result_of(adopted).scores)
    return {application: value for application, value in found if value is not None}


@waits("assign")
def not_seated(round_: Round) -> Iterator[str]:
    stage = round_.stage_now
    live = Q(assignments__stage=stage.code, assignments__status__in=("live", "done"))
    short = (
        Application.objects.filter(round=round_, state="review")
        .annotate(n=Count("assignments", filter=live))
        .filter(n__lt=stage.each)
    )
    if n := short.count():
        yield f"还有 {n} 件没有配齐 {stage.each} 名评委"


@waits("mark")
def not_marked(round_: Round) -> Iterator[str]:
    assigned = round_.programme.latest("assign", round_.stage)
    live = Assignment.objects.filter(
        run__round=round_, stage=assigned.code, status=Assignment.State.LIVE, application__state="review"
    )
    if n := live.count():
        yield f"还有 {n} 份评分没有交来"
    if not ScoreRun.objects.filter(round=round_, stage=round_.stage, adopted_at__isnull=False).exists():
        yield "还没有采用计分结果"
