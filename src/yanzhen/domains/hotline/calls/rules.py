"""What events say and what they come to. Pure: the same events give the same call, in any order and however doubled."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from yanzhen.domains.hotline.calls.models import Call, CallBack
from yanzhen.domains.hotline.places import digits_of

NEW, ANSWER, HANGUP = "newCall", "answer", "hangup"
SWEEP = "sweep"
"""Our own: nobody told the end of the call, and its time is long over."""
KINDS = (NEW, ANSWER, HANGUP)
CAUSES = ("normalClearing", "busy", "cancel", "noAnswer", "congestion", "notFound", "forwarded")
NO_HANGUP = "noHangup"
LONGEST_WAIT = 2**31 - 1
"""What the column holds; clocks that far apart say nothing of a wait anyhow."""
RANK = {NEW: 0, ANSWER: 1, HANGUP: 2, SWEEP: 3}
NAMELESS = {"", "anonymous", "unknown", "private", "restricted", "unavailable", "withheld"}
UNANSWERED = {
    "cancel": Call.Status.DROPPED,
    "normalClearing": Call.Status.DROPPED,
    "busy": Call.Status.BUSY,
    "congestion": Call.Status.BUSY,
}
SURE = {"busy", "cancel", "noAnswer", "congestion", "notFound"}
"""Causes that no answered call ends with. After another the answer may only be late, and is waited for."""
LOST = {Call.Status.MISSED, Call.Status.DROPPED, Call.Status.BUSY}
EXTENSION = re.compile(r"(?i)[,;#]|ext|转|分机|[x*p]\d")


@dataclass(frozen=True, slots=True)
class Event:
    """What a telephone system told. `seq` orders the events of one call where all of them have one, else `at` does.

    `id` and `seq` count for nothing else. Texts are as they were sent; an absent one is "".
    """

    kind: str
    ref: str
    at: datetime
    direction: str = ""
    from_: str = ""
    to: str = ""
    users: tuple[str, ...] = ()
    queue: str = ""
    menu: str = ""
    answering: str = ""
    cause: str = ""
    recording: str = ""
    wait_ms: int | None = None
    seq: Decimal | None = None


@dataclass(frozen=True, slots=True)
class State:
    """What the events of one call come to."""

    direction: str
    status: str
    started_at: datetime
    answered_at: datetime | None
    ended_at: datetime | None
    wait_ms: int | None
    cause: str
    party: str
    """The number of the other side; "" where it is withheld or not known yet."""
    own_number: str
    queue: str
    menu: str
    recording: str
    rung: tuple[str, ...]
    answers: tuple[tuple[str, datetime], ...]
    """Every answer by somebody, in order; one number twice in a row is one. The last is who deals with the call."""
    sure: bool
    """Whether a late answer can be ruled out."""


def fold(events: Iterable[Event], machines: Iterable[str] = ()) -> State:
    """Return the call that `events`, one or more of one call, come to. What `machines` answer is not answered."""
    ordered = _ordered(tuple(set(events)))
    first = next((e for e in ordered if e.kind == NEW), ordered[0])
    direction = next((e.direction for e in ordered if e.direction), Call.Direction.IN)
    taken = [e for e in ordered if e.kind == ANSWER]
    answers = _legs([e for e in taken if e.answering not in set(machines)])
    end = min((e for e in ordered if e.kind in (HANGUP, SWEEP)), key=lambda e: e.kind == SWEEP, default=None)
    answered_at = answers[0][1] if answers else None
    ours, theirs = ("from_", "to") if direction == Call.Direction.OUT else ("to", "from_")
    told = [e.wait_ms for e in ordered if e.wait_ms is not None]
    until = answered_at or (end.at if end else None)
    return State(
        direction=direction,
        status=_status(direction, end, bool(answers), bool(taken)),
        started_at=first.at,
        answered_at=answered_at,
        ended_at=end.at if end else None,
        wait_ms=told[0] if told else _waited(first, until),
        cause=end.cause if end else "",
        party=_first(plain_number(getattr(e, theirs)) for e in ordered),
        own_number=_first(getattr(e, ours).strip() for e in ordered),
        queue=_first(e.queue for e in ordered),
        menu=_first(e.menu for e in ordered),
        recording=_first(e.recording for e in reversed(ordered)),
        rung=tuple(dict.fromkeys(user for e in ordered for user in e.users)),
        answers=answers,
        sure=bool(end and end.cause in SURE and not taken),
    )


def needs_call_back(state: State) -> bool:
    """Tell whether somebody tried to reach us in vain."""
    return state.direction == Call.Direction.IN and state.status in LOST


def plain_number(text: str) -> str:
    """Return the digits of a number as dialled in the country, "" where it is withheld.

    One number has one form: with +86, 0086 or 86 before it, a 0 before a mobile's, separators, an extension, or as a
    SIP address.
    """
    text = re.sub(r"(?i)^(sips?|tel):", "", text.strip()).partition("@")[0]
    if text.lower() in NAMELESS:
        return ""
    text = EXTENSION.split(text, maxsplit=1)[0]
    abroad = re.match(r"(\+|00)\s*86", text)
    digits = digits_of(text)
    if re.fullmatch(r"(86|0)1[3-9]\d{9}", digits):
        return digits[-11:]
    if abroad and re.fullmatch(r"[2-9]\d{8,11}", digits):
        return f"0{digits}"
    return digits


def _ordered(events: Sequence[Event]) -> list[Event]:
    by_seq = all(e.seq is not None for e in events)

    def place(e: Event) -> tuple[object, ...]:
        """The whole of it, so that the order never depends on how they came."""
        when = e.seq if by_seq else e.at
        return (when, RANK[e.kind], e.at, e.answering, e.cause, e.from_, e.to, e.users, e.queue, e.menu, e.recording,
                e.direction, e.wait_ms is None, e.wait_ms or 0, e.seq is None, e.seq or 0)  # fmt: skip

    return sorted(events, key=place)


def _legs(taken: Sequence[Event]) -> tuple[tuple[str, datetime], ...]:
    legs: list[tuple[str, datetime]] = []
    for event in taken:
        if not legs or legs[-1][0] != event.answering:
            legs.append((event.answering, event.at))
    return tuple(legs)


def _waited(first: Event, until: datetime | None) -> int | None:
    """Return the milliseconds from the call to its answer or end; None where nobody told the call, or only afterwards:
    events without a time of their own have that of their coming, and one that was overtaken says nothing of a wait."""
    if first.kind != NEW or until is None or until < first.at:
        return None
    return min(LONGEST_WAIT, round((until - first.at).total_seconds() * 1000))


def _status(direction: str, end: Event | None, answered: bool, taken: bool) -> str:
    if end is None:
        return Call.Status.TALKING if taken else Call.Status.RINGING
    if answered:
        return Call.Status.ANSWERED
    if direction == Call.Direction.OUT:
        return Call.Status.FAILED
    return Call.Status.MISSED if taken else UNANSWERED.get(end.cause, Call.Status.MISSED)


def _first(texts: Iterable[str]) -> str:
    return next(filter(None, texts), "")


def was_tried(task: CallBack) -> str | None:
    """须至少记录过一次未接通"""
    return None if task.tried_at else "还没有未接通的记录：请先回拨，未接通的点“未接通，再拨”"


def has_an_outcome(task: CallBack) -> str | None:
    """须填写回拨结果"""
    return None if task.outcome else "请选择回拨结果"
