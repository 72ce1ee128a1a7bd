"""The proof of coverage, against a check of every minute; and rotations that prove it by themselves."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.rosters import ZONE
from yanzhen.domains.hotline.rosters.coverage import (
    Coverage,
    Difference,
    Duty,
    Hole,
    Span,
    difference,
    folded,
    holes,
    ladder,
    merged,
    shared,
    without,
)
from yanzhen.domains.hotline.rosters.rotations import ROTATIONS, Rotation, unfold

ZERO = datetime(2099, 1, 1, tzinfo=ZONE)
MINUTES = 90
REGIONS = ["370000", "370100", "370102", "370103", "370200", "370202"]
SKILLS = ["general", "law"]
WINDOW = Span(ZERO, ZERO + timedelta(minutes=MINUTES))


def at(minute: int) -> datetime:
    return ZERO + timedelta(minutes=minute)


duties = st.lists(
    st.builds(
        lambda region, skill, start, length: Duty(region, skill, at(start), at(start + length)),
        st.sampled_from(REGIONS),
        st.sampled_from(SKILLS),
        st.integers(-10, MINUTES + 5),
        st.integers(1, 60),
    ),
    max_size=14,
)
sets = st.sets(st.integers(0, 30)).map(lambda minutes: merged(Span(at(m), at(m + 1)) for m in minutes))


def minutes_of(spans: list[Span]) -> set[int]:
    return {m for m in range(-60, 120) for s in spans if s.start <= at(m) < s.end}


def bare_minutes(given: list[Duty]) -> set[tuple[str, str, int]]:
    """Every minute of every region without anybody on its ladder: by looking at each."""
    return {
        (region, skill, minute)
        for region in REGIONS
        for skill in SKILLS
        for minute in range(MINUTES)
        if not any(
            d.region in ladder(region) and d.skill == skill and d.start <= at(minute) < d.end for d in given
        )
    }


def minutes_named(found: list[Hole]) -> set[tuple[str, str, int]]:
    """The same from holes; a whole one stands for all regions below it."""
    return {
        (region, hole.skill, minute)
        for hole in found
        for region in REGIONS
        if region == hole.region or (hole.whole and hole.region in ladder(region))
        for minute in range(MINUTES)
        if hole.start <= at(minute) < hole.end
    }


@given(duties)
def test_the_proof_finds_what_a_look_at_every_minute_finds(given_duties):
    found = holes(Coverage.of(given_duties, WINDOW), REGIONS, SKILLS)

    assert minutes_named(found) == bare_minutes(given_duties)
    assert all(
        one.end < other.start
        for one, other in pairwise(found)
        if (one.region, one.skill) == (other.region, other.skill)
    )


@given(duties)
def test_fewer_words_say_the_same(given_duties):
    found = holes(Coverage.of(given_duties, WINDOW), REGIONS, SKILLS)
    few = folded(found, REGIONS)

    assert minutes_named(few) == minutes_named(found)


def test_a_province_without_anybody_is_one_hole():
    found = holes(Coverage.of([], WINDOW), REGIONS, ["general"])

    assert len(found) == len(REGIONS)
    assert folded(found, REGIONS) == [Hole("370000", "general", *WINDOW, whole=True)]


def test_cities_with_people_of_their_own_leave_the_province_alone_bare():
    on = [Duty(city, "general", *WINDOW) for city in ("370100", "370200")]

    found = folded(holes(Coverage.of(on, WINDOW), REGIONS, ["general"]), REGIONS)

    assert found == [Hole("370000", "general", *WINDOW, whole=False)]


@given(sets, sets)
def test_spans_behave_as_sets_of_minutes(one, other):
    assert minutes_of(without(one, other)) == minutes_of(one) - minutes_of(other)
    assert minutes_of(shared(one, other)) == minutes_of(one) & minutes_of(other)
    assert minutes_of(merged([*one, *other])) == minutes_of(one) | minutes_of(other)


def test_spans_are_half_open():
    on = [Duty("370102", "general", at(0), at(30)), Duty("370102", "general", at(30), at(90))]

    assert Coverage.of(on, WINDOW).bare("370102", "general") == []
    assert Coverage.of(on[:1], WINDOW).bare("370102", "general") == [Span(at(30), at(90))]


def test_a_difference_names_what_opens_and_what_closes():
    before = [Hole("370102", "general", at(0), at(30))]
    after = [Hole("370102", "general", at(10), at(40))]

    assert difference(before, after) == Difference(
        opened=[Hole("370102", "general", at(30), at(40))], closed=[Hole("370102", "general", at(0), at(10))]
    )


@pytest.mark.parametrize("rotation", list(ROTATIONS), ids=lambda rotation: rotation.code)
def test_a_rotation_gives_everybody_eight_hours_of_rest(rotation: Rotation):
    team = list(range(rotation.team))
    planned = list(unfold(rotation, team, date(2099, 1, 1), 42, ZONE))

    for who in team:
        spans = sorted(Span(p.start, p.end) for p in planned if p.who == who)
        assert min(b.start - a.end for a, b in pairwise(spans)) >= timedelta(hours=8)


@pytest.mark.parametrize("rotation", [r for r in ROTATIONS if r.weekends], ids=lambda rotation: rotation.code)
def test_a_rotation_round_the_clock_leaves_no_minute_bare(rotation: Rotation):
    planned = unfold(rotation, list(range(rotation.team)), date(2099, 1, 1), 30, ZONE)
    window = Span(datetime(2099, 1, 2, tzinfo=ZONE), datetime(2099, 1, 31, tzinfo=ZONE))
    on = [Duty("370102", "general", p.start, p.end) for p in planned]

    assert Coverage.of(on, window).bare("370102", "general") == []


def test_office_hours_leave_weekends_out():
    planned = list(unfold(ROTATIONS["office"], ["a", "b"], date(2099, 1, 1), 7, ZONE))

    assert {p.start.isoweekday() for p in planned} == {1, 2, 3, 4, 5}
    assert len(planned) == 10
