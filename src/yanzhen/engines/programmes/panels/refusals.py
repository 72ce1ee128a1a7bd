"""What a panel round says no to."""

from yanzhen.foundation.errors import Refusal


class PanelRefused(Refusal):
    code = "panel_refused"


class MarkRefused(Refusal):
    code = "mark_refused"


class RunRefused(Refusal):
    code = "score_run_refused"
