"""How an objection goes, from filed to replied. Basis: docs/rules/selection.md."""

from __future__ import annotations

from yanzhen.engines.procedures.declare import PROCEDURES, Procedure, State, Term, Transition
from yanzhen.engines.programmes.guards import round_goes_on
from yanzhen.engines.programmes.notices import guards

RIGHT = "objection.handle"
ACCEPT = Term("programmes.objection_accept", "异议受理时限")
ANSWER = Term("programmes.objection_answer", "异议答复时限")

GOES_ON = (round_goes_on,)

OBJECTION = PROCEDURES.add(
    Procedure(
        code="programmes.objection", version=1, label="异议", basis="docs/rules/selection.md", view_right=RIGHT,
        states=(
            State("filed", "待受理", terms=(ACCEPT,), awaits=RIGHT),
            State("accepted", "核查中", terms=(ANSWER,), awaits=RIGHT, personal=True),
            State("refused", "不予受理", final=True),
            State("upheld", "异议成立，待答复", terms=(ANSWER,), awaits=RIGHT, personal=True),
            State("dismissed", "异议不成立，待答复", terms=(ANSWER,), awaits=RIGHT, personal=True),
            State("replied", "已答复", final=True),
        ),
        transitions=(
            Transition("accept", "受理", ("filed",), "accepted", right=RIGHT, guards=GOES_ON, checks=(guards.had_no_part,), takes_on=True),
            Transition(
                "refuse", "不予受理", ("filed",), "refused", right=RIGHT, guards=GOES_ON, fields=("reply",), checks=(guards.had_no_part,),
                takes_on=True,
            ),
            Transition(
                "hand_over", "改由他人办理", ("accepted",), "accepted", right=RIGHT, guards=GOES_ON, fields=("handler",),
                checks=(guards.had_no_part,), note_required=True,
            ),
            Transition(
                "uphold", "异议成立", ("accepted",), "upheld", right=RIGHT, fields=("finding",),
                guards=(round_goes_on, guards.change_was_applied), by_handler=True,
            ),
            Transition(
                "dismiss", "异议不成立", ("accepted",), "dismissed", right=RIGHT, fields=("finding",),
                guards=(round_goes_on, guards.list_follows_scores), by_handler=True,
            ),
            Transition("reply", "答复异议人", ("upheld", "dismissed"), "replied", right=RIGHT, guards=GOES_ON, fields=("reply",), by_handler=True),
        ),
    )
)  # fmt: skip
