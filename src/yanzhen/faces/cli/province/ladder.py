"""The demo's rounds of the ladder that are under way or over: walked stage by stage, each at the time it was planned for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone

from yanzhen.engines.honours import fonts
from yanzhen.engines.honours.models import Honour
from yanzhen.engines.procedures.engine import advance, advance_many
from yanzhen.engines.programmes.actions import applying, inspecting, opinions, rounds, voting
from yanzhen.engines.programmes.certificates import actions as certificates
from yanzhen.engines.programmes.certificates import queries as certified
from yanzhen.engines.programmes.certificates import tasks
from yanzhen.engines.programmes.models import Application, Definition, Round
from yanzhen.engines.programmes.notices import actions as objecting
from yanzhen.engines.programmes.notices import publishing
from yanzhen.engines.programmes.notices.actions import Said
from yanzhen.engines.programmes.notices.models import Objection
from yanzhen.engines.programmes.panels.actions import judging, marking, running
from yanzhen.engines.programmes.panels.models import Assignment
from yanzhen.engines.programmes.results import actions as results
from yanzhen.engines.programmes.scoring.criteria import Mark
from yanzhen.faces.cli.province.clock import moment
from yanzhen.faces.cli.province.posts import SINCE
from yanzhen.faces.cli.province.selection import NOTES, Cast, applied, opened, worker
from yanzhen.foundation.models import Account, Grant, Organisation, Person, Region, Role

JUDGES = ("370700", "370800", "370900", "371000")
"""Where the judges are from; the first is the one that can be logged in to."""
ASPECTS = (("skill", 4), ("results", 3), ("teaching", 2), ("spirit", 1))
"""Aspects of the presets, and what a level of each weighs in thirtieths of the whole."""
MORNING = timedelta(hours=9)


@dataclass(slots=True)
class Walk:
    """A round on its way. `at` is when it was last at work on."""

    round: Round
    cast: Cast
    at: datetime
    applicants: list[tuple[Person, Organisation]] = field(default_factory=list)

    def until(self, code: str) -> Walk:
        """Do all that comes before the stage, and enter it."""
        for stage in self.round.programme.stages:
            self._enter(stage)
            if stage.code == code:
                break
            with moment(self.at):
                STEPS[stage.kind](self)
        return self

    def ids(self, state: str = "review") -> list[int]:
        return list(
            Application.objects.filter(round=self.round, state=state)
            .order_by("pk")
            .values_list("pk", flat=True)
        )

    def rows(self, state: str = "review") -> list[Application]:
        return list(
            Application.objects.filter(pk__in=self.ids(state))
            .select_related("round", "person")
            .order_by("pk")
        )

    def move(self, ids: list[int], code: str, actor: Account) -> None:
        outcome = advance_many(Application, ids, code, actor=actor, note=NOTES.get(code, ""), at=self.at)
        assert not outcome.refused, outcome.refused  # noqa: S101  # the demo keeps its own rules

    def _enter(self, stage: Any) -> None:
        held = Round.objects.prefetch_related("windows").get(pk=self.round.pk)
        times = [self.at, held.window(stage.code).opens_at + MORNING]
        if held.notice_ends_at:
            times.append(held.notice_ends_at + MORNING)
        self.at = max(times)
        if held.stage != stage.code:
            with moment(self.at):
                held = rounds.turn(held, actor=self.cast.staff["organiser"])
        self.round = Round.objects.prefetch_related("windows").get(pk=held.pk)


def past(definition: Definition, cast: Cast) -> list[Honour]:
    """A round of which all is told, from the notice to the certificates; return its honours."""
    walk = _begun(definition, "齐鲁工匠选树（演示，已命名）", cast, stage="review", days=230)
    walk.applicants = _by_cells(walk)
    # without the font no certificate can be printed: the round then waits for it, as it would at work
    walk.until("review" if _has_font() else "credential")
    return list(certified.honours_of(walk.round).select_related("person", "organisation"))


def marking_now(definition: Definition, cast: Cast) -> None:
    """A round whose judges are at work: one has marked a part, the others nearly all."""
    walk = _begun(definition, "齐鲁工匠选树（演示，评审中）", cast, stage="mark", days=5)
    walk.applicants = _by_cells(walk)
    walk.until("mark")
    with moment(walk.at + timedelta(days=1)):
        _mark(walk, left=4)


def noticed_now(definition: Definition, cast: Cast, honours: list[Honour]) -> None:
    """A round of the second level before the public, chosen among those of the first; two object."""
    walk = _begun(definition, "齐鲁大工匠选树（演示，公示中）", cast, stage="notice", days=2)
    walk.applicants = [(honour.person, honour.organisation) for honour in honours]  # type: ignore[misc]  # each has one
    walk.until("notice")
    with moment(walk.at):
        _publish(walk)
    with moment(walk.at + timedelta(hours=20)):
        _object(walk, 0, "untrue", "申报材料所写的专利号查询不到，请核实（演示）。")
        row = _object(walk, 1, "marks", "本人申报材料中的标准起草经历没有计入，请复核（演示）。")
    with moment(walk.at + timedelta(hours=24)):
        advance(row, "accept", actor=cast.staff["jury"])


def _begun(definition: Definition, label: str, cast: Cast, *, stage: str, days: int) -> Walk:
    """Open a round so that its `stage` was planned to begin `days` ago."""
    stages = definition.programme.stages
    before = stages[: [one.code for one in stages].index(stage)]
    day = timezone.localtime() - timedelta(days=days + sum(max(one.days, 1) for one in before))
    starts = day.replace(hour=8, minute=0)
    with moment(starts):
        return Walk(opened(definition, label, starts_at=starts, cast=cast), cast, starts)


def _by_cells(walk: Walk) -> list[tuple[Person, Organisation]]:
    """Of each city with places one more than it has."""
    found = []
    with moment(walk.at):
        for cell in walk.round.cells.exclude(code="").filter(places__gt=0):
            firms = walk.cast.firms[cell.code]
            for n in range(min(cell.places + 1, cell.nominees)):
                firm = firms[n % len(firms)]
                found.append((worker(walk.cast, firm, days=walk.cast.dice.randint(2500, 6000)), firm))
    return found


def _apply(walk: Walk) -> None:
    for person, firm in walk.applicants:
        row = applied(walk.round, person, firm, walk.cast)
        applying.submit(row, actor=walk.cast.helper)


def _recommend(walk: Walk) -> None:
    for row in walk.rows("recommend_unit"):
        walk.move([row.pk], "recommend_unit", walk.cast.contacts[row.organisation_id or 0])
    for level in ("county", "city"):
        walk.move(walk.ids(f"recommend_{level}"), f"recommend_{level}", walk.cast.staff["recommending"])


def _screen(walk: Walk) -> None:
    walk.move(walk.ids("screen"), "pass_screen", walk.cast.staff["organiser"])


def _ask(walk: Walk) -> None:
    staff = walk.cast.staff
    for row in walk.rows("opinion"):
        for opinion in opinions.ask(row, actor=staff["organiser"]):
            opinions.give(opinion, "agreed", text="", actor=staff["department"])
    walk.move(walk.ids("opinion"), "clear", staff["organiser"])


def _assign(walk: Walk) -> None:
    actor = walk.cast.staff["organiser"]
    for n, region in enumerate(JUDGES):
        place = Region.objects.get(code=region)
        judging.invite(walk.round, _judge(walk.cast, n), region=place, employer=None, topics=[], actor=actor)
    judging.fill_panels(walk.round, actor=actor)


def _judge(cast: Cast, n: int) -> Account:
    if n == 0:
        return cast.staff["judge"]
    account, made = Account.objects.get_or_create(
        username=f"demo-judge{n}", defaults={"name": f"演示评委{n}", "is_active": False}
    )
    if made:
        Grant.objects.create(
            account=account,
            role=Role.objects.get(code="judge"),
            region_id="370000",
            line_id="union",
            starts_on=SINCE,
        )
    return account


def _mark(walk: Walk, *, left: int = 0) -> None:
    """File the sheets; the judge that can be logged in to keeps `left` of them. No two applications come out equal."""
    order = walk.ids()
    walk.cast.dice.shuffle(order)
    spared = left
    held = Assignment.objects.filter(run__round=walk.round, status="live").select_related("judge__account")
    seen: dict[int, int] = {}
    for assignment in held.order_by("pk"):
        whole = 84 - 4 * order.index(assignment.application_id)
        nth = seen[assignment.application_id] = seen.get(assignment.application_id, -1) + 1
        account = assignment.judge.account
        if spared and account == walk.cast.staff["judge"]:
            spared -= 1
            continue
        marking.file(assignment, _levels((whole + nth) // 3), actor=account, opinion="材料齐全（演示）")


def _levels(units: int) -> list[Mark]:
    """Return levels that together weigh `units` of 30."""
    marks = []
    for code, weight in ASPECTS:
        level = min(3, units // weight)
        units -= level * weight
        marks.append(Mark(code, Decimal(level)))
    return marks


def _mark_all(walk: Walk) -> None:
    actor = walk.cast.staff["organiser"]
    _mark(walk)
    running.adopt(running.run(walk.round, actor=actor), actor=actor)


def _vote(walk: Walk) -> None:
    """Every applicant votes for somebody else, by an account that nobody logs in to."""
    rows = walk.rows()
    for n, row in enumerate(rows):
        account, _made = Account.objects.get_or_create(
            username=f"demo-voter{row.person_id}",
            defaults={"name": "演示投票职工", "is_active": False, "person": row.person},
        )
        voting.vote(rows[(n + 1 + n % 2) % len(rows)], actor=account)


def _inspect(walk: Walk) -> None:
    for row in walk.rows():
        inspecting.inspect(
            row, visited_on=timezone.localdate(), members="演示考察组两人", seen="现场操作与申报材料一致，徒弟在岗（演示）",
            passed=True, actor=walk.cast.staff["organiser"],
        )  # fmt: skip


def _shortlist(walk: Walk) -> None:
    actor = walk.cast.staff["organiser"]
    run = results.run_shortlist(walk.round, actor=actor)
    results.adopt_shortlist(run, actor=actor, note="经领导小组审议（演示）")


def _publish(walk: Walk) -> None:
    publishing.publish(walk.round, actor=walk.cast.staff["organiser"])


def _notice(walk: Walk) -> None:
    """Publish; somebody objects, and it is found to be wrong."""
    _publish(walk)
    jury = walk.cast.staff["jury"]
    row = _object(walk, 0, "untrue", "听说其所带徒弟人数不实，请核实（演示）。")
    row = advance(row, "accept", actor=jury)
    row = advance(row, "dismiss", actor=jury, finding="经核对师徒协议和考核表，所报人数属实（演示）。")
    advance(row, "reply", actor=jury, reply="经核实，所反映的问题不成立，感谢监督（演示）。")


def _object(walk: Walk, about: int, ground: str, text: str) -> Objection:
    notice = publishing.newest(walk.round)
    assert notice is not None  # noqa: S101  # published just before
    said = Said(
        ground, text, about=about, name="演示异议人", phone=f"199{walk.cast.dice.randrange(10**8):08}"
    )
    return objecting.file_objection(notice, said).objection


def _award(walk: Walk) -> None:
    results.award(walk.round, actor=walk.cast.staff["jury"], note="演示命名")


def _print(walk: Walk) -> None:
    run = certificates.issue(walk.round, actor=walk.cast.staff["jury"])
    tasks.print_certificates(run.pk)


def _nothing(_walk: Walk) -> None:
    """Nothing is left to do in this stage."""


def _has_font() -> bool:
    try:
        fonts.chosen()
    except fonts.NoFont:
        return False
    return True


STEPS: dict[str, Callable[[Walk], None]] = {
    "apply": _apply, "recommend": _recommend, "screen": _screen, "opinion": _ask, "assign": _assign, "mark": _mark_all,
    "vote": _vote, "inspect": _inspect, "shortlist": _shortlist, "notice": _notice, "objection": _nothing, "decide": _award,
    "credential": _print,
}  # fmt: skip
