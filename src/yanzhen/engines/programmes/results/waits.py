"""What a round still waits for before it leaves the shortlist and the decision."""

from __future__ import annotations

from collections.abc import Iterator

from yanzhen.engines.programmes.models import Round
from yanzhen.engines.programmes.results.contest import in_review
from yanzhen.engines.programmes.results.queries import against_award, later, listed
from yanzhen.engines.programmes.turning import waits


@waits("shortlist")
def _adopted(round_: Round) -> Iterator[str]:
    stage = round_.stage_now
    if not round_.shortlists.filter(stage=stage.code, adopted_at__isnull=False).exists():
        yield "还没有采用入围名单：请先运行，核对后采用"
        return
    final = not any(after.kind == "shortlist" for after in later(round_, stage.code))
    if final and (left := in_review(round_).count()):
        yield f"还有 {left} 件申报不在采用的名单之内：请重新运行并采用"


@waits("decide")
def _awarded(round_: Round) -> Iterator[str]:
    if listed(round_).exists():
        yield from against_award(round_)
