"""How a demand is marked unreasonable, and how the caller appeals. Sources: docs/rules/closing.md."""

from __future__ import annotations

from yanzhen.domains.hotline.closing import rules
from yanzhen.engines.procedures.declare import PROCEDURES, Procedure, State, Term, Transition

DECISION = Term("hotline.mark_decision", "认定时限", warning="hotline.warning")
APPEAL = Term("hotline.mark_review", "异议复核时限", warning="hotline.warning")

UNREASONABLE = PROCEDURES.add(
    Procedure(
        code="closing.unreasonable",
        version=1,
        label="不合理诉求认定",
        basis="docs/rules/closing.md",
        view_right="case.view",
        states=(
            State("proposed", "待认定", terms=(DECISION,), awaits="case.check"),
            State("confirmed", "已认定", final=True),
            State("rejected", "不予认定", final=True),
            State("appealed", "异议待复核", terms=(APPEAL,), awaits="case.check"),
            State("upheld", "维持认定", final=True),
            State("overturned", "撤销认定", final=True),
        ),
        transitions=(
            Transition(
                "confirm", "认定不合理", ("proposed",), "confirmed", right="case.check", fields=("opinion",),
                checks=(rules.opinion_says_why, rules.second_person), takes_on=True, not_by_handler=True,
                signs=("confirmed_by",),
            ),
            Transition(
                "reject", "不予认定", ("proposed",), "rejected", right="case.check", fields=("opinion",),
                checks=(rules.opinion_says_why, rules.second_person), takes_on=True, not_by_handler=True,
            ),
            Transition(
                "appeal", "提出异议", ("confirmed",), "appealed", right="case.view", fields=("objection",),
                checks=(rules.objection_says_why,), reopen=True, within="hotline.mark_appeal",
            ),
            Transition(
                "object", "诉求人提出异议", ("confirmed", "upheld"), "appealed", right="case.view", fields=("objection",),
                guards=(rules.the_caller_has_not_objected,), checks=(rules.objection_says_why,),
                sets=(("caller_objected", True),), by_owner=True, reopen=True, within="hotline.mark_appeal",
            ),
            Transition(
                "uphold", "维持认定", ("appealed",), "upheld", right="case.check", fields=("opinion",),
                checks=(rules.opinion_says_why, rules.second_person), takes_on=True, not_by_handler=True,
                not_by=("confirmed_by",),
            ),
            Transition(
                "overturn", "撤销认定", ("appealed",), "overturned", right="case.check", fields=("opinion",),
                checks=(rules.opinion_says_why, rules.second_person), takes_on=True, not_by_handler=True,
                not_by=("confirmed_by",),
            ),
        ),
    )
)  # fmt: skip
