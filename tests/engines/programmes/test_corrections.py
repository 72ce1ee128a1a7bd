"""Marks that an objection proves wrong are put right while it is heard, and the list follows them or they are taken back."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from tests.engines.programmes.test_legs import Walk, actor  # noqa: F401  # a fixture
from tests.panels import panel_programme
from tests.results import jury
from yanzhen.engines.procedures.engine import MoveRefused, advance
from yanzhen.engines.programmes.declare import Quota
from yanzhen.engines.programmes.notices import actions, publishing
from yanzhen.engines.programmes.notices.actions import Said
from yanzhen.engines.programmes.notices.models import Notice as Shown
from yanzhen.engines.programmes.notices.models import Objection as Heard
from yanzhen.engines.programmes.panels.actions import marking, running
from yanzhen.engines.programmes.panels.models import Sheet
from yanzhen.engines.programmes.panels.refusals import RunRefused
from yanzhen.engines.programmes.stages import Apply, Assign, Decide, Mark, Notice, Objection, Shortlist
from yanzhen.foundation.models import Account

pytestmark = pytest.mark.django_db
SKILLS = (90, 80, 70, 60)
FINDING = "经查一份评分与申报人有利害关系，应作废"


@pytest.fixture
def heard(actor: Account) -> tuple[Walk, Heard, Account]:  # noqa: F811  # the fixture
    """A list of one before the public, and an accepted objection of the second to the marks."""
    walk = Walk(
        actor,
        replace(
            panel_programme(), quota=Quota(places=1, by=""), ratios=(), per_employer=0,
            stages=(
                Apply(code="apply", label="申报"),
                Assign(code="assign", label="分配评委", each=2, per_city=0),
                Mark(code="mark", label="打分", weight=Decimal(100)),
                Shortlist(code="shortlist", label="入围"),
                Notice(code="notice", label="公示"),
                Objection(code="objection", label="异议"),
                Decide(code="decide", label="认定"),
            ),
        ),
    )  # fmt: skip
    walk.judged(SKILLS)
    walk.listed()
    walk.turn()
    publishing.publish(walk.round, actor=actor)
    handler = jury()
    said = Said(
        "marks", "两名评委对同一作品的打分相差悬殊，请复核", number=walk.rows[1].number, anonymous=True
    )
    filed = actions.file_objection(Shown.objects.get(), said).objection
    return walk, advance(filed, "accept", actor=handler), handler


def wrong(walk: Walk) -> None:
    """Both sheets of the first are void, so that it has no total any more."""
    for sheet in Sheet.objects.filter(assignment__application=walk.rows[0]):
        marking.void(sheet, why="评委与申报人有师徒关系", actor=walk.actor)


def scored_anew(walk: Walk) -> None:
    running.adopt(running.run(walk.round, actor=walk.actor), actor=walk.actor)


def test_the_list_follows_marks_that_were_put_right_and_its_notice_begins_anew(
    heard: tuple[Walk, Heard, Account],
) -> None:
    walk, row, handler = heard
    wrong(walk)
    assert actions.preview(row).changes == ()

    scored_anew(walk)
    seen = actions.preview(row)
    assert {c.application.pk: c.comes for c in seen.changes} == {
        walk.rows[0].pk: False,
        walk.rows[1].pk: True,
    }
    actions.uphold(row, finding=FINDING, seen_mark=seen.mark, actor=handler)

    assert [state for state, _score, _place in walk.stands()] == [
        "not_awarded",
        "noticed",
        "left_out",
        "left_out",
    ]
    assert list(Shown.objects.order_by("version").values_list("version", flat=True)) == [1, 2]


def test_marks_that_were_put_right_leave_no_objection_unfounded(heard: tuple[Walk, Heard, Account]) -> None:
    walk, row, handler = heard
    wrong(walk)
    scored_anew(walk)

    with pytest.raises(MoveRefused, match="名单还没有跟着更换"):
        advance(row, "dismiss", actor=handler, finding="打分无误")


def test_without_an_accepted_objection_to_marks_the_scores_are_frozen(
    heard: tuple[Walk, Heard, Account],
) -> None:
    walk, row, handler = heard
    advance(row, "dismiss", actor=handler, finding="经核查打分无误")
    wrong(walk)

    with pytest.raises(RunRefused, match="受理对打分的异议之后"):
        scored_anew(walk)
