"""Figures: the declared indicators of a region and a period, by region, and the records behind each."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from django import forms
from django.conf import settings
from django.http import Http404, HttpResponse, QueryDict
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from yanzhen.domains.hotline.calls.models import Call
from yanzhen.engines.indicators.declare import INDICATORS, Period, Ratio
from yanzhen.engines.indicators.figures import PARTS, breakdowns, figure, records
from yanzhen.faces.console import choices
from yanzhen.faces.console.calls.lines import lines as call_lines
from yanzhen.faces.console.cells import lines
from yanzhen.faces.console.desk import DESKS, Desk
from yanzhen.faces.console.keys import Order, page_of
from yanzhen.faces.console.lists import with_
from yanzhen.faces.console.pages import page, show
from yanzhen.faces.http import AccountRequest
from yanzhen.faces.places import region_by_code, region_names
from yanzhen.foundation.errors import Invalid
from yanzhen.foundation.models import Account, Region

PART_LABELS = {"part": "构成这个数的", "rest": "分母中的其余", "base": "分母", "all": "期内全部"}
YEARS_BACK = 5


@page("GET", "HEAD")
def figures(request: AccountRequest) -> HttpResponse:
    region, period = _region(request.GET), _period(request.GET)
    found = breakdowns(INDICATORS, account=request.user, region=region, period=period)
    codes = sorted({code for each in found.values() for code in each.parts})
    names = region_names(codes)
    table = [(code, names.get(code, ""), [b.parts.get(code) for b in found.values()]) for code in codes]
    return show(request, "console/figures.html", {
        "region": region, "period": period, "spoken": _spoken(request.GET, region),
        "figures": [(each.whole.indicator, each.whole) for each in found.values()], "table": table,
        "form": SpanForm(initial={"region": region.code, "period": _spoken_period(request.GET)}),
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
    asked = {"account": request.user, "region": region, "period": period}
    rows = records(indicator, part=part, **asked)  # type: ignore[arg-type]  # three values of three types
    order = Order(indicator.dated, "", descending=True)
    found = page_of(rows, order, cursor=request.GET.get("cursor", ""))
    listed = _listed(rows.model, found.rows, request.user)
    ratio = isinstance(indicator.measure, Ratio)
    return show(request, "console/records.html", {
        "indicator": indicator, "figure": figure(indicator, **asked), "region": region, "period": period,  # type: ignore[arg-type]  # as above
        **listed,
        "part": part, "parts": [(p, PART_LABELS[p], with_(request.GET, part=p)) for p in PART_LABELS] if ratio else [],
        "spoken": _spoken(request.GET, region), "home": reverse("console:figures"),
        "previous": with_(request.GET, cursor=found.previous) if found.previous else "",
        "following": with_(request.GET, cursor=found.following) if found.following else "",
    })  # fmt: skip


def _listed(model: type[Any], rows: list[Any], account: Account) -> dict[str, Any]:
    """Return how the records are listed: as their desk does, and calls, which no procedure moves, as their own page."""
    if model is Call:
        return {"calls": call_lines(rows)}
    desk: Desk | None = next((d for d in DESKS if d.model is model), None)
    if desk is None:
        raise Http404
    columns = [(c, desk.label_of(c)) for c in desk.columns]
    return {"desk": desk, "lines": lines(desk, rows, account), "columns": columns}


def _region(query: QueryDict) -> Region:
    region = region_by_code(query.get("region") or settings.PROVINCE)
    if region is None:
        raise Invalid("没有这个行政区划，请从列表中选择", fields={"region": "没有此代码"})
    return region


def _period(query: QueryDict) -> Period:
    """Read "2026" or "2026-11"; this year where nothing is given."""
    text = _spoken_period(query)
    match = re.fullmatch(r"(20\d\d)(?:-(0[1-9]|1[0-2]))?", text)
    if match is None:
        raise Invalid("期间应写作 2026 或 2026-11", fields={"period": "格式不对"})
    year, month = match.groups()
    return Period.month(int(year), int(month)) if month else Period.year(int(year))


def _spoken(query: QueryDict, region: Region) -> str:
    """Return region and period as the addresses of the records name them."""
    kept = QueryDict(mutable=True)
    kept["region"] = region.code
    kept["period"] = _spoken_period(query)
    return kept.urlencode()


def _spoken_period(query: QueryDict) -> str:
    return query.get("period") or str(timezone.localdate().year)


def _periods() -> list[choices.Choice]:
    """Return the months of this year, the latest first, and the last years."""
    today = timezone.localdate()
    months = [date(today.year, m, 1) for m in range(today.month, 0, -1)]
    years = [today.year - n for n in range(YEARS_BACK)]
    return [
        *((str(y), f"{y} 年") for y in years),
        *((f"{m:%Y-%m}", f"{m.year} 年 {m.month} 月") for m in months),
    ]


class SpanForm(forms.Form):
    """Draws what is chosen; what an address asks for is read by `_region` and `_period`, which take more."""

    region = forms.ChoiceField(label=_("行政区划"), choices=lambda: [choices.province(), *choices.regions()])
    period = forms.ChoiceField(label=_("期间"), choices=_periods)
