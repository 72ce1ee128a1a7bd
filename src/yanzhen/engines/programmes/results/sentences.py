"""What a shortlist says in words: why somebody was left out, and which rules no list can keep together.

A sentence names no other applicant; the figures that it rests on stand beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from yanzhen.engines.matching.conflicts import Conflict
from yanzhen.engines.matching.contest import Kind, Rule
from yanzhen.engines.matching.reasons import Broken, Reason, Why
from yanzhen.engines.programmes.actions.inspecting import not_passed
from yanzhen.engines.programmes.results.contest import HELD, SCALE, Candidate, Field

UNSCORED, NOT_PASSED = "unscored", "not_passed"
STAYS = "已公示而没有被取消的人选不变"


class Said(NamedTuple):
    code: str
    data: dict[str, Any]
    sentence: str


class Speaker:
    """Says the reasons of one field in its own names."""

    def __init__(self, field: Field) -> None:
        self.field = field
        self.labels = dict(field.round.cells.values_list("code", "label"))
        self.ratios = {ratio.code: ratio for ratio in field.round.programme.ratios}
        self.codes = field.codes
        self.by_pk = {c.pk: c for c in field.candidates}
        self.failed = not_passed(field.round)

    def reason(self, reason: Reason) -> Said:
        """Say why the candidate was left out."""
        candidate = self.by_pk[reason.candidate]
        data = {
            "score": points(reason.score), "place": candidate.place, "line": _or_none(reason.line),
            "needed": _or_none(reason.needed), "places": self.field.places.get(candidate.cell, 0),
            "broken": [self._plain(broken) for broken in reason.broken],
        }  # fmt: skip
        head = f"得 {points(reason.score)} 分，列第 {candidate.place} 名"
        return Said(str(reason.why), data, f"{head}；{self._because(reason, candidate)}。"[:600])

    def unranked(self, candidate: Candidate) -> Said:
        """Say why the candidate has no place."""
        if candidate.pk in self.failed:
            return Said(NOT_PASSED, {}, "实地考察未通过，不参加排名。")
        return Said(UNSCORED, {}, "没有有效得分，不参加排名：无法评分不按低分计，也不先于任何有得分的申报。")

    def conflict(self, conflict: Conflict) -> str:
        """Say of a rule what it asks and how many there are for it."""
        kind, code, group = conflict.rule
        if kind is Kind.CELL:
            return f"{self._cell(group)}应入围 {conflict.low} 人，参加排名的有 {conflict.members} 人"
        if kind is Kind.LIMIT:
            return f"同一单位至多 {conflict.high} 人，照此至多可入围 {conflict.members} 人"
        if code == HELD:
            return f"{STAYS}（{conflict.low} 人）"
        ratio = self.ratios[code]
        if ratio.least is not None:
            return f"{ratio.label}不低于 {ratio.least:f}%（{conflict.low} 人），参加排名的有 {conflict.members} 人"
        return (
            f"{ratio.label}不高于 {ratio.most:f}%（{conflict.high} 人），参加排名的有 {conflict.members} 人"
        )

    def _because(self, reason: Reason, candidate: Candidate) -> str:
        cell = self._cell_name(candidate.cell)
        places = self.field.places.get(candidate.cell, 0)
        if self.field.round.programme.quota.by and not places:
            return f"{cell}没有名额"
        line = "" if reason.line is None else f"（入围最低 {points(reason.line)} 分）"
        if reason.why is Why.BELOW:
            return f"{cell}入围 {places} 人都排在前面{line}"
        if reason.why is Why.CELL:
            return f"{cell}的 {places} 个名额由排在前面的入围{line}，其他单元的名额不能占用"
        if reason.why is Why.TIED:
            return "与入围者不分先后，须按并列规则另行确定"
        return f"排在{cell}部分入围者之前{line}，但替换其中任何一人都不合规则：{self._rules(reason)}；{self._needed(reason)}"

    def _rules(self, reason: Reason) -> str:
        told = {broken.rule: self._broken(broken) for broken in reason.broken}
        return "；".join(dict.fromkeys(told.get(rule) or self._named(rule) for rule in reason.rules))

    def _needed(self, reason: Reason) -> str:
        if reason.needed is None:
            return "在这份名单上只换一人，得多少分都不能入围"
        return f"在这份名单上须高于 {points(reason.needed)} 分"

    def _broken(self, broken: Broken) -> str:
        kind, code, group = broken.rule
        if kind is Kind.CELL:
            return f"{self._cell(group)}的名额是 {broken.high} 人，将成为 {broken.would} 人"
        if kind is Kind.LIMIT:
            return f"同一单位至多 {broken.high} 人，已有 {broken.high} 人入围"
        if code == HELD:
            return STAYS
        label = self.ratios[code].label
        if broken.would > broken.high:
            return f"{label}至多 {broken.high} 人，将成为 {broken.would} 人"
        return f"{label}至少 {broken.low} 人，将只有 {broken.would} 人"

    def _named(self, rule: Rule) -> str:
        if rule.kind is Kind.LIMIT:
            return "同一单位的人数"
        if rule.kind is Kind.CELL:
            return f"{self._cell(rule.group)}的名额"
        return STAYS if rule.code == HELD else f"{self.ratios[rule.code].label}的比例"

    def _cell(self, group: int) -> str:
        return self._cell_name(self.codes[group])

    def _cell_name(self, code: str) -> str:
        return self.labels.get(code, code) if code else "全部名额"

    def _plain(self, broken: Broken) -> dict[str, Any]:
        kind, code, group = broken.rule
        named = self.codes[group] if kind is Kind.CELL else code
        return {"rule": f"{kind}:{named}", "would": broken.would, "low": broken.low, "high": broken.high}


def points(score: int) -> str:
    """Return a score of the contest as people write it: 852000 -> 85.2."""
    return f"{(Decimal(score) / SCALE).normalize():f}"


def joined(sentences: Sequence[str]) -> str:
    return "；".join(sentences)


def _or_none(score: int | None) -> str | None:
    return None if score is None else points(score)
