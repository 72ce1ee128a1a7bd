"""A round as the contest that `engines.matching` solves: candidates, cells, shares and limits, as columns of numbers."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

import numpy as np
from django.db.models import Q, QuerySet

from yanzhen.engines.matching.contest import Cells, Contest, Limit, Ratio
from yanzhen.engines.matching.quota import Measure, share_out
from yanzhen.engines.programmes.models import Application, Round
from yanzhen.engines.programmes.quotas import RESERVE, QuotaRefused

SCALE = 10_000
"""The column of scores has four decimals; a contest counts in whole numbers."""
CELL, EMPLOYER, HELD = "cell", "employer", "held"
"""Codes of the rules that no programme names: places of a cell, so many of one enterprise, and who is before the public
already and stays."""
NO_UNIT = -1


class Candidate(NamedTuple):
    pk: int
    score: Decimal | None
    place: int | None
    cell: str
    traits: Sequence[str]
    unit: int | None


@dataclass(frozen=True, slots=True)
class Field:
    """Those who take part and the places by cell ("" alone where there are no cells). Without a score nobody competes."""

    round: Round
    candidates: tuple[Candidate, ...]
    places: Mapping[str, int]
    held: frozenset[int] = frozenset()
    """Who has to be on the list whatever the marks of others."""

    @property
    def ranked(self) -> list[Candidate]:
        return [c for c in self.candidates if c.score is not None and c.place is not None]

    @property
    def unranked(self) -> list[Candidate]:
        return [c for c in self.candidates if c.score is None or c.place is None]

    @property
    def codes(self) -> list[str]:
        """Cells by their number in the contest."""
        return sorted({c.cell for c in self.ranked} | self.places.keys())

    @property
    def total(self) -> int:
        return sum(self.places.values())

    def contest(self) -> Contest:
        """Return the contest; raises ValueError where places and scores contradict each other."""
        rows, programme = self.ranked, self.round.programme
        number = {code: n for n, code in enumerate(self.codes)}
        return Contest(
            keys=np.array([c.pk for c in rows], np.int64),
            scores=np.array([int(c.score * SCALE) for c in rows if c.score is not None], np.int64),
            ranks=np.array([c.place for c in rows], np.int64),
            places=self.total,
            cells=self._cells(rows, number),
            ratios=self._held(rows)
            + tuple(
                Ratio(
                    r.code, np.array([r.trait in c.traits for c in rows], np.bool_), _share(r.least), _share(r.most)
                )
                for r in programme.ratios
            ),
            limits=self._limits(rows),
        )  # fmt: skip

    def _cells(self, rows: Sequence[Candidate], number: Mapping[str, int]) -> Cells | None:
        if not self.round.programme.quota.by:
            return None
        groups = np.array([number[c.cell] for c in rows], np.int64)
        return Cells(CELL, groups, {number[code]: n for code, n in self.places.items()})

    def _held(self, rows: Sequence[Candidate]) -> tuple[Ratio, ...]:
        """All of those who are held is a share of the places."""
        if not self.held or not self.total:
            return ()
        members = np.array([c.pk in self.held for c in rows], np.bool_)
        return (Ratio(HELD, members, least=Fraction(len(self.held), self.total)),)

    def _limits(self, rows: Sequence[Candidate]) -> tuple[Limit, ...]:
        most = self.round.programme.per_employer
        if not most:
            return ()
        units = [NO_UNIT if c.unit is None else c.unit for c in rows]
        return (Limit(EMPLOYER, np.array(units, np.int64), most),)


def in_review(round_: Round) -> QuerySet[Application]:
    return Application.objects.filter(round=round_, state="review")


def field_of(
    round_: Round,
    rows: QuerySet[Application],
    places: Mapping[str, int],
    *,
    without: Collection[int] = (),
    held: Collection[int] = (),
    scores: Mapping[int, tuple[Decimal | None, int | None]] | None = None,
) -> Field:
    """Read the candidates of `rows` but `without`; `scores` says another score and place than the stored ones."""
    columns = ("pk", "score", "place", "cell", "traits", "organisation_id")
    found = [Candidate(*row) for row in rows.filter(~Q(pk__in=without)).order_by("pk").values_list(*columns)]
    for n, candidate in enumerate(found):
        if scores and candidate.pk in scores:
            score, place = scores[candidate.pk]
            found[n] = candidate._replace(score=score, place=place)
    return Field(round_, tuple(found), places, frozenset(held))


def places_of(round_: Round, stage_places: int) -> dict[str, int]:
    """Return the places by cell; a stage that takes more than the quota has them in the proportion of the quota.

    What still lies in the reserve is given to nobody. Raises QuotaRefused where no places were dealt, or equal
    remainders leave one open.
    """
    cells = dict(round_.cells.values_list("code", "places"))
    if not cells:
        raise QuotaRefused("还没有分配名额：请先在“名额”页分配")
    by = round_.programme.quota.by
    if not by:
        return {RESERVE: stage_places or cells[RESERVE]}
    dealt = {code: n for code, n in cells.items() if code != RESERVE}
    if not stage_places:
        return dealt
    found = share_out(stage_places, [Measure(by, Fraction(1), dealt)])
    if found.tied:
        labels = dict(round_.cells.values_list("code", "label"))
        raise QuotaRefused(
            f"{'、'.join(labels[code] for code in found.tied)}按比例折算后余数相同：请调整本环节的入围人数"
        )
    return {code: share.places for code, share in found.cells.items()}


def _share(percent: Decimal | None) -> Fraction | None:
    return None if percent is None else Fraction(percent) / 100
