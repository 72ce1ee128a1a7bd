"""The telephone's figures. What each counts, and on whose authority: docs/rules/calls.md."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from yanzhen.domains.hotline.calls import queries
from yanzhen.domains.hotline.calls.models import Call
from yanzhen.engines.indicators.declare import INDICATORS, Count, Indicator, Mean, Ratio, Unit
from yanzhen.foundation.models import Account

BASIS = "docs/rules/calls.md"
ANSWERED = Q(status=Call.Status.ANSWERED)


def offered(account: Account) -> QuerySet[Call]:
    """Incoming calls that are over."""
    return queries.seen(account).filter(direction=Call.Direction.IN, ended_at__isnull=False)


def lost(account: Account) -> QuerySet[Call]:
    return offered(account).exclude(ANSWERED)


def answered(account: Account) -> QuerySet[Call]:
    return offered(account).filter(ANSWERED)


def unfinished(account: Account) -> QuerySet[Call]:
    return offered(account).filter(queries.UNFINISHED)


OFFERED = INDICATORS.add(
    Indicator(
        code="calls.offered",
        label="呼入电话",
        unit=Unit.ITEMS,
        basis=BASIS,
        definition="期内打进热线且已结束的电话，按来电时间归期。",
        records=offered,
        dated="started_at",
        measure=Count(),
    )
)
CONNECTED = INDICATORS.add(
    Indicator(
        code="calls.connection_rate",
        label="接通率",
        unit=Unit.PERCENT,
        basis=BASIS,
        definition="期内呼入电话中由坐席接听的占比；留言、振铃中挂断、占线均计为未接通。",
        records=offered,
        dated="started_at",
        measure=Ratio(part=ANSWERED, base=Q(), base_label="呼入电话"),
    )
)
IN_TIME = INDICATORS.add(
    Indicator(
        code="calls.service_level",
        label="及时接听率",
        unit=Unit.PERCENT,
        basis=BASIS,
        definition="期内由坐席接听且知道等待时长的电话中，在规定秒数内接听的占比。",
        records=offered,
        dated="started_at",
        measure=Ratio(part=Q(in_time=True), base=ANSWERED & Q(in_time__isnull=False), base_label="坐席接听"),
    )
)
WAIT = INDICATORS.add(
    Indicator(
        code="calls.average_wait",
        label="平均等待",
        unit=Unit.SECONDS,
        basis=BASIS,
        definition="期内由坐席接听的呼入电话，从来电到接听的平均秒数；不知道等待时长的不计。",
        records=answered,
        dated="started_at",
        measure=Mean("wait_ms", per=1000),
    )
)
LOST = INDICATORS.add(
    Indicator(
        code="calls.lost",
        label="未接电话",
        unit=Unit.ITEMS,
        basis=BASIS,
        definition="期内无人接听、振铃中挂断、占线和留言的呼入电话。",
        records=lost,
        dated="started_at",
        measure=Count(),
    )
)
REGISTERED = INDICATORS.add(
    Indicator(
        code="calls.with_case",
        label="电话成案率",
        unit=Unit.PERCENT,
        basis=BASIS,
        definition="期内由坐席接听的呼入电话中登记或并入工单的占比；其余须有小结理由。",
        records=offered,
        dated="started_at",
        measure=Ratio(
            part=Q(case__isnull=False) | Q(outcome=Call.Reason.ANONYMOUS),
            base=ANSWERED,
            base_label="坐席接听",
        ),
    )
)
UNFINISHED = INDICATORS.add(
    Indicator(
        code="calls.unfinished",
        label="未了结电话",
        unit=Unit.ITEMS,
        basis=BASIS,
        definition="期内呼入、已结束，既没有工单、也没有小结、回拨任务也未办结的电话。",
        records=unfinished,
        dated="started_at",
        measure=Count(),
    )
)
