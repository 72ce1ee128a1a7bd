"""How an article comes into force: written by one person, reviewed by another. docs/rules/knowledge.md."""

from __future__ import annotations

from yanzhen.domains.hotline.knowledge import rules
from yanzhen.domains.hotline.knowledge.rights import EDIT, REVIEW
from yanzhen.engines.procedures.declare import PROCEDURES, Procedure, State, Transition

IN_FORCE = "in_force"
SOUND = (rules.text_says_something, rules.source_is_named, rules.validity_is_a_period)

ARTICLE = PROCEDURES.add(
    Procedure(
        code="hotline.knowledge",
        version=1,
        label="知识条目",
        basis="docs/rules/knowledge.md",
        view_right=EDIT,
        states=(
            State("draft", "草稿", awaits=EDIT, personal=True),
            State("submitted", "待审核", awaits=REVIEW),
            State(IN_FORCE, "已发布", final=True),
            State("withdrawn", "已撤下", final=True),
        ),
        transitions=(
            Transition(
                "revise", "修改", ("draft",), "draft", right=EDIT,
                fields=("title", "body", "source", "valid_from", "grade"),
                optional=("category", "keywords", "source_article", "source_url", "valid_to"),
                checks=SOUND, takes_on=True,
            ),
            Transition(
                "submit", "提交审核", ("draft",), "submitted", right=EDIT,
                checks=SOUND, by_handler=True, takes_on=True, bulk=True,
            ),
            Transition(
                "approve", "审核通过并发布", ("submitted",), IN_FORCE, right=REVIEW,
                checks=SOUND, stamps=("published_at",), not_by_handler=True, bulk=True,
            ),
            Transition("return", "退回修改", ("submitted",), "draft", right=REVIEW, note_required=True),
            Transition("discard", "作废", ("draft",), "withdrawn", right=EDIT, note_required=True),
            Transition(
                "withdraw", "撤下", (IN_FORCE,), "withdrawn", right=REVIEW, note_required=True, reopen=True,
            ),
        ),
    )
)  # fmt: skip
