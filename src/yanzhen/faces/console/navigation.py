"""The console's menu: the pages that the account may open, with the one that is open."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, get_urlconf, reverse
from django.utils.translation import gettext

from yanzhen.engines.procedures.queries import INBOXES
from yanzhen.faces.console.desk import DESKS
from yanzhen.foundation.models import Account


@dataclass(frozen=True, slots=True)
class Entry:
    """A page outside the desks. Without rights it is for everybody; else for the holder of any of them."""

    view: str
    label: str
    icon: str
    rights: tuple[str, ...] = ()


ORDERS_LABEL = "协办单"
LIVE = Entry("console:live", "值班台", "device-desktop", ("case.supervise", "call.view"))
"""Stands above the desks: whoever has it open looks at it all day."""
PLACES = (
    Entry("console:call-backs", "回访", "refresh", ("case.call_back",)),
    Entry("console:samples", "抽检", "list-check", ("case.check",)),
    Entry("console:knowledge", "知识与话术", "list-check", ("knowledge.view",)),
    Entry("console:calls", "我的通话", "phone", ("call.take",)),
    Entry("console:calls-all", "全部通话", "list-check", ("call.view",)),
    Entry("console:reviews", "我的评审", "edit", ("application.mark",)),
    Entry("console:inspections", "我的考察", "building", ("application.mark", "application.screen")),
    Entry("console:rounds", "评选轮次", "calendar", ("programme.view",)),
    Entry("console:programmes", "评选方案", "list-check", ("programme.view",)),
    Entry("console:sheets", "表格导入导出", "table", ("sheet.import", "sheet.undo")),
    Entry("console:routes", "派单规则", "arrows-split", ("route.edit", "case.assign")),
    Entry("console:categories", "诉求类别", "list-check", ("route.edit",)),
    Entry("console:hotspots", "热点预警", "alert-triangle", ("hotspot.view",)),
    Entry("console:honour-reports", "履职报告", "file-text", ("honour.report", "honour.review")),
    Entry("console:honour-numbers", "证书编号", "list-check", ("honour.award", "honour.approve")),
    Entry("console:formation", "雁阵", "chart-bar", ("mentorship.view",)),
    Entry("console:wishes", "拜师需求", "users", ("mentorship.view",)),
    Entry("console:studios", "工匠工作室", "building", ("studio.view",)),
    Entry("console:sanctions", "处分核查", "shield-check", ("sanction.view",)),
    Entry("console:rosters", "排班", "clock", ("roster.view", "seat.edit")),
    Entry("console:results", "评选结果", "list-check", ("round.run", "application.decide")),
    Entry("console:figures", "指标", "chart-bar", ("case.view", "honour.view")),
    Entry("console:classification", "分类模型", "adjustments", ("case.train",)),
    Entry("console:organisations", "单位", "building", ("organisation.view",)),
    Entry("console:people", "人员", "user", ("person.view",)),
    Entry("console:reconciliation", "来件对账", "list-check", ("reconciliation.view",)),
    Entry("console:deliveries", "通知投递", "send", ("outbox.view",)),
    Entry("console:trail", "记录链", "history", ("record.view",)),
    Entry("console:accounts", "账号与授权", "users", ("account.view", "account.edit")),
    Entry("console:trunks", "电话中继", "switch-horizontal", ("trunk.edit",)),
    Entry("console:parameters", "参数", "adjustments", ("parameter.edit", "record.view")),
    Entry("console:calendar", "工作日历", "calendar", ("calendar.edit", "record.view")),
)

BELONGS = {
    "panels": "rounds",
    "objections": "objection",
    "milestones": "mentorships",
    "register": "cases",
}
"""First parts of addresses whose pages belong to an entry that they do not lie below."""


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """Return the entries of the menu: url, label, icon, active, count (None: not counted). No statement."""
    account = request.user
    if not isinstance(account, Account):
        return []
    entries = _entries(account)
    home, urls = reverse("console:home"), [entry["url"] for entry in entries]
    first = request.path.removeprefix(home).partition("/")[0]
    path = f"{home}{BELONGS[first]}/" if first in BELONGS else request.path
    best = max(
        # every page of the console lies below the first one, which stands for itself alone
        (url for url in urls if path == url or (url != home and path.startswith(_path(url)))),
        key=lambda url: len(_path(url)),
        default="",
    )
    for entry in entries:
        entry["active"] = entry["url"] == best
    return entries


def call_bar(request: HttpRequest) -> str:
    """Return the address that tells who rings; "" for who takes no calls, and on the page where calls pop up. No statement."""
    account = request.user
    if not isinstance(account, Account) or not account.reaches("call.take"):
        return ""
    if request.path == _address(get_urlconf(), "console:calls", ()):
        return ""
    return _address(get_urlconf(), "console:call-bar", ())


def _path(url: str) -> str:
    return url.partition("?")[0]


def _entries(account: Account) -> list[dict[str, Any]]:
    found = [_entry("console:home", "首页", "home"), *_places(account, (LIVE,))]
    for desk in DESKS:
        procedure = desk.procedure
        if account.reaches(procedure.view_right):
            found.append(_entry("console:list", desk.label, desk.icon, desk, query=f"?box={INBOXES[0].code}"))
        if procedure.referral and account.reaches(procedure.referral.respond_right):
            found.append(_entry("console:orders", ORDERS_LABEL, "arrows-split", desk))
    found.extend(_places(account, PLACES))
    return [entry for entry in found if entry["url"]]


def _places(account: Account, places: tuple[Entry, ...]) -> Iterator[dict[str, Any]]:
    """Yield the entries of `places` that the account may open."""
    for place in places:
        if not place.rights or any(account.reaches(right) for right in place.rights):
            yield _entry(place.view, place.label, place.icon)


def _entry(view: str, label: str, icon: str, *arguments: object, query: str = "") -> dict[str, Any]:
    url = _address(get_urlconf(), view, arguments)
    return {"url": url and url + query, "label": gettext(label), "icon": icon, "active": False, "count": None}


@cache
def _address(_urlconf: str | None, view: str, arguments: tuple[object, ...]) -> str:
    """Return the address of a page; "" where this installation does not serve it."""
    try:
        return reverse(view, args=arguments)
    except NoReverseMatch:
        return ""
