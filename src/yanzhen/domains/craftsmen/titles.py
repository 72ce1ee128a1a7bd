"""The titles of the ladder, and the place of their holders in the formation. Sources: docs/rules/craftsmen.md."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import TextChoices

from yanzhen.engines.honours.declare import TITLES, Level, Title

BASIS = "docs/rules/craftsmen.md"
FAMILY = "craftsmen"
FEDERATION = "山东省总工会"
CITATION = "经逐级推荐、专家评审并公示，决定授予"

CRAFTSMAN = TITLES.add(
    Title(
        code="qilu_craftsman", label="齐鲁工匠", family=FAMILY, rank=1, level=Level.PROVINCE, issuer=FEDERATION,
        citation=CITATION, number="QLGJ-{year}-{serial:04}{check}", basis=BASIS,
    )
)  # fmt: skip
MASTER = TITLES.add(
    Title(
        code="qilu_master", label="齐鲁大工匠", family=FAMILY, rank=2, level=Level.PROVINCE, issuer=FEDERATION,
        citation=CITATION, number="QLDGJ-{year}-{serial:04}{check}", basis=BASIS, requires=CRAFTSMAN.code,
    )
)  # fmt: skip
CHIEF = TITLES.add(
    Title(
        code="luban_chief", label="鲁班首席工匠", family=FAMILY, rank=3, level=Level.PROVINCE, issuer=FEDERATION,
        citation=CITATION, number="LBSX-{year}-{serial:04}{check}", basis=BASIS, requires=MASTER.code,
    )
)  # fmt: skip
QUALITY = TITLES.add(
    Title(
        code="quality_craftsman", label="中国质量工匠", family=FAMILY, rank=4, level=Level.NATION, issuer="中国质量协会",
        citation="", number="ZGZL-{year}-{serial:04}{check}", basis=BASIS, outside=True,
    )
)  # fmt: skip
NATION = TITLES.add(
    Title(
        code="nation_craftsman", label="大国工匠", family=FAMILY, rank=5, level=Level.NATION, issuer="中华全国总工会",
        citation="", number="DGGJ-{year}-{serial:04}{check}", basis=BASIS, outside=True,
    )
)  # fmt: skip
LADDER = (CRAFTSMAN, MASTER, CHIEF)
"""The three levels that the province awards, the lowest first."""
OUTSIDE = (QUALITY, NATION)
ALL = (*LADDER, *OUTSIDE)
RANKS = {title.code: title.rank for title in ALL}


class Role(TextChoices):
    """A place in the formation (雁型矩阵): it follows from the highest title, nobody sets it."""

    LEAD = "lead", "领雁"
    WING = "wing", "头雁"
    FOLLOWER = "follower", "群雁"


LEADS = (NATION.code, CHIEF.code)
WINGS = (QUALITY.code, MASTER.code, CRAFTSMAN.code)
ROLES = dict.fromkeys(LEADS, Role.LEAD) | dict.fromkeys(WINGS, Role.WING)


def role_of(title: str) -> Role:
    """Return the place of somebody whose highest title this is; "" is nobody's title."""
    return ROLES.get(title, Role.FOLLOWER)


def highest(codes: Iterable[str]) -> str:
    """Return the highest of the ladder's titles among `codes`; "" where there is none."""
    return max((code for code in codes if code in RANKS), key=RANKS.__getitem__, default="")


def labels() -> list[tuple[str, str]]:
    return [(title.code, title.label) for title in ALL]
