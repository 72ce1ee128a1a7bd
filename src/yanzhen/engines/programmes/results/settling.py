"""Among lists of one total: from the best place down, whoever can be on such a list is. Only equal places stay tied.

A total is often reached in more ways than one: first and fourth make what second and third make. No vote is needed
there, for the places already say who is before whom; where two of one place compete, nothing here decides.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from yanzhen.engines.matching.contest import Contest
from yanzhen.engines.matching.network import Bools, Ints
from yanzhen.engines.matching.programs import Program, Row
from yanzhen.engines.matching.reasons import reasons
from yanzhen.engines.matching.shortlist import Shortlist, whole


def settled(contest: Contest, found: Shortlist) -> Shortlist:
    """Return the list of the same total on which the best places are; still ambiguous where equal places compete."""
    if not found.ambiguous:
        return found
    c = contest.ordered()
    bounds = list(c.bounds())
    on, tied = np.isin(c.keys, found.chosen), np.isin(c.keys, found.tied)
    total = Row(np.arange(len(c.keys)), found.total, found.total, c.scores)
    program = Program(len(c.keys), [*whole(c, bounds).rows, total], on & ~tied, on | tied)
    for rank in np.unique(c.ranks[tied]):
        group = np.flatnonzero(tied & (c.ranks == rank))
        chosen = _most_of(program, group, on)
        if chosen is None:
            return replace(found, tied=c.keys[group])
        on = chosen
        program = _fixed(program, group, on)
    return replace(
        found,
        chosen=c.keys[on],
        tied=c.keys[:0],
        reasons=reasons(c, bounds, on, np.zeros(len(c.keys), np.bool_)),
    )


def _most_of(program: Program, group: Ints, on: Bools) -> Bools | None:
    """Return a list with as many of `group` as can be; None where others of the group could take their places."""
    worth = np.zeros(program.size, np.int64)
    worth[group] = 1
    if not on[group].all():
        on = _or(program.best(worth), on)
    count = int(on[group].sum())
    if count in (0, len(group)):
        return on
    worth[group] = np.where(on[group], -1, 1)
    other = _or(program.with_rows(Row(group, count, count)).best(worth), on)
    return on if (other[group] == on[group]).all() else None


def _fixed(program: Program, group: Ints, on: Bools) -> Program:
    least, most = program.least.copy(), program.most.copy()
    least[group], most[group] = on[group], on[group]
    return replace(program, least=least, most=most)


def _or(found: Bools | None, on: Bools) -> Bools:
    """There is a list, the one in hand; the solver's tolerance must not say otherwise."""
    return on if found is None else found
