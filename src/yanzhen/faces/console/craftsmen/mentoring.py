"""Pages of mentorships: putting one down, its milestones, wishes for a mentor, proposals."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext

from yanzhen.domains.craftsmen.actions import mentorships as acts
from yanzhen.domains.craftsmen.models import Mentorship, Milestone, Seeking
from yanzhen.domains.craftsmen.pairing import propose_pairs
from yanzhen.domains.craftsmen.queries import registers
from yanzhen.domains.craftsmen.queries.people import highest_held, person_of
from yanzhen.faces.console.craftsmen.desk import MENTORSHIPS
from yanzhen.faces.console.craftsmen.lines import days, lines_field
from yanzhen.faces.console.forms import act_form, text_field
from yanzhen.faces.console.honours.awarding import person_named
from yanzhen.faces.console.honours.frame import WAYS, acting
from yanzhen.faces.console.keys import Order, page_of
from yanzhen.faces.console.lists import with_
from yanzhen.faces.console.pages import detail_url, page, sent, show, subject_or_404
from yanzhen.faces.console.setup.fields import NamedOrganisation, day_field
from yanzhen.faces.http import AccountRequest
from yanzhen.foundation.errors import NotAllowed
from yanzhen.foundation.models import Person

ORDER = Order("entered_at", "先登记的在前")
NUMBER = "须已在人员登记中；号码不保存在结对里"


def _number(label: str) -> forms.CharField:
    widget = forms.TextInput(attrs={"autocomplete": "off"})
    return forms.CharField(label=label, help_text=gettext(NUMBER), max_length=32, widget=widget)


@page(*WAYS)
def proposing(request: AccountRequest) -> HttpResponse:
    """Put a mentorship down: for a pair that was proposed, or for two people named by their numbers."""
    _demand(request, "mentorship.edit", "登记师徒结对")
    wish, mentor = _proposed(request)
    fields: dict[str, forms.Field] = {
        "trade": forms.CharField(label=gettext("工种"), max_length=64, initial=wish.trade if wish else ""),
        "starts_on": day_field(gettext("协议起始")),
        "ends_on": day_field(gettext("协议期满")),
        "goals": text_field(gettext("培养目标")),
        "steps": lines_field(
            gettext("阶段目标"), help_text=gettext("每行一个：期限、空格、内容，如 2026-12-31 通过高级工考核")
        ),
    }
    if wish is None or mentor is None:
        fields = {
            "mentor": _number(gettext("师傅的身份证号或手机号")), "apprentice": _number(gettext("徒弟的身份证号或手机号")),
            "organisation": NamedOrganisation(label=gettext("徒弟所在单位")), **fields,
        }  # fmt: skip
    made: list[Mentorship] = []

    def act(given: dict[str, Any]) -> None:
        given["steps"] = days("steps", given["steps"])
        if wish and mentor:
            pair = {"mentor": mentor, "apprentice": person_of(wish), "organisation": wish.organisation}
        else:
            pair = {name: person_named(request, given.pop(name)) for name in ("mentor", "apprentice")}
        made.append(acts.propose(**{**given, **pair}, actor=request.user))

    label = gettext("登记师徒结对")
    return acting(
        request, act_form(fields, sent(request)), act, label=f"{label}：{wish}" if wish else label,
        done=gettext("已登记。请上传双方签字的协议，再由他人确认"),
        back=lambda: detail_url(MENTORSHIPS, made[0].number) if made else reverse("console:list", args=[MENTORSHIPS]),
    )  # fmt: skip


def _proposed(request: AccountRequest) -> tuple[Seeking | None, Person | None]:
    wish, honour = request.GET.get("wish", ""), request.GET.get("mentor", "")
    if not (wish.isdecimal() and honour.isdecimal()):
        return None, None
    row = registers.seekings(request.user).filter(pk=int(wish)).first()
    held = highest_held(request.user).filter(pk=int(honour)).first()
    if row is None or held is None:
        raise Http404
    return row, person_of(held)


@page("GET", "HEAD")
def milestones(request: AccountRequest, number: str) -> HttpResponse:
    row = subject_or_404(request, MENTORSHIPS, number)
    account = request.user
    active = row.state == "active"
    context = {
        "row": row, "desk": MENTORSHIPS, "steps": registers.milestones_of(row),  # type: ignore[arg-type]  # the desk's subject
        "may_report": active and account.has_right("mentorship.edit", row), "may_confirm": account.has_right("mentorship.confirm", row),
        "account": account,
    }  # fmt: skip
    return show(request, "console/craftsmen/milestones.html", context)


@page(*WAYS)
def reporting(request: AccountRequest, pk: int) -> HttpResponse:
    step = _step(request, pk)
    return acting(
        request, act_form({"evidence": text_field(gettext("成果与佐证"))}, sent(request)),
        lambda given: acts.report_milestone(step, actor=request.user, **given),
        label=f"{gettext('填报阶段成果')}：{step.text}", done=gettext("已填报，等待他人确认"), back=lambda: _steps(step),
    )  # fmt: skip


@page(*WAYS)
def confirming(request: AccountRequest, pk: int) -> HttpResponse:
    step = _step(request, pk)
    return acting(
        request, act_form({}, sent(request)), lambda _given: acts.confirm_milestone(step, actor=request.user),
        label=f"{gettext('确认阶段成果')}：{step.text}", done=gettext("已确认"), back=lambda: _steps(step),
    )  # fmt: skip


def _step(request: AccountRequest, pk: int) -> Milestone:
    step = registers.milestones(request.user).filter(pk=pk).first()
    if step is None:
        raise Http404
    return step


def _steps(step: Milestone) -> str:
    return reverse("console:milestones", args=[step.mentorship.number])


@page("GET", "HEAD")
def wishes(request: AccountRequest) -> HttpResponse:
    _demand(request, "mentorship.view", "查看师徒结对与雁阵")
    found = page_of(registers.seekings(request.user), ORDER, cursor=request.GET.get("cursor", ""))
    context = {
        "rows": registers.with_places(found.rows), "may_edit": bool(request.user.reaches("mentorship.edit")),
        "previous": with_(request.GET, cursor=found.previous) if found.previous else "",
        "following": with_(request.GET, cursor=found.following) if found.following else "",
    }  # fmt: skip
    return show(request, "console/craftsmen/wishes.html", context)


@page("GET", "HEAD")
def proposals(request: AccountRequest) -> HttpResponse:
    _demand(request, "mentorship.edit", "登记师徒结对")
    return show(request, "console/craftsmen/proposals.html", {"found": propose_pairs(request.user)})


@page(*WAYS)
def wishing(request: AccountRequest) -> HttpResponse:
    _demand(request, "mentorship.edit", "登记师徒结对")
    fields: dict[str, forms.Field] = {
        "person": _number(gettext("徒弟的身份证号或手机号")),
        "organisation": NamedOrganisation(label=gettext("所在单位")),
        "trade": forms.CharField(label=gettext("工种"), max_length=64),
    }

    def act(given: dict[str, Any]) -> None:
        acts.seek(actor=request.user, **{**given, "person": person_named(request, given["person"])})

    return acting(
        request, act_form(fields, sent(request)), act, label=gettext("登记拜师需求"), done=gettext("已登记"),
        back=lambda: reverse("console:wishes"),
    )  # fmt: skip


@page(*WAYS)
def withdrawing(request: AccountRequest, pk: int) -> HttpResponse:
    row = registers.seekings(request.user).filter(pk=pk).first()
    if row is None:
        raise Http404
    return acting(
        request, act_form({}, sent(request)), lambda _given: acts.withdraw_seeking(row, actor=request.user),
        label=gettext("撤下 %(mask)s 的拜师需求") % {"mask": row.mask}, done=gettext("已撤下"),
        back=lambda: reverse("console:wishes"),
    )  # fmt: skip


def _demand(request: AccountRequest, right: str, label: str) -> None:
    if not request.user.reaches(right):
        raise NotAllowed(f"您没有“{label}”权限；请联系本单位管理员")
