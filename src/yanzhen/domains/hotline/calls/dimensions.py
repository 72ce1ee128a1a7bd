"""By what the telephone's figures may be broken down."""

from __future__ import annotations

from django.db.models import F
from django.db.models.functions import Left

from yanzhen.domains.hotline.dimensions import (
    BY_AGENT,
    BY_CATEGORY,
    BY_HOUR,
    BY_LINE,
    TOP,
    hour_of,
)
from yanzhen.engines.indicators.dimensions import DIMENSIONS, Dimension

CALL = "calls.call"

DIMENSIONS.add(Dimension(CALL, "line", BY_LINE.label, F("line_id"), BY_LINE.names))
DIMENSIONS.add(Dimension(CALL, "agent", BY_AGENT.label, F("answered_by_id"), BY_AGENT.names))
DIMENSIONS.add(
    Dimension(
        CALL, "category", BY_CATEGORY.label, Left("case__category_id", TOP), BY_CATEGORY.names, ordered=True
    )
)
DIMENSIONS.add(Dimension(CALL, "hour", BY_HOUR.label, hour_of("started_at"), BY_HOUR.names, ordered=True))
