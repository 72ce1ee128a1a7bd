"""How an honour stands, is suspended, withdrawn and comes to its end. Sources: docs/rules/honours.md."""

from __future__ import annotations

from yanzhen.engines.honours import rights, rules  # noqa: F401  # rights are declared before they are named
from yanzhen.engines.procedures.declare import PROCEDURES, Procedure, State, Transition

APPROVE = "honour.approve"


def _proposed(code: str, label: str, source: str, target: str, *, reopen: bool = False) -> Transition:
    return Transition(
        code, label, (source,), target, right="honour.propose", fields=("cause",),
        checks=(rules.cause_is_told,), takes_on=True, reopen=reopen,
    )  # fmt: skip


def _decided(code: str, label: str, source: str, target: str) -> Transition:
    return Transition(code, label, (source,), target, right=APPROVE, note_required=True, not_by_handler=True)


HONOUR = PROCEDURES.add(
    Procedure(
        code="honours.honour",
        version=1,
        label="荣誉",
        basis="docs/rules/honours.md",
        view_right="honour.view",
        states=(
            State("standing", "有效", rests=True),
            State("suspending", "有效，拟暂停", "有效", awaits=APPROVE),
            State("suspended", "已暂停", rests=True),
            State("withdrawing", "有效，拟撤销", "有效", awaits=APPROVE),
            State("withdrawing_suspended", "已暂停，拟撤销", "已暂停", awaits=APPROVE),
            State("withdrawing_ended", "已到期，拟撤销", "已到期", awaits=APPROVE),
            State("ended", "已到期", final=True),
            State("withdrawn", "已撤销", final=True),
        ),
        transitions=(
            _proposed("propose_suspension", "提出暂停", "standing", "suspending"),
            _decided("suspend", "同意暂停", "suspending", "suspended"),
            _decided("refuse", "不同意", "suspending", "standing"),
            Transition("restore", "恢复", ("suspended",), "standing", right=APPROVE, note_required=True),
            _proposed("propose_withdrawal", "提出撤销", "standing", "withdrawing"),
            _proposed("propose_withdrawal", "提出撤销", "suspended", "withdrawing_suspended"),
            _proposed("propose_withdrawal", "提出撤销", "ended", "withdrawing_ended", reopen=True),
            _decided("withdraw", "同意撤销", "withdrawing", "withdrawn"),
            _decided("withdraw", "同意撤销", "withdrawing_suspended", "withdrawn"),
            _decided("withdraw", "同意撤销", "withdrawing_ended", "withdrawn"),
            _decided("refuse", "不同意", "withdrawing", "standing"),
            _decided("refuse", "不同意", "withdrawing_suspended", "suspended"),
            _decided("refuse", "不同意", "withdrawing_ended", "ended"),
            Transition(
                "renew", "续期", ("standing",), "standing", right=APPROVE, fields=("term_until",),
                guards=(rules.has_a_term, rules.last_report_passed), checks=(rules.term_is_prolonged,), note_required=True,
            ),
            Transition("end", "到期", ("standing",), "ended", right=APPROVE, guards=(rules.term_is_over,), bulk=True),
        ),
    )
)  # fmt: skip
