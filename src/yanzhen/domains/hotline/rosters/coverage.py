"""The proof that somebody is there: spans of time against the tree of regions. No database, no clock.

A call of a region may be taken by its own seats, else by those of the city, else by those of the province: a region
is covered while one of them is. Spans are half-open, sorted and apart; an instant is anything that can be compared.
Rules: docs/rules/rosters.md.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from yanzhen.foundation.scope import prefix_of


class Span(NamedTuple):
    start: datetime
    end: datetime


Spans = list[Span]


class Duty(NamedTuple):
    """Somebody is on duty: for which region and skill, from when until when."""

    region: str
    skill: str
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Hole:
    """Nobody can take a call of `region` for `skill` from `start` until `end`.

    `whole`: nor one of any region below it. Else only those known to belong to the region as such are meant, such as
    calls by an area code, while each region below has somebody of its own.
    """

    region: str
    skill: str
    start: datetime
    end: datetime
    whole: bool = False


def ladder(region: str) -> tuple[str, ...]:
    """Return the codes whose seats may take a call of `region`, the nearest first: its own, the city, the province."""
    county = region[:6]
    steps = (county, f"{county[:4]}00", f"{county[:2]}0000")
    return tuple(dict.fromkeys(steps))


def merged(spans: Iterable[Span]) -> Spans:
    """Return the union of `spans`, which may come in any order and overlap."""
    found: Spans = []
    for start, end in sorted(spans):
        if found and start <= found[-1].end:
            if end > found[-1].end:
                found[-1] = Span(found[-1].start, end)
        else:
            found.append(Span(start, end))
    return found


def without(whole: Sequence[Span], gone: Sequence[Span]) -> Spans:
    """Return what is left of `whole` outside `gone`; one sweep over both."""
    left: Spans = []
    at = 0
    for span in whole:
        while at < len(gone) and gone[at].end <= span.start:
            at += 1
        here, rest = at, span.start
        while rest < span.end and here < len(gone) and gone[here].start < span.end:
            if gone[here].start > rest:
                left.append(Span(rest, gone[here].start))
            rest = max(rest, gone[here].end)
            here += 1
        if rest < span.end:
            left.append(Span(rest, span.end))
    return left


def shared(one: Sequence[Span], other: Sequence[Span]) -> Spans:
    """Return what `one` and `other` have in common."""
    found: Spans = []
    i = j = 0
    while i < len(one) and j < len(other):
        start, end = max(one[i].start, other[j].start), min(one[i].end, other[j].end)
        if start < end:
            found.append(Span(start, end))
        if one[i].end < other[j].end:
            i += 1
        else:
            j += 1
    return found


@dataclass(frozen=True)
class Coverage:
    """The duties of a window, by skill and region; asked as often as one likes."""

    window: Span
    on_duty: Mapping[tuple[str, str], Spans]
    """By (region, skill): when somebody of the region itself is there."""

    @classmethod
    def of(cls, duties: Iterable[Duty], window: Span) -> Coverage:
        found: dict[tuple[str, str], Spans] = defaultdict(list)
        for duty in duties:
            span = Span(max(duty.start, window.start), min(duty.end, window.end))
            if span.start < span.end:
                found[duty.region, duty.skill].append(span)
        return cls(window, {place: merged(spans) for place, spans in found.items()})

    def bare(self, region: str, skill: str) -> Spans:
        """Return when nobody of the ladder is there."""
        spans = [span for code in ladder(region) for span in self.on_duty.get((code, skill), [])]
        return without([self.window], merged(spans))


@dataclass(frozen=True, slots=True)
class Day:
    """How a region stands on a day: hours without anybody, and whether its own seats cover the whole of it."""

    span: Span
    bare_hours: float
    own: bool


def day_by_day(coverage: Coverage, region: str, skill: str, days: Sequence[Span]) -> list[Day]:
    bare = coverage.bare(region, skill)
    own = coverage.on_duty.get((region, skill), [])
    found = []
    for day in days:
        hours = sum((span.end - span.start).total_seconds() for span in shared([day], bare)) / 3600
        found.append(Day(day, hours, own=not without([day], own)))
    return found


def holes(coverage: Coverage, regions: Iterable[str], skills: Iterable[str]) -> list[Hole]:
    """Return every hole of every region: the proof itself. Neighbouring minutes are one hole."""
    return [
        Hole(region, skill, *span)
        for skill in skills
        for region in regions
        for span in coverage.bare(region, skill)
    ]


def folded(found: Iterable[Hole], regions: Iterable[str]) -> list[Hole]:
    """Say the same in fewer words: what a whole subtree lacks is named once, at its top. By start, then region.

    `found` are all holes of all `regions`, the tops of which come with what lies below them.
    """
    below: dict[str, list[str]] = defaultdict(list)
    known = set(regions)
    for code in known:
        parent = next((step for step in ladder(code)[1:] if step in known), "")
        below[parent].append(code)
    by_skill: dict[str, dict[str, Spans]] = defaultdict(lambda: defaultdict(list))
    for hole in found:
        by_skill[hole.skill][hole.region].append(Span(hole.start, hole.end))
    said: list[Hole] = []
    for skill, bare in by_skill.items():
        whole: dict[str, Spans] = {}
        for code in sorted(known, key=lambda code: len(prefix_of(code)), reverse=True):
            spans = sorted(bare.get(code, []))
            for child in below[code]:
                spans = shared(spans, whole[child])
            whole[code] = spans
        for code in known:
            above = next((whole[step] for step in ladder(code)[1:] if step in known), [])
            said += [Hole(code, skill, *span, whole=True) for span in without(whole[code], above)]
            own = without(sorted(bare.get(code, [])), whole[code])
            said += [Hole(code, skill, *span) for span in own]
    return sorted(said, key=lambda hole: (hole.start, hole.region, hole.skill, hole.end))


@dataclass(frozen=True, slots=True)
class Difference:
    """What a change does to the holes."""

    opened: list[Hole]
    closed: list[Hole]


def difference(before: Iterable[Hole], after: Iterable[Hole]) -> Difference:
    """Return the holes that a change opens and those that it closes, by region and skill."""
    old, new = _by_place(before), _by_place(after)
    places = sorted({*old, *new})
    return Difference(
        opened=[Hole(*place, *span) for place in places for span in without(new[place], old[place])],
        closed=[Hole(*place, *span) for place in places for span in without(old[place], new[place])],
    )


def _by_place(found: Iterable[Hole]) -> defaultdict[tuple[str, str], Spans]:
    places: defaultdict[tuple[str, str], Spans] = defaultdict(list)
    for hole in found:
        places[hole.region, hole.skill].append(Span(hole.start, hole.end))
    for spans in places.values():
        spans.sort()
    return places
