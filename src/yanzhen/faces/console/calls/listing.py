"""All calls that the account may see, narrowed and paged; and one of them with its events."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.db.models import Q
from django.http import Http404, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from yanzhen.domains.hotline.calls import queries
from yanzhen.domains.hotline.calls.models import Call
from yanzhen.domains.hotline.rosters.queries import route_answers
from yanzhen.faces.console import choices
from yanzhen.faces.console.calls.desk import CALL_BACKS
from yanzhen.faces.console.calls.lines import lines, titled
from yanzhen.faces.console.desks import CASES
from yanzhen.faces.console.filters import DAYS, midnight
from yanzhen.faces.console.keys import CAP, Order, count_of, page_of
from yanzhen.faces.console.lists import with_, without
from yanzhen.faces.console.pages import page, show
from yanzhen.faces.http import AccountRequest
from yanzhen.foundation.regions import prefixes

NEWEST = Order("started_at", "", descending=True)
ANY = ("", "全部")
UNFINISHED = "unfinished"
KINDS = {"newCall": "来电", "answer": "接听", "hangup": "挂断", "sweep": "没有收到挂断，由系统结束"}


class CallFilters(forms.Form):
    result = forms.ChoiceField(
        label=_("结果"),
        choices=[ANY, (UNFINISHED, "未了结"), *Call.Status.choices],
        required=False,
    )
    direction = forms.ChoiceField(label=_("方向"), choices=[ANY, *Call.Direction.choices], required=False)
    region = forms.ChoiceField(label=_("行政区划"), choices=lambda: [ANY, *choices.regions()], required=False)
    first = forms.DateField(
        label=_("来电自"), required=False, widget=forms.DateInput(attrs={"type": "date"}), validators=DAYS
    )
    last = forms.DateField(
        label=_("来电至"), required=False, widget=forms.DateInput(attrs={"type": "date"}), validators=DAYS
    )

    def condition(self) -> Q:
        """Return what the rows have to be, beside their region. Only after `is_valid`."""
        given = self.cleaned_data
        found = Q()
        if given["result"] == UNFINISHED:
            found &= queries.UNFINISHED
        elif given["result"]:
            found &= Q(status=given["result"])
        if given["direction"]:
            found &= Q(direction=given["direction"])
        if given["first"]:
            found &= Q(started_at__gte=midnight(given["first"]))
        if given["last"]:
            found &= Q(started_at__lt=midnight(given["last"]) + timedelta(days=1))
        return found


@page("GET", "HEAD")
def listing(request: AccountRequest) -> HttpResponse:
    form = CallFilters(request.GET)
    rows: Any = queries.seen(request.user)
    if form.is_valid():
        rows = rows.filter(form.condition())
        if form.cleaned_data["region"]:
            rows = rows.within(prefixes(form.cleaned_data["region"]))
    else:
        rows = rows.none()
    found = page_of(rows, NEWEST, cursor=request.GET.get("cursor", ""))
    return show(
        request,
        "console/calls/list.html",
        {
            "form": form,
            "lines": lines(found.rows, request.user),
            "count": count_of(rows),
            "cap": CAP,
            "counted": True,
            "filtered": bool(without(request.GET, "cursor")),
            "previous": with_(request.GET, cursor=found.previous) if found.previous else "",
            "following": with_(request.GET, cursor=found.following) if found.following else "",
        },
        status=200 if form.is_valid() else 422,
    )


@page("GET", "HEAD")
def one(request: AccountRequest, pk: int) -> HttpResponse:
    call = call_or_404(request, pk)
    account = request.user
    takes = account.has_right("call.take", call) or account.pk in call.seats
    routed = list(route_answers(call.ref))
    names = queries.names_of(call, routed)
    return show(
        request,
        "console/calls/one.html",
        {
            "line": lines([call], account)[0],
            "facts": _facts(call),
            "events": [(gettext(KINDS[e.kind]), e) for e in queries.events(call)],
            "legs": _legs(call, names),
            "routed": [(answer, [names.get(pk, "—") for pk in answer.accounts]) for answer in routed],
            "others": lines(list(queries.of_number(call, account)), account),
            "cases": titled(queries.cases_of(call, account), account),
            "takes": takes,
            "may_finish": takes and not call.finished,
            "may_listen": account.has_right("call.listen", call),
            "registers": bool(account.reaches("case.register")),
            "cases_desk": CASES,
            "call_backs_desk": CALL_BACKS,
        },
    )


def call_or_404(request: AccountRequest, pk: int) -> Call:
    call = queries.seen(request.user).select_related("call_back", "trunk").filter(pk=pk).first()
    if call is None:
        raise Http404("没有这通电话，或不在您的权限范围内")
    return call


def _facts(call: Call) -> list[tuple[str, str]]:
    def when(at: Any) -> str:
        return f"{timezone.localtime(at):%Y-%m-%d %H:%M:%S}" if at else "—"

    return [
        ("方向", gettext(str(call.get_direction_display()))),
        ("对方号码", call.phone_mask or gettext("未显示号码")),
        ("我方号码", call.own_number or "—"),
        ("来电时间", when(call.started_at)),
        ("接听时间", when(call.answered_at)),
        ("结束时间", when(call.ended_at)),
        ("属地（推测）", f"{call.region}（{call.why}）" if call.why else str(call.region)),
        ("队列", call.queue or "—"),
        ("接听人", str(call.answered_by or "—")),
        ("中继", str(call.trunk)),
        ("说明", call.note or "—"),
    ]


def _legs(call: Call, names: dict[int, str]) -> list[tuple[str, Any, str]]:
    return [
        (leg["number"], datetime.fromisoformat(leg["at"]), names.get(leg["account"], "—"))
        for leg in call.legs
    ]
