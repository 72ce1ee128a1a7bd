"""Conditions that the ladder adds to the engine's: titles held, former honours, sanctions, the front line, skill levels.

They read what is on record of the applicant anywhere, beyond the reach of whoever asks; what they say names no details.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.db.models import Q

from yanzhen.domains.craftsmen.models import Sanction
from yanzhen.engines.honours.declare import TITLES
from yanzhen.engines.honours.models import Honour
from yanzhen.engines.honours.rules import last_day
from yanzhen.engines.programmes.eligibility import NO, OPEN, RULES, YES, Rule, Told
from yanzhen.engines.programmes.models import Application
from yanzhen.foundation.models import Employment
from yanzhen.foundation.scope import EVERYTHING, database_scope

LEVELS = ("学徒工", "初级工", "中级工", "高级工", "技师", "高级技师", "特级技师", "首席技师")
"""The eight levels of skilled workers (人社部发 2022 年第 14 号), the lowest first."""
NOBODY = Told(OPEN, "没有申报人，待核实")


def holds_title(application: Application, on: date, given: Mapping[str, Any]) -> Told:
    """持有有效的低一级称号"""
    if application.person_id is None:
        return NOBODY
    title = TITLES[given["title"]]
    with database_scope({EVERYTHING}):
        rows = Honour.objects.filter(person=application.person_id, title=title.code, awarded_on__lte=on)
        found = rows.order_by("-awarded_on").first()
    if found is None and title.outside:
        return Told(OPEN, f"没有“{title.label}”的登记，该称号由其他单位授予，待核实")
    if found is None:
        return Told(NO, f"须从“{title.label}”中产生，没有持有该称号的记录")
    evidence = f"honours.honour#{found.pk}"
    good = found.state in Honour.GOOD and (found.term_until is None or found.term_until >= on)
    if good:
        return Told(YES, f"持有“{title.label}”（{found.number}），有效", evidence)
    return Told(NO, f"“{title.label}”（{found.number}）现为“{found.stage.public_label}”，须有效", evidence)


def not_honoured_within(application: Application, on: date, given: Mapping[str, Any]) -> Told:
    """若干年内没有获得过同类称号"""
    if application.person_id is None:
        return NOBODY
    years = given["years"]
    codes = given.get("titles") or [title.code for title in TITLES if title.family == "craftsmen"]
    with database_scope({EVERYTHING}):
        rows = Honour.objects.filter(person=application.person_id, title__in=codes, awarded_on__lte=on)
        found = rows.exclude(state__in=Honour.WITHDRAWN).order_by("-awarded_on").first()
    if found is None:
        return Told(YES, f"近 {years} 年内没有获得过所列称号的记录")
    inside = last_day(found.awarded_on, years * 12) >= on
    said = f"{found.awarded_on} 获“{found.declared.label}”（{found.number}），{'未满' if inside else '已满'} {years} 年"
    return Told(NO if inside else YES, said, f"honours.honour#{found.pk}")


def no_open_sanction(application: Application, on: date, _given: Mapping[str, Any]) -> Told:
    """没有处分期内的处分"""
    if application.person_id is None:
        return NOBODY
    inside = Q(ends_on=None) | Q(ends_on__gte=on)
    with database_scope({EVERYTHING}):
        rows = list(Sanction.objects.filter(inside, person=application.person_id, starts_on__lte=on))
    bad = [row for row in rows if row.kind != Sanction.Kind.CLEAR]
    if bad:
        until = max((row.ends_on for row in bad if row.ends_on), default=None)
        open_ended = any(row.ends_on is None for row in bad)
        end = "尚未解除" if open_ended else f"至 {until}"
        return Told(
            NO, f"有处分期内的记录，{end}；有异议的请向登记机关申请核实", f"craftsmen.sanction#{bad[0].pk}"
        )
    if rows:
        return Told(
            YES, f"经有关机关核查无处分，有效至 {rows[0].ends_on}", f"craftsmen.sanction#{rows[0].pk}"
        )
    return Told(OPEN, "没有有效的处分核查记录，待核实")


def front_line(application: Application, on: date, given: Mapping[str, Any]) -> Told:
    """在生产一线岗位"""
    said = application.answers.get(given.get("question", "front_line"))
    if said is None:
        return Told(OPEN, "还没有填报是否一线职工，填好保存后再核对")
    if not said:
        return Told(NO, "填报为非一线职工，本项目面向生产一线职工")
    rows = Employment.objects.filter(
        person=application.person_id, organisation=application.organisation_id, starts_on__lte=on
    )
    post = rows.filter(Q(ends_on=None) | Q(ends_on__gt=on)).exclude(post="").first()
    if post is None:
        return Told(OPEN, "填报为一线职工，任职记录没有岗位，待核实")
    return Told(
        YES, f"填报为一线职工，任职记录岗位“{post.post}”", f"foundation.person#{application.person_id}"
    )


def skill_level(application: Application, _on: date, given: Mapping[str, Any]) -> Told:
    """技能等级达到要求。没有证书记录可查，所填达到要求的仍须核验证书。"""
    said, least = application.answers.get(given["question"]), given["least"]
    if said not in LEVELS or least not in LEVELS:
        return Told(OPEN, f"没有填报技能等级，要求{least}及以上，待核实")
    if LEVELS.index(said) < LEVELS.index(least):
        return Told(NO, f"填报为{said}，要求{least}及以上")
    return Told(OPEN, f"填报为{said}，要求{least}及以上：请核验证书")


for _rule in (
    Rule("holds_title", "持有有效称号", holds_title, ("title",)),
    Rule("not_honoured_within", "若干年内未获同类称号", not_honoured_within, ("years",)),
    Rule("no_open_sanction", "无处分期内的处分", no_open_sanction),
    Rule("front_line", "生产一线职工", front_line),
    Rule("skill_level", "技能等级", skill_level, ("question", "least")),
):
    RULES.add(_rule)
