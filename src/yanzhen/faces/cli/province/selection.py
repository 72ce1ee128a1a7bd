"""The demo's selection: one round that takes applications, one that is coming, and applicants at every step before the review.

Whoever applies, recommends or screens does it by the actions that serve at work. All of them are invented.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from django.utils import timezone

from yanzhen.engines.procedures.engine import advance
from yanzhen.engines.programmes.actions import applying, editing, opinions
from yanzhen.engines.programmes.declare import Condition, Programme, Question, Quota, Ratio
from yanzhen.engines.programmes.models import Application, QuotaCell, Round
from yanzhen.engines.programmes.scoring.criteria import Aspect, Kind
from yanzhen.engines.programmes.stages import (
    Apply,
    Assign,
    Credential,
    Decide,
    Mark,
    Notice,
    Objection,
    Opinion,
    Recommend,
    Screen,
    Shortlist,
)
from yanzhen.faces.cli.province.posts import CITIES, PASSWORD, SURNAMES
from yanzhen.foundation.models import Account, Grant, Line, Organisation, Person, Region, Role
from yanzhen.foundation.people import employ, register_person

UNIT, WORKER = ("unit", "演示企业联络员"), ("worker", "演示职工")
"""Accounts without a post: (username, what it is)."""
PROGRAMME = Programme(
    code="demo_craftsman", label="演示工匠选树", basis="docs/rules/selection.md",
    questions=(
        Question(code="deeds", label="主要事迹", kind="text", longest=800, help="写事实、数字和年份，不写评价"),
        Question(code="trade", label="工种", help="如焊工、钳工"),
        Question(code="apprentices", label="带徒人数", kind="number", required=False),
        Question(code="front_line", label="在生产一线", kind="yes_no", trait=True),
        Question(code="leader", label="担任单位负责人", kind="yes_no", trait=True),
    ),
    conditions=(
        Condition(rule="age", given={"least": 18, "most": 60}), Condition(rule="employed"),
        Condition(rule="years_in_post", given={"years": 5}), Condition(rule="said_yes", given={"question": "front_line"}),
    ),
    aspects=(
        Aspect("skill", "技艺水平", Kind.MEASUREMENT, Decimal(60)),
        Aspect("passing_on", "传承带徒", Kind.JUDGEMENT, Decimal(40), levels=("没有带徒", "带过徒", "徒弟出师", "徒弟成为骨干")),
    ),
    quota=Quota(places=12), per_employer=2,
    ratios=(
        Ratio(code="front", label="一线职工", trait="front_line", least=Decimal(60)),
        Ratio(code="leaders", label="单位负责人", trait="leader", most=Decimal(15)),
        Ratio(code="women", label="女职工", trait="woman", least=Decimal(20)),
    ),
    stages=(
        Apply(code="apply", label="申报", days=30), Recommend(code="recommend", label="逐级推荐", levels=("unit", "city")),
        Screen(code="screen", label="资格审查"), Opinion(code="opinion", label="征求部门意见", lines=("hrss",)),
        Assign(code="assign", label="分配评委", days=3, each=3), Mark(code="mark", label="专家评审"),
        Shortlist(code="shortlist", label="确定名单", days=2), Notice(code="notice", label="公示", venues=("unit", "city", "province")),
        Objection(code="objection", label="异议处理"), Decide(code="decide", label="认定", days=5), Credential(code="credential", label="颁发证书"),
    ),
)  # fmt: skip
"""Made for the demo; its numbers are no rule."""
DEEDS = (
    "二十年从事高压管道焊接，2019 年以来一次合格率 99.8%，改进打底工艺后返修减少七成（演示）。",
    "自制检测工装三件，2021 年起用于整条生产线，每班少用工时两小时（演示）。",
    "参与两项企业标准的起草，2020 年至 2024 年连续五年无质量事故（演示）。",
)
WAYS: tuple[tuple[str, ...], ...] = (
    (), (), ("submit",), ("submit",), ("submit", "withdraw"), ("submit", "recommend_unit"), ("submit", "recommend_unit"),
    ("submit", "give_back"), ("submit", "decline_unit"), ("submit", "recommend_unit", "recommend_city"),
    ("submit", "recommend_unit", "recommend_city"), ("submit", "recommend_unit", "recommend_city", "ask_more"),
    ("submit", "recommend_unit", "recommend_city", "pass_screen"), ("submit", "recommend_unit", "recommend_city", "pass_screen"),
    ("submit", "recommend_unit", "recommend_city", "pass_screen", "clear"),
)  # fmt: skip
"""How far each applicant has come."""
NOTES = {
    "withdraw": "本人因工作调动放弃申报（演示）", "recommend_unit": "同意推荐（演示）", "recommend_city": "经研究同意推荐（演示）",
    "give_back": "事迹请写明年份（演示）", "decline_unit": "本单位另有推荐人选（演示）", "ask_more": "请补职业技能等级证书日期（演示）",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Cast:
    """Who acts: the helper that fills in, a unit's contact by unit, who recommends for the cities, who runs it."""

    helper: Account
    units: dict[int, Account]
    city: Account
    organiser: Account
    department: Account


def load(dice: random.Random, bodies: dict[tuple[str, str], Organisation], staff: dict[str, Account]) -> None:
    """Open the rounds and let the applicants go their ways."""
    running, _coming = _rounds(staff["organiser"])
    firms = [
        next(o for (code, _), o in bodies.items() if code.startswith(city[:4]) and o.kind == "enterprise")
        for city in CITIES
    ]
    cast = Cast(
        staff["selection"], {firm.pk: _contact(firm, n) for n, firm in enumerate(firms)}, staff["recommending"],
        staff["organiser"], staff["department"],
    )  # fmt: skip
    for n, way in enumerate(WAYS):
        firm = firms[n % len(firms)]
        person = _worker(
            dice, firm, cast.helper, days=dice.randint(400, 900) if n == 1 else dice.randint(2000, 6000)
        )
        if n == 0:
            Account.objects.create_user(WORKER[0], password=PASSWORD, name=WORKER[1], person=person)
            continue
        _go(_apply(running, person, firm, dice, cast), way, cast)


def _rounds(organiser: Account) -> tuple[Round, Round]:
    region = Region.objects.get(code="370000")
    definition = editing.draw_up(PROGRAMME, region=region, actor=organiser, why="演示用方案")
    now = timezone.now()
    running, coming = (
        editing.open_round(
            definition, year=now.year, label=label, starts_at=starts, region=region, actor=organiser
        )
        for label, starts in (
            ("演示工匠选树（正在申报）", now - timedelta(days=12)),
            ("演示工匠选树（即将开始）", now + timedelta(days=20)),
        )
    )
    cells = [
        QuotaCell(
            round=running,
            code=city[:4],
            label=Region.objects.get(code=city).name,
            dealt=2,
            places=2,
            nominees=4,
        )
        for city in CITIES
    ]
    QuotaCell.objects.bulk_create(cells)
    return running, coming


def _contact(firm: Organisation, n: int) -> Account:
    """Open the account of a unit's contact; the first can be logged in to."""
    username, label = UNIT if n == 0 else (f"demo-unit{n}", f"演示企业联络员{n}")
    account = Account.objects.create_user(
        username, password=PASSWORD if n == 0 else None, name=label, organisation=firm, is_active=n == 0
    )
    Grant.objects.create(
        account=account, role=Role.objects.get(code="unit"), region=firm.region, line=firm.line
    )
    return account


def _worker(dice: random.Random, firm: Organisation, registrar: Account, *, days: int) -> Person:
    """Register a worker who came to the firm `days` ago; a year or two are too short for the programme."""
    name = dice.choice(SURNAMES) + dice.choice(("某", "某某"))
    person = register_person(
        name=name, region=firm.region, line=Line.objects.get(code="union"), actor=registrar
    )
    person.sex, person.born_on = dice.choice("mmf"), date(dice.randint(1972, 1998), dice.randint(1, 12), 15)
    person.save(update_fields=["sex", "born_on"])
    began = timezone.localdate() - timedelta(days=days)
    employ(person, firm, actor=registrar, starts_on=began, post="焊工")
    return person


def _apply(round_: Round, person: Person, firm: Organisation, dice: random.Random, cast: Cast) -> Application:
    title = f"{dice.choice(('焊接', '钳工', '质检', '装配'))}岗位上的演示申报"
    opened = applying.apply(round_, person=person, organisation=firm, title=title, actor=cast.helper)
    answers = {"deeds": dice.choice(DEEDS), "trade": "焊工", "apprentices": str(dice.randint(0, 9)), "front_line": "yes",
               "leader": dice.choice(("yes", "no", "no", "no"))}  # fmt: skip
    return applying.save_answers(opened.application, answers, actor=cast.helper)


def _go(row: Application, way: tuple[str, ...], cast: Cast) -> None:
    """Let the application go its way as far as its conditions let it."""
    for code in way:
        if (code == "submit" and row.eligible is False) or (code == "pass_screen" and not row.eligible):
            return
        if code == "submit":
            row = applying.submit(row, actor=cast.helper)
        elif code.endswith("_unit") or code == "give_back":
            row = applying.move_own(row, code, actor=cast.units[row.organisation_id or 0], note=NOTES[code])
        else:
            actor = {"recommend_city": cast.city, "withdraw": cast.helper}.get(code, cast.organiser)
            if code == "clear":
                for opinion in row.opinions.all():
                    opinions.give(opinion, "agreed", text="", actor=cast.department)
            row = advance(row, code, actor=actor, note=NOTES.get(code, ""))
        if row.state == "opinion":
            opinions.ask(row, actor=cast.organiser)
