"""A small selection for tests: a programme, a round of it, and who acts in it. All names are made up."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone

from tests.factories import AccountFactory, LineFactory, OrganisationFactory, RegionFactory
from yanzhen.engines.programmes.actions import editing
from yanzhen.engines.programmes.declare import Condition, Programme, Question, Quota, Ratio
from yanzhen.engines.programmes.models import Application, Definition, Round
from yanzhen.engines.programmes.scoring.criteria import Aspect, Kind
from yanzhen.engines.programmes.stages import (
    Apply,
    Assign,
    Credential,
    Decide,
    Mark,
    Notice,
    Objection,
    Recommend,
    Screen,
    Shortlist,
)
from yanzhen.foundation.models import Account, Employment, Organisation, Person, Region

ORGANISER = (
    "programme.view programme.edit round.run application.view application.submit application.screen"
    " application.decide"
)


def programme(**changes: Any) -> Programme:
    """Return a programme with every common stage; `changes` replace fields."""
    fields: dict[str, Any] = {
        "code": "test_award",
        "label": "测试评选",
        "basis": "docs/rules/selection.md",
        "questions": (
            Question(code="deeds", label="主要事迹", kind="text", longest=500),
            Question(code="front_line", label="一线职工", kind="yes_no", trait=True),
            Question(code="leader", label="单位负责人", kind="yes_no", trait=True),
        ),
        "conditions": (Condition(rule="age", given={"least": 18, "most": 60}), Condition(rule="employed")),
        "aspects": (
            Aspect("skill", "技艺", Kind.MEASUREMENT, Decimal(60)),
            Aspect("lead", "带徒", Kind.MEASUREMENT, Decimal(40)),
        ),
        "quota": Quota(places=4),
        "ratios": (
            Ratio(code="front", label="一线职工", trait="front_line", least=Decimal(60)),
            Ratio(code="leaders", label="单位负责人", trait="leader", most=Decimal(15)),
        ),
        "per_employer": 2,
        "stages": (
            Apply(code="apply", label="申报"),
            Recommend(code="recommend", label="推荐", levels=("unit", "city")),
            Screen(code="screen", label="资格审查"),
            Assign(code="assign", label="分配评委", each=2),
            Mark(code="mark", label="评审打分"),
            Shortlist(code="shortlist", label="入围"),
            Notice(code="notice", label="公示"),
            Objection(code="objection", label="异议"),
            Decide(code="decide", label="认定"),
            Credential(code="credential", label="证书"),
        ),
    }
    return Programme(**(fields | changes))


def province() -> Region:
    return RegionFactory(code="370000", level="province", name="山东省")


def organiser() -> Account:
    return AccountFactory(grants=[(province(), LineFactory(), ORGANISER)])


def definition(actor: Account, made: Programme | None = None) -> Definition:
    return editing._new(made or programme(), region=province(), actor=actor, source="", why="测试")


def open_round(actor: Account, made: Programme | None = None, *, label: str = "") -> Round:
    return editing.open_round(
        definition(actor, made), year=2026, label=label, starts_at=timezone.now() - timedelta(days=1), region=province(), actor=actor
    )  # fmt: skip


def enterprise(county: str = "370102") -> Organisation:
    return OrganisationFactory(
        kind="enterprise", region=RegionFactory(code=county), industry="C3670", headcount=500
    )


def worker(unit: Organisation, **fields: Any) -> tuple[Person, Account]:
    """Return a worker of `unit` with an own account and no grants."""
    person = Person.objects.create(
        name=fields.pop("name", "测试工人"), sex=fields.pop("sex", "m"), born_on=fields.pop("born_on", date(1985, 5, 1)),
        region=unit.region, line=unit.line, **fields,
    )  # fmt: skip
    Employment.objects.create(person=person, organisation=unit, starts_on=date(2010, 1, 1))
    return person, AccountFactory(person=person)


def unit_account(unit: Organisation) -> Account:
    return AccountFactory(
        organisation=unit,
        grants=[(unit.region, unit.line, "application.apply_unit application.recommend_unit")],
    )


ANSWERS = {"deeds": "测试事迹", "front_line": "yes", "leader": "no"}


def applied(round_: Round, *, unit: Organisation | None = None) -> tuple[Application, Account]:
    """Return an application with its answers in, not handed in yet, and the worker's account."""
    from yanzhen.engines.programmes.actions import applying  # after the apps are ready

    unit = unit or enterprise()
    person, account = worker(unit)
    opened = applying.apply(round_, person=person, organisation=unit, title="测试", actor=account)
    return applying.save_answers(opened.application, ANSWERS, actor=account), account
