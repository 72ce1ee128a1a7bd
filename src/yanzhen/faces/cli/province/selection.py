"""The demo's selections: who acts in them, the programmes as copied from the presets, and rounds that take applications.

Whoever applies, recommends or screens does it by the actions that serve at work. All of them are invented.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.utils import timezone

from yanzhen.domains.craftsmen.actions.sanctions import enter_sanction
from yanzhen.engines.procedures.engine import advance
from yanzhen.engines.programmes import quotas
from yanzhen.engines.programmes.actions import applying, editing, opinions
from yanzhen.engines.programmes.declare import Condition, Programme, Quota, Ratio
from yanzhen.engines.programmes.models import Application, Definition, Round
from yanzhen.engines.programmes.stages import Assign, Opinion
from yanzhen.faces.cli.province.posts import CITIES, PASSWORD, SINCE, SURNAMES
from yanzhen.foundation.models import Account, Grant, Line, Organisation, Person, Region, Role
from yanzhen.foundation.people import employ, register_person
from yanzhen.foundation.people.numbers import check_digit

UNIT, WORKER = ("unit", "演示企业联络员"), ("worker", "演示职工")
"""Accounts without a post: (username, what it is)."""
PROVINCE = "370000"
POST_HELD = "焊工"
DEEDS = (
    "二十年从事高压管道焊接，2019 年以来一次合格率 99.8%，改进打底工艺后返修减少七成（演示）。",
    "自制检测工装三件，2021 年起用于整条生产线，每班少用工时两小时（演示）。",
    "参与两项企业标准的起草，2020 年至 2024 年连续五年无质量事故（演示）。",
)
TO_SCREEN = ("submit", "recommend_unit", "recommend_county", "recommend_city")
WAYS: tuple[tuple[str, ...], ...] = (
    (), (), ("submit",), ("submit",), ("submit", "withdraw"), TO_SCREEN[:2], TO_SCREEN[:2],
    ("submit", "give_back"), ("submit", "decline_unit"), TO_SCREEN[:3], TO_SCREEN, (*TO_SCREEN, "ask_more"),
    (*TO_SCREEN, "pass_screen"), (*TO_SCREEN, "pass_screen"), (*TO_SCREEN, "pass_screen", "clear"),
)  # fmt: skip
"""How far each applicant of the open round has come."""
NOTES = {
    "withdraw": "本人因工作调动放弃申报（演示）", "recommend_unit": "同意推荐（演示）", "recommend_county": "同意推荐（演示）",
    "recommend_city": "经研究同意推荐（演示）", "give_back": "事迹请写明年份（演示）", "decline_unit": "本单位另有推荐人选（演示）",
    "ask_more": "请补职业技能等级证书日期（演示）",
}  # fmt: skip


@dataclass(slots=True)
class Cast:
    """Who acts: by post, by what they load, and a contact for each enterprise; and how many workers there are yet."""

    dice: random.Random
    staff: dict[str, Account]
    firms: dict[str, list[Organisation]]
    """By the first four digits of their city."""
    contacts: dict[int, Account]
    workers: int = 0

    @property
    def helper(self) -> Account:
        """Whoever fills in for the workers and registers them."""
        return self.staff["selection"]

    @property
    def everywhere(self) -> list[Organisation]:
        return [firm for row in zip(*self.firms.values(), strict=True) for firm in row]


def cast_of(
    dice: random.Random, bodies: dict[tuple[str, str], Organisation], staff: dict[str, Account]
) -> Cast:
    """Take the enterprises of one county of each city, and open the accounts of their contacts."""
    firms: dict[str, list[Organisation]] = {}
    for city in CITIES:
        mine = [o for (code, _), o in bodies.items() if code[:4] == city[:4] and o.kind == "enterprise"]
        firms[city[:4]] = [firm for firm in mine if firm.region_id == mine[0].region_id]
    everybody = [firm for row in zip(*firms.values(), strict=True) for firm in row]
    return Cast(dice, staff, firms, {firm.pk: _contact(firm, n) for n, firm in enumerate(everybody)})


def craftsman(cast: Cast) -> Definition:
    """Copy the preset of the first level and change it as a province would: fewer places, a department, two ratios."""
    first = editing.copy_preset("craftsmen_qilu_craftsman", region=_province(), actor=cast.staff["organiser"])
    changed = shaped(first.programme, places=10)
    ratios = (
        Ratio(code="front", label="一线职工", trait="front_line", least=Decimal(60)),
        Ratio(code="women", label="女职工", trait="woman", least=Decimal(20)),
    )
    opinion = Opinion(code="opinion", label="征求部门意见", lines=("hrss",))
    at = [stage.kind for stage in changed.stages].index("screen") + 1
    changed = replace(
        changed, ratios=ratios, per_employer=2, stages=(*changed.stages[:at], opinion, *changed.stages[at:]),
        conditions=(*changed.conditions, Condition(rule="years_in_post", given={"years": 5})),
    )  # fmt: skip
    return editing.change(first, changed.plain(), why="按演示年度通知（演示）", actor=cast.staff["organiser"])


def master(cast: Cast) -> Definition:
    """Copy the preset of the second level, with fewer places."""
    first = editing.copy_preset("craftsmen_qilu_master", region=_province(), actor=cast.staff["organiser"])
    changed = shaped(first.programme, places=3)
    return editing.change(first, changed.plain(), why="按演示年度通知（演示）", actor=cast.staff["organiser"])


def shaped(programme: Programme, *, places: int) -> Programme:
    """Return the programme with so many places, and three judges for each application."""
    quota: Quota = replace(programme.quota, places=places)
    stages = tuple(replace(s, each=3) if isinstance(s, Assign) else s for s in programme.stages)
    return replace(programme, quota=quota, stages=stages)


def opened(definition: Definition, label: str, *, starts_at: datetime, cast: Cast) -> Round:
    """Open a round and deal its places."""
    organiser = cast.staff["organiser"]
    round_ = editing.open_round(
        definition, year=timezone.localdate(starts_at).year, label=label, starts_at=starts_at, region=_province(),
        actor=organiser,
    )  # fmt: skip
    weights = quotas.measured(round_)
    order = sorted(weights, key=lambda code: (-weights[code], code))
    quotas.deal(round_, weights, order=order, actor=organiser)
    return round_


def taking(definition: Definition, cast: Cast) -> None:
    """A round that takes applications, one that is coming, and applicants at every step before the review."""
    now = timezone.now()
    running = opened(
        definition, "齐鲁工匠选树（演示，正在申报）", starts_at=now - timedelta(days=12), cast=cast
    )
    opened(definition, "齐鲁工匠选树（演示，即将开始）", starts_at=now + timedelta(days=20), cast=cast)
    firms = cast.everywhere
    for n, way in enumerate(WAYS):
        days = 400 if n == 1 else cast.dice.randint(2000, 6000)
        person = worker(cast, firms[n % len(CITIES)], days=days)
        if n == 0:
            Account.objects.create_user(WORKER[0], password=PASSWORD, name=WORKER[1], person=person)
            continue
        _go(applied(running, person, firms[n % len(CITIES)], cast), way, cast)


def worker(cast: Cast, firm: Organisation, *, days: int) -> Person:
    """Register a worker who came to the firm `days` ago. The number names a year of birth that nobody living has."""
    dice, registrar = cast.dice, cast.helper
    cast.workers += 1
    first17 = f"{firm.region_id}{1910 + dice.randrange(10)}{dice.randint(1, 12):02}{dice.randint(1, 28):02}{cast.workers:03}"
    name = dice.choice(SURNAMES) + dice.choice(("某", "某某"))
    person = register_person(
        name=name, region=firm.region, line=Line.objects.get(code="union"), actor=registrar,
        id_number=first17 + check_digit(first17),
    )  # fmt: skip
    person.sex, person.born_on = "fmm"[cast.workers % 3], date(dice.randint(1972, 1998), 5, 15)
    person.save(update_fields=["sex", "born_on"])
    today = timezone.localdate()
    employ(person, firm, actor=registrar, starts_on=today - timedelta(days=days), post=POST_HELD)
    enter_sanction(
        person, kind="clear", starts_on=today - timedelta(days=30), ends_on=today + timedelta(days=500),
        source="核查复函（演示）", actor=cast.staff["craft_officer"],
    )  # fmt: skip
    return person


def applied(round_: Round, person: Person, firm: Organisation, cast: Cast) -> Application:
    """Fill in an application and leave it as a draft."""
    dice = cast.dice
    title = f"{dice.choice(('焊接', '钳工', '质检', '装配'))}岗位上的演示申报"
    begun = applying.apply(round_, person=person, organisation=firm, title=title, actor=cast.helper)
    answers = {
        "post": POST_HELD, "level": dice.choice(("高级工", "技师", "高级技师")), "front_line": "yes",
        "years": str(dice.randint(6, 25)), "achievements": dice.choice(DEEDS), "summary": dice.choice(DEEDS),
        "apprentices": f"带徒 {dice.randint(1, 9)} 人，其中出师 {dice.randint(0, 1)} 人（演示）。", "deeds": dice.choice(DEEDS),
    }  # fmt: skip
    return applying.save_answers(begun.application, answers, actor=cast.helper)


def _go(row: Application, way: Sequence[str], cast: Cast) -> None:
    """Let the application go its way as far as its conditions let it."""
    staff = cast.staff
    for code in way:
        if (code == "submit" and row.eligible is False) or (code == "pass_screen" and not row.eligible):
            return
        if code == "submit":
            row = applying.submit(row, actor=cast.helper)
        elif code.endswith("_unit") or code == "give_back":
            row = applying.move_own(
                row, code, actor=cast.contacts[row.organisation_id or 0], note=NOTES[code]
            )
        else:
            recommends = code.startswith("recommend_")
            actor = (
                staff["recommending"]
                if recommends
                else cast.helper
                if code == "withdraw"
                else staff["organiser"]
            )
            if code == "clear":
                for opinion in row.opinions.all():
                    opinions.give(opinion, "agreed", text="", actor=staff["department"])
            row = advance(row, code, actor=actor, note=NOTES.get(code, ""))
        if row.state == "opinion":
            opinions.ask(row, actor=staff["organiser"])


def _contact(firm: Organisation, n: int) -> Account:
    """Open the account of a unit's contact; the first can be logged in to."""
    username, label = UNIT if n == 0 else (f"demo-unit{n}", f"演示企业联络员{n}")
    account = Account.objects.create_user(
        username, password=PASSWORD if n == 0 else None, name=label, organisation=firm, is_active=n == 0
    )
    Grant.objects.create(
        account=account,
        role=Role.objects.get(code="unit"),
        region=firm.region,
        line=firm.line,
        starts_on=SINCE,
    )
    return account


def _province() -> Region:
    return Region.objects.get(code=PROVINCE)
