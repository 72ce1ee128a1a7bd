"""What may be done on a subject beside its moves: to its clocks, to requests for more time, to its parties.

An act is declared once: its fields, when and to whom it is offered, what it calls. The engine decides all the same.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from yanzhen.engines.procedures import parties, stays
from yanzhen.engines.procedures.engine import outlook
from yanzhen.engines.procedures.models import Clock, Party, Stay, Subject
from yanzhen.engines.procedures.refusals import MoveNotAllowed
from yanzhen.faces.console.forms import text_field
from yanzhen.foundation.models import Account

Given = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Act:
    """`do` takes the row that it is done to, the account, and what the form holds."""

    code: str
    label: Any
    done: Any
    fields: Callable[[], dict[str, forms.Field]]
    do: Callable[[Any, Account, Given], object]


def _amount() -> forms.Field:
    return forms.IntegerField(
        label=_("时长"), min_value=1, max_value=32767, help_text=_("与该时限同单位；累计上限见参数")
    )


def _reason() -> dict[str, forms.Field]:
    return {"reason": text_field(_("理由"))}


CLOCK_ACTS = {
    act.code: act
    for act in (
        Act("pause", _("申请暂停计时"), _("已提交，等待审批"), lambda: {"amount": _amount(), **_reason()},
            lambda clock, who, given: stays.request_stay(clock, actor=who, kind="pause", **given)),
        Act("extension", _("申请延期"), _("已提交，等待审批"), lambda: {"amount": _amount(), **_reason()},
            lambda clock, who, given: stays.request_stay(clock, actor=who, kind="extension", **given)),
        Act("resume", _("恢复计时"), _("已恢复计时"), _reason,
            lambda clock, who, given: stays.resume(clock, actor=who, **given)),
    )
}  # fmt: skip
STAY_ACTS = {
    act.code: act
    for act in (
        Act("grant", _("同意"), _("已同意"), lambda: {"opinion": text_field(_("意见（选填）"), required=False)},
            lambda stay, who, given: stays.decide_stay(stay, actor=who, grant=True, **given)),
        Act("refuse", _("不同意"), _("已答复不同意"), lambda: {"opinion": text_field(_("意见"))},
            lambda stay, who, given: stays.decide_stay(stay, actor=who, grant=False, **given)),
    )
}  # fmt: skip
PARTY_ACTS = {
    act.code: act
    for act in (
        Act("accept", _("接收"), _("已接收"), dict,
            lambda party, who, _given: parties.respond(party, actor=who, accept=True)),
        Act("reject", _("退回"), _("已退回"), _reason,
            lambda party, who, given: parties.respond(party, actor=who, accept=False, **given)),
        Act("finish", _("办毕"), _("已办毕"), lambda: {"result": text_field(_("办理结果"))},
            lambda party, who, given: parties.finish(party, actor=who, **given)),
        Act("revoke", _("撤回"), _("已撤回"), _reason,
            lambda party, who, given: parties.revoke(party, actor=who, **given)),
    )
}  # fmt: skip


def of_clock(clock: Clock, row: Subject, account: Account, *, paused: bool) -> list[Act]:
    """Return what the account may ask for the clock."""
    term = row.procedure.term(clock.parameter.code)
    offered = [("extension", term.extension), ("resume" if paused else "pause", term.pause)]
    return [
        CLOCK_ACTS[code]
        for code, allowance in offered
        if allowance and account.has_right(allowance.request_right, row)
    ]


def of_stay(stay: Stay, row: Subject, account: Account) -> list[Act]:
    """Return how the account may decide on the request."""
    if stay.decision != Stay.Decision.OPEN or stay.asked_by_id == account.pk:
        return []
    term = row.procedure.term(stay.clock.parameter.code)
    allowance = term.pause if stay.kind == Stay.Kind.PAUSE else term.extension
    decides = bool(allowance and account.has_right(allowance.approve_right, row))
    return list(STAY_ACTS.values()) if decides else []


def of_party(party: Party, row: Subject, account: Account) -> list[Act]:
    """Return what the account may do to the work order: answer it, or take it back."""
    referral = row.procedure.referral
    if referral is None:
        return []
    codes: list[str] = []
    if account.has_right(referral.respond_right, party):
        codes += {"offered": ["accept", "reject"], "accepted": ["finish"]}.get(party.state, [])
    if party.state in {"offered", "accepted"} and account.has_right(referral.right, row):
        codes.append("revoke")
    return [PARTY_ACTS[code] for code in codes]


def demand_any_move(row: Subject, account: Account) -> None:
    """Raise MoveNotAllowed unless the account may make some move on the subject now."""
    if not any(option.open for option in outlook(row, actor=account)):
        raise MoveNotAllowed("添加附件", ["您现在不能办理本件"])
