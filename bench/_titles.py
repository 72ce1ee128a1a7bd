"""The bench's own title, and the product with it: what is measured must not hang on which titles a domain declares."""

from __future__ import annotations

from yanzhen.config.wsgi import application
from yanzhen.engines.honours.declare import TITLES, Level, Title

BENCH = TITLES.add(
    Title(
        code="bench", label="演示工匠", family="bench", rank=1, level=Level.PROVINCE, issuer="演示省总工会",
        citation="经选树评审并公示，决定授予", number="BENCH-{year}-{serial:05}{check}", basis="docs/rules/honours.md",
    )
)  # fmt: skip

__all__ = ["BENCH", "application"]
