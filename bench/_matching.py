"""Made-up rounds for `bench matching`, and the child that runs one case alone, so that its CPU and memory are its own."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

import numpy as np
from scipy.spatial import cKDTree

from yanzhen.engines.matching.contest import Cells, Contest, Limit, Ratio
from yanzhen.engines.matching.field import Apart, Applications, Cap, Field, Judges, Named
from yanzhen.engines.matching.pairs import Offers
from yanzhen.engines.matching.quota import Measure, share_out

TOPICS, CITIES = 48, 16
APPLICATIONS, JUDGES, MARKS, LOAD = 20_000, 800, 5, 150
APPRENTICES, MENTORS, NEAREST = 80_000, 40_000, 16
CANDIDATES, PLACES = 20_000, 500


def field(*, capped: bool = False) -> Field:
    """Applications in one to three topics, judges in four; trades differ in how many judges they have. 8 % may not meet."""
    dice = np.random.default_rng(1)
    n, m = APPLICATIONS, JUDGES
    wanted, held = dice.dirichlet(np.full(TOPICS, 3)), dice.dirichlet(np.full(TOPICS, 3))
    applications, judges = np.zeros((n, TOPICS), np.int64), np.zeros((m, TOPICS), np.int64)
    for traits, share, others in ((applications, wanted, 2), (judges, held, 3)):
        rows = np.arange(len(traits))
        for each in range(others + 1):
            low, high = (600, 1001) if each == 0 else (0, 500)
            traits[rows, dice.choice(TOPICS, len(rows), p=share)] += dice.integers(low, high, len(rows))
    cities = dice.integers(0, CITIES, m)
    declared = n * m * 19 // 1000
    return Field(
        Applications(np.arange(n) + 1, applications.clip(0, 1000), np.full(n, MARKS)),
        Judges(np.arange(m) + 1, judges.clip(0, 1000), np.zeros(m, np.int64), np.full(m, LOAD)),
        (
            Apart("city", dice.integers(0, CITIES, n), cities),
            Named("declared", dice.integers(1, n + 1, declared), dice.integers(1, m + 1, declared)),
        ),
        (Cap("city", cities, 2),) if capped else (),
    )


def offers() -> Offers:
    """The sixteen nearest mentors of each apprentice by place and trade; misfit is the distance."""
    dice = np.random.default_rng(1)
    n, m = APPRENTICES, MENTORS
    points = [
        np.hstack([dice.normal(dice.integers(0, CITIES, k)[:, None], 0.6, (k, 2)), dice.random((k, 2))])
        for k in (n, m)
    ]
    far, near = cKDTree(points[1]).query(points[0], NEAREST)
    pairs = (np.repeat(np.arange(n), NEAREST) + 1, near.ravel().astype(np.int64) + 1)
    misfits = np.round(far.ravel() * 10_000).astype(np.int64)
    return Offers(
        np.arange(n) + 1,
        np.arange(m) + 1,
        dice.choice([1, 2, 3, 4], m, p=[0.45, 0.25, 0.2, 0.1]),
        pairs,
        misfits,
    )


def contest() -> Contest:
    """Leaders mark higher, migrant workers lower, as they do: so the ratios bind. Ties are broken by lot beforehand."""
    dice = np.random.default_rng(1)
    n = CANDIDATES
    worth = dice.normal(0, 1, n)
    cities = dice.choice(CITIES, n, p=dice.dirichlet(np.full(CITIES, 5)))
    leaders = dice.random(n) < 0.25 + 0.1 * (worth > 1)
    front = ~leaders & (dice.random(n) < 0.6)
    women, migrants = (dice.random(n) < share - 0.05 * (worth > 1) for share in (0.22, 0.20))
    scores = np.round(7000 + 800 * worth + 200 * leaders - 300 * migrants).astype(np.int64)
    ranks = np.zeros(n, np.int64)
    ranks[np.lexsort((dice.random(n), -scores))] = np.arange(n) + 1
    figures = {f"{city:02}": int(number) for city, number in enumerate(np.bincount(cities, minlength=CITIES))}
    quota = share_out(PLACES, (Measure("applications", Fraction(1), figures),), order=sorted(figures))
    return Contest(
        np.arange(n) + 1, scores, ranks, PLACES,
        Cells("city", cities, {int(city): share.places for city, share in quota.cells.items()}),
        (
            Ratio("front line", front, least=Fraction(60, 100)),
            Ratio("leaders", leaders, most=Fraction(15, 100)),
            Ratio("women", women, least=Fraction(20, 100)),
            Ratio("migrants", migrants, least=Fraction(20, 100)),
            Ratio("enterprises", dice.random(n) < 0.5, least=Fraction(50, 100)),
        ),
        (Limit("enterprise", dice.integers(0, 6000, n), 2),),
    )  # fmt: skip


def alone(case: str) -> dict[str, Any]:
    """Run a case of `CASES` in a process of its own; adds `cpu` (seconds, making the data left out) and `peak` (MB)."""
    done = subprocess.run(
        [sys.executable, "-m", "bench._matching", case], check=True, capture_output=True, text=True
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _panel(**settings: Any) -> Mapping[str, Any]:
    from yanzhen.engines.matching.panels import assign

    capped = settings.pop("capped", False)
    round_ = field(capped=capped)
    begun = time.process_time()
    panel = assign(round_, seed=7, **settings)
    return {
        "cpu": time.process_time() - begun, "total": panel.total, "gap": panel.gap, "floor": panel.floor,
        "weakest": int(panel.fits.min()), "missing": sum(s.lacks for s in panel.shortages),
    }  # fmt: skip


def _dense() -> Mapping[str, Any]:
    """Every pair that may meet is an arc: what the sparse ones must come up to."""
    from yanzhen.engines.matching.candidates import Scores, gather
    from yanzhen.engines.matching.routes import Holes, route

    round_ = field()
    begun = time.process_time()
    pairs = gather(Scores(round_.ordered(), 7, 0), JUDGES, 0)
    found = route(pairs, Holes(round_.applications.marks, round_.judges.least, round_.judges.most, (), ()))
    return {
        "cpu": time.process_time() - begun, "total": int(pairs.scores[found.chosen].sum(dtype=np.int64)),
        "weakest": int(pairs.scores[found.chosen].min()), "missing": int(found.missing.sum()), "arcs": len(pairs.rows),
    }  # fmt: skip


CASES: dict[str, Callable[[], Mapping[str, Any]]] = {
    "panel": _panel,
    "capped": lambda: _panel(capped=True),
    "floor": lambda: _panel(floor=True),
    "dense": _dense,
}


if __name__ == "__main__":
    result = CASES[sys.argv[1]]()
    print(json.dumps({**result, "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))
