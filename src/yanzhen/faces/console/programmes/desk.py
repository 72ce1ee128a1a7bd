"""The desk of the applications, and what their page shows beside what every subject has."""

from __future__ import annotations

from typing import Any

import django_filters
from django.http import HttpRequest
from django.utils.translation import gettext

from yanzhen.engines.procedures.engine import outlook
from yanzhen.engines.programmes import eligibility, queries
from yanzhen.engines.programmes.actions import opinions
from yanzhen.engines.programmes.differences import changed_answers, spoken_answers
from yanzhen.engines.programmes.models import Application, Finding, Round
from yanzhen.engines.programmes.quotas import label_of
from yanzhen.engines.programmes.unfold import WHOLE
from yanzhen.engines.search.selections import APPLICATIONS as SEARCHED
from yanzhen.faces.console.desk import DESKS, Column, Desk, Part, Reveal, Section
from yanzhen.faces.console.filters import (
    ANY,
    SubjectFilters,
    choice_field,
    day_field,
    state_field,
    unit_field,
    words_field,
)
from yanzhen.faces.console.programmes.evidence import evidence
from yanzhen.faces.console.timeline import told
from yanzhen.foundation.errors import Invalid
from yanzhen.foundation.models import Account
from yanzhen.foundation.people import reveal

INDUSTRIES = (
    ("A", "农、林、牧、渔业"), ("B", "采矿业"), ("C", "制造业"), ("D", "电力、热力、燃气及水生产和供应业"), ("E", "建筑业"),
    ("F", "批发和零售业"), ("G", "交通运输、仓储和邮政业"), ("H", "住宿和餐饮业"), ("I", "信息传输、软件和信息技术服务业"),
    ("J", "金融业"), ("K", "房地产业"), ("L", "租赁和商务服务业"), ("M", "科学研究和技术服务业"),
    ("N", "水利、环境和公共设施管理业"), ("O", "居民服务、修理和其他服务业"), ("P", "教育"), ("Q", "卫生和社会工作"),
    ("R", "文化、体育和娱乐业"), ("S", "公共管理、社会保障和社会组织"), ("T", "国际组织"),
)  # fmt: skip
"""Sections of GB/T 4754-2017; a unit's code begins with one of them."""
ELIGIBLE = (("true", "符合"), ("false", "不符合"), ("open", "待核实"))
RECOMMENDING = "recommend_"


def cell_of(application: Application) -> str:
    return label_of(application.round, application.cell)


def industry_of(application: Application) -> str:
    """The code of the trade after the name of its section."""
    code = application.industry
    section = dict(INDUSTRIES).get(code[:1])
    return f"{gettext(section)}（{code}）" if section else code


def _rounds(request: HttpRequest) -> Any:
    return queries.rounds(request.user).prefetch_related(None)  # type: ignore[arg-type]  # past login_required


class ApplicationFilters(SubjectFilters):
    q = words_field(SEARCHED, "编号、题目或单位")
    round = django_filters.ModelChoiceFilter(label="轮次", queryset=_rounds, empty_label=ANY)
    state = state_field(WHOLE)
    industry = choice_field(
        "行业", INDUSTRIES, lambda rows, _name, code: rows.filter(industry__startswith=code)
    )
    eligible = choice_field(
        "资格条件",
        ELIGIBLE,
        lambda rows, _name, value: rows.filter(eligible={"true": True, "false": False}.get(value)),
    )
    organisation = unit_field("所在单位")
    handler = None
    submitted_from = day_field("提交自", "submitted_at", "gte")
    submitted_to = day_field("提交至", "submitted_at", "lt", shift=1)
    first = ("q", "round", "state", "region", "industry")

    class Meta:
        model = Application
        fields = ()


def reveal_applicant(application: Application, *, actor: Account, reason: str) -> dict[str, str]:
    """Return the applicant's name and ID number in full, for a reason on record: a department that is asked looks them up.

    Raises what `people.reveal` raises.
    """
    if application.person is None:
        raise Invalid("本件由单位申报，或申报人不在您的区划内，没有可查看的姓名")
    return {f: reveal(application.person, f, actor=actor, reason=reason) for f in ("name", "id_number")}


def answers(application: Application, _account: Account) -> dict[str, Any]:
    """What was filled in, and what each revision changed of the one before."""
    kept = queries.revisions(application)
    before = [*(one.answers for one in kept[1:]), {}]
    programme = application.programme
    return {
        "answers": spoken_answers(programme, application.answers),
        "revisions": [
            (one, changed_answers(programme, old, one.answers)) for one, old in zip(kept, before, strict=True)
        ],
    }


def conditions(application: Application, account: Account) -> dict[str, Any]:
    """What each condition says, who settled it, and whether the account may settle it or have all asked again."""
    screens = account.has_right("application.screen", application) and not application.ended_at
    others = application.started_by_id != account.pk
    found = queries.findings(application)
    told_of = {said: evidence(said, account) for said in {one.evidence for one in found}}
    return {
        "findings": [
            (
                one,
                eligibility.label_of(one.rule),
                screens and others and _may_settle(one),
                told_of[one.evidence],
            )
            for one in found
        ],
        "may_ask": screens,
    }


def departments(application: Application, account: Account) -> dict[str, Any] | None:
    """What the departments were asked and said; None where the programme asks none."""
    if not application.programme.of_kind("opinion"):
        return None
    here = application.state == "opinion"
    asked = queries.opinions(application)
    (stage,) = application.programme.of_kind("opinion")
    left = set(stage.lines) - {one.line_id for one in asked}
    return {
        "opinions": [(one, here and opinions.speaks_for(one, application, account)) for one in asked],
        "may_ask": here and bool(left) and account.has_right("round.run", application),
    }


def composition(application: Application, account: Account) -> dict[str, Any] | None:
    """How those whom its cell put forward stand to the ratio rules, for who may recommend it now; else None."""
    moves = [option.transition.code for option in outlook(application, actor=account)]
    levels = [code.removeprefix(RECOMMENDING) for code in moves if code.startswith(RECOMMENDING)]
    if not any(account.has_right(f"application.recommend_{level}", application) for level in levels):
        return None
    return queries.composition(application.round, cell=application.cell)


def recommendations(application: Application, _account: Account) -> dict[str, Any] | None:
    """Who put it forward, or would not, at which level and why; None before anybody did."""
    found = queries.recommendations(application)
    return {"recommendations": told(found, application.procedure)} if found else None


def round_of(application: Application, account: Account) -> dict[str, Any]:
    """The round and where it is, with the address of its page for who may open it."""
    held: Round = application.round
    return {
        "round": held,
        "stage": held.stage_now,
        "opens": queries.rounds(account).filter(pk=held.pk).exists(),
    }


def _may_settle(finding: Finding) -> bool:
    """Only what no record tells is answered by hand, and what was."""
    return finding.answer == Finding.Answer.OPEN or finding.settled_by_id is not None


PARTS = "console/programmes"
APPLICATIONS = DESKS.add(
    Desk(
        name="applications",
        label="评选申报",
        model=Application,
        query=queries.worklist,
        columns=(
            Column("title", "申报", hint="long"),
            Column("state", hint="state"),
            Column("region", "属地", hint="short"),
            Column("round"),
            Column("person"),
            Column("organisation", "所在单位"),
            Column("eligible", hint="yes_no"),
            Column("submitted_at", hint="time"),
        ),
        sections=(
            Section("申报", (Column("title", hint="long"), Column("round"), Column("person"), Column("organisation", "所在单位"), Column("region", "属地"),
                             Column("industry", said=industry_of), Column("track"), Column("cell", said=cell_of), Column("started_by", "填报人"),
                             Column("submitted_at", hint="time"))),
            Section("结果", (Column("eligible", hint="yes_no"), Column("score"), Column("place"), Column("chosen", hint="yes_no"),
                             Column("awarded_at", hint="time"), Column("ended_at", hint="time"), Column("outcome", hint="long"))),
        ),
        filters=ApplicationFilters,
        icon="bookmark",
        reveal=Reveal("申报人", "person.reveal", "person", (("name", "姓名"), ("id_number", "证件号码")), reveal_applicant),
        parts=(
            Part(f"{PARTS}/_answers.html", answers),
            Part(f"{PARTS}/_conditions.html", conditions),
            Part(f"{PARTS}/_departments.html", departments),
            Part(f"{PARTS}/_recommendations.html", recommendations),
            Part(f"{PARTS}/_composition.html", composition, beside=True),
            Part(f"{PARTS}/_round.html", round_of, beside=True),
        ),
    )
)  # fmt: skip
