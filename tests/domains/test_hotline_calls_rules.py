"""The fold: the same events give the same call, in whatever order they came and however often."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yanzhen.domains.hotline.calls.rules import (
    CAUSES,
    LOST,
    NO_HANGUP,
    Event,
    fold,
    needs_call_back,
    plain_number,
)

START = datetime(2026, 11, 26, 8, tzinfo=UTC)
ENDED = {"answered", "missed", "dropped", "busy", "failed"}

moments = st.integers(0, 30).map(lambda n: START + timedelta(seconds=n))
numbers = st.sampled_from(["", "8001", "8002", "voicemail", "13900001111"])
sequence = st.none() | st.integers(0, 9).map(Decimal)
events = st.one_of(
    st.builds(
        Event, st.just("newCall"), st.just("c"), moments, direction=st.sampled_from(["in", "out", ""]),
        from_=st.sampled_from(["", "anonymous", "13812342046"]), users=st.sampled_from([(), ("8001",), ("8002", "8001")]),
        seq=sequence,
    ),
    st.builds(Event, st.just("answer"), st.just("c"), moments, answering=numbers, seq=sequence),
    st.builds(
        Event, st.just("hangup"), st.just("c"), moments, cause=st.sampled_from(CAUSES), seq=sequence,
        wait_ms=st.none() | st.integers(0, 5000), recording=st.sampled_from(["", "https://a/1", "https://a/2"]),
    ),
    st.builds(Event, st.just("sweep"), st.just("c"), moments, cause=st.just(NO_HANGUP)),
)  # fmt: skip


def event(kind: str, second: int, **more: object) -> Event:
    return Event(kind, "c", START + timedelta(seconds=second), **more)  # type: ignore[arg-type]


@given(st.lists(events, min_size=1, max_size=7), st.data())
def test_any_order_and_any_doubling_come_to_the_same_call(told, data):
    shuffled = data.draw(st.permutations(told))
    doubled = data.draw(st.lists(st.sampled_from(told), max_size=7))

    assert fold([*doubled, *shuffled, *doubled], ["voicemail"]) == fold(told, ["voicemail"])


@given(st.lists(events, min_size=1, max_size=7), events)
def test_a_call_that_is_over_stays_over_whatever_else_comes(told, late):
    if fold(told).status in ENDED:
        assert fold([*told, late]).status in ENDED


@given(st.lists(events, min_size=1, max_size=7))
def test_a_call_is_over_exactly_when_it_has_an_end_and_is_called_back_only_where_nobody_answered(told):
    state = fold(told, ["voicemail"])

    assert (state.ended_at is not None) == (state.status in ENDED)
    assert needs_call_back(state) == (state.direction == "in" and state.status in LOST)
    assert not (state.answers and needs_call_back(state))


@pytest.mark.parametrize(
    ("cause", "status", "sure"),
    [
        ("normalClearing", "dropped", False),
        ("cancel", "dropped", True),
        ("noAnswer", "missed", True),
        ("notFound", "missed", True),
        ("forwarded", "missed", False),
        ("busy", "busy", True),
        ("congestion", "busy", True),
    ],
)
def test_a_cause_says_how_an_unanswered_call_ended(cause, status, sure):
    state = fold([event("newCall", 0, direction="in"), event("hangup", 9, cause=cause)])

    assert (state.status, state.sure, state.wait_ms) == (status, sure, 9000)


def test_seq_orders_what_clocks_mix_up():
    told = [
        event("newCall", 0, seq=Decimal(1)),
        event("answer", 9, answering="8001", seq=Decimal(2)),
        event("answer", 3, answering="8002", seq=Decimal(3)),
    ]

    assert [number for number, _ in fold(told).answers] == ["8001", "8002"]


@pytest.mark.parametrize(
    "text",
    [
        "13812342046", "+8613812342046", "008613812342046", "86 138 1234 2046", "+86-138-1234-2046", "013812342046",
        "13812342046,101", "13812342046 ext 5", "13812342046转8", "sip:13812342046@10.0.0.1", "tel:+8613812342046",
        "（138）1234-2046",
    ],
)  # fmt: skip
def test_a_number_has_one_form(text):
    assert plain_number(text) == "13812342046"


@pytest.mark.parametrize(
    "text", ["0531-88881234", "+86 531 88881234", "0086-531-8888-1234", "053188881234#2"]
)
def test_a_fixed_line_has_one_form(text):
    assert plain_number(text) == "053188881234"


@pytest.mark.parametrize(
    "text", ["", "anonymous", " Anonymous ", "unknown", "sip:anonymous@anonymous.invalid"]
)
def test_a_withheld_number_is_none(text):
    assert plain_number(text) == ""
