"""A score run: named method, parameters, tie chain, code version and input hash in; scores and places out.

The same input gives the same bytes, whatever the order in which marks were read.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, localcontext
from typing import Any

from yanzhen.engines.programmes.scoring.marks import Entry, ScoreInput, plain
from yanzhen.engines.programmes.scoring.methods import DIGITS, METHODS, Values, dispersion, outcome
from yanzhen.engines.programmes.scoring.ties import Chain, Cut, Place, Standing, cut, rank
from yanzhen.engines.programmes.scoring.twoway import Fit
from yanzhen.foundation.errors import Invalid

CODE = "scoring/1"
"""Goes up whenever the same input would give other bytes; a test holds one run's bytes to it."""


@dataclass(frozen=True, slots=True)
class Score:
    """What a run says of one application. None: it has no number, so it has no place either.

    `corrected` is what the places stand on, `raw` the plain mean, `n` how many judges gave a number. `raw_place` is the
    place that the plain mean would have given by the same chain.
    """

    application: int
    raw: Decimal | None
    corrected: Decimal | None
    n: int
    dispersion: Decimal | None
    place: Place | None
    raw_place: Place | None


@dataclass(frozen=True, slots=True)
class ScoreResult:
    """`scores` stand by place, those without one at the end; those who share a place by id, which means nothing."""

    method: str
    parameters: tuple[tuple[str, Decimal], ...]
    chain: Chain
    code: str
    input_hash: str
    scores: tuple[Score, ...]

    def canonical(self) -> bytes:
        """Return the bytes that are frozen, hashed and compared."""
        said = {
            "method": self.method,
            "parameters": {code: plain(value) for code, value in self.parameters},
            "chain": self.chain.to_json(),
            "code": self.code,
            "input_hash": self.input_hash,
            "scores": [_plain(score) for score in self.scores],
        }
        return json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()

    @classmethod
    def read(cls, frozen: bytes) -> ScoreResult:
        """Return the result that `canonical` wrote: a frozen run is compared with, never computed again in silence."""
        said = json.loads(frozen)
        return cls(
            method=said["method"],
            parameters=tuple((code, Decimal(value)) for code, value in sorted(said["parameters"].items())),
            chain=Chain.from_json(said["chain"]),
            code=said["code"],
            input_hash=said["input_hash"],
            scores=tuple(map(_score, said["scores"])),
        )

    @property
    def hash(self) -> str:
        return hashlib.sha256(self.canonical()).hexdigest()

    def by_application(self) -> dict[int, Score]:
        return {score.application: score for score in self.scores}

    def ex_aequo(self) -> dict[int, tuple[int, ...]]:
        """Return by rank who share it, where more than one does."""
        shared: dict[int, list[int]] = {}
        for score in self.scores:
            if score.place and score.place.tied > 1:
                shared.setdefault(score.place.rank, []).append(score.application)
        return {place: tuple(sharing) for place, sharing in shared.items()}

    def within(self, number: int) -> Cut:
        """Return who is within the first `number` places."""
        return cut({s.application: s.place for s in self.scores if s.place}, number)

    def raw_within(self, number: int) -> Cut:
        """Return who would be by the plain mean."""
        return cut({s.application: s.raw_place for s in self.scores if s.raw_place}, number)


@dataclass(frozen=True, slots=True)
class ScoreRun:
    """The result, and the fit of the two-way model, where it was used, for the flags."""

    result: ScoreResult
    fit: Fit | None


def score(
    given: ScoreInput, *, method: str, chain: Chain, parameters: Mapping[str, Decimal | int] | None = None
) -> ScoreRun:
    """Compute scores and places. Raises Invalid for a method or parameter that is not there, Unconnected by `two_way`."""
    if method not in METHODS:
        named = "、".join(each.code for each in METHODS)
        raise Invalid(f"没有名为 {method} 的计分方法；可用：{named}。")
    read = METHODS[method].read(parameters or {})
    values = _values(given)
    means, found = outcome(METHODS[method], given, values, read)
    scores = _places(given, values, means, found.scores, chain)
    result = ScoreResult(method, tuple(sorted(read.items())), chain, CODE, given.hash, scores)
    return ScoreRun(result, found.fit)


def _values(given: ScoreInput) -> Values:
    values: dict[int, list[Decimal]] = {}
    for application, _judge, value in given.marks:
        if value is not None:
            values.setdefault(application, []).append(value)
    return values


def _places(
    given: ScoreInput,
    values: Values,
    means: Mapping[int, Decimal],
    corrected: Mapping[int, Decimal],
    chain: Chain,
) -> tuple[Score, ...]:
    with localcontext() as context:
        context.prec, context.rounding = DIGITS, ROUND_HALF_UP
        spreads = {application: dispersion(found) for application, found in values.items()}
        plainly = rank([_standing(entry, means, means, spreads) for entry in given.entries], chain)
        ours = plainly
        if corrected is not means:
            ours = rank([_standing(entry, corrected, means, spreads) for entry in given.entries], chain)
    scores = [
        Score(
            application=entry.application,
            raw=means.get(entry.application),
            corrected=corrected.get(entry.application),
            n=len(values.get(entry.application, ())),
            dispersion=spreads.get(entry.application),
            place=ours.get(entry.application),
            raw_place=plainly.get(entry.application),
        )
        for entry in given.entries
    ]
    return tuple(sorted(scores, key=_order))


def _standing(
    entry: Entry,
    scores: Mapping[int, Decimal],
    means: Mapping[int, Decimal],
    spreads: Mapping[int, Decimal | None],
) -> Standing:
    application = entry.application
    return Standing(
        application=application,
        score=scores.get(application),
        raw=means.get(application),
        dispersion=spreads.get(application),
        earlier=entry.earlier,
        aspects=dict(entry.aspects),
    )


def _order(score: Score) -> tuple[bool, int, int]:
    return score.place is None, score.place.rank if score.place else 0, score.application


def _plain(score: Score) -> dict[str, Any]:
    return {
        "application": score.application,
        "raw": plain(score.raw),
        "corrected": plain(score.corrected),
        "n": score.n,
        "dispersion": plain(score.dispersion),
        "place": [score.place.rank, score.place.tied] if score.place else None,
        "raw_place": [score.raw_place.rank, score.raw_place.tied] if score.raw_place else None,
    }


def _score(said: dict[str, Any]) -> Score:
    return Score(
        application=said["application"],
        raw=_number(said["raw"]),
        corrected=_number(said["corrected"]),
        n=said["n"],
        dispersion=_number(said["dispersion"]),
        place=_place(said["place"]),
        raw_place=_place(said["raw_place"]),
    )


def _number(said: str | None) -> Decimal | None:
    return None if said is None else Decimal(said)


def _place(said: list[int] | None) -> Place | None:
    return None if said is None else Place(*said)
