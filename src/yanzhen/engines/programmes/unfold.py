"""A programme unfolds into a procedure: the same states and moves everywhere, those that its stages call for.

Applications of all rounds share state codes, so that one desk lists them; each round has the procedure of its frozen
definition, whose version is the round's id. `WHOLE` has every state and move: desks and documents go by it.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from yanzhen.engines.procedures.declare import PROCEDURES, Procedure, State, Term, Transition
from yanzhen.engines.programmes import guards, rights, rules  # noqa: F401  # rights are declared there
from yanzhen.engines.programmes.declare import Programme
from yanzhen.engines.programmes.models import Round
from yanzhen.engines.programmes.stages import Level

CODE = "programmes.application"
BASIS = "docs/rules/selection.md"
LEVELS: tuple[Level, ...] = ("unit", "county", "city", "province")
LEVEL_LABELS = {"unit": "单位", "county": "县级", "city": "市级", "province": "省级"}
STARTER = ("started_by",)
"""Who filled it in does not decide on it."""
MORE = Term("programmes.supplement", "补正时限")

DRAFT = State("draft", "填报中", "填报中，尚未提交", awaits="application.submit", of_owner=True)
RECOMMEND = {
    level: State(
        f"recommend_{level}", f"待{LEVEL_LABELS[level]}推荐", awaits=f"application.recommend_{level}"
    )
    for level in LEVELS
}
SUPPLEMENT = State(
    "supplement", "待补正", "请补正材料", terms=(MORE,), awaits="application.submit", of_owner=True
)
SCREEN = State("screen", "待资格审查", awaits="application.screen")
OPINION = State("opinion", "征求部门意见中", awaits="round.run")
REVIEW = State("review", "评审中", awaits="round.run")
NOTICED = State("noticed", "拟认定，公示中", awaits="application.decide")
FINALS = {
    state.code: state
    for state in (
        State("withdrawn", "已撤回", final=True),
        State("declined", "未获推荐", final=True),
        State("ineligible", "资格审查未通过", final=True),
        State("vetoed", "部门意见未通过", final=True),
        State("left_out", "未入围", final=True),
        State("not_awarded", "未认定", final=True),
        State("awarded", "已认定", final=True),
    )
}
OPEN = ("draft", "supplement", *(state.code for state in RECOMMEND.values()), "screen", "opinion")
"""Where an applicant may still withdraw by its own."""


def path_of(programme: Programme) -> list[State]:
    """Return the states that an application passes when all goes well, the award not among them."""
    path = [DRAFT]
    for stage in programme.of_kind("recommend"):
        path += [RECOMMEND[level] for level in LEVELS if level in stage.levels]
    if programme.of_kind("screen"):
        path.append(SCREEN)
    if programme.of_kind("opinion"):
        path.append(OPINION)
    if programme.of_kind("shortlist") or programme.of_kind("inspect"):
        path.append(REVIEW)
    if programme.of_kind("notice"):
        path.append(NOTICED)
    return path


def procedure_of(programme: Programme, version: int) -> Procedure:
    """Return the procedure that `programme` unfolds into."""
    path = path_of(programme)
    follows = {
        state.code: after.code for state, after in zip(path, [*path[1:], FINALS["awarded"]], strict=True)
    }
    moves = tuple(move for move in _moves(follows) if move.sources)
    reached = {move.target for move in moves} | {"draft"}
    states = [state for state in (*path, SUPPLEMENT, *FINALS.values()) if state.code in reached]
    return Procedure(
        code=CODE, version=version, label=f"{programme.label}申报", basis=BASIS, view_right="application.view",
        states=tuple(states), transitions=moves,
    )  # fmt: skip


def _moves(follows: dict[str, str]) -> list[Transition]:
    """Return all moves over the path given as pairs (state, the next); one without sources has no place in it."""
    here = follows.keys()
    moves = [
        Transition(
            "submit", "提交申报", ("draft",), follows["draft"], right="application.submit",
            guards=(guards.round_is_open, rules.is_complete, rules.is_not_barred), stamps=("submitted_at",),
            or_owner=True,
        ),
        Transition(
            "withdraw", "撤回申报", tuple(code for code in OPEN if code in here or (code == "supplement" and "screen" in here)),
            "withdrawn", right="application.submit", note_required=True, or_owner=True,
        ),
        *(move for level in LEVELS if f"recommend_{level}" in here for move in _recommending(level, follows)),
    ]  # fmt: skip
    if "screen" in here:
        moves += _screening(follows["screen"])
    if "opinion" in here:
        moves += _asking(follows["opinion"])
    if "review" in here:
        moves += _reviewing(follows["review"])
    if "noticed" in here:
        moves += _noticed()
    return [replace(move, guards=(guards.round_goes_on, *move.guards)) for move in moves]


def _recommending(level: Level, follows: dict[str, str]) -> list[Transition]:
    state, right = f"recommend_{level}", f"application.recommend_{level}"
    label = LEVEL_LABELS[level]
    return [
        Transition(
            f"recommend_{level}", f"{label}推荐", (state,), follows[state], right=right,
            guards=(rules.is_not_barred, guards.quota_is_left), checks=(guards.quota_holds,),
            note_required=True, by_own_unit=level == "unit",
            not_by=STARTER if level != "unit" else (),
        ),
        Transition("give_back", "退回修改", (state,), "draft", right=right, note_required=True, by_own_unit=level == "unit"),
        Transition(f"decline_{level}", "不予推荐", (state,), "declined", right=right, note_required=True, by_own_unit=level == "unit"),
    ]  # fmt: skip


def _screening(target: str) -> list[Transition]:
    right = "application.screen"
    return [
        Transition(
            "pass_screen", "资格审查通过", ("screen",), target, right=right,
            guards=(rules.is_eligible,), not_by=STARTER, bulk=True,
        ),
        Transition(
            "ask_more", "通知补正", ("screen",), "supplement", right=right, note_required=True, not_by=STARTER,
        ),
        Transition("supplement", "提交补正", ("supplement",), "screen", right="application.submit", guards=(rules.is_complete,), or_owner=True),
        Transition(
            "fail_screen", "资格审查不通过", ("screen",), "ineligible", right=right,
            fields=("outcome",), note_required=True, not_by=STARTER,
        ),
    ]  # fmt: skip


def _asking(target: str) -> list[Transition]:
    return [
        Transition(
            "clear", "部门意见通过", ("opinion",), target, right="round.run", guards=(rules.nobody_vetoed,), bulk=True,
        ),
        Transition(
            "veto", "部门意见否决", ("opinion",), "vetoed", right="round.run",
            guards=(rules.somebody_vetoed,), fields=("outcome",), note_required=True,
        ),
    ]  # fmt: skip


def _reviewing(target: str) -> list[Transition]:
    return [
        Transition(
            "put_forward", "列入拟认定名单", ("review",), target, right="round.run",
            guards=(rules.is_chosen,), bulk=True,
        ),
        Transition("leave_out", "未入围", ("review",), "left_out", right="round.run", guards=(rules.is_left_out,), bulk=True),
        Transition(
            "substitute", "递补", ("left_out",), target, right="application.decide",
            guards=(rules.is_chosen,), sets=(("outcome", ""),), note_required=True, reopen=True,
        ),
    ]  # fmt: skip


def _noticed() -> list[Transition]:
    return [
        Transition(
            "award", "认定", ("noticed",), "awarded", right="application.decide",
            guards=(guards.notice_is_over, rules.no_objection_runs), bulk=True, stamps=("awarded_at",),
        ),
        Transition(
            "drop", "取消拟认定", ("noticed",), "not_awarded", right="application.decide",
            fields=("outcome",), note_required=True,
        ),
    ]  # fmt: skip


@cache
def _of_round(pk: int) -> Procedure:
    """The definition of a round is frozen, so that this holds for ever."""
    return procedure_of(Round.objects.get(pk=pk).programme, pk)


def _whole() -> Procedure:
    path = [DRAFT, *RECOMMEND.values(), SCREEN, OPINION, REVIEW, NOTICED]
    follows = {s.code: after.code for s, after in zip(path, [*path[1:], FINALS["awarded"]], strict=True)}
    return Procedure(
        code=CODE, version=0, label="评选申报", basis=BASIS, view_right="application.view",
        states=(*path, SUPPLEMENT, *FINALS.values()), transitions=tuple(_moves(follows)),
    )  # fmt: skip


WHOLE = PROCEDURES.add_family(_whole(), _of_round)
