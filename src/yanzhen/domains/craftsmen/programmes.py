"""Presets of the three levels. What comes from a notice and what is a default of ours: docs/rules/craftsmen.md."""

from __future__ import annotations

from decimal import Decimal

from yanzhen.domains.craftsmen.eligibility import LEVELS
from yanzhen.domains.craftsmen.titles import BASIS, CHIEF, CRAFTSMAN, MASTER
from yanzhen.engines.honours.declare import Title
from yanzhen.engines.programmes.declare import PROGRAMMES, Condition, Programme, Question, Quota, Scoring
from yanzhen.engines.programmes.scoring.criteria import Aspect, Kind
from yanzhen.engines.programmes.stages import (
    Apply,
    Assign,
    Credential,
    Decide,
    Inspect,
    Mark,
    Notice,
    Objection,
    Recommend,
    Review,
    Screen,
    Shortlist,
    Stage,
    Vote,
)

MARKED, VOTED = Decimal(90), Decimal(10)
"""Expert marks and the vote in percent of the total: the most that the house lets a vote weigh."""
TWICE = 2
"""Candidates of the preliminary for each place of the final."""

QUESTIONS = (
    Question(code="post", label="现岗位（工种）", personal=False, longest=64),
    Question(code="level", label="技能等级", kind="choice", choices=LEVELS, required=False),
    Question(code="certificate", label="职业技能等级证书编号", required=False, personal=True, longest=40),
    Question(code="front_line", label="生产一线职工", kind="yes_no", trait=True),
    Question(code="years", label="本岗位工作年限", kind="number"),
    Question(
        code="honours",
        label="曾获荣誉（名称、级别、年度、文号）",
        kind="text",
        required=False,
        longest=1000,
        personal=True,
    ),
    Question(code="achievements", label="技术成果与效益", kind="text", longest=2000),
    Question(code="apprentices", label="带徒情况", kind="text", longest=1000),
    Question(code="summary", label="事迹简介", kind="text", longest=500),
    Question(code="deeds", label="主要事迹", kind="text", longest=2000),
)
"""Fields of the application: reference domain 6 (deeds of 500 and 2,000 characters)."""


def _judged(code: str, label: str, weight: int, *levels: str) -> Aspect:
    return Aspect(code, label, Kind.JUDGEMENT, Decimal(weight), levels=levels)


ASPECTS = (
    _judged(
        "skill",
        "技艺水平",
        40,
        "与本岗位一般水平相当",
        "单位内领先",
        "市内同行领先",
        "省内同行领先，有公认的绝技绝活",
    ),
    _judged(
        "results",
        "技术成果与效益",
        30,
        "没有可核实的成果",
        "有成果，效益限于班组",
        "成果在单位推广，效益有财务证明",
        "成果在行业推广，或有专利、标准、奖项",
    ),
    _judged(
        "teaching",
        "传承带徒",
        20,
        "没有带徒",
        "带徒，未有出师",
        "所带徒弟出师并独当一面",
        "多名徒弟成为骨干或获得荣誉",
    ),
    _judged(
        "spirit",
        "职业品德",
        10,
        "有待了解",
        "单位认可",
        "单位和同行认可，有具体事例",
        "事迹突出，在社会上有示范作用",
    ),
)
"""No notice that we read has its criteria: a default of the product."""


CHECKLIST = (
    "岗位和从业经历属实",
    "技艺和成果属实（看实物或现场演示）",
    "带徒情况属实",
    "职工和班组没有不同意见",
)
"""A default of the product too."""


def _stages(days: int) -> tuple[Stage, ...]:
    return (
        Apply(code="apply", label="申报", days=days),
        Recommend(code="recommend", label="逐级推荐", levels=("unit", "county", "city"), days=20),
        Screen(code="screen", label="办公室初审", days=10),
        Assign(code="assign", label="分配评审专家", days=3),
        Mark(code="mark", label="专家评审", weight=MARKED, days=15),
        Vote(code="vote", label="网络投票", weight=VOTED, days=10),
        Inspect(code="inspect", label="实地考察", days=15, checklist=CHECKLIST),
        Shortlist(code="shortlist", label="确定拟命名人选", days=3),
        Notice(code="notice", label="媒体公示", venues=("unit", "province"), days=8),
        Objection(code="objection", label="异议处理", days=15),
        Decide(code="decide", label="命名", days=5),
        Credential(code="credential", label="颁发证书", days=15),
        Review(code="review", label="年度履职", days=365),
    )


CLEAN = Condition(rule="no_open_sanction")


def _level(title: Title, places: int, *conditions: Condition, by_city: bool = True) -> Programme:
    return PROGRAMMES.add(
        Programme(
            code=f"craftsmen_{title.code}", label=f"{title.label}选树", basis=BASIS, title=title.code, questions=QUESTIONS,
            conditions=(Condition(rule="employed"), *conditions, CLEAN), aspects=ASPECTS, scoring=Scoring(method="mean", decimals=2),
            quota=Quota(places=places, by="city" if by_city else "", nominees=TWICE), stages=_stages(30),
        )
    )  # fmt: skip


QILU_CRAFTSMAN = _level(CRAFTSMAN, 50, Condition(rule="front_line"))
QILU_MASTER = _level(
    MASTER,
    10,
    Condition(rule="holds_title", given={"title": CRAFTSMAN.code}),
    Condition(rule="front_line"),
    by_city=False,
)
LUBAN_CHIEF = _level(CHIEF, 10, Condition(rule="holds_title", given={"title": MASTER.code}), by_city=False)
"""No rule and no quota was found: the second level's quota stands in until the province sets its own."""
