"""Declare a programme: frozen data that domains ship as presets, staff copy and change, and a round freezes.

Its JSON form is what is stored. Both forms are checked by the same rules: at import they raise DeclarationError, in the
console Invalid with the sentence that says what to change.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal

from pydantic import TypeAdapter, ValidationError

from yanzhen.engines.programmes.scoring.criteria import Aspect, Criteria
from yanzhen.engines.programmes.scoring.methods import METHODS
from yanzhen.engines.programmes.scoring.ties import By, Chain, End, Step
from yanzhen.engines.programmes.stages import AGAIN, LABELS, MOST_SAMPLES, MOST_VOTE, ORDER, Base, Stage
from yanzhen.foundation.errors import DeclarationError, Invalid
from yanzhen.foundation.registry import Registry

WHOLE = Decimal(100)
NEEDED = (
    ("decide", "apply", "须有认定环节，否则评不出结果"),
    ("assign", "mark", "打分之前须先分配评委"),
    ("shortlist", "assign", "有评审就须有确定入围名单的环节"),
    ("notice", "objection", "没有公示就无从提出异议：请加上公示环节"),
)
"""What is needed by which kind of stage, and the sentence where it is missing."""
BEFOREHAND = ("mark",)
"""Kinds before which what they need has to stand."""
SAID = {
    "missing": "缺少这一项", "int_parsing": "须填整数", "int_type": "须填整数", "decimal_parsing": "须填数字",
    "decimal_type": "须填数字", "string_type": "须填文字", "bool_type": "须选是或否", "bool_parsing": "须选是或否",
    "literal_error": "不是可选的值", "union_tag_invalid": "没有这一种环节", "unexpected_keyword_argument": "没有这一项",
}  # fmt: skip
"""What the reader's own errors mean, by their type."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a programme. `place` is the path to it in the JSON form, as "ratios.0.trait"."""

    place: str
    said: str


class Contradicted(DeclarationError):
    """A programme contradicts itself: all that is wrong with it at once."""

    def __init__(self, label: str, problems: tuple[Problem, ...]) -> None:
        super().__init__(f"{label}：{'；'.join(problem.said for problem in problems)}")
        self.problems = problems


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What an application is asked. A trait is a yes or no that ratio rules count."""

    code: str
    label: str
    kind: Literal["line", "text", "number", "date", "yes_no", "choice"] = "line"
    help: str = ""
    required: bool = True
    longest: int = 200
    """Characters."""
    choices: tuple[str, ...] = ()
    trait: bool = False
    personal: bool = False
    """It tells who applied: a blind judge does not see it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """A named rule of eligibility with its parameters (eligibility.RULES)."""

    rule: str
    given: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scoring:
    """How marks become places. It is fixed before the first mark."""

    method: str = "mean"
    """A method of scoring.methods.METHODS."""
    corrected: bool = False
    """Whether the corrected score ranks; the raw one is shown beside it in any case."""
    given: dict[str, Decimal] = field(default_factory=dict)
    """Parameters of the method, where they are not its own."""
    decimals: int = 2
    """The total is rounded once, half up, to so many."""
    ties: tuple[str, ...] = ("ex_aequo",)
    """What tells equal totals apart, in this order: "aspect:CODE", "dispersion", "earlier", "raw"; at the end a shared place
    ("ex_aequo") or a "lot", drawn from the seed that a round has from its beginning."""

    def chain(self, seed: str) -> Chain:
        """Return the tie chain of a round with this seed; raises DeclarationError for what is no rule of ties."""
        ends = [tie for tie in self.ties if tie in tuple(End)]
        if len(ends) > 1 or (self.ties[-1:] != tuple(ends[-1:]) and ends):
            raise DeclarationError("并列或抽签只能写一个，写在同分规则的最后")
        steps = tuple(_step(tie) for tie in self.ties if tie not in ends)
        drawn = ends == [End.LOT]
        return Chain(self.decimals, steps, End.LOT if drawn else End.EX_AEQUO, seed if drawn else "")


def _step(tie: str) -> Step:
    if tie.startswith("aspect:"):
        return Step(By.ASPECT, tie.removeprefix("aspect:"))
    if tie not in tuple(By) or tie == By.ASPECT:
        raise DeclarationError(
            f"同分规则“{tie}”读不懂：可写 aspect:评分项代码、dispersion、earlier、raw，最后写 ex_aequo 或 lot"
        )
    return Step(By(tie))


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """How many places there are, and how they are dealt out."""

    places: int
    by: Literal["", "city", "industry"] = "city"
    basis: Literal["even", "workers", "applications"] = "workers"
    """What a cell's share is measured by."""
    nominees: int = 2
    """How many may be put forward for each place of a cell."""
    reserve: int = 0
    """Places that nobody is dealt: the province gives them where they are due."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratio:
    """Of the chosen, at least or at most so many percent have a trait ("woman" is known of the person)."""

    code: str
    label: str
    trait: str
    least: Decimal | None = None
    most: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Programme:
    """A selection from notice to credential. `basis` is the page under docs/rules that quotes its rule."""

    code: str
    label: str
    basis: str
    line: str = "union"
    title: str = ""
    """Code of the title that is awarded (engines.honours); "" where none is."""
    applicant: Literal["person", "unit"] = "person"
    questions: tuple[Question, ...]
    conditions: tuple[Condition, ...] = ()
    aspects: tuple[Aspect, ...] = ()
    scoring: Scoring = Scoring()
    quota: Quota
    ratios: tuple[Ratio, ...] = ()
    per_employer: int = 0
    """Of one enterprise among the chosen; 0: any number."""
    stages: tuple[Stage, ...]

    def __post_init__(self) -> None:
        if problems := tuple(problems_of(self)):
            raise Contradicted(self.label or self.code, problems)

    def stage(self, code: str) -> Base:
        """Return the stage; raises KeyError."""
        return {stage.code: stage for stage in self.stages}[code]

    def of_kind(self, kind: str) -> tuple[Any, ...]:
        return tuple(stage for stage in self.stages if stage.kind == kind)

    def after(self, code: str) -> Base | None:
        """Return the stage that follows; None after the last."""
        codes = [stage.code for stage in self.stages]
        place = codes.index(code) + 1
        return self.stages[place] if place < len(codes) else None

    def latest(self, kind: str, upto: str) -> Any:
        """Return the last stage of `kind` that comes before the stage `upto` or is it; None where there is none."""
        codes = [stage.code for stage in self.stages]
        return next((s for s in reversed(self.stages[: codes.index(upto) + 1]) if s.kind == kind), None)

    def leads_to(self, code: str) -> Any:
        """Return the shortlist that the stage `code` leads to, or is; after the last one that; None where there is none."""
        ahead = self.stages[[stage.code for stage in self.stages].index(code) :]
        return next((s for s in ahead if s.kind == "shortlist"), None) or self.latest("shortlist", code)

    def counted(self, shortlist: Any) -> list[Any]:
        """Return the stages that make up the total of a shortlist, in their order; all weighed where it is None."""
        upto = self.stages if shortlist is None else self.stages[: self.stages.index(shortlist)]
        named = shortlist.counts if shortlist else ()
        return [s for s in upto if getattr(s, "weight", 0) and (not named or s.code in named)]

    def coming(self, kind: str, after: str) -> Any:
        """Return the first stage of `kind` that follows the stage `after`; None where there is none."""
        codes = [stage.code for stage in self.stages]
        return next((s for s in self.stages[codes.index(after) + 1 :] if s.kind == kind), None)

    @property
    def criteria(self) -> Criteria:
        return Criteria(self.aspects)

    @property
    def traits(self) -> tuple[str, ...]:
        return ("woman", *(question.code for question in self.questions if question.trait))

    def plain(self) -> dict[str, Any]:
        """Return the JSON form."""
        form: dict[str, Any] = ADAPTER.dump_python(self, mode="json")
        return form

    def digest(self) -> str:
        """Return SHA-256 over the canonical JSON form: sorted keys, no blanks, UTF-8."""
        text = json.dumps(self.plain(), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()


ADAPTER: TypeAdapter[Programme] = TypeAdapter(Programme)


def read(form: object) -> Programme:
    """Read the JSON form; raises Invalid with every reason, in `fields` by the path of what it is about."""
    try:
        return ADAPTER.validate_python(form)
    except ValidationError as error:
        problems = [problem for found in error.errors() for problem in _told(found)]
        fields: dict[str, str] = {}
        for problem in problems:
            said = fields.get(problem.place)
            fields[problem.place] = f"{said}；{problem.said}" if said else problem.said
        raise Invalid("；".join(problem.said for problem in problems), fields=fields) from error


def _told(error: Any) -> list[Problem]:
    """Return what one error of the reader says; the tag of a stage's kind is no part of the path to it."""
    place = ".".join(str(part) for part in error["loc"] if part not in LABELS)
    if error["type"] != "value_error":
        return [Problem(place, SAID.get(error["type"], "填写的内容不合要求"))]
    raised = error["ctx"]["error"]
    return list(raised.problems) if isinstance(raised, Contradicted) else [Problem(place, str(raised))]


def problems_of(programme: Programme) -> Iterator[Problem]:
    """Say what contradicts itself, as the one who edits it reads it."""
    yield from _order_problems(programme)
    yield from _code_problems(programme)
    yield from _weight_problems(programme)
    yield from _leg_problems(programme)
    yield from _scoring_problems(programme)
    yield from _ratio_problems(programme)


def _order_problems(programme: Programme) -> Iterator[Problem]:
    kinds: list[str] = [stage.kind for stage in programme.stages]
    outside = [kind for kind in kinds if kind not in AGAIN]
    inner = [place for place, kind in enumerate(kinds) if kind in AGAIN]
    said = [f"环节“{LABELS[kind]}”只能有一个" for kind in dict.fromkeys(outside) if outside.count(kind) > 1]
    if kinds[:1] != ["apply"]:
        said.append("第一个环节须是申报")
    if outside != sorted(outside, key=ORDER.index):
        said.append("环节次序有误：申报、推荐、资格审查、部门意见在前，公示、异议、认定、证书、考核在后")
    if inner and any(ORDER.index(kind) > ORDER.index("shortlist") for kind in kinds[: inner[-1]]):
        said.append("评审环节须在公示之前")
    said += [why for needed, before, why in NEEDED if before in kinds and needed not in _up_to(kinds, before)]
    yield from (Problem("stages", why) for why in said)


def _up_to(kinds: list[str], kind: str) -> list[str]:
    """Return the kinds before the first of `kind`; all of them where what is needed may come anywhere."""
    return kinds[: kinds.index(kind)] if kind in BEFOREHAND else kinds


def _code_problems(programme: Programme) -> Iterator[Problem]:
    for place, label, codes in (
        ("stages", "环节", [stage.code for stage in programme.stages]),
        ("questions", "填报项", [question.code for question in programme.questions]),
        ("aspects", "评分项", [aspect.code for aspect in programme.aspects]),
        ("ratios", "比例规则", [ratio.code for ratio in programme.ratios]),
    ):
        if len(set(codes)) != len(codes):
            yield Problem(place, f"{label}的代码有重复")


def _weight_problems(programme: Programme) -> Iterator[Problem]:
    marked = programme.of_kind("mark")
    if marked and not any(not aspect.informational for aspect in programme.aspects):
        yield Problem("aspects", "有打分环节，须写明至少一个计分的评分项")
    last = programme.leads_to(programme.stages[-1].code) if marked else None
    total = sum(stage.weight for stage in programme.counted(last))
    if marked and total != WHOLE:
        named = f"“{last.label}”所计的" if last and last.counts else ""
        yield Problem("stages", f"{named}打分、投票、考察的权重合计须为 100，现为 {total:f}")
    for place, stage in enumerate(programme.stages):
        if stage.kind == "mark" and not 0 <= stage.calibrate <= MOST_SAMPLES:
            yield Problem(f"stages.{place}.calibrate", f"校准样卷数须在 0 至 {MOST_SAMPLES} 之间")
        if stage.kind == "vote" and stage.weight > MOST_VOTE:
            said = f"网络投票的权重至多 {MOST_VOTE:f}%，现为 {stage.weight:f}%"
            yield Problem(f"stages.{place}.weight", said)
    if programme.quota.places < 1:
        yield Problem("quota.places", "名额至少 1 个")
    if not 0 <= programme.quota.reserve <= programme.quota.places:
        yield Problem("quota.reserve", "预留名额不得多于总名额")


def _leg_problems(programme: Programme) -> Iterator[Problem]:
    """What is wrong with a programme of several shortlists: a preliminary and a final."""
    shortlists = programme.of_kind("shortlist")
    for place, stage in enumerate(programme.stages):
        before = {s.code for s in programme.counted(None) if s in programme.stages[:place]}
        if stage.kind == "shortlist" and (unknown := set(stage.counts) - before):
            said = f"“{stage.label}”所计的 {'、'.join(sorted(unknown))} 不是在它之前计分的环节（打分、投票、考察，权重大于 0）"
            yield Problem(f"stages.{place}.counts", said)
        if stage.kind == "shortlist" and len(shortlists) > 1 and not before:
            yield Problem(f"stages.{place}", f"“{stage.label}”之前没有计分的环节，排不出名次")
        if stage.kind == "mark":
            yield from _mark_problems(programme, place, stage)
    if len(shortlists) > 1:
        yield from _share_problems(programme, shortlists)


def _mark_problems(programme: Programme, place: int, stage: Any) -> Iterator[Problem]:
    """What a second marking needs: judges of its own, and a shortlist that follows."""
    kinds = [one.kind for one in programme.stages[:place]]
    since = kinds[len(kinds) - kinds[::-1].index("mark") :] if "mark" in kinds else ["assign"]
    if "assign" not in since:
        yield Problem(f"stages.{place}", f"“{stage.label}”之前须另有分配评委的环节：两次打分不能共用一次分配")
    if programme.of_kind("shortlist") and programme.coming("shortlist", stage.code) is None:
        yield Problem(f"stages.{place}", f"“{stage.label}”之后须有确定入围名单的环节")


def _share_problems(programme: Programme, shortlists: tuple[Any, ...]) -> Iterator[Problem]:
    """What is counted nowhere, and what a vote weighs where less than the whole is counted."""
    used = [programme.counted(shortlist) for shortlist in shortlists]
    for stage in programme.counted(None):
        if not any(stage in counted for counted in used):
            yield Problem(
                "stages", f"“{stage.label}”有权重而没有入围名单计入它：请在入围环节的“计入环节”中写上"
            )
    for shortlist, counted in zip(shortlists, used, strict=True):
        whole = sum(stage.weight for stage in counted)
        voted = sum(stage.weight for stage in counted if stage.kind == "vote")
        if voted * WHOLE > whole * MOST_VOTE:
            yield Problem(
                "stages",
                f"网络投票在“{shortlist.label}”所计的权重中至多占 {MOST_VOTE:f}%，现为 {voted:f} 比 {whole:f}",
            )


def _scoring_problems(programme: Programme) -> Iterator[Problem]:
    scoring = programme.scoring
    if scoring.method not in METHODS:
        yield Problem(
            "scoring.method",
            f"没有名为 {scoring.method} 的计分方法；可用：{'、'.join(method.code for method in METHODS)}",
        )
        return
    try:
        METHODS[scoring.method].read(scoring.given)
    except Invalid as error:
        yield Problem("scoring.given", error.message)
    try:
        chain = scoring.chain("0")
    except DeclarationError as error:
        yield Problem("scoring.ties", str(error))
        return
    known = {aspect.code for aspect in programme.aspects}
    yield from (
        Problem("scoring.ties", f"同分规则所指的评分项 {step.aspect} 不在评分项之中")
        for step in chain.steps
        if step.by is By.ASPECT and step.aspect not in known
    )


def _ratio_problems(programme: Programme) -> Iterator[Problem]:
    for number, ratio in enumerate(programme.ratios):
        place = f"ratios.{number}"
        if (ratio.least is None) == (ratio.most is None):
            yield Problem(place, f"比例“{ratio.label}”须写明不低于或者不高于，二者择一")
        bound = ratio.least if ratio.least is not None else ratio.most
        if bound is not None and not 0 <= bound <= WHOLE:
            yield Problem(place, f"比例“{ratio.label}”须在 0 至 100 之间")
        if ratio.trait not in programme.traits:
            yield Problem(
                f"{place}.trait",
                f"比例“{ratio.label}”所数的“{ratio.trait}”不是填报项：请在填报项中加上并标为计入比例",
            )


PROGRAMMES: Registry[Programme] = Registry("programme")
"""The presets that domains ship."""
