"""Figures, and the records behind each, in the reach of the key."""

from __future__ import annotations

from datetime import date

from django.conf import settings
from django.utils import timezone
from ninja import Query, Router

from yanzhen.engines.indicators import dimensions, figures
from yanzhen.engines.indicators.declare import INDICATORS, Indicator, Period
from yanzhen.engines.indicators.dimensions import REGION, Cell
from yanzhen.faces.api.auth import ApiRequest
from yanzhen.faces.api.paging import page_of
from yanzhen.faces.api.problems import Absent, demand_known, known_region
from yanzhen.faces.api.schemas import (
    REFUSED,
    FigureLine,
    FigureOut,
    FigureSpan,
    IndicatorOut,
    PartLine,
    Problem,
    RecordOut,
    RecordPage,
    RecordSpan,
    Span,
)
from yanzhen.foundation.errors import Invalid
from yanzhen.foundation.models import Account

router = Router(tags=["指标"])


@router.get("/indicators", response={200: list[IndicatorOut], REFUSED: Problem}, summary="指标目录")
def list_indicators(request: ApiRequest) -> list[IndicatorOut]:
    return [IndicatorOut(**IndicatorOut.values(indicator)) for indicator in INDICATORS]


@router.get(
    "/indicators/{code}", response={200: FigureOut, REFUSED: Problem}, by_alias=True, summary="指标数值"
)
def show_figure(request: ApiRequest, code: str, span: Query[FigureSpan]) -> FigureOut:
    demand_known(request, FigureSpan)
    indicator, region, period = (
        _indicator(code),
        known_region(span.region or settings.PROVINCE),
        _period(span),
    )
    _demand_parts(indicator, request.auth, span.by)
    found = figures.breakdowns([indicator], account=request.auth, region=region, period=period, by=span.by)[
        code
    ]
    whole, parts = found.whole, sorted(found.parts.items())
    names = dimensions.labels(span.by, found.parts)
    return FigureOut(
        **IndicatorOut.values(indicator),
        region=region.code,
        first=period.first,
        after=period.after,
        value=whole.value,
        n=whole.n,
        total=whole.total,
        outside_percent=whole.outside,
        by_region=[FigureLine.of(part, key, names.get(key)) for key, part in parts if span.by == REGION],
        by=span.by,
        parts=[
            PartLine(key=key or None, name=names.get(key), value=part.value, n=part.n, total=part.total)
            for key, part in parts
        ],
    )


@router.get(
    "/indicators/{code}/records", response={200: RecordPage, REFUSED: Problem}, summary="指标背后的记录"
)
def list_records(request: ApiRequest, code: str, span: Query[RecordSpan]) -> RecordPage:
    demand_known(request, RecordSpan)
    indicator = _indicator(code)
    _demand_parts(indicator, request.auth, span.by)
    if span.part not in figures.PARTS:
        reason = f"part 应为 {'、'.join(figures.PARTS)} 之一"
        raise Invalid(reason, fields={"part": reason})
    rows, following = page_of(
        figures.records(
            indicator,
            account=request.auth,
            region=known_region(span.region or settings.PROVINCE),
            period=_period(span),
            part=span.part,
            cell=None if span.key is None else Cell(span.by, span.key),
        ),
        by=indicator.dated,
        cursor=span.cursor,
        limit=span.limit,
    )
    items = [
        RecordOut(
            type=row._meta.label_lower,
            number=str(row),
            region=row.region_id,
            at=timezone.localtime(getattr(row, indicator.dated)),
        )
        for row in rows
    ]
    return RecordPage(items=items, next=following)


def _indicator(code: str) -> Indicator:
    if code not in INDICATORS:
        raise Absent(f"没有指标“{code}”")
    return INDICATORS[code]


def _demand_parts(indicator: Indicator, account: Account, by: str) -> None:
    """Raise Invalid where the records of the indicator have no dimension `by`."""
    model = indicator.records(account).model._meta.label_lower
    known = [
        name
        for name in dimensions.names()
        if name not in indicator.not_by and (name == REGION or dimensions.declared(model, name))
    ]
    if by not in known:
        reason = f"“{indicator.label}”可按 {'、'.join(known)} 分"
        raise Invalid(reason, fields={"by": reason})


def _period(span: Span) -> Period:
    year = timezone.localdate().year
    first, after = span.first or date(year, 1, 1), span.after or date(year + 1, 1, 1)
    if first >= after:
        raise Invalid("期间的起日应早于止日（止日不含）", fields={"to": "应晚于 from"})
    return Period(first, after)
