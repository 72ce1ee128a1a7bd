"""The pages of the hotspots. What stands out the sweeps said; here it is looked at and decided."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.template.defaultfilters import floatformat
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from yanzhen.domains.hotline.hotspots import actions, queries
from yanzhen.domains.hotline.hotspots.models import Alert
from yanzhen.domains.hotline.models import Case
from yanzhen.faces.console.cells import Cell, cells, title_of
from yanzhen.faces.console.desk import DESKS, Column
from yanzhen.faces.console.forms import act_form, text_field
from yanzhen.faces.console.hotspots.chart import chart_of
from yanzhen.faces.console.keys import Order, count_of, page_of
from yanzhen.faces.console.lists import with_
from yanzhen.faces.console.pages import attempt, page, see_other, sent, show
from yanzhen.faces.http import AccountRequest
from yanzhen.foundation.errors import NotAllowed, Refusal
from yanzhen.foundation.models import Account

NEWEST = Order("seen_at", "最近出现的在前", descending=True)
RECEIVED = Order("received_at", "最新来件在前", descending=True)
CASES = "cases"
ABOUT = (Column("title"), Column("employer"))
STATED = ("false_alarms", "false_silences", "history_weeks", "least_cases", "half_life")


@page("GET", "HEAD")
def listing(request: AccountRequest) -> HttpResponse:
    """List the alerts that are open, or (`closed`) those that are over."""
    _demand(request)
    closed = bool(request.GET.get("closed"))
    rows = queries.alerts(request.user).filter(closed_at__isnull=not closed)
    found = page_of(rows, NEWEST, cursor=request.GET.get("cursor", ""))
    regions = queries.names_of_regions(alert.region_id for alert in found.rows)
    context = {
        "alerts": [(alert, regions.get(alert.region_id, ""), chart_of(alert)) for alert in found.rows],
        "closed": closed,
        "stated": _stated(),
        "previous": with_(request.GET, cursor=found.previous) if found.previous else "",
        "following": with_(request.GET, cursor=found.following) if found.following else "",
    }
    return show(request, "console/hotspots/list.html", context)


@page("GET", "HEAD")
def one(request: AccountRequest, pk: int) -> HttpResponse:
    alert = _alert(request, pk)
    cases = queries.cases_of(alert, request.user)
    found = page_of(cases, RECEIVED, cursor=request.GET.get("cursor", ""))
    seen, whole = count_of(cases), queries.size_of(alert)
    context = {
        "alert": alert,
        "chart": chart_of(alert),
        "facts": _facts(alert),
        "also": [(Alert.Dimension(code).label, label, count) for code, label, count in alert.also],
        "cases": _told(found.rows, request.user),
        "unseen": max(whole - seen, 0),
        "desk": DESKS[CASES],
        "cluster": alert.value if alert.dimension == Alert.Dimension.CLUSTER else "",
        "may_decide": alert.closed_at is None and request.user.has_right("hotspot.decide", alert),
        "previous": with_(request.GET, cursor=found.previous) if found.previous else "",
        "following": with_(request.GET, cursor=found.following) if found.following else "",
    }
    return show(request, "console/hotspots/one.html", context)


@page("POST")
def acknowledging(request: AccountRequest, pk: int) -> HttpResponse:
    alert = _alert(request, pk)
    try:
        actions.acknowledge(alert, actor=request.user)
        messages.success(request, gettext("已确认，请及时处置"))
    except Refusal as refusal:
        messages.error(request, refusal.message)
    return see_other(reverse("console:hotspot", args=[pk]))


@page("GET", "HEAD", "POST")
def closing(request: AccountRequest, pk: int) -> HttpResponse:
    alert = _alert(request, pk)
    if not request.user.has_right("hotspot.decide", alert):
        raise NotAllowed(f"您在{alert.region}没有“确认与关闭热点预警”权限")
    back = reverse("console:hotspot", args=[pk])
    fields = {
        "note": text_field(
            gettext("原因和处置情况"), help_text=gettext("将记入记录链；这些工单不再引起预警，新的工单仍会")
        )
    }
    form = act_form(fields, sent(request))
    status = 200
    if form.is_bound:
        refusal = attempt(form, lambda given: actions.close(alert, actor=request.user, note=given["note"]))
        if refusal is None:
            messages.success(request, gettext("预警已关闭"))
            return see_other(back)
        status = refusal.status
    context = {"form": form, "label": gettext("关闭预警：%(alert)s") % {"alert": alert}, "back": back}
    return show(request, "console/setup/form.html", context, status=status)


@page("GET", "HEAD")
def heat(request: AccountRequest) -> HttpResponse:
    """List what most callers speak of these days."""
    _demand(request)
    context = {
        "heats": [
            (heat, title_of(DESKS[CASES], heat.example, request.user) if heat.example else "")
            for heat in queries.hottest(request.user, now=timezone.now())
        ],
        "desk": DESKS[CASES],
        "stated": _stated(),
    }
    return show(request, "console/hotspots/heat.html", context)


@page("GET", "HEAD")
def cluster(request: AccountRequest, pk: int) -> HttpResponse:
    """List the appeals of a cluster that the account may see."""
    _demand(request)
    found = page_of(queries.cases_in(pk, request.user), RECEIVED, cursor=request.GET.get("cursor", ""))
    if not found.rows:
        raise Http404(gettext("没有这一组同类诉求，或不在您的权限范围内"))
    context = {
        "pk": pk,
        "cases": _told(found.rows, request.user),
        "desk": DESKS[CASES],
        "previous": with_(request.GET, cursor=found.previous) if found.previous else "",
        "following": with_(request.GET, cursor=found.following) if found.following else "",
    }
    return show(request, "console/hotspots/cluster.html", context)


def _told(cases: Sequence[Case], account: Account) -> list[tuple[Case, list[Cell]]]:
    """Return each case with what it is about, as the account may read it."""
    return [(case, cells(DESKS[CASES], case, ABOUT, account)) for case in cases]


def _facts(alert: Alert) -> list[tuple[str, Any]]:
    """Return what is known of an alert as (label, text)."""
    period = gettext("7 天") if alert.kind == Alert.Kind.SURGE else gettext("24 小时")
    facts = [
        (gettext("预警性质"), gettext(alert.get_kind_display())),
        (gettext("维度"), gettext(alert.get_dimension_display())),
        (gettext("行政区划"), alert.region),
        (gettext("统计期"), period),
        (gettext("件数"), alert.count),
        (gettext("历史均值"), floatformat(alert.mean, 1)),
        (gettext("发出时间"), _spoken(alert.opened_at)),
        (gettext("最近出现"), _spoken(alert.seen_at)),
    ]
    if alert.kind == Alert.Kind.SURGE:
        facts.insert(6, (gettext("正常上限"), alert.bound))
    if alert.acknowledged_at:
        facts.append((gettext("确认"), f"{alert.acknowledged_by} {_spoken(alert.acknowledged_at)}"))
    if alert.closed_at:
        facts.append((gettext("关闭"), f"{alert.closed_by} {_spoken(alert.closed_at)}"))
        facts.append((gettext("处置说明"), alert.note))
    return facts


def _spoken(at: Any) -> str:
    return f"{timezone.localtime(at):%Y-%m-%d %H:%M}"


def _stated() -> dict[str, int]:
    return {name: int(queries.number(f"hotspot.{name}")) for name in STATED}


def _demand(request: AccountRequest) -> None:
    if not request.user.reaches("hotspot.view"):
        raise NotAllowed("您没有“查看热点预警”权限")


def _alert(request: AccountRequest, pk: int) -> Alert:
    alert = queries.alerts(request.user).filter(pk=pk).first()
    if alert is None:
        raise Http404(gettext("没有这条预警，或不在您的权限范围内"))
    return alert
