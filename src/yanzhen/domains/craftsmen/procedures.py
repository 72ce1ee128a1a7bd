"""How a mentorship begins and ends, and how an instalment of a grant is reviewed and paid."""

from __future__ import annotations

from yanzhen.domains.craftsmen import guards, rights, rules  # noqa: F401  # rights are declared before they are named
from yanzhen.engines.procedures.declare import PROCEDURES, Procedure, State, Transition

BASIS = "docs/rules/craftsmen.md"
CONFIRM, REVIEW, PAY = "mentorship.confirm", "studio.review", "studio.pay"

MENTORSHIP = PROCEDURES.add(
    Procedure(
        code="craftsmen.mentorship", version=1, label="师徒结对", basis=BASIS, view_right="mentorship.view",
        states=(
            State("proposed", "待确认", awaits=CONFIRM),
            State("active", "带徒中", rests=True),
            State("graduated", "已出师", final=True),
            State("stopped", "提前终止", final=True),
            State("dropped", "未予结对", final=True),
        ),
        transitions=(
            Transition(
                "confirm", "确认结对", ("proposed",), "active", right=CONFIRM,
                guards=(rules.is_titled, guards.has_contract, guards.mentor_has_room), not_by=("started_by",),
            ),
            Transition("drop", "不予结对", ("proposed",), "dropped", right=CONFIRM, note_required=True),
            Transition(
                "graduate", "出师", ("active",), "graduated", right=CONFIRM, fields=("result",),
                guards=(guards.milestones_are_confirmed,), checks=(rules.result_is_told,), not_by=("started_by",),
            ),
            Transition(
                "stop", "提前终止", ("active",), "stopped", right=CONFIRM, fields=("result",),
                checks=(rules.result_is_told,), note_required=True, not_by=("started_by",),
            ),
        ),
    )
)  # fmt: skip
INSTALMENT = PROCEDURES.add(
    Procedure(
        code="craftsmen.instalment", version=1, label="资助拨付", basis=BASIS, view_right="studio.view",
        states=(
            State("waiting", "待评审", awaits=REVIEW),
            State("failed", "评审未通过，待整改", awaits=REVIEW),
            State("passed", "评审通过，待拨付", awaits=PAY),
            State("paid", "已拨付", final=True),
            State("cancelled", "不再拨付", final=True),
        ),
        transitions=(
            Transition(
                "pass", "评审通过", ("waiting", "failed"), "passed", right=REVIEW, fields=("opinion",),
                checks=(rules.opinion_is_told,), takes_on=True, not_by=("started_by",),
            ),
            Transition(
                "fail", "评审不通过", ("waiting",), "failed", right=REVIEW, fields=("opinion",),
                checks=(rules.opinion_is_told,), takes_on=True, not_by=("started_by",),
            ),
            Transition(
                "pay", "登记拨付", ("passed",), "paid", right=PAY, fields=("paid_on", "voucher"),
                guards=(guards.earlier_are_paid,), checks=(guards.is_paid_by_now,), not_by_handler=True,
                not_by=("started_by",),
            ),
            Transition(
                "cancel", "不再拨付", ("waiting", "failed", "passed"), "cancelled", right=REVIEW, note_required=True,
                not_by=("started_by",),
            ),
        ),
    )
)  # fmt: skip
