"""The proof on a page: thirty days of every region, the holes by name; and what a change would do to them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from yanzhen.domains.hotline.rosters import queries, rules
from yanzhen.domains.hotline.rosters.actions.shifts import EDIT
from yanzhen.domains.hotline.rosters.coverage import Day, Hole, Span, day_by_day, folded, holes
from yanzhen.domains.hotline.rosters.queries import HORIZON, VIEW, Change
from yanzhen.faces.console.pages import page
from yanzhen.faces.console.rosters import frame
from yanzhen.faces.http import AccountRequest
from yanzhen.foundation.errors import NotAllowed
from yanzhen.foundation.models import Account
from yanzhen.foundation.scope import prefix_of

MOST = 100
"""Holes that the page lists."""


@dataclass(frozen=True, slots=True)
class SpokenHole:
    """Holes of one time as a page names them; `plan` is the query with which the planning form opens filled in, "" where
    the account may plan for none of them."""

    region: str
    others: list[str]
    """Further regions that nobody is there for at that time: each is a hole."""
    skill: str
    span: str
    hours: float
    plan: str


@page("GET", "HEAD")
def coverage(request: AccountRequest) -> HttpResponse:
    """Show the cities of the province, or one city with its counties, day by day, and every hole by name."""
    if not request.user.reaches(VIEW):
        raise NotAllowed("您没有“查看排班”权限；请联系本单位管理员")
    now = timezone.now()
    window = Span(now, now + HORIZON)
    cover, codes = queries.coverage(window), queries.regions()
    region = frame.region_asked(request)
    shown = _strip_rows(region.pk if region else "", codes)
    skills = [s for s in queries.skills() if s.proven]
    skill = next((s for s in skills if s.code == request.GET.get("skill")), skills[0] if skills else None)
    few = folded(holes(cover, codes, [s.code for s in skills]), codes)
    mine = set(queries.reached(request.user, codes))
    spoken = spoken_holes((hole for hole in few if hole.region in mine), request.user)
    days = _days(window)
    names = frame.names(set(shown))
    context = {
        "region": region,
        "regions": frame.region_groups(request.user, VIEW),
        "skills": skills,
        "skill": skill,
        "days": [timezone.localdate(day.start) for day in days],
        "strip": [
            (code, names[code], _cells(day_by_day(cover, code, skill.code, days))) for code in shown if skill
        ],
        "holes": spoken[:MOST],
        "count": _count(spoken),
        "more": _count(spoken[MOST:]),
        "alarms": queries.alarmed(mine),
    }
    return frame.show_tab(request, "console/rosters/coverage.html", context, tab="console:coverage")


def _strip_rows(code: str, codes: list[str]) -> list[str]:
    """The region, then the next level below it."""
    prefix = prefix_of(code)
    depth = len(prefix) + 2
    return [c for c in codes if c == code or (prefix_of(c).startswith(prefix) and len(prefix_of(c)) == depth)]


def _days(window: Span) -> list[Span]:
    zone = timezone.get_current_timezone()
    today = timezone.localdate(window.start)
    starts = [datetime.combine(today + timedelta(days=n), time(), zone) for n in range(HORIZON.days + 1)]
    days = [Span(start, start + timedelta(days=1)) for start in starts]
    return [Span(max(d.start, window.start), min(d.end, window.end)) for d in days][: HORIZON.days]


def _cells(days: Iterable[Day]) -> list[tuple[str, str, str]]:
    """Return (tone, word, what it means) for each day."""
    found = []
    for day in days:
        if day.bare_hours:
            found.append(
                (
                    "red",
                    f"缺{day.bare_hours:.3g}",
                    gettext("有 %(hours).3g 小时无人") % {"hours": day.bare_hours},
                )
            )
        elif day.own:
            found.append(("green", gettext("本级"), gettext("本级坐席全天有人")))
        else:
            found.append(("blue", gettext("上级"), gettext("全天有人，部分由上级坐席接听")))
    return found


def _count(spoken: Iterable[SpokenHole]) -> int:
    return sum(1 + len(hole.others) for hole in spoken)


def spoken_holes(found: Iterable[Hole], account: Account) -> list[SpokenHole]:
    """Name holes for a page, those of the same skill and time together under the uppermost: who fills that fills all.

    The account is offered to fill the uppermost for which it may plan.
    """
    groups: dict[tuple[datetime, datetime, str], list[Hole]] = defaultdict(list)
    for hole in found:
        groups[hole.start, hole.end, hole.skill].append(hole)
    names = frame.names({hole.region for group in groups.values() for hole in group})
    skills = {skill.code: skill.name for skill in queries.skills()} if groups else {}
    said = []
    for (start, end, skill), group in sorted(groups.items()):
        group.sort(key=lambda hole: hole.region)
        called = [
            names.get(hole.region, hole.region) + (gettext("（含下级）") if hole.whole else "")
            for hole in group
        ]
        moments = {"start": start, "end": end}
        own = frame.first_for(account, EDIT, [hole.region for hole in group])
        query = {name: timezone.localtime(at).strftime(frame.LOCAL) for name, at in moments.items()}
        said.append(
            SpokenHole(
                called[0],
                called[1:],
                skills[skill],
                rules.spelled(start, end),
                (end - start) / timedelta(hours=1),
                urlencode({"region": own, "skill": skill, **query}) if own else "",
            )
        )
    return said


class ChangeForm(forms.Form):
    """Somebody off for a span; or, with a region, on duty in it."""

    account: forms.ModelChoiceField[Any] = forms.ModelChoiceField(None, label=_("人员"), required=False)
    region = forms.ChoiceField(label=_("区划（留空为不值班）"), required=False)
    skill: forms.ModelChoiceField[Any] = forms.ModelChoiceField(None, label=_("技能"), empty_label=None)
    start = frame.moment_field(_("开始"))
    end = frame.moment_field(_("结束"))

    def __init__(self, *args: Any, viewer: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["account"].queryset = queries.sitters(viewer)  # type: ignore[attr-defined]  # a model choice
        self.fields["skill"].queryset = queries.skills()  # type: ignore[attr-defined]  # the same
        self.fields["region"].choices = [("", _("请假、取消班次")), *frame.regions_for(viewer, VIEW)]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if given.get("start") and given.get("end") and given["start"] >= given["end"]:
            self.add_error("end", gettext("结束须晚于开始"))
        if not given.get("account"):
            self.add_error("account", gettext("请选择人员"))
        return given

    def change(self) -> Change:
        given = self.cleaned_data
        skill = given["skill"].code if given["region"] else None
        return Change(given["account"].pk, given["start"], given["end"], given["region"], skill)


@page("GET", "HEAD")
def simulation(request: AccountRequest) -> HttpResponse:
    """Show which holes up to three changes would open and close. Nothing is saved: the address holds it all."""
    if not any(request.user.reaches(right) for right in ("roster.edit", "roster.approve")):
        raise NotAllowed("您没有“排班”或“审批请假与换班”权限")
    asked = "0-start" in request.GET
    filled = [n for n in range(3) if n == 0 or request.GET.get(f"{n}-account")]
    rows = [
        ChangeForm(
            request.GET if asked and n in filled else None,
            prefix=str(n),
            viewer=request.user,
            initial={
                "start": frame.next_hour(),
                "end": frame.next_hour() + timedelta(hours=8),
                "skill": "general",
            },
        )
        for n in range(3)
    ]
    context: dict[str, Any] = {"rows": rows, "asked": asked}
    valid = [rows[n].is_valid() for n in filled]
    if asked and all(valid):
        now = timezone.now()
        found = queries.simulate([rows[n].change() for n in filled], Span(now, now + HORIZON))
        codes = queries.regions()
        context["opened"] = spoken_holes(folded(found.opened, codes), request.user)[:MOST]
        context["closed"] = spoken_holes(folded(found.closed, codes), request.user)[:MOST]
        context["told"] = True
    return frame.show_tab(request, "console/rosters/simulation.html", context, tab="console:simulation")
