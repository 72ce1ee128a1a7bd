"""The hotline's figures. What each counts, and on whose authority: docs/rules/hotline.md."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Q, QuerySet, TextField
from django.db.models.functions import Cast

from yanzhen.domains.hotline.models import Case
from yanzhen.domains.hotline.queries import worklist
from yanzhen.engines.indicators.declare import INDICATORS, Count, Indicator, Ratio, Unit
from yanzhen.foundation.models import Account, Record

BASIS = "docs/rules/hotline.md"
DISPATCHED = Q(state__in=("handling", "disputed", "answered", "called_back", "closed")) | Q(returns__gt=0)
"""Cases that a unit was charged with at some time: only `assign` leads there, and a return leaves its mark."""
DONE_AGAIN = ("move.redo", "move.overrule", "move.fail_check", "move.reopen")
"""Moves that have a case handled once more."""
AT_ONCE = Q(solved=True, returns=0, party_keys=[], again=False)
"""Solved by the first unit on its first answer: never returned, nobody else asked in, never handled once more."""


def _closed(account: Account) -> QuerySet[Case]:
    return worklist(account).filter(state="closed")


def _closed_and_again(account: Account) -> QuerySet[Case]:
    """Closed cases with `again`: whether any of them was handled once more. The row forgets that, its history does not."""
    history = Record.objects.filter(
        subject_type=Case._meta.label_lower,
        subject_id=Cast(OuterRef("pk"), TextField()),
        verb__in=DONE_AGAIN,
    )
    return _closed(account).annotate(again=Exists(history))


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
DISPATCH_ACCURACY = INDICATORS.add(
    Indicator(
        code="hotline.dispatch_accuracy",
        label="派单准确率",
        unit=Unit.PERCENT,
        basis=BASIS,
        definition="期内来件且派过单的工单中，承办单位从未退回派单的占比；按来件时间归期，一件只计一次。",
        records=worklist,
        dated="received_at",
        measure=Ratio(part=Q(returns=0), base=DISPATCHED, base_label="派过单"),
        not_by=("agent",),  # the case names its handler, and it is the dispatcher who was right or wrong
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
FIRST_CONTACT = INDICATORS.add(
    Indicator(
        code="hotline.first_contact",
        label="一次解决率",
        unit=Unit.PERCENT,
        basis=BASIS,
        definition="期内办结且诉求人答复是否解决的工单中，答复“已解决”，并且没有退回派单、没有请其他单位协办、"
        "没有退回重办（含质检不合格和重新办理）的占比。",
        records=_closed_and_again,
        dated="ended_at",
        measure=Ratio(part=AT_ONCE, base=Q(solved__isnull=False), base_label="回访到并答复是否解决"),
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
