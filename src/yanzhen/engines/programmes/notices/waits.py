"""What a round still waits for before it leaves the notice and the objections."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils import timezone

from yanzhen.engines.programmes.actions.pausing import SHIFTED
from yanzhen.engines.programmes.models import Round
from yanzhen.engines.programmes.notices import publishing, queries
from yanzhen.engines.programmes.results.queries import AGAINST
from yanzhen.engines.programmes.turning import waits


@waits("notice")
def _shown(round_: Round) -> Iterator[str]:
    if reason := queries.stale(round_):
        yield reason
    elif round_.notice_ends_at and timezone.now() < round_.notice_ends_at:
        yield f"公示至 {timezone.localtime(round_.notice_ends_at):%Y-%m-%d %H:%M}"


@waits("objection")
def _settled(round_: Round) -> Iterator[str]:
    if left := queries.open_of(round_).count():
        yield f"还有 {left} 件异议没有办结"
    yield from _shown(round_)


def seen_by_the_public(round_: Round) -> str | None:
    """公示过的就是现在的名单。"""
    return queries.stale(round_) if round_.programme.of_kind("notice") else None


AGAINST.append(seen_by_the_public)
SHIFTED.append(publishing.shift)
