"""What is said no to."""

from __future__ import annotations

from yanzhen.foundation.errors import Refusal


class SentAlready(Refusal):
    """The same file was imported before, and not undone."""

    code = "sent_already"


class WrongState(Refusal):
    """The batch is not where this step begins; somebody else may have been faster."""

    code = "batch_state"


class UndoRefused(Refusal):
    """Something has come to stand on what the batch made; `data["numbers"]` names the first of it."""

    code = "undo_refused"
