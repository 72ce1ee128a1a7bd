"""Planning: one shift, a rotation over a team, last week again; and taking a shift back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from yanzhen.domains.hotline.rosters import queries, rules
from yanzhen.domains.hotline.rosters.actions import shifts
from yanzhen.domains.hotline.rosters.actions.shifts import EDIT, Plan, Planned
from yanzhen.domains.hotline.rosters.models import LONGEST, Shift
from yanzhen.domains.hotline.rosters.rotations import ROTATIONS
from yanzhen.faces.console.forms import act_form, text_field
from yanzhen.faces.console.pages import page, sent
from yanzhen.faces.console.rosters import frame
from yanzhen.faces.console.rosters.coverage import spoken_holes
from yanzhen.faces.console.rosters.frame import WAYS, act, region_of
from yanzhen.faces.console.rosters.week import monday_of
from yanzhen.faces.console.setup.fields import day_field
from yanzhen.faces.http import AccountRequest
from yanzhen.foundation.errors import NotAllowed

LONGEST_ROTATION = 92
"""Days planned at once: a quarter."""
HOURS = 8


@page(*WAYS)
def planning(request: AccountRequest) -> HttpResponse:
    """Put one person on duty; a hole's button comes with place and time filled in."""
    start = frame.asked_moment(request, "start") or frame.next_hour()
    end = frame.asked_moment(request, "end") or start + timedelta(hours=HOURS)
    form = _form(
        request,
        {
            "account": frame.sitter_field(request.user, _("值班人")),
            "skill": frame.skill_field(),
            "start": frame.moment_field(_("开始")),
            "end": frame.moment_field(_("结束（不含此刻；跨夜写次日）")),
            "kind": forms.ChoiceField(label=_("班别"), choices=Shift.Kind.choices),
        },
        start=start,
        end=min(end, start + LONGEST),
        skill=request.GET.get("skill") or "general",
        kind="extra" if "start" in request.GET else "day",
    )

    def run(given: dict[str, Any]) -> Planned:
        return shifts.plan_shifts(
            [Plan(**{**given, "region": region_of(given["region"])})], actor=request.user
        )

    return act(request, form, run, label=gettext("排一个班"), done=gettext("已排班"), back=_back(request))


@page(*WAYS)
def rotating(request: AccountRequest) -> HttpResponse:
    """Unfold a rotation over a team for a span of days."""
    form = _form(
        request,
        {
            "skill": frame.skill_field(),
            "rotation": forms.ChoiceField(
                label=_("轮班方式"), choices=[(r.code, r.label) for r in ROTATIONS]
            ),
            "team": forms.ModelMultipleChoiceField(
                queries.sitters(request.user),
                label=_("班组"),
                help_text=_("按住 Ctrl 可多选；按名单顺序轮换"),
                widget=forms.SelectMultiple(attrs={"size": 8}),
            ),
            "first": day_field(_("第一天")),
            "days": forms.IntegerField(label=_("天数"), min_value=1, max_value=LONGEST_ROTATION),
        },
        skill="general",
        first=timezone.localdate() + timedelta(days=1),
        days=28,
    )

    def run(given: dict[str, Any]) -> Planned:
        return shifts.unfold_rotation(
            ROTATIONS[given["rotation"]],
            list(given["team"]),
            region=region_of(given["region"]),
            skill=given["skill"],
            first=given["first"],
            days=given["days"],
            actor=request.user,
        )

    return act(request, form, run, label=gettext("按轮班排班"), done=gettext("已排班"), back=_back(request))


@page(*WAYS)
def copying(request: AccountRequest) -> HttpResponse:
    """Plan for a week what the week before it has."""
    monday = monday_of(request.GET.get("week", ""))
    form = _form(
        request, {"onto": day_field(_("复制到哪一周（填该周任一天）"))}, onto=monday + timedelta(days=7)
    )

    def run(given: dict[str, Any]) -> Planned:
        onto = monday_of(given["onto"].isoformat())
        return shifts.copy_week(
            region_of(given["region"]), onto - timedelta(days=7), onto=onto, actor=request.user
        )

    label = gettext("复制上一周的班次")
    return act(request, form, run, label=label, done=gettext("已复制上一周的班次"), back=_back(request))


@page(*WAYS)
def cancelling(request: AccountRequest, pk: int) -> HttpResponse:
    """Take a shift back; the holes that this opens are shown before."""
    row: Shift | None = queries.shifts(request.user).filter(pk=pk).first()
    if row is None:
        raise Http404(gettext("没有这个班次，或不在您的权限范围内"))
    form = act_form({"reason": text_field(gettext("取消理由"))}, sent(request))
    opened = queries.off(row.account_id, max(row.starts_at, timezone.now()), row.ends_at).opened
    return act(
        request,
        form,
        lambda given: shifts.cancel_shift(row, actor=request.user, reason=given["reason"]),
        label=gettext("取消班次：%(who)s %(span)s")
        % {"who": row.account, "span": rules.spelled(row.starts_at, row.ends_at)},
        done=gettext("已取消班次"),
        back=_back(request),
        holes=spoken_holes(opened, request.user),
    )


def _form(request: AccountRequest, fields: dict[str, forms.Field], **initial: Any) -> forms.Form:
    """Return a form that begins with the region; only for those who may roster somewhere."""
    if not request.user.reaches(EDIT):
        raise NotAllowed("您没有“排班”权限；请由当地排班人办理")
    region = frame.region_asked(request, EDIT)
    form = act_form({"region": frame.region_field(request.user, EDIT), **fields}, sent(request))
    form.initial = {"region": region.pk if region else "", **initial}
    return form


def _back(request: AccountRequest) -> str:
    region = request.POST.get("region") or request.GET.get("region", "")
    return reverse("console:rosters") + (f"?region={region}" if region.isdecimal() else "")
