"""Least-cost flow over arrays of arcs, checked before it is solved: an unbalanced one takes the whole process down."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import ortools
from ortools.graph.python.max_flow import SimpleMaxFlow
from ortools.graph.python.min_cost_flow import SimpleMinCostFlow

Ints = npt.NDArray[np.int64]
Nodes = npt.NDArray[np.int32]
Bools = npt.NDArray[np.bool_]

SOLVER = f"OR-Tools {ortools.__version__}"
MOST_COST = 2**62
"""Costs are multiplied by the number of nodes inside the solver; beyond this it answers wrongly or not at all."""


class Arcs(NamedTuple):
    """Arcs from `tails` to `heads`; `capacities` and `costs` are arrays of the same length."""

    tails: Nodes
    heads: Nodes
    capacities: Ints
    costs: Ints


def joined(parts: list[Arcs]) -> Arcs:
    return Arcs(*(np.concatenate(each) for each in zip(*parts, strict=True)))


def arcs(
    tails: npt.ArrayLike, heads: npt.ArrayLike, capacities: npt.ArrayLike, costs: npt.ArrayLike = 0
) -> Arcs:
    """Return arcs of plain arrays; what is one number holds for all."""
    t, h, c, k = np.broadcast_arrays(tails, heads, capacities, costs)
    return Arcs(t.astype(np.int32), h.astype(np.int32), c.astype(np.int64), k.astype(np.int64))


def cheapest(net: Arcs, supplies: Ints) -> Ints:
    """Return the flow on each arc that carries all supply at the least cost.

    `supplies` has one figure a node, below zero where flow ends. There must be a way for every unit: callers give each
    source an arc that takes what nobody else does. Raises ValueError where supply and demand differ, a capacity is
    below zero or a cost too large to be added up.
    """
    _check(net, supplies)
    if not supplies.any():
        return np.zeros(len(net.tails), np.int64)
    solver = SimpleMinCostFlow()
    solver.add_arcs_with_capacity_and_unit_cost(net.tails, net.heads, net.capacities, net.costs)
    nodes = np.flatnonzero(supplies).astype(np.int32)
    solver.set_nodes_supplies(nodes, supplies[nodes])
    status = solver.solve()
    if status != solver.OPTIMAL:
        raise ValueError(f"no flow carries everything: {status.name}")
    found: Ints = solver.flows(np.arange(len(net.tails), dtype=np.int32))
    return found


def largest(net: Arcs, source: int, sink: int) -> int:
    """Return how much can flow from `source` to `sink`; costs do not count."""
    solver = SimpleMaxFlow()
    solver.add_arcs_with_capacity(net.tails, net.heads, net.capacities)
    status = solver.solve(source, sink)
    if status != solver.OPTIMAL:
        raise ValueError(f"no largest flow: {status.name}")
    return int(solver.optimal_flow())


def _check(net: Arcs, supplies: Ints) -> None:
    if int(supplies.sum()) != 0:
        raise ValueError(f"supply and demand differ by {int(supplies.sum())}")
    if not len(net.tails):
        if supplies.any():
            raise ValueError("there is supply and no arc")
        return
    if int(net.capacities.min()) < 0:
        raise ValueError("a capacity is below zero")
    if max(int(net.tails.max()), int(net.heads.max())) >= len(supplies):
        raise ValueError("an arc leads to a node that is not there")
    if int(np.abs(net.costs).max()) * len(supplies) > MOST_COST:
        raise ValueError("a cost is too large for this many nodes")
