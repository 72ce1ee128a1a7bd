"""Where an application stands, for the one whose it is: its state, what comes next, who acts, and by when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from yanzhen.engines.programmes.declare import Programme
from yanzhen.engines.programmes.models import Application, Round
from yanzhen.engines.programmes.unfold import path_of

STAGES = {
    "draft": ("apply",),
    "recommend_unit": ("recommend",),
    "recommend_county": ("recommend",),
    "recommend_city": ("recommend",),
    "recommend_province": ("recommend",),
    "supplement": ("screen",),
    "screen": ("screen",),
    "opinion": ("opinion",),
    "review": ("shortlist", "inspect", "mark"),
    "noticed": ("decide", "notice"),
    "awarded": ("credential",),
}
"""By state, the kinds of stage in which it is dealt with; the first that the programme has tells by when."""
NEXT = {
    "draft": "填全内容后提交；截止后不能再提交",
    "supplement": "请按通知补正材料后提交；到期未补正的，按现有材料审查",
    "recommend_unit": "等所在单位推荐",
    "recommend_county": "等县级工会推荐",
    "recommend_city": "等市级工会推荐",
    "recommend_province": "等省级推荐",
    "screen": "等主办方审查资格",
    "opinion": "等有关部门答复意见",
    "review": "等评审和入围名单",
    "noticed": "正在公示，期满无异议即作认定",
    "awarded": "已认定，等制发证书",
}


@dataclass(frozen=True, slots=True)
class Step:
    """A state on the way. `place` is "done", "here" or "ahead"."""

    label: str
    place: str


@dataclass(frozen=True, slots=True)
class Progress:
    """`next` is a sentence, "" at the end; `by` is None where no day is set."""

    label: str
    final: bool
    next: str
    by: datetime | None
    reason: str
    """Why it ended otherwise than by an award."""
    steps: tuple[Step, ...]


def progress(application: Application) -> Progress:
    """Return where the application stands. Its round comes with its windows, so that a list asks for none."""
    stage = application.stage
    over = stage.final and stage.code != "awarded"
    return Progress(
        label=stage.public_label,
        final=stage.final,
        next="" if over else NEXT.get(stage.code, ""),
        by=None if over else application.due_at or _by(application.round, stage.code),
        reason=application.outcome if over else "",
        steps=tuple(_steps(application.programme, stage.code, over=over)),
    )


def closes_at(round_: Round) -> datetime:
    """Return until when applications are taken."""
    return round_.window(round_.programme.stages[0].code).closes_at


def standing(round_: Round, *, at: datetime) -> str:
    """Return how the round stands to who wants to apply: "coming", "open", "closed", "paused" or "ended"."""
    if round_.status != Round.Status.RUNNING:
        return "ended"
    if round_.standstill:
        return "paused"
    first = round_.programme.stages[0].code
    window = round_.window(first)
    if round_.stage != first or at >= window.closes_at:
        return "closed"
    return "coming" if at < window.opens_at else "open"


def _by(round_: Round, state: str) -> datetime | None:
    if state == "noticed" and round_.notice_ends_at:
        return round_.notice_ends_at
    kinds: dict[str, str] = {stage.kind: stage.code for stage in round_.programme.stages}
    found = next((kinds[kind] for kind in STAGES.get(state, ()) if kind in kinds), None)
    return round_.window(found).closes_at if found else None


def _steps(programme: Programme, state: str, *, over: bool) -> list[Step]:
    """The states of the way to an award; of an application that ended otherwise those are not told apart."""
    path = path_of(programme)
    codes = [one.code for one in path]
    here = (
        codes.index("screen" if state == "supplement" else state) if state in {*codes, "supplement"} else None
    )
    if here is None:
        place = "done" if state == "awarded" else "ahead"
        steps = [] if over else [Step(one.public_label, place) for one in path]
    else:
        steps = [
            Step(one.public_label, "done" if n < here else "here" if n == here else "ahead")
            for n, one in enumerate(path)
        ]
    return steps if over else [*steps, Step("认定", "here" if state == "awarded" else "ahead")]
