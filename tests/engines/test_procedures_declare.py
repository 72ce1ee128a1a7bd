from __future__ import annotations

from dataclasses import replace

import pytest

from yanzhen.domains.hotline.procedures import CASE
from yanzhen.engines.procedures.declare import Procedure, State, Transition
from yanzhen.engines.procedures.pages import diagram
from yanzhen.foundation.errors import DeclarationError

GO = Transition("go", "办", ("a",), "b", right="case.handle")


def declared(**changes: object) -> Procedure:
    shape: dict[str, object] = {
        "code": "x",
        "version": 1,
        "label": "样例",
        "basis": "docs/rules/hotline.md",
        "view_right": "case.view",
        "states": (State("a", "甲", awaits="case.handle"), State("b", "乙", final=True)),
        "transitions": (GO,),
    }
    return Procedure(**(shape | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"transitions": (replace(GO, target="limbo"),)}, "unknown states"),
        ({"states": (*declared().states, State("limbo", "丙", final=True))}, "no way into"),
        ({"transitions": (GO, replace(GO, code="stay", sources=("b",), target="a"))}, "reopening"),
        (
            {"states": (State("a", "甲", awaits="case.view"), State("b", "乙", final=True))},
            "no move for those",
        ),
        ({"view_right": "case.nobody"}, "rights nobody declared"),
        ({"transitions": (GO, GO)}, "share a source and a code"),
        (
            {"states": (State("a", "甲", awaits="case.handle"), State("b", "乙", awaits="case.handle"))},
            "no way out",
        ),
    ],
)
def test_a_wrong_declaration_never_starts(changes, problem):
    with pytest.raises(DeclarationError, match=problem):
        declared(**changes)


def test_the_diagram_shows_every_move_once():
    lines = diagram(CASE).splitlines()

    assert (
        len([line for line in lines if "-->" in line])
        == 1 + sum(len(t.sources) for t in CASE.transitions) + 2
    )
