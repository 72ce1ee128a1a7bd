"""Figures, and the records behind each, in the reach of the key."""

from __future__ import annotations

from datetime import date

from django.conf import settings
from django.utils import timezone
from ninja import Query, Router

from yanzhen.engines.indicators import figures
from yanzhen.engines.indicators.declare import INDICATORS, Indicator, Period
from yanzhen.faces.api.auth import ApiRequest
from yanzhen.faces.api.paging import page_of
from yanzhen.faces.api.problems import Absent, demand_known, known_region
from yanzhen.faces.api.schemas import (
    REFUSED,
    FigureLine,
    FigureOut,
    IndicatorOut,
    Problem,
    RecordOut,
    RecordPage,
    RecordSpan,
    Span,
)
from yanzhen.faces.places import region_names
from yanzhen.foundation.errors import Invalid

router = Router(tags=["指标"])


@router.get("/indicators", response={200: list[IndicatorOut], REFUSED: Problem}, summary="指标目录")
def list_indicators(request: ApiRequest) -> list[IndicatorOut]:
    return [IndicatorOut(**IndicatorOut.values(indicator)) for indicator in INDICATORS]


@router.get(
    "/indicators/{code}", response={200: FigureOut, REFUSED: Problem}, by_alias=True, summary="指标数值"
)
def show_figure(request: ApiRequest, code: str, span: Query[Span]) -> FigureOut:
    demand_known(request, Span)
    indicator, region, period = (
        _indicator(code),
        known_region(span.region or settings.PROVINCE),
        _period(span),
    )
    found = figures.breakdowns([indicator], account=request.auth, region=region, period=period)[code]
    whole, parts = found.whole, found.parts
    names = region_names(parts)
    return FigureOut(
        **IndicatorOut.values(indicator),
        region=region.code,
        first=period.first,
        after=period.after,
        value=whole.value,
        n=whole.n,
        total=whole.total,
        outside_percent=whole.outside,
        by_region=[FigureLine.of(parts[key], key, names.get(key)) for key in sorted(parts)],
    )


@router.get(
    "/indicators/{code}/records", response={200: RecordPage, REFUSED: Problem}, summary="指标背后的记录"
)
def list_records(request: ApiRequest, code: str, span: Query[RecordSpan]) -> RecordPage:
    demand_known(request, RecordSpan)
    indicator = _indicator(code)
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


def _period(span: Span) -> Period:
    year = timezone.localdate().year
    first, after = span.first or date(year, 1, 1), span.after or date(year + 1, 1, 1)
    if first >= after:
        raise Invalid("期间的起日应早于止日（止日不含）", fields={"to": "应晚于 from"})
    return Period(first, after)
