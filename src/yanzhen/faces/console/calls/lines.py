"""A call as people read it in a list or on a card."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import prefetch_related_objects
from django.utils.translation import gettext

from yanzhen.domains.hotline.calls.models import Call
from yanzhen.domains.hotline.calls.queries import cases_shown
from yanzhen.domains.hotline.calls.rules import LOST, NO_HANGUP
from yanzhen.domains.hotline.models import Case
from yanzhen.faces.console.cells import title_of
from yanzhen.faces.console.desks import CASES
from yanzhen.foundation.models import Account

TONES = {Call.Status.RINGING: "amber", Call.Status.TALKING: "blue", Call.Status.ANSWERED: "green"}
MILLISECONDS = 1000


@dataclass(frozen=True, slots=True)
class Line:
    call: Call
    case: Case | None
    """The case that it became, where the reader may know who called about it."""
    party: str
    status: str
    tone: str
    wait: str
    result: str
    """The case or the reason in which it ended; "" where there is neither yet."""
    open: bool
    """Whether it is over and ended in neither."""


def lines(calls: Sequence[Call], account: Account) -> list[Line]:
    """Return `calls` as the account may read them, with what they point to, in a statement a column."""
    prefetch_related_objects(list(calls), "region", "answered_by", "call_back")
    cases = cases_shown(calls, account)
    return [_line(call, cases.get(call.case_id or 0)) for call in calls]


def titled(cases: Sequence[Case], account: Account) -> list[tuple[Case, str]]:
    """Return each case with its title as the account may read it."""
    return [(case, title_of(CASES, case, account)) for case in cases]


def result_of(call: Call, case: Case | None) -> str:
    if call.outcome:
        reason = gettext(str(call.get_outcome_display()))
        return f"{reason} {case}" if case else reason
    if call.case_id:
        return str(case) if case else gettext("已登记工单")
    task = call.call_back
    return f"{task} {task.stage.label}" if task else ""


def state_of(call: Call) -> tuple[str, str]:
    """Return (what it is called, its tone) of how a call stands."""
    status = gettext(str(call.get_status_display()))
    return status, "red" if call.status in LOST else TONES.get(Call.Status(call.status), "gray")


def _line(call: Call, case: Case | None) -> Line:
    status, tone = state_of(call)
    return Line(
        call=call,
        case=case,
        party=call.phone_mask or gettext("未显示号码"),
        status=f"{status}（{gettext('没有收到挂断')}）" if call.cause == NO_HANGUP else status,
        tone=tone,
        wait="—" if call.wait_ms is None else gettext("%s 秒") % round(call.wait_ms / MILLISECONDS),
        result=result_of(call, case),
        open=bool(call.ended_at and not call.finished),
    )
