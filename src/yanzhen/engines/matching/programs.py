"""Whole-number programmes over yes-or-no questions, solved to proven optimality by HiGHS and checked again in integers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version

import highspy
import numpy as np
import numpy.typing as npt

from yanzhen.engines.matching.contest import Bound
from yanzhen.engines.matching.network import Bools, Ints

SOLVER = f"HiGHS {version('highspy')}"
HALF = 0.5
"""Whole figures that differ by less are the same: with it no better one is left unseen."""


class _Quiet(highspy.Highs):
    """The package greets on standard output before it can be told not to."""

    def enableCallbacks(self) -> None:  # noqa: N802  # the package's name
        self.setOptionValue("output_flag", False)
        super().enableCallbacks()  # type: ignore[no-untyped-call]  # the package leaves types out


class Unproven(RuntimeError):
    """The solver stopped without an answer; the message is its own word."""


@dataclass(frozen=True, slots=True)
class Row:
    """`low` to `high` is the sum of `weights` over the `members` that are chosen."""

    members: Ints
    low: float
    high: float
    weights: Ints | None = None

    @classmethod
    def of(cls, bound: Bound) -> Row:
        return cls(bound.members, bound.low, bound.high)

    def holds(self, chosen: Bools) -> bool:
        of_members = chosen[self.members]
        total = int(of_members.sum() if self.weights is None else self.weights[of_members].sum())
        return self.low <= total <= self.high


@dataclass(frozen=True, slots=True)
class Program:
    """Choose among `size` candidates under `rows`; `least` and `most` (0 or 1 each) fix what is settled."""

    size: int
    rows: Sequence[Row]
    least: Bools
    most: Bools

    def best(self, worth: Ints) -> Bools | None:
        """Return a choice of the greatest total worth, proven; None where no choice keeps all rows. Raises Unproven."""
        solver = self._solver(worth, whole=True)
        solver.run()
        status = solver.getModelStatus()
        if status == highspy.HighsModelStatus.kInfeasible:
            return None
        if status != highspy.HighsModelStatus.kOptimal:
            raise Unproven(solver.modelStatusToString(status))
        chosen: Bools = np.asarray(solver.getSolution().col_value) > HALF
        if not all(row.holds(chosen) for row in self.rows):
            raise Unproven("the choice does not keep the rows")
        return chosen

    def settled(self, worth: Ints, reached: int) -> Program:
        """Return the programme with all fixed that no choice of total worth `reached` can have otherwise.

        A reduced cost says how much the relaxed total falls when one candidate is forced the other way; where that is
        more than lies between the relaxed and the reached total, the candidate is settled.
        """
        solver = self._solver(worth, whole=False)
        solver.run()
        if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            raise Unproven(solver.modelStatusToString(solver.getModelStatus()))
        gap = solver.getInfo().objective_function_value - reached + HALF
        costs = np.asarray(solver.getSolution().col_dual)
        inside, outside = costs > gap, costs < -gap
        return Program(self.size, self.rows, self.least | inside, self.most & ~outside)

    def with_rows(self, *rows: Row) -> Program:
        return Program(self.size, [*self.rows, *rows], self.least, self.most)

    def _solver(self, worth: Ints, *, whole: bool) -> highspy.Highs:
        lp = highspy.HighsLp()
        lp.num_col_, lp.num_row_ = self.size, len(self.rows)
        lp.sense_ = highspy.ObjSense.kMaximize
        lp.col_cost_ = worth.astype(np.float64)
        lp.col_lower_, lp.col_upper_ = self.least.astype(np.float64), self.most.astype(np.float64)
        lp.row_lower_ = np.array([row.low for row in self.rows], np.float64)
        lp.row_upper_ = np.array([row.high for row in self.rows], np.float64)
        lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        lp.a_matrix_.start_ = np.cumsum([0, *(len(row.members) for row in self.rows)]).astype(np.int32)
        lp.a_matrix_.index_ = np.concatenate([row.members for row in self.rows]).astype(np.int32)
        lp.a_matrix_.value_ = np.concatenate([_weights(row) for row in self.rows])
        if whole:
            lp.integrality_ = [highspy.HighsVarType.kInteger] * self.size
        solver = _Quiet()  # type: ignore[no-untyped-call]  # the package leaves types out
        for option, value in OPTIONS.items():
            solver.setOptionValue(option, value)
        solver.passModel(lp)
        return solver


OPTIONS: dict[str, bool | int | float] = {
    "output_flag": False,
    "threads": 1,
    "random_seed": 0,
    "mip_rel_gap": 0.0,
    "mip_abs_gap": HALF,
}


def _weights(row: Row) -> npt.NDArray[np.float64]:
    return np.ones(len(row.members)) if row.weights is None else row.weights.astype(np.float64)
