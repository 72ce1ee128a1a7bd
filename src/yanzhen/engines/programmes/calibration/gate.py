"""No mark is taken in a stage that calibrates before its organiser has released it."""

from __future__ import annotations

from typing import Any

from yanzhen.engines.programmes.calibration.models import Release
from yanzhen.engines.programmes.models import Round
from yanzhen.engines.programmes.panels.actions.marking import CLOSED


def not_released(round_: Round, stage: Any) -> str | None:
    if not stage.calibrate or Release.objects.filter(round=round_, stage=stage.code).exists():
        return None
    return "本环节先校准、后打分：请先在“我的评审”试评样卷，组织者放行后再正式打分"


CLOSED.append(not_released)
