"""The page of a procedure for people: its diagram and its tables, generated from the declaration."""

from __future__ import annotations

from collections.abc import Iterator

from yanzhen.engines.procedures.declare import Ladder, Procedure, Term, Transition
from yanzhen.foundation.rights import RIGHTS


def diagram(procedure: Procedure) -> str:
    """Return the procedure as a Mermaid state diagram."""
    lines = ["stateDiagram-v2", f"    [*] --> {procedure.initial.code}"]
    lines += [f"    {s.code}: {s.label}" for s in procedure.states]
    lines += [
        f"    {source} --> {t.target}: {t.label}" for t in procedure.transitions for source in t.sources
    ]
    lines += [f"    {s.code} --> [*]" for s in procedure.states if s.final]
    return "\n".join(lines)


def page(procedure: Procedure) -> str:
    """Return the Chinese page of the procedure in Markdown."""
    return "\n".join(_lines(procedure)) + "\n"


def _lines(procedure: Procedure) -> Iterator[str]:
    yield from (f"# {procedure.label}（{procedure.code} 第 {procedure.version} 版）", "")
    yield from (
        "本页由声明自动生成，请勿手工修改。",
        "",
        f"依据：[{procedure.basis}](../../../{procedure.basis})",
        "",
    )
    yield from ("```mermaid", diagram(procedure), "```", "", "## 状态", "")
    yield from ("| 状态 | 对外显示 | 等待 | 时限 |", "| --- | --- | --- | --- |")
    for s in procedure.states:
        terms = "；".join(map(_measured, s.terms)) or "—"
        awaits = RIGHTS[s.awaits].label if s.awaits else "—"
        yield f"| {s.label} | {s.public_label} | {awaits} | {terms} |"
    yield from ("", "## 流转", "", "| 动作 | 由 | 至 | 所需权限 | 条件 |", "| --- | --- | --- | --- | --- |")
    for t in procedure.transitions:
        sources = "、".join(procedure.state(code).label for code in t.sources)
        target = procedure.state(t.target).label
        yield f"| {t.label} | {sources} | {target} | {RIGHTS[t.right].label} | {'；'.join(_conditions(t)) or '—'} |"
    if procedure.referral:
        states = "、".join(procedure.state(code).label for code in procedure.referral.states)
        yield from ("", "## 分办", "")
        yield f"在“{states}”时可请其他单位协办：接收时限 `{procedure.referral.response.parameter}`，办理时限 `{procedure.referral.work.parameter}`。"
    if procedure.ladder:
        yield from _rungs(procedure.ladder)
    yield from ("", "## 暂停与延期", "")
    for term in {t.parameter: t for t in procedure.terms()}.values():
        for label, allowance in (("暂停", term.pause), ("延期", term.extension)):
            if allowance:
                limits = "、".join(f"`{code}`" for code in sorted(allowance.limits(), key=len))
                ask, approve = RIGHTS[allowance.request_right].label, RIGHTS[allowance.approve_right].label
                yield f"- {term.label}可{label}：由“{ask}”申请，“{approve}”审批（不得为同一人），累计上限 {limits}。"


def _rungs(ladder: Ladder) -> Iterator[str]:
    yield from ("", "## 超期督办", "", "| 层级 | 时间 | 知会 |", "| --- | --- | --- |")
    told = f"有“{RIGHTS[ladder.right].label}”权限的人员；本级无人的，报上一级"
    for rung in ladder.rungs:
        yield f"| {rung.label} | {f'期满后 `{rung.after}`' if rung.after else '期满当时'} | {told} |"
    yield from ("", "非紧急的只在工作时间知会；每一级对每个时限只知会一次。")


def _measured(term: Term) -> str:
    """Return the term with the parameters that measure it, those of the other classes too."""
    return f"{term.label}（{'、'.join(f'`{code}`' for code in sorted(term.codes(), key=len))}）"


NAMED = (
    ("upward", "只能调高：{}"), ("fields", "须填：{}"), ("not_by", "不得由 {} 本人办理"),
)  # fmt: skip
FLAGS = (
    ("note_required", "须写说明"),
    ("by_handler", "已指定承办人的，由承办人办理"),
    ("not_by_handler", "不得由承办人本人办理"),
    ("by_owner", "只能由当事人本人提出"),
    ("or_owner", "当事人本人也可办理"),
    ("by_own_unit", "须由所在单位自己的账号办理"),
    ("parties_done", "分办单须全部办结"),
    ("restart", "时限重新计算"),
)


def _conditions(move: Transition) -> Iterator[str]:
    rules = [rule.__doc__ or rule.__name__ for rule in (*move.guards, *move.checks, *move.note_checks)]
    yield from (rule.strip().rstrip("。") for rule in rules)
    for attribute, words in NAMED:
        if names := getattr(move, attribute):
            yield words.format("、".join(f"`{name}`" for name in names))
    yield from (words for attribute, words in FLAGS if getattr(move, attribute))
