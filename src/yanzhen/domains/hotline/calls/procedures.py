"""How a call-back runs. Its term and where it comes from: docs/rules/calls.md."""

from __future__ import annotations

from yanzhen.domains.hotline.calls import rules
from yanzhen.engines.procedures.declare import PROCEDURES, Procedure, State, Term, Transition

MISSED = Term("hotline.missed_call", "回拨时限", warning="hotline.missed_call_warning")

CALL_BACK = PROCEDURES.add(
    Procedure(
        code="calls.call_back",
        version=1,
        label="回拨任务",
        basis="docs/rules/calls.md",
        view_right="call.view",
        states=(
            State("waiting", "待回拨", terms=(MISSED,), awaits="call.call_back"),
            State("done", "已回拨", final=True),
            State("not_reached", "多次未接通", final=True),
        ),
        transitions=(
            Transition(
                "done", "已回拨", ("waiting",), "done", right="call.call_back",
                fields=("outcome",), checks=(rules.has_an_outcome,),
            ),
            Transition(
                "tried", "未接通，再拨", ("waiting",), "waiting", right="call.call_back", stamps=("tried_at",),
            ),
            Transition(
                "give_up", "多次未接通，结束", ("waiting",), "not_reached", right="call.call_back",
                guards=(rules.was_tried,), note_required=True,
            ),
        ),
    )
)  # fmt: skip
