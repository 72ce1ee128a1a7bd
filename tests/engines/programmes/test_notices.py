"""Notice and objection: the frozen list before the public, what is said against it, and exactly the change that was shown."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.utils import timezone

from tests.factories import AccountFactory, LineFactory
from tests.results import Ready, adopted, at_stage, jury, over, published
from tests.selection import programme, province
from yanzhen.engines.procedures.engine import advance
from yanzhen.engines.procedures.refusals import MoveNotAllowed, MoveRefused
from yanzhen.engines.programmes.declare import Ratio
from yanzhen.engines.programmes.models import Application, QuotaCell, Round
from yanzhen.engines.programmes.notices import actions, publishing, queries
from yanzhen.engines.programmes.notices.actions import ObjectionRefused, Said
from yanzhen.engines.programmes.notices.models import Notice, Objection
from yanzhen.engines.programmes.results import actions as results
from yanzhen.engines.programmes.results import queries as standing
from yanzhen.engines.programmes.results.shadow import shadow
from yanzhen.engines.programmes.stages import Notice as NoticeStage
from yanzhen.foundation import calendar, crypto, parameters
from yanzhen.foundation.errors import Invalid, NotAllowed
from yanzhen.foundation.models import Account, Checkpoint, Leaf
from yanzhen.foundation.records import record

pytestmark = pytest.mark.django_db
MONDAY = datetime(2026, 11, 23, 10, tzinfo=timezone.get_default_timezone())
WORDS = "所报发明专利实为他人完成，有合同为证"


@pytest.fixture(autouse=True)
def _rules() -> None:
    calendar.seed()
    parameters.load_defaults()
    crypto.begin()


def object_to(notice: Notice, row: int = 0, **more: object) -> Objection:
    fields = {
        "ground": "untrue",
        "text": WORDS,
        "about": row,
        "name": "测试异议人",
        "phone": "13800000000",
    } | more
    return actions.file_objection(notice, Said(**fields)).objection  # type: ignore[arg-type]


def accepted(notice: Notice, handler: Account, row: int = 0, **more: object) -> Objection:
    return advance(object_to(notice, row, **more), "accept", actor=handler)


def states(made: Ready) -> list[str]:
    found = dict(Application.objects.values_list("pk", "state"))
    return [found[row.pk] for row in made.rows]


def frozen(made: Ready) -> set[int]:
    return set(standing.listed(made.round).values_list("open_objections", flat=True))


def test_the_public_list_is_the_frozen_run_and_anybody_can_hash_it() -> None:
    made, notice = published()

    content = json.loads(notice.content)
    assert notice.digest == hashlib.sha256(notice.content.encode()).hexdigest()
    assert content["shortlist"] == standing.standing(made.round).result_hash
    assert sorted(notice.applications) == standing.chosen_ids(notice.run)
    assert content["rows"][0] == {
        "name": "测试人0", "unit": made.rows[0].organisation.name, "region": "区划370102", "title": "事迹0",
    }  # fmt: skip
    assert made.round.notice_ends_at == notice.ends_at


def test_names_are_masked_where_the_programme_says_so() -> None:
    stages = tuple(
        NoticeStage(code="notice", label="公示", names="masked") if stage.kind == "notice" else stage
        for stage in programme().stages
    )
    _made, notice = published(made=programme(ratios=(), per_employer=0, stages=stages))

    assert [row["name"] for row in queries.plain_rows(notice)] == ["测***"] * 4


def test_the_time_of_a_publication_is_under_a_sealed_root() -> None:
    _made, notice = published()
    before = queries.proof(notice)
    assert before is not None
    now = timezone.now()
    point = Checkpoint.objects.create(
        at=now,
        size=1,
        total=1,
        root=b"r" * 32,
        previous=b"0" * 32,
        digest=b"d" * 32,
        signature=b"s",
        key_id="k1",
    )
    Leaf.objects.create(record_id=before.record, checkpoint=point, position=0, digest=b"l" * 32)

    assert before.checkpoint is None
    assert queries.proof(notice) == queries.Proof(before.record, point.pk, now, (b"r" * 32).hex(), "k1")


def test_the_same_list_is_not_published_twice() -> None:
    made, _notice = published()

    with pytest.raises(publishing.NoticeRefused, match="一字不差"):
        publishing.publish(made.round, actor=made.organiser, why="再来一次")


def test_who_does_not_run_the_round_publishes_nothing() -> None:
    made = adopted()
    another_line = AccountFactory(grants=[(made.round.region, LineFactory(code="justice"), "round.run")])

    for stranger in (another_line, jury()):
        with pytest.raises(NotAllowed):
            publishing.publish(made.round, actor=stranger)
    assert not Notice.objects.exists()


def test_a_named_objection_is_sealed_and_freezes_the_whole_list() -> None:
    made, notice = published()

    filed = actions.file_objection(
        notice, Said(ground="unfit", text=WORDS, about=0, name="测试异议人", phone="13800000000")
    )

    row = Objection.objects.get()
    assert (row.state, row.objector_mask, row.application_id) == (
        "filed",
        "测**** 138****0000",
        notice.applications[0],
    )
    assert b"13800000000" not in bytes(row.objector_cipher or b"")
    assert frozen(made) == {1}
    assert queries.followed(row.number, filed.check_code) == row
    assert queries.followed(row.number, "AAAA-AAAA") is None
    assert actions.reveal_objector(row, actor=jury(), reason="核对身份") == {
        "name": "测试异议人",
        "phone": "13800000000",
    }


def test_an_anonymous_objection_keeps_nobody() -> None:
    _made, notice = published()

    row = object_to(notice, anonymous=True, name="不该留下", phone="13800000000")

    assert (row.objector_mask, row.objector_cipher) == ("匿名", None)


def test_who_was_left_out_objects_with_the_own_number() -> None:
    made, notice = published()

    row = object_to(notice, about=None, number=made.rows[2].number.lower(), ground="marks")  # type: ignore[arg-type]

    assert row.application_id == made.rows[2].pk
    assert frozen(made) == {1}


def test_what_is_missing_in_an_objection_is_said_by_field() -> None:
    _made, notice = published()

    with pytest.raises(Invalid) as refusal:
        actions.file_objection(notice, Said(ground="", text="太短"))

    assert set(refusal.value.data["fields"]) == {"ground", "text", "about", "name", "phone"}


def test_after_the_term_an_objection_is_refused_with_the_term_and_its_end() -> None:
    made, notice = published()
    over(made.round)
    notice.refresh_from_db()

    with pytest.raises(ObjectionRefused) as refusal:
        object_to(notice)

    end = f"{timezone.localtime(notice.ends_at):%Y-%m-%d %H:%M}"
    assert refusal.value.message == (
        f"公示期（评选公示期 5 工作日）已于 {end} 期满，不再受理异议；期满后发现问题的，请向组织单位反映"
    )
    assert not Objection.objects.exists()


def test_nobody_handles_an_objection_against_the_own_act() -> None:
    _made, notice = published()
    row = object_to(notice)
    for verb, part in (
        ("move.recommend_city", "推荐人"),
        ("application.settle", "资格审查人"),
        ("mark.file", "评委"),
    ):
        involved = jury()
        record(verb, row.application, actor=involved)

        with pytest.raises(MoveRefused, match=f"{involved} 是这件申报的{part}"):
            advance(row, "accept", actor=involved)
        with pytest.raises(MoveRefused, match=part):
            advance(row, "refuse", actor=involved, reply="不予受理")
    assert advance(row, "accept", actor=jury()).state == "accepted"


def test_who_marked_the_application_does_not_handle_an_objection_to_it() -> None:
    _made, notice = published()
    judge = jury()
    row = object_to(notice)
    record("mark.file", row.application, actor=judge)

    with pytest.raises(MoveRefused, match="评委"):
        advance(row, "accept", actor=judge)


def test_a_dismissed_objection_lets_the_result_go_on() -> None:
    made, notice = published()
    handler = jury()
    row = accepted(notice, handler)

    row = advance(row, "dismiss", actor=handler, finding="经查合同与本人无关")
    assert frozen(made) == {0}
    row = advance(row, "reply", actor=handler, reply="经查不成立，感谢监督")
    assert (row.state, states(made).count("noticed")) == ("replied", 4)


def test_the_shadow_changes_nothing_and_names_every_place_that_would() -> None:
    made, _notice = published()

    seen = shadow(made.round, without=[made.rows[0].pk])

    assert [(change.application.pk, change.comes) for change in seen.changes] == [
        (made.rows[0].pk, False), (made.rows[2].pk, True),
    ]  # fmt: skip
    assert states(made) == ["noticed", "noticed", "left_out", "noticed", "noticed", "left_out"]


def test_upheld_it_does_exactly_what_the_shadow_showed_and_the_notice_begins_anew() -> None:
    with time_machine.travel(MONDAY, tick=False):
        made, notice = published()
        handler = jury()
        row = accepted(notice, handler)
        seen = actions.preview(row)

    with time_machine.travel(MONDAY + timedelta(days=1), tick=False):
        row = actions.uphold(row, finding="经查属实", seen_mark=seen.mark, actor=handler)
        again = publishing.newest(made.round)

    assert states(made) == ["not_awarded", "noticed", "noticed", "noticed", "noticed", "left_out"]
    assert again is not None
    assert (row.state, again.version, again.ends_at > notice.ends_at) == ("upheld", 2, True)
    assert sorted(again.applications) == standing.chosen_ids(again.run) == standing.chosen_ids(row.remedy)
    assert Round.objects.get(pk=made.round.pk).notice_ends_at == again.ends_at
    assert Application.objects.get(pk=made.rows[0].pk).outcome == "经核查取消拟认定资格"
    assert (Notice.objects.get(pk=notice.pk).content, queries.follower(notice)) == (notice.content, again)
    with pytest.raises(ObjectionRefused, match="第 2 版公示"):
        object_to(notice)


def test_what_changed_since_the_preview_is_shown_again_first() -> None:
    made, notice = published()
    handler = jury()
    row = accepted(notice, handler)
    seen = actions.preview(row)
    Application.objects.filter(pk=made.rows[2].pk).update(score=None, place=None)

    with pytest.raises(ObjectionRefused, match="重新核对预览"):
        actions.uphold(row, finding="经查属实", seen_mark=seen.mark, actor=handler)
    assert states(made).count("noticed") == 4


def test_nobody_upholds_around_the_preview() -> None:
    _made, notice = published()
    handler = jury()
    row = accepted(notice, handler)

    with pytest.raises(MoveRefused, match="影响预览"):
        advance(row, "uphold", actor=handler, finding="经查属实")
    with pytest.raises(NotAllowed, match="只有受理"):
        actions.uphold(row, finding="经查属实", seen_mark=actions.preview(row).mark, actor=jury())


def test_an_objection_to_marks_follows_the_corrected_ranks() -> None:
    made, notice = published()
    handler = jury()
    row = accepted(notice, handler, about=None, number=made.rows[2].number, ground="marks")
    assert actions.preview(row).changes == ()
    third, second = made.rows[2].pk, made.rows[1].pk
    scores = {third: (Decimal(94), 2), second: (Decimal(93), 3)}
    assert [change.application.pk for change in shadow(made.round, scores=scores).changes] == [second, third]
    for pk, (score, place) in scores.items():
        Application.objects.filter(pk=pk).update(score=score, place=place)

    actions.uphold(row, finding="一份打分作废", seen_mark=actions.preview(row).mark, actor=handler)

    assert states(made) == ["noticed", "not_awarded", "noticed", "noticed", "noticed", "left_out"]


def test_a_place_that_nobody_can_take_stays_empty_and_goes_back_to_the_reserve() -> None:
    made, notice = published(cells=("3701", "3701", "3702", "3702", "3702"))
    handler = jury()
    row = accepted(notice, handler)
    seen = actions.preview(row)
    assert (seen.vacant, [change.comes for change in seen.changes]) == ("3701", [False])

    actions.uphold(row, finding="经查属实", seen_mark=seen.mark, actor=handler)

    assert dict(QuotaCell.objects.filter(round=made.round).values_list("code", "places")) == {
        "": 1,
        "3701": 1,
        "3702": 2,
    }
    assert states(made) == ["not_awarded", "noticed", "noticed", "noticed", "left_out"]


def test_a_substitute_is_whom_the_rules_let_in_not_the_next_in_line() -> None:
    share = Ratio(code="front", label="一线职工", trait="front_line", least=Decimal(75))
    traits = [["front_line"], ["front_line"], [], ["front_line"], ["front_line"], [], []]
    made, notice = published(
        cells=("3701", "3701", "3701", "3701", "3702", "3702", "3702"), traits=traits,
        made=programme(ratios=(share,), per_employer=0),
    )  # fmt: skip
    handler = jury()

    seen = actions.preview(accepted(notice, handler))

    assert [(change.application.pk, change.comes) for change in seen.changes] == [
        (made.rows[0].pk, False), (made.rows[3].pk, True),
    ]  # fmt: skip


def test_who_is_before_the_public_stays_when_somebody_else_falls_away() -> None:
    share = Ratio(code="front", label="一线职工", trait="front_line", least=Decimal(75))
    traits = [[], ["front_line"], ["front_line"], ["front_line"], [], ["front_line"], ["front_line"]]
    made, notice = published(
        cells=("3701", "3701", "3701", "3702", "3702", "3702", "3702"), traits=traits,
        made=programme(ratios=(share,), per_employer=0),
    )  # fmt: skip
    assert states(made) == ["noticed", "noticed", "left_out", "noticed", "left_out", "noticed", "left_out"]
    handler = jury()
    row = accepted(notice, handler)
    seen = actions.preview(row)

    # ranked anew, the fifth would now come before the sixth
    assert [change.application.pk for change in seen.changes] == [made.rows[0].pk, made.rows[2].pk]
    actions.uphold(row, finding="经查属实", seen_mark=seen.mark, actor=handler)
    assert "已公示而没有被取消的人选不变" in Application.objects.get(pk=made.rows[4].pk).outcome


def test_somebody_struck_off_by_hand_makes_the_list_and_its_notice_begin_anew() -> None:
    made, _notice = published()
    judge = jury()
    advance(
        Application.objects.get(pk=made.rows[0].pk), "drop", actor=judge, note="本人放弃", outcome="本人放弃"
    )
    assert "不一致" in (queries.stale(made.round) or "")

    again = actions.renew(made.round, why="本人放弃", seen_mark=shadow(made.round).mark, actor=judge)

    assert (again.version, states(made)[2], queries.stale(made.round)) == (2, "noticed", None)


def test_after_the_notice_the_whole_list_is_awarded_and_domains_are_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made, _notice = published()
    told: list[tuple[list[int], Account]] = []
    monkeypatch.setattr(results, "AWARDED", [lambda _round, ids, actor: told.append((list(ids), actor))])
    judge = jury()
    early = at_stage(made.round, "decide")
    with pytest.raises(results.DecisionRefused, match="期满后方可认定"):
        results.award(early, actor=judge)

    results.award(over(early), actor=judge, note="同意认定")

    assert states(made) == ["awarded", "awarded", "left_out", "awarded", "awarded", "left_out"]
    assert told == [
        (
            sorted(row.pk for row, state in zip(made.rows, states(made), strict=True) if state == "awarded"),
            judge,
        )
    ]


def test_an_open_objection_freezes_the_award_of_everybody() -> None:
    made, notice = published()
    object_to(notice)
    round_ = over(at_stage(made.round, "decide"))

    with pytest.raises(results.DecisionRefused, match="还有 1 件异议没有办结"):
        results.award(round_, actor=jury())
    with pytest.raises(MoveRefused, match="还有 1 件异议"):
        advance(made.rows[1], "award", actor=jury())


def test_who_handles_no_objections_sees_none() -> None:
    _made, notice = published()
    row = object_to(notice)
    another_line = AccountFactory(grants=[(province(), LineFactory(code="justice"), "objection.handle")])

    assert set(queries.objections(jury())) == {row}
    assert not queries.objections(another_line).exists()
    with pytest.raises(MoveNotAllowed):
        advance(row, "accept", actor=another_line)
