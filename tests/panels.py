"""A panel round for tests: judges from another city, applications under review, panels filled, marks open."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone

from tests.factories import AccountFactory, RegionFactory
from tests.selection import applied, enterprise, open_round, programme
from yanzhen.engines.programmes.declare import Programme, Question
from yanzhen.engines.programmes.models import Application, Round, Window
from yanzhen.engines.programmes.panels.actions import judging, marking
from yanzhen.engines.programmes.panels.models import Assignment, Judge
from yanzhen.engines.programmes.scoring.criteria import Aspect, Kind, Mark
from yanzhen.engines.programmes.stages import Apply, Assign, Decide, Shortlist
from yanzhen.engines.programmes.stages import Mark as MarkStage
from yanzhen.foundation.models import Account, Organisation

LEVELS = ("看不出", "达到要求", "高于要求", "出众")
NAME, UNIT, MOTHER = "欧阳测试", "测试重型机械有限公司", "测试籍贯某某屯"


def panel_programme(*, shows: tuple[Any, ...] = (), entries: Any = 1, calibrate: int = 0) -> Programme:
    made = programme(
        stages=(
            Apply(code="apply", label="申报"),
            Assign(code="assign", label="分配评委", each=2),
            MarkStage(code="mark", label="打分", shows=shows, entries=entries, calibrate=calibrate),
            Shortlist(code="shortlist", label="入围", places=1),
            Decide(code="decide", label="认定"),
        ),
        aspects=(
            Aspect("skill", "技艺", Kind.MEASUREMENT, Decimal(60)),
            Aspect("lead", "带徒", Kind.JUDGEMENT, Decimal(40), levels=LEVELS),
        ),
    )
    home = Question(code="home", label="籍贯", kind="line", required=False, personal=True)
    return replace(made, questions=(*made.questions, home))


def at(round_: Round, stage: str) -> Round:
    """Put the round into a stage that is open."""
    now = timezone.now()
    Round.objects.filter(pk=round_.pk).update(stage=stage)
    Window.objects.filter(round=round_, stage=stage).update(
        opens_at=now - timedelta(days=1), closes_at=now + timedelta(days=5)
    )
    return Round.objects.get(pk=round_.pk)


def reviewed(round_: Round, count: int) -> list[Application]:
    """Return applications under review, each telling who it is in its text as well."""
    round_ = at(round_, "apply")
    unit = Organisation.objects.filter(name=UNIT).first() or enterprise()
    unit.name = UNIT
    unit.save()
    rows = []
    for _n in range(count):
        row = applied(round_, unit=unit)[0]
        assert row.person
        row.person.name = NAME
        row.person.save()
        row.answers = {**row.answers, "deeds": f"{NAME}在{UNIT}做了三十年", "home": MOTHER}
        row.title = f"{NAME}的申报"
        row.state = "review"
        row.save()
        rows.append(row)
    return rows


def judges(round_: Round, actor: Account, count: int, city: str = "370200") -> list[Judge]:
    region = RegionFactory(code=city, level="city")
    return [
        judging.invite(round_, AccountFactory(), region=region, employer=None, topics=[], actor=actor)
        for _n in range(count)
    ]


def seated(actor: Account, *, applications: int = 2, judges_: int = 2, **stage: Any) -> Round:
    """Return a round whose panels are filled and whose marks are open."""
    round_ = open_round(actor, panel_programme(**stage), label=f"测试轮次{Round.objects.count()}")
    reviewed(round_, applications)
    round_ = at(round_, "assign")
    judges(round_, actor, judges_)
    judging.fill_panels(round_, actor=actor)
    return at(round_, "mark")


def marks(skill: int, lead: int = 2) -> list[Mark]:
    return [Mark("skill", Decimal(skill)), Mark("lead", Decimal(lead))]


def mark_all(round_: Round) -> None:
    """File every sheet; the value goes by application."""
    for held in Assignment.objects.filter(run__round=round_).select_related("judge__account"):
        marking.file(held, marks(50 + held.application_id % 40), actor=held.judge.account)
