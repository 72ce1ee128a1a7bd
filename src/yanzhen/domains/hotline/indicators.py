"""The hotline's figures. What each counts, and on whose authority: docs/rules/hotline.md."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from yanzhen.domains.hotline.models import Case
from yanzhen.domains.hotline.queries import worklist
from yanzhen.engines.indicators.declare import INDICATORS, Count, Indicator, Ratio, Unit
from yanzhen.foundation.models import Account

BASIS = "docs/rules/hotline.md"


def _closed(account: Account) -> QuerySet[Case]:
    return worklist(account).filter(state="closed")


RECEIVED = INDICATORS.add(
    Indicator(
        code="hotline.received",
        label="收到诉求",
        unit=Unit.ITEMS,
        basis=BASIS,
        definition="期内来件的诉求工单，含不予受理的，按来件时间归期。",
        records=worklist,
        dated="received_at",
        measure=Count(),
    )
)
CLOSED = INDICATORS.add(
    Indicator(
        code="hotline.closed",
        label="办结诉求",
        unit=Unit.ITEMS,
        basis=BASIS,
        definition="期内质检合格并办结的工单，按办结时间归期；不含不予受理的。",
        records=_closed,
        dated="ended_at",
        measure=Count(),
    )
)
ON_TIME = INDICATORS.add(
    Indicator(
        code="hotline.closed_on_time",
        label="按期办结率",
        unit=Unit.PERCENT,
        basis=BASIS,
        definition="期内办结的工单中，受理、派单、办理、回访、质检各时限均未超过的占比。",
        records=_closed,
        dated="ended_at",
        measure=Ratio(part=Q(late=False), base=Q(), base_label="期内办结"),
    )
)
RESOLVED = INDICATORS.add(
    Indicator(
        code="hotline.resolved",
        label="问题解决率",
        unit=Unit.PERCENT,
        basis=BASIS,
        definition="期内办结且回访联系到诉求人的工单中，诉求人答复“已解决”的占比。与办结率分开统计。",
        records=_closed,
        dated="ended_at",
        measure=Ratio(part=Q(solved=True), base=Q(solved__isnull=False), base_label="回访到并答复是否解决"),
    )
)
SATISFIED = INDICATORS.add(
    Indicator(
        code="hotline.satisfied",
        label="满意度",
        unit=Unit.PERCENT,
        basis=BASIS,
        definition="期内办结并作出评价的工单中，评价为满意的占比；同时公布评价数和未评价占比。",
        records=_closed,
        dated="ended_at",
        measure=Ratio(
            part=Q(satisfaction=Case.Satisfaction.SATISFIED), base=~Q(satisfaction=""), base_label="作出评价"
        ),
    )
)
