"""What the engine says no to."""

from __future__ import annotations

from collections.abc import Sequence

from yanzhen.foundation.errors import NotAllowed, Refusal


class NoSuchMove(Refusal):
    """The subject is not where the move begins; somebody else may have moved it."""

    code = "no_such_move"


class MovedMeanwhile(Refusal):
    """The subject was moved after the form was opened."""

    code = "moved_meanwhile"


class MoveRefused(Refusal):
    """A rule stands against the move; `data["reasons"]` lists all of them."""

    code = "move_refused"

    def __init__(self, label: str, reasons: Sequence[str]) -> None:
        super().__init__(f"不能{label}：{'；'.join(reasons)}", reasons=list(reasons))


class MoveNotAllowed(NotAllowed):
    code = "move_not_allowed"

    def __init__(self, label: str, reasons: Sequence[str]) -> None:
        super().__init__(f"不能{label}：{'；'.join(reasons)}", reasons=list(reasons))
