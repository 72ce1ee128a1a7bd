"""A panel round: judges, conflicts, blind sheets, frozen runs, and what a void mark would change."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from tests.factories import AccountFactory, RegionFactory
from tests.selection import applied, enterprise, open_round, organiser, programme
from yanzhen.engines.programmes.declare import Scoring
from yanzhen.engines.programmes.models import Application, Round, Window
from yanzhen.engines.programmes.panels.actions import judging, marking, running
from yanzhen.engines.programmes.panels.models import Assignment, Judge, Sheet, VoidSheet
from yanzhen.engines.programmes.panels.refusals import MarkRefused, PanelRefused, RunRefused
from yanzhen.engines.programmes.scoring.criteria import Mark
from yanzhen.engines.programmes.stages import Apply, Assign, Decide, Shortlist
from yanzhen.engines.programmes.stages import Mark as MarkStage
from yanzhen.engines.programmes.turning import waiting
from yanzhen.foundation import parameters
from yanzhen.foundation.errors import Invalid, NotAllowed
from yanzhen.foundation.models import Account

pytestmark = pytest.mark.django_db


@pytest.fixture
def actor() -> Account:
    parameters.load_defaults()
    return organiser()


def _round(actor: Account, *, entries: int = 1) -> Round:
    made = programme(
        stages=(
            Apply(code="apply", label="申报"),
            Assign(code="assign", label="分配评委", each=2),
            MarkStage(code="mark", label="打分", entries=entries),
            Shortlist(code="shortlist", label="入围"),
            Decide(code="decide", label="认定"),
        )
    )
    return open_round(actor, made)


def _at(round_: Round, stage: str) -> Round:
    now = timezone.now()
    Round.objects.filter(pk=round_.pk).update(stage=stage)
    Window.objects.filter(round=round_, stage=stage).update(
        opens_at=now - timedelta(days=1), closes_at=now + timedelta(days=5)
    )
    return Round.objects.get(pk=round_.pk)


def _reviewed(round_: Round, count: int, county: str = "370102") -> list[Application]:
    round_ = _at(round_, "apply")
    rows = [applied(round_, unit=enterprise(county))[0] for _ in range(count)]
    Application.objects.filter(round=round_).update(state="review")
    return rows


def _judges(round_: Round, actor: Account, count: int, city: str = "370200", **fields: object) -> list[Judge]:
    region = RegionFactory(code=city, level="city")
    return [
        judging.invite(
            round_, AccountFactory(), region=region, employer=None, topics=[], actor=actor, **fields
        )  # type: ignore[arg-type]
        for _ in range(count)
    ]


def _marks(skill: int, lead: int) -> list[Mark]:
    return [Mark("skill", Decimal(skill)), Mark("lead", Decimal(lead))]


def _marked(round_: Round, actor: Account, values: dict[int, int]) -> Round:
    """File every sheet: the same value for both aspects, by application."""
    round_ = _at(round_, "mark")
    for assignment in Assignment.objects.filter(run__round=round_):
        value = values[assignment.application_id]
        marking.file(assignment, _marks(value, value), actor=assignment.judge.account)
    return round_


def test_panels_keep_judges_from_their_own_employer_and_city(actor: Account) -> None:
    round_ = _round(actor)
    first, _second = _reviewed(round_, 2)
    round_ = _at(round_, "assign")
    same_city = _judges(round_, actor, 1, city="370100")[0]
    colleague = judging.invite(
        round_,
        AccountFactory(),
        region=RegionFactory(code="370300", level="city"),
        employer=first.organisation,
        topics=[],
        actor=actor,
    )
    _judges(round_, actor, 2)

    run, panel = judging.fill_panels(round_, actor=actor)

    seated = {(a.application_id, a.judge_id) for a in Assignment.objects.filter(run=run)}
    assert panel.shortages == ()
    assert (first.pk, colleague.pk) not in seated
    assert same_city.pk not in {judge for _, judge in seated}
    assert len(seated) == 4
    assert waiting(_at(round_, "assign"), at=timezone.now()) == []


def test_a_panel_that_can_not_be_filled_says_what_it_lacks_and_why(actor: Account) -> None:
    round_ = _round(actor)
    (row,) = _reviewed(round_, 1)
    round_ = _at(round_, "assign")
    _judges(round_, actor, 1)
    _judges(round_, actor, 1, city="370100")

    _run, panel = judging.fill_panels(round_, actor=actor)

    (shortage,) = panel.shortages
    assert (
        judging.said(shortage, row.number)
        == f"{row.number} 还缺 1 名评委（与申报人同市 1 人）：请增补评委，或放宽承担上限"
    )


def test_a_preview_keeps_nothing_and_shows_the_same_panels(actor: Account) -> None:
    round_ = _round(actor)
    _reviewed(round_, 3)
    round_ = _at(round_, "assign")
    _judges(round_, actor, 4)

    _run, shown = judging.fill_panels(round_, actor=actor, preview=True)
    assert Assignment.objects.count() == 0
    _run, kept = judging.fill_panels(round_, actor=actor)

    assert list(zip(shown.applications, shown.judges, strict=True)) == list(
        zip(kept.applications, kept.judges, strict=True)
    )
    assert shown.stamp == kept.stamp


def test_a_conflict_learned_late_voids_the_mark_and_moves_no_other(actor: Account) -> None:
    round_ = _round(actor)
    rows = _reviewed(round_, 2)
    round_ = _at(round_, "assign")
    _judges(round_, actor, 4)
    judging.fill_panels(round_, actor=actor)
    round_ = _marked(round_, actor, {row.pk: 80 for row in rows})
    gone = Assignment.objects.filter(application=rows[0]).first()
    assert gone

    judging.declare(gone.judge, rows[0], kind="mentor", why="师徒关系，后经查明", actor=actor)
    _run, panel = judging.fill_holes(round_, actor=actor)

    assert VoidSheet.objects.get().sheet.assignment == gone
    assert list(panel.applications) == [rows[0].pk]
    assert Sheet.objects.filter(void=None).count() == 3
    assert Assignment.objects.filter(status="done").count() == 3


def test_a_mark_outside_its_scale_names_the_scale_and_files_nothing(actor: Account) -> None:
    round_ = _round(actor)
    _reviewed(round_, 1)
    round_ = _at(round_, "assign")
    _judges(round_, actor, 2)
    judging.fill_panels(round_, actor=actor)
    assignment = Assignment.objects.first()
    assert assignment

    with pytest.raises(MarkRefused, match="不接受打分"):
        marking.file(assignment, _marks(1, 1), actor=assignment.judge.account)
    _at(round_, "mark")
    with pytest.raises(Invalid, match="量程是 0 至 100"):
        marking.file(assignment, _marks(101, 1), actor=assignment.judge.account)
    with pytest.raises(NotAllowed):
        marking.file(assignment, _marks(1, 1), actor=AccountFactory())

    assert Sheet.objects.count() == 0


def test_a_sheet_is_never_filed_twice_and_a_void_one_stays(actor: Account) -> None:
    round_ = _round(actor)
    rows = _reviewed(round_, 1)
    round_ = _at(round_, "assign")
    _judges(round_, actor, 2)
    judging.fill_panels(round_, actor=actor)
    _marked(round_, actor, {rows[0].pk: 70})
    sheet = Sheet.objects.select_related("assignment__judge__account").first()
    assert sheet

    with pytest.raises(MarkRefused, match="已打分"):
        marking.file(sheet.assignment, _marks(90, 90), actor=sheet.assignment.judge.account)
    marking.void(sheet, why="录入时看错了申报", actor=actor)
    marking.file(sheet.assignment, _marks(90, 90), actor=sheet.assignment.judge.account)

    assert sorted(int(s.total or 0) for s in Sheet.objects.all()) == [70, 70, 90]
    assert list(Sheet.objects.exclude(void=None)) == [sheet]


def test_two_entries_that_differ_wait_for_a_third_person(actor: Account) -> None:
    round_ = _round(actor, entries=2)
    _reviewed(round_, 1)
    round_ = _at(round_, "assign")
    _judges(round_, actor, 2)
    judging.fill_panels(round_, actor=actor)
    _at(round_, "mark")
    held = Assignment.objects.first()
    assert held
    clerk, other = organiser(), organiser()
    marking.file(held, _marks(80, 70), actor=held.judge.account)

    filed = marking.file(held, _marks(80, 60), actor=clerk, entry=2)

    assert [d.aspect for d in filed.differs] == ["lead"]
    held.refresh_from_db()
    assert held.status == "live"
    with pytest.raises(MarkRefused, match="另一人"):
        marking.file(held, _marks(80, 70), actor=clerk, entry=3)
    marking.file(held, _marks(80, 70), actor=other, entry=3)
    held.refresh_from_db()
    assert held.status == "done"


def test_a_run_is_frozen_and_adopted_once_by_the_rule_that_was_fixed(actor: Account) -> None:
    round_ = _round(actor)
    rows = _reviewed(round_, 3)
    round_ = _at(round_, "assign")
    _judges(round_, actor, 4)
    judging.fill_panels(round_, actor=actor)
    with pytest.raises(RunRefused):
        running.run(round_, actor=actor)
    round_ = _marked(round_, actor, {rows[0].pk: 90, rows[1].pk: 80, rows[2].pk: 90})

    one, same = running.run(round_, actor=actor), running.run(round_, actor=actor)
    assert (one.result_hash, one.input_hash) == (same.result_hash, same.input_hash)
    with pytest.raises(RunRefused, match="只供比较"):
        running.adopt(running.run(round_, actor=actor, method="median"), actor=actor)
    running.adopt(one, actor=actor)

    found = dict(Application.objects.values_list("pk", "place"))
    assert found == {rows[0].pk: 1, rows[1].pk: 3, rows[2].pk: 1}
    assert waiting(Round.objects.get(pk=round_.pk), at=timezone.now()) == []
    marking.void(Sheet.objects.first(), why="评委事后说明看错", actor=actor)  # type: ignore[arg-type]
    with pytest.raises(RunRefused, match="重新运行"):
        running.adopt(same, actor=actor)


def test_the_shadow_of_a_void_mark_shows_every_change_and_makes_none(actor: Account) -> None:
    round_ = _round(actor)
    rows = _reviewed(round_, 3)
    round_ = _at(round_, "assign")
    _judges(round_, actor, 4)
    judging.fill_panels(round_, actor=actor)
    round_ = _at(round_, "mark")
    low = Assignment.objects.filter(application=rows[0]).order_by("pk").first()
    for assignment in Assignment.objects.filter(run__round=round_):
        value = (
            10
            if assignment == low
            else {rows[0].pk: 90, rows[1].pk: 80, rows[2].pk: 70}[assignment.application_id]
        )
        marking.file(assignment, _marks(value, value), actor=assignment.judge.account)
    running.adopt(running.run(round_, actor=actor), actor=actor)
    before = list(Application.objects.order_by("pk").values_list("pk", "score", "place"))

    shown = running.shadow(round_, without_sheet=Sheet.objects.get(assignment=low), places=1)

    assert shown
    assert list(Application.objects.order_by("pk").values_list("pk", "score", "place")) == before


def test_an_applicant_of_the_round_is_no_judge_of_it(actor: Account) -> None:
    round_ = _round(actor)
    (row,) = _reviewed(round_, 1)
    assert row.person

    with pytest.raises(PanelRefused, match="申报人不得评审"):
        judging.invite(round_, row.person.account, region=row.region, employer=None, topics=[], actor=actor)


def test_an_odd_mark_goes_to_a_judge_who_has_not_seen_it(actor: Account) -> None:
    round_ = _round(actor)
    rows = _reviewed(round_, 1)
    round_ = _at(round_, "assign")
    _judges(round_, actor, 3)
    judging.fill_panels(round_, actor=actor)
    round_ = _marked(round_, actor, {rows[0].pk: 70})
    run = running.run(round_, actor=actor)

    again = marking.mark_again(run, rows[0], actor=actor)

    assert (again.remark, Assignment.objects.filter(judge=again.judge).count()) == (True, 1)
    with pytest.raises(PanelRefused, match="还没有评完"):
        marking.mark_again(run, rows[0], actor=actor)
    marking.file(again, _marks(70, 70), actor=again.judge.account)
    with pytest.raises(PanelRefused, match="没有可以复评的评委"):
        marking.mark_again(run, rows[0], actor=actor)


def test_the_tie_chain_takes_the_mark_that_was_decided_and_not_all_entries(actor: Account) -> None:
    made = programme(
        scoring=Scoring(ties=("aspect:skill", "ex_aequo")),
        stages=(
            Apply(code="apply", label="申报"),
            Assign(code="assign", label="分配评委", each=1),
            MarkStage(code="mark", label="打分", entries=2),
            Shortlist(code="shortlist", label="入围"),
            Decide(code="decide", label="认定"),
        ),
    )
    round_ = open_round(actor, made)
    _reviewed(round_, 1)
    round_ = _at(round_, "assign")
    _judges(round_, actor, 2)
    judging.fill_panels(round_, actor=actor)
    round_ = _at(round_, "mark")
    held = Assignment.objects.get()
    marking.file(held, _marks(20, 50), actor=held.judge.account)
    marking.file(held, _marks(80, 50), actor=organiser(), entry=2)
    marking.file(held, _marks(80, 50), actor=organiser(), entry=3)

    (entry,) = running.input_of(round_, round_.programme.stage("mark")).entries

    assert entry.aspects == (("skill", Decimal(80)),)
