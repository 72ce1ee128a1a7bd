"""What a round still waits for before it leaves the stage of certificates."""

from __future__ import annotations

from collections.abc import Iterator

from yanzhen.engines.programmes.certificates import queries
from yanzhen.engines.programmes.models import Round
from yanzhen.engines.programmes.turning import waits


@waits("credential")
def _printed(round_: Round) -> Iterator[str]:
    runs = queries.runs(round_)
    if any(run.ended_at is None for run in runs):
        yield "证书还在制作"
        return
    told = {number for run in runs[:1] for number, _why in run.refused}
    if left := queries.counts(round_)["missing"] - len(told):
        yield f"还有 {left} 份证书没有制作：请在评选结果的“证书”页制作"
