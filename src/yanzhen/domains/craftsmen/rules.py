"""Why a mentorship or an instalment may not move, by what its own row says; and how far apart two workers are."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from yanzhen.domains.craftsmen.models import Instalment, Mentorship

SHORTEST = 10
"""Characters of a result or an opinion."""


def result_is_told(mentorship: Mentorship) -> str | None:
    """结果须写明（至少 10 个字）"""
    if len(mentorship.result.strip()) >= SHORTEST:
        return None
    return f"请写明带徒结果：技能等级、成果、能否独立上岗（至少 {SHORTEST} 个字）"


def opinion_is_told(instalment: Instalment) -> str | None:
    """评审意见须写明（至少 10 个字）"""
    if len(instalment.opinion.strip()) >= SHORTEST:
        return None
    return f"请写明评审意见：考核要求是否达到、依据什么（至少 {SHORTEST} 个字）"


def is_titled(mentorship: Mentorship) -> str | None:
    """师傅持有工匠称号"""
    return None if mentorship.mentor_title else "师傅没有有效的工匠称号，不能计入雁阵结对"


def parts_problem(parts: list[Decimal], total: Decimal) -> str | None:
    """Return why `parts` are no instalments of `total`."""
    if not parts or any(part <= 0 for part in parts):
        return "至少一期，每期金额须大于 0"
    if sum(parts) != total:
        return f"各期合计 {sum(parts)} 元，须等于资助总额 {total} 元"
    return None


def contract_problem(starts_on: date, ends_on: date, due: list[date]) -> str | None:
    """Return why a contract from `starts_on` to `ends_on` can not have steps that are due on these days."""
    if starts_on >= ends_on:
        return "协议期满须在起始之后"
    if not due:
        return "协议须列明至少一个阶段目标"
    if any(not starts_on <= day <= ends_on for day in due):
        return "阶段目标的完成期限须在协议期内"
    return None


SAME_UNIT, SAME_COUNTY, SAME_CITY, ELSEWHERE = 0, 2, 4, 8
SAME_INDUSTRY, SAME_SECTION, OTHER_INDUSTRY = 0, 3, 6
TOO_FAR = 15
"""Above every misfit: whoever can be served at all is served."""


def misfit(seeker: tuple[int, str, str], mentor: tuple[int, str, str]) -> int:
    """Return how ill two of (organisation, region, industry) fit: the way to each other, and the trade's distance."""
    place = (
        SAME_UNIT if seeker[0] == mentor[0]
        else SAME_COUNTY if seeker[1][:6] == mentor[1][:6]
        else SAME_CITY if seeker[1][:4] == mentor[1][:4]
        else ELSEWHERE
    )  # fmt: skip
    mine, other = seeker[2], mentor[2]
    if mine and mine[:3] == other[:3]:
        return place + SAME_INDUSTRY
    return place + (SAME_SECTION if mine and mine[:1] == other[:1] else OTHER_INDUSTRY)
