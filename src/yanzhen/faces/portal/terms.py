"""By when a caller may expect what, as the receipt says it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext

from yanzhen.domains.hotline.procedures import CALL_BACK, HANDLING
from yanzhen.foundation import parameters
from yanzhen.foundation.calendar import end_of, load_calendar


@dataclass(frozen=True, slots=True)
class Expected:
    """`due_at` is the latest; `provisional` where it falls in a year whose holidays are not published yet."""

    label: str
    due_at: datetime
    provisional: bool = False


def expected(region: str, accept_by: datetime) -> list[Expected]:
    """Return what comes next for a new appeal, each step counted from the latest end of the one before."""
    steps = [Expected(gettext("告诉您是否受理"), accept_by)]
    later = ((HANDLING, gettext("办理并答复您")), (CALL_BACK, gettext("回访，问您是否解决、是否满意")))
    for term, label in later:
        start = steps[-1].due_at
        parameter = parameters.get(term.parameter, on=timezone.localdate(start), region=region)
        end = end_of(start, parameters.span_of(parameter), calendar=load_calendar())
        steps.append(Expected(label, end.due_at, end.provisional or steps[-1].provisional))
    return steps
