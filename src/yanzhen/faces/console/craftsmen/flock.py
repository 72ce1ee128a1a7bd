"""The formation as a drawing: flocks in a V, the largest at its head, with lines a phone can show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any

from django import forms
from django.conf import settings
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from yanzhen.domains.craftsmen.queries import formation as records
from yanzhen.domains.craftsmen.queries.formation import Flock, formation
from yanzhen.domains.craftsmen.queries.registers import with_places
from yanzhen.domains.craftsmen.titles import Role
from yanzhen.faces.console import choices
from yanzhen.faces.console.craftsmen.desk import MENTORSHIPS
from yanzhen.faces.console.honours.desk import HONOURS
from yanzhen.faces.console.keys import Order, page_of
from yanzhen.faces.console.lists import with_
from yanzhen.faces.console.pages import page, show
from yanzhen.faces.http import AccountRequest
from yanzhen.faces.places import region_by_code
from yanzhen.foundation.errors import Invalid, NotAllowed
from yanzhen.foundation.models import Region

WIDTH, TOP, STEP = 360, 34, 40
"""Of the drawing: its width, where the head flies, how far back each next pair."""
NEAR, SPREAD = 20, 92
"""How far the first and the last pair fly from the middle."""
SMALLEST, LARGEST = 4, 14
WHAT = {
    **{role.value: role.label for role in Role},
    "teaching": _("带徒达标的领雁"),
    "waiting": _("待拜师"),
    "full": _("已带满的师傅的结对"),
    "overdue": _("逾期未确认的阶段目标"),
}
TABLES = {"lead": "_holders", "wing": "_holders", "teaching": "_holders", "waiting": "_waiting"}
WISHED = Order("entered_at", "最早登记在前")
ORDER = Order("started_at", "最近登记在前", descending=True)
MOST = 500
"""Milestones that the page lists, the longest overdue first."""
BY = (("region", "按区划"), ("industry", "按行业"))


@dataclass(frozen=True, slots=True)
class Goose:
    """A flock where it is drawn; `side` says on which side of the dot its words stand."""

    flock: Flock
    x: float
    y: float
    radius: float
    text_x: float
    side: str


@dataclass(frozen=True, slots=True)
class Drawing:
    width: int
    height: int
    geese: tuple[Goose, ...]
    arms: str
    """Points of the line from the left end over the head to the right end."""


def drawn(flocks: Sequence[Flock]) -> Drawing:
    """Place the flocks, given the largest first: one at the head, then by turns left and right, each pair further back."""
    pairs = len(flocks) // 2
    most = max((flock.size for flock in flocks), default=0)
    geese = tuple(_goose(flock, n, pairs, most) for n, flock in enumerate(flocks))
    left, right = geese[1::2], geese[2::2]
    arms = " ".join(f"{g.x:g},{g.y:g}" for g in (*reversed(left), *geese[:1], *right))
    return Drawing(WIDTH, TOP + STEP * pairs + TOP, geese, arms)


def _goose(flock: Flock, n: int, pairs: int, most: int) -> Goose:
    back = (n + 1) // 2
    way = 0 if n == 0 else -1 if n % 2 else 1
    x = WIDTH / 2 + way * (NEAR + (SPREAD - NEAR) * (back - 1) / max(pairs - 1, 1))
    radius = round(SMALLEST + (LARGEST - SMALLEST) * sqrt(flock.size / most), 1) if most else SMALLEST
    side = "end" if way < 0 else "start"
    return Goose(flock, round(x, 1), TOP + STEP * back, radius, round(x + (way or 1) * (radius + 5), 1), side)


class PlaceForm(forms.Form):
    region = forms.ChoiceField(label=_("区划"), choices=lambda: [choices.province(), *choices.regions()])
    by = forms.ChoiceField(label=_("分组"), choices=BY)


@page("GET", "HEAD")
def flying(request: AccountRequest) -> HttpResponse:
    region, by = _asked(request)
    found = formation(request.user, region, by)
    context = {
        "found": found, "region": region, "drawing": drawn(found.flocks) if found.whole.size else None,
        "form": PlaceForm(initial={"region": region.code, "by": found.by}), "mentorships": reverse("console:list", args=[MENTORSHIPS]),
        "records": f"{reverse('console:formation-records')}?region={region.code}&by={by}",
    }  # fmt: skip
    return show(request, "console/craftsmen/formation.html", context)


@page("GET", "HEAD")
def behind(request: AccountRequest) -> HttpResponse:
    """The records behind a figure of the formation: `what` it counts, in the flock `key` or, without one, in all."""
    region, by = _asked(request)
    what, key = request.GET.get("what", ""), request.GET.get("key")
    if what not in WHAT:
        raise Invalid("没有这个数，请从雁阵页点击数字进入", fields={"what": "没有这个数"})
    context: dict[str, Any] = {
        "what": WHAT[what], "region": region, "by": by, "honours": HONOURS, "desk": MENTORSHIPS,
        "place": records.label_of(region, by, key),
    }  # fmt: skip
    if what == "overdue":
        steps = list(records.overdue(request.user, region)[: MOST + 1])
        return show(
            request,
            "console/craftsmen/behind.html",
            context | {"steps": steps[:MOST], "more": len(steps) > MOST},
        )
    rows: Any = _subjects(request, region, by, what, key)
    order = WISHED if what == "waiting" else ORDER
    page_ = page_of(rows, order, cursor=request.GET.get("cursor", ""))
    context |= {
        "rows": with_places(page_.rows), "table": f"console/craftsmen/{TABLES.get(what, '_learning')}.html",
        "previous": with_(request.GET, cursor=page_.previous) if page_.previous else "",
        "following": with_(request.GET, cursor=page_.following) if page_.following else "",
    }  # fmt: skip
    return show(request, "console/craftsmen/behind.html", context)


def _subjects(request: AccountRequest, region: Region, by: str, what: str, key: str | None) -> Any:
    if what == "waiting":
        return records.waiting(request.user, region)
    if what == "full":
        return records.of_full_mentors(request.user, region)
    if what == Role.FOLLOWER:
        return records.followers(request.user, region, by, key=key)
    role = Role.LEAD if what == "teaching" else Role(what)
    return records.holders(request.user, region, by, role=role, key=key, teaching=what == "teaching")


def _asked(request: AccountRequest) -> tuple[Region, str]:
    if not request.user.reaches("mentorship.view"):
        raise NotAllowed("您没有“查看师徒结对与雁阵”权限；请联系本单位管理员")
    region = region_by_code(request.GET.get("region") or settings.PROVINCE)
    if region is None:
        raise Invalid("没有这个行政区划，请从列表中选择", fields={"region": "没有此代码"})
    by = request.GET.get("by", "region")
    return region, by if by in dict(BY) else "region"
