"""The invariants of a selection over its stored rows; docs/rules/selection.md names the test of each."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta
from decimal import Decimal
from itertools import product
from typing import Any

import pytest
from django.core.cache import cache
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from tests.faces.console import text
from tests.factories import AccountFactory, LineFactory
from tests.panels import mark_all, marks, seated
from tests.results import JURY, Ready, at_stage, over, ready
from tests.selection import open_round, organiser, programme, province
from yanzhen.engines.programmes import guards
from yanzhen.engines.programmes.actions import editing
from yanzhen.engines.programmes.declare import PROGRAMMES, Ratio, read
from yanzhen.engines.programmes.models import Application, Round, Window
from yanzhen.engines.programmes.notices import publishing
from yanzhen.engines.programmes.panels.actions import marking, running
from yanzhen.engines.programmes.panels.models import Assignment, Bar, ScoreRun, Sheet
from yanzhen.engines.programmes.results import actions as results
from yanzhen.engines.programmes.results import queries
from yanzhen.engines.programmes.results.models import ShortlistRun
from yanzhen.engines.programmes.results.solving import ShortlistRefused
from yanzhen.engines.programmes.scoring.difference import difference
from yanzhen.engines.programmes.unfold import FINALS, WHOLE
from yanzhen.foundation import calendar, crypto, parameters
from yanzhen.foundation.errors import Refusal
from yanzhen.foundation.models import Account

pytestmark = pytest.mark.django_db
CELLS = ("3701", "3702")


@pytest.fixture(autouse=True)
def _rules() -> None:
    cache.clear()
    calendar.seed()
    parameters.load_defaults()
    crypto.begin()


def decider() -> Account:
    return AccountFactory(grants=[(province(), LineFactory(), JURY)])


class Lists(TestCase):
    """In a transaction for each example, so that what one lists the next does not see."""

    def setUp(self) -> None:
        calendar.seed()
        parameters.load_defaults()
        crypto.begin()

    @settings(max_examples=15, deadline=None)
    @given(
        cells=st.lists(st.sampled_from(CELLS), min_size=6, max_size=9),
        front=st.lists(st.booleans(), min_size=9, max_size=9),
    )
    def test_everything_that_shows_a_list_shows_the_frozen_run(
        self, cells: list[str], front: list[bool]
    ) -> None:
        ratio = Ratio(code="front", label="一线职工", trait="front_line", least=Decimal(50))
        traits = [["front_line"] if each else [] for each in front]
        made = ready(tuple(cells), made=programme(ratios=(ratio,), per_employer=0), traits=traits)
        try:
            run = results.run_shortlist(made.round, actor=made.organiser)
        except ShortlistRefused:
            return

        results.adopt_shortlist(run, actor=made.organiser)
        notice = publishing.publish(at_stage(made.round, "notice"), actor=made.organiser)
        self._one_list(made, run, notice)
        over(made.round)
        results.award(at_stage(made.round, "decide"), actor=decider())

        awarded = Application.objects.filter(round=made.round, state="awarded")
        assert sorted(awarded.values_list("pk", flat=True)) == queries.chosen_ids(run)

    def _one_list(self, made: Ready, run: ShortlistRun, notice: Any) -> None:
        chosen = queries.chosen_ids(run)
        rows = Application.objects.filter(pk__in=chosen).order_by("region_id", "number")
        frozen = ",".join(map(str, chosen)).encode()
        assert run.result_hash == hashlib.sha256(frozen).hexdigest()
        assert sorted(notice.applications) == chosen
        shown = json.loads(notice.content)
        assert (shown["shortlist"], shown["definition"]) == (run.result_hash, made.round.digest)
        assert [row["title"] for row in shown["rows"]] == [row.title for row in rows]
        cache.clear()
        served = Client().get(reverse("portal:notice-content", args=[notice.pk])).content
        assert served == notice.content.encode()
        assert hashlib.sha256(served).hexdigest() == notice.digest
        page = text(Client().get(reverse("portal:notice", args=[notice.pk])))
        left_out = Application.objects.filter(round=made.round).exclude(pk__in=chosen)
        assert all(row.title in page for row in rows)
        assert not any(row.title in page for row in left_out)
        assert all(row.outcome and row.state == "left_out" for row in left_out)
        assert set(left_out.values_list("outcome", flat=True)) <= set(
            run.seats.values_list("sentence", flat=True)
        )


CHANGES: dict[str, Any] = {
    "label": "改名后的评选",
    "questions": [],
    "conditions": [],
    "ratios": [],
    "per_employer": 1,
    "quota": {"places": 9, "reserve": 2, "by": "city", "nominees": 3},
    "title": "",
    "scoring": {"method": "median", "decimals": 1},
}


class Frozen(TestCase):
    @settings(max_examples=25, deadline=None)
    @given(names=st.sets(st.sampled_from(sorted(CHANGES)), min_size=1), cut=st.booleans())
    def test_no_change_of_a_programme_alters_a_round_that_runs(self, names: set[str], cut: bool) -> None:
        actor = organiser()
        round_ = open_round(actor)
        before = _kept(round_)
        form = round_.definition.programme.plain()
        form |= {name: CHANGES[name] for name in names}
        if cut:
            form["stages"] = [s for s in form["stages"] if s["kind"] not in ("recommend", "objection")]
        try:
            made = editing.change(round_.definition, form, why="换一套规则", actor=actor)
        except Refusal:
            made = None  # nothing new, or a contradiction: then nothing changed either

        assert _kept(Round.objects.get(pk=round_.pk)) == before
        if made:
            again = open_round(actor, read(form), label="另一轮")
            assert again.digest == made.digest != round_.digest


def _kept(round_: Round) -> tuple[Any, ...]:
    """Return all that a running round goes by."""
    windows = list(Window.objects.filter(round=round_).order_by("order").values_list())
    blank = Application(round=round_, procedure_version=round_.pk)
    return (
        json.dumps(round_.form, sort_keys=True),
        round_.digest,
        round_.programme,
        round_.stage,
        windows,
        blank.procedure,
    )


def test_a_preset_that_changes_in_the_code_alters_no_round(monkeypatch: pytest.MonkeyPatch) -> None:
    actor = organiser()
    made = programme()
    monkeypatch.setitem(PROGRAMMES._items, made.code, made)
    round_ = editing.open_round(
        editing.copy_preset(made.code, region=province(), actor=actor),
        year=2026, label="", starts_at=timezone.now(), region=province(), actor=actor,
    )  # fmt: skip
    before = _kept(round_)

    monkeypatch.setitem(PROGRAMMES._items, made.code, programme(per_employer=7, label="另一个"))

    assert _kept(Round.objects.get(pk=round_.pk)) == before


def test_a_mark_is_taken_exactly_when_assignment_window_state_and_conflict_allow_it() -> None:
    actor = organiser()
    round_ = seated(actor)
    held = (
        Assignment.objects.filter(run__round=round_).select_related("judge__account", "application").first()
    )
    assert held
    taken = {}

    facts = product(Assignment.State.values, (False, True), (False, True), (False, True), (False, True))
    for status, barred, employer, shut, left in facts:
        with transaction.atomic():
            Assignment.objects.filter(pk=held.pk).update(status=status)
            if barred:
                Bar.objects.create(
                    judge=held.judge, application=held.application, why="亲属", by=actor, at=timezone.now()
                )
            if employer:
                held.judge.employer = held.application.organisation
                held.judge.save(update_fields=["employer"])
            if shut:
                Window.objects.filter(round=round_, stage="mark").update(
                    closes_at=timezone.now() - timedelta(hours=1)
                )
            if left:
                Application.objects.filter(pk=held.application_id).update(state="withdrawn")
            try:
                marking.file(Assignment.objects.get(pk=held.pk), marks(50), actor=held.judge.account)
            except Refusal:
                pass
            taken[status, barred, employer, shut, left] = Sheet.objects.exists()
            transaction.set_rollback(True)
        held.judge.refresh_from_db()

    assert [facts for facts, filed in taken.items() if filed] == [("live", False, False, False, False)]


def test_whichever_sheet_is_void_only_what_the_shadow_showed_changes() -> None:
    actor = organiser()
    round_ = seated(actor, applications=4, judges_=3)
    mark_all(round_)
    running.adopt(running.run(round_, actor=actor), actor=actor)
    former = running.result_of(ScoreRun.objects.get(adopted_at__isnull=False))
    places = 2

    for sheet in Sheet.objects.order_by("pk"):
        with transaction.atomic():
            shown = running.shadow(round_, without_sheet=sheet, places=places)
            marking.void(sheet, why="评委与申报人有师徒关系", actor=actor)
            after = running.result_of(running.run(round_, actor=actor))
            assert difference(former, after, places) == shown
            assert {c.application for c in shown.changes} >= {sheet.assignment.application_id}
            transaction.set_rollback(True)


def test_every_end_but_the_award_comes_with_its_reason() -> None:
    """By the note of a move, or by the written outcome that its guard asks for."""
    ends = {state.code for state in FINALS.values()} - {"awarded"}

    silent = [
        move.code
        for move in WHOLE.transitions
        if move.target in ends and not (move.note_required or move.code == "leave_out")
    ]

    assert silent == []
    (leave_out,) = (move for move in WHOLE.transitions if move.code == "leave_out")
    unsaid, said = (Application(state="review", chosen=False, outcome=told) for told in ("", "本市名额已满"))
    (guard,) = (guard for guard in leave_out.guards if guard is not guards.round_goes_on)
    assert (guard(unsaid), guard(said)) == ("没有写明未入围的原因：请重新运行入围名单", None)
