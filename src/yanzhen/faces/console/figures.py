"""Figures: the declared indicators of a region and a period, by a dimension, and the records behind each number."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.conf import settings
from django.http import Http404, HttpResponse, QueryDict
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from yanzhen.domains.hotline.calls.models import Call
from yanzhen.engines.indicators import dimensions
from yanzhen.engines.indicators.declare import INDICATORS, Period, Ratio
from yanzhen.engines.indicators.dimensions import REGION, UNKNOWN, Cell
from yanzhen.engines.indicators.figures import PARTS, breakdowns, figure, records
from yanzhen.engines.indicators.figures import figures as wholes
from yanzhen.faces.console import breakdown, choices, table
from yanzhen.faces.console.calls.lines import lines as call_lines
from yanzhen.faces.console.desk import DESKS, Desk
from yanzhen.faces.console.keys import Order, page_of
from yanzhen.faces.console.lists import with_
from yanzhen.faces.console.pages import page, show
from yanzhen.faces.http import AccountRequest
from yanzhen.faces.places import region_by_code
from yanzhen.foundation.errors import Invalid
from yanzhen.foundation.models import Account, Region

PART_LABELS = {"part": "构成这个数的", "rest": "分母中的其余", "base": "分母", "all": "期内全部"}
YEARS_BACK = 5


@page("GET", "HEAD")
def figures(request: AccountRequest) -> HttpResponse:
    region, period, by = _region(request.GET), _period(request.GET), _by(request.GET)
    asked = {"account": request.user, "region": region, "period": period}
    parted = breakdowns(INDICATORS, by=by, **asked)  # type: ignore[arg-type]  # three values of three types
    others = [each for each in INDICATORS if each.code not in parted]
    whole = {code: each.whole for code, each in parted.items()} | wholes(others, **asked)  # type: ignore[arg-type]  # as above
    spoken = _spoken(request.GET, region)
    return show(request, "console/figures.html", {
        "region": region, "period": period, "spoken": spoken,
        "groups": breakdown.groups(whole[each.code] for each in INDICATORS), "by": dimensions.names()[by],
        "tables": breakdown.tables(parted, by=by, sort=request.GET.get("sort", ""), spoken=spoken, query=request.GET),
        "form": SpanForm(initial={"region": region.code, "period": _spoken_period(request.GET), "by": by}),
    })  # fmt: skip


@page("GET", "HEAD")
def behind(request: AccountRequest, code: str) -> HttpResponse:
    """List the records behind a figure, in the reader's own reach."""
    if code not in INDICATORS:
        raise Http404
    indicator = INDICATORS[code]
    region, period = _region(request.GET), _period(request.GET)
    part = request.GET.get("part", "part")
    if part not in PARTS:
        raise Invalid("没有这样的明细范围", fields={"part": "不认识"})
    cell = _cell(request.GET)
    asked = {"account": request.user, "region": region, "period": period, "cell": cell}
    rows = records(indicator, part=part, **asked)  # type: ignore[arg-type]  # three values of three types
    order = Order(indicator.dated, "", descending=True)
    found = page_of(rows, order, cursor=request.GET.get("cursor", ""))
    listed = _listed(rows.model, found.rows, request.user)
    ratio = isinstance(indicator.measure, Ratio)
    return show(request, "console/records.html", {
        "indicator": indicator, "figure": figure(indicator, **asked), "region": region, "period": period,  # type: ignore[arg-type]  # as above
        **listed, "cell": cell and _spoken_cell(cell),
        "part": part, "parts": [(p, PART_LABELS[p], with_(request.GET, part=p)) for p in PART_LABELS] if ratio else [],
        "spoken": _spoken(request.GET, region), "home": reverse("console:figures"), "by": cell.by if cell else "",
        "previous": with_(request.GET, cursor=found.previous) if found.previous else "",
        "following": with_(request.GET, cursor=found.following) if found.following else "",
    })  # fmt: skip


def _listed(model: type[Any], rows: list[Any], account: Account) -> dict[str, Any]:
    """Return how the records are listed: as their desk does, and calls, which no procedure moves, as their own page."""
    if model is Call:
        return {"calls": call_lines(rows, account)}
    desk: Desk | None = next((d for d in DESKS if d.model is model), None)
    if desk is None:
        raise Http404
    return {"rows": table.rows(desk, table.lines(desk, rows, account))}


def _region(query: QueryDict) -> Region:
    region = region_by_code(query.get("region") or settings.PROVINCE)
    if region is None:
        raise Invalid("没有这个行政区划，请从列表中选择", fields={"region": "没有此代码"})
    return region


def _period(query: QueryDict) -> Period:
    """Read "2026", "2026-11" or "2026-11-26"; this year where nothing is given."""
    try:
        return Period.named(_spoken_period(query))
    except ValueError:
        raise Invalid("期间应写作 2026、2026-11 或 2026-11-26", fields={"period": "格式不对"}) from None


def _by(query: QueryDict) -> str:
    by = query.get("by") or REGION
    if by not in dimensions.names():
        raise Invalid("不能这样分，请从列表中选择", fields={"by": "不认识"})
    return by


def _cell(query: QueryDict) -> Cell | None:
    """Return the part of a breakdown that is asked for; None where the whole is."""
    key = query.get("key")
    return Cell(_by(query), UNKNOWN if key == breakdown.NO_KEY else key) if key else None


def _spoken_cell(cell: Cell) -> str:
    label = dimensions.names()[cell.by]
    name = dimensions.labels(cell.by, [cell.key]).get(cell.key) or breakdown.DASH
    return f"{gettext(label)}：{name}"


def _spoken(query: QueryDict, region: Region) -> str:
    """Return region and period as the addresses of the records name them."""
    kept = QueryDict(mutable=True)
    kept["region"] = region.code
    kept["period"] = _spoken_period(query)
    return kept.urlencode()


def _spoken_period(query: QueryDict) -> str:
    return query.get("period") or str(timezone.localdate().year)


def _periods() -> list[choices.Choice]:
    """Return the last years, today, and the months of this year, the latest first."""
    today = timezone.localdate()
    months = [date(today.year, m, 1) for m in range(today.month, 0, -1)]
    years = [today.year - n for n in range(YEARS_BACK)]
    return [
        *((str(y), f"{y} 年") for y in years),
        (f"{today:%Y-%m-%d}", gettext("今天")),
        *((f"{m:%Y-%m}", f"{m.year} 年 {m.month} 月") for m in months),
    ]


class SpanForm(forms.Form):
    """Draws what is chosen; what an address asks for is read by `_region` and `_period`, which take more."""

    region = forms.ChoiceField(label=_("行政区划"), choices=lambda: [choices.province(), *choices.regions()])
    period = forms.ChoiceField(label=_("期间"), choices=_periods)
    by = forms.ChoiceField(
        label=_("按什么分"), choices=lambda: [(n, gettext(v)) for n, v in dimensions.names().items()]
    )
