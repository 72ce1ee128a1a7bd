"""The formation as a drawing: flocks in a V, the largest at its head, with lines a phone can show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

from django import forms
from django.conf import settings
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from yanzhen.domains.craftsmen.queries.formation import Flock, formation
from yanzhen.faces.console import choices
from yanzhen.faces.console.craftsmen.desk import MENTORSHIPS
from yanzhen.faces.console.pages import page, show
from yanzhen.faces.http import AccountRequest
from yanzhen.faces.places import region_by_code
from yanzhen.foundation.errors import Invalid, NotAllowed

WIDTH, TOP, STEP = 360, 34, 40
"""Of the drawing: its width, where the head flies, how far back each next pair."""
NEAR, SPREAD = 20, 92
"""How far the first and the last pair fly from the middle."""
SMALLEST, LARGEST = 4, 14
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
    if not request.user.reaches("mentorship.view"):
        raise NotAllowed("您没有“查看师徒结对与雁阵”权限；请联系本单位管理员")
    code = request.GET.get("region") or settings.PROVINCE
    region = region_by_code(code)
    if region is None:
        raise Invalid("没有这个行政区划，请从列表中选择", fields={"region": "没有此代码"})
    by = request.GET.get("by", "region")
    found = formation(request.user, region, by if by in dict(BY) else "region")
    context = {
        "found": found, "region": region, "drawing": drawn(found.flocks) if found.whole.size else None,
        "form": PlaceForm(initial={"region": region.code, "by": found.by}), "mentorships": reverse("console:list", args=[MENTORSHIPS]),
    }  # fmt: skip
    return show(request, "console/craftsmen/formation.html", context)
