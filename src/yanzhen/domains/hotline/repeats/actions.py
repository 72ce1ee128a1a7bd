"""What is done about repeats: cases are handled as one, answered as one, and set apart again.

Joining moves nothing: state, unit, handler and terms of every case stay as they are, so setting it apart lifts the rules
of its moves (rules.py) and puts back what was sent along with the lead, and the urgency of the lead (heads.py). What a group moves, and what is put back, the
engine moves, by the actor's own right.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import transaction
from django.utils import timezone

from yanzhen.domains.hotline.models import Case
from yanzhen.domains.hotline.repeats import standing
from yanzhen.domains.hotline.repeats.heads import lower_lead, raise_lead
from yanzhen.domains.hotline.repeats.models import Group, Member
from yanzhen.engines.procedures.engine import Outcome, advance, advance_many
from yanzhen.foundation.errors import Invalid, NotAllowed, Refusal
from yanzhen.foundation.models import Account
from yanzhen.foundation.records import record
from yanzhen.foundation.rights import RIGHTS

TO_JOIN = ("case.assign", "case.accept")
"""Either of these over both cases."""
UNANSWERED = frozenset({"received", "accepted", "disputed", "handling"})
SHORTEST_REASON = 4


class NotJoined(Refusal):
    code = "not_joined"


class GroupRefused(Refusal):
    """One of the cases can not go along, so none went; `data["reasons"]` says which and why."""

    code = "group_refused"

    def __init__(self, label: str, reasons: Sequence[str]) -> None:
        super().__init__(f"不能{label}：{'；'.join(reasons)}", reasons=list(reasons))


def may_join(rows: Sequence[Case], account: Account) -> bool:
    """Tell whether the account may group these cases and set them apart."""
    return _joining_right(rows, account) is not None


@transaction.atomic
def join(case: Case, lead: Case, *, actor: Account, kind: str, reason: str) -> Member:
    """Let `case` be handled with `lead` from now on. Raises NotAllowed, Invalid, or NotJoined with what would help."""
    if case.pk == lead.pk:
        raise NotJoined(f"{case.number} 不能与自己合并，请选择另一件工单")
    rows = _locked([case.pk, lead.pk])
    case, lead = rows.get(case.pk, case), rows.get(lead.pk, lead)
    right = _right_over([case, lead], actor)
    _demand_reason(reason)
    if kind not in Member.Kind.values:
        raise Invalid("请选择合并类型", fields={"kind": "请选择合并类型"})
    _demand_unanswered(case, lead)
    group = _group_of(case, lead, actor)
    member = Member.objects.create(
        group=group, case=case, kind=kind, joined_at=timezone.now(), joined_by=actor
    )
    after = {"group": group.pk, "lead": lead.number, "kind": str(kind)}
    record("case.join", case, actor=actor, right=right, after=after, reason=reason.strip())
    record("case.joined_by", lead, actor=actor, right=right, after={"group": group.pk, "member": case.number})
    raise_lead(lead, group.pk, actor=actor, right=right)
    return member


@transaction.atomic
def leave(case: Case, *, actor: Account, reason: str) -> Outcome:
    """Set one case apart again. What was answered with the lead stays answered; what was sent along goes back to the
    unit and handler that it had, and the outcome says how many did, and which could not and why."""
    others = _standing(case).group.members.filter(left_at=None).values_list("case_id", flat=True)
    rows = _locked([case.pk, *others])
    member = _standing(case)
    if member.leads:
        raise NotJoined(f"{case.number} 是主件，不能单独退出；请解散合并，或让其他各件退出")
    right = _right_over([rows.get(case.pk, case)], actor)
    _demand_reason(reason)
    outcome = _end([member], actor=actor, right=right, reason=reason)
    if not member.group.members.filter(left_at=None, leads=False).exists():
        _end(member.group.members.filter(left_at=None), actor=actor, right=right, reason="各件均已退出")
    return outcome


@transaction.atomic
def dissolve(lead: Case, *, actor: Account, reason: str) -> Outcome:
    """Set all cases of the group apart again; the outcome is that of `leave`."""
    group = _led(lead).group
    members = group.members.filter(left_at=None)
    rows = _locked([*members.values_list("case_id", flat=True), lead.pk])
    _led(lead)
    right = _right_over([rows.get(lead.pk, lead)], actor)
    _demand_reason(reason)
    return _end(members.order_by("case_id"), actor=actor, right=right, reason=reason)


@transaction.atomic
def assign_along(lead: Case, *, actor: Account, note: str) -> Outcome:
    """Send the waiting members to the lead's unit, each as far as it may go; the outcome says which stayed and why."""
    member = _led(lead)
    rows = _locked([lead.pk, *standing.waiting(member.group_id).values_list("case_id", flat=True)])
    row = rows.pop(lead.pk)
    if row.organisation is None:
        raise NotJoined(f"主件 {row.number} 尚未派单，请先派单")
    outcome = Outcome()
    to_assign = [pk for pk, case in rows.items() if case.state == "accepted"]
    to_move = [pk for pk, case in rows.items() if case.state == "handling" and _elsewhere(case, row)]
    for pks, code in ((to_assign, "assign"), (to_move, "reassign")):
        part = advance_many(Case, pks, code, actor=actor, note=note, organisation=row.organisation)
        outcome.moved += part.moved
        outcome.refused += part.refused
    stayed = {number for number, _ in outcome.refused}
    _remember(member.group_id, [rows[pk] for pk in (*to_assign, *to_move) if rows[pk].number not in stayed])
    outcome.refused += [
        (case.number, (f"现为“{case.stage.label}”，不能派单",))
        for case in rows.values()
        if case.state in {"received", "disputed"}
    ]
    return outcome


@transaction.atomic
def answer_group(
    lead: Case, *, actor: Account, reply: str, note: str = "", seen: int | None = None, **changes: Any
) -> int:
    """Answer the lead, and every member that waits for it with the same reply as its own answer; return how many.

    Each gets its own record and its own clock stopped. All or none: raises GroupRefused with the reasons by number.
    """
    group = _led(lead).group
    waiting = standing.waiting(group.pk)
    _locked([lead.pk, *waiting.values_list("case_id", flat=True)])
    cases = sorted(waiting.values_list("case_id", flat=True))
    # from here on nobody waits: so neither the lead nor a member is held back by the rules of the group
    waiting.update(answered_at=timezone.now())
    row = advance(lead, "answer", actor=actor, note=note, seen=seen, reply=reply, **changes)
    outcome = advance_many(
        Case, cases, "answer", actor=actor, note=f"随主件 {row.number} 统一答复", reply=reply
    )
    reasons = [f"{number}：{'；'.join(each)}" for number, each in outcome.refused]
    if unseen := len(cases) - outcome.moved - len(reasons):
        reasons.append(f"另有 {unseen} 件不在您的权限范围内")
    if reasons:
        raise GroupRefused("统一答复", [*reasons, "请先由派单员“随主件派单”，或让该件退出合并"])
    return outcome.moved + 1


@transaction.atomic
def bring_along(lead: Case, cases: Iterable[Case], *, actor: Account, note: str) -> int:
    """Take members that were answered with the lead and left unsolved back into handling with it; return how many.

    Only those named, and only where the lead itself is handled again. All or none, with the reasons by number.
    """
    member = _led(lead)
    chosen = sorted({case.pk for case in cases})
    rows = _locked([lead.pk, *chosen])
    if rows[lead.pk].state != "handling":
        raise NotJoined(
            f"主件 {lead.number} 现为“{rows[lead.pk].stage.label}”，不在重新办理，其他各件不能随办"
        )
    answered = Member.objects.filter(
        group=member.group_id, case__in=chosen, leads=False, left_at=None, answered_at__isnull=False
    )
    known = set(answered.values_list("case_id", flat=True))
    if not chosen or known != set(chosen):
        raise NotJoined("请选择已随主件答复的工单")
    reasons = [reason for pk in chosen if (reason := _again(rows[pk], lead, actor, note))]
    if reasons:
        raise GroupRefused("随主件重新办理", reasons)
    answered.update(answered_at=None)
    return len(chosen)


def _again(case: Case, lead: Case, actor: Account, note: str) -> str | None:
    """Bring one member back into handling; return why it can not be."""
    if case.solved is not False and case.satisfaction != Case.Satisfaction.DISSATISFIED:
        return f"{case.number}：回访未反映未解决或不满意，不随主件重新办理"
    code = "reopen" if case.ended_at else "redo"
    try:
        advance(
            case,
            code,
            actor=actor,
            note=f"随主件 {lead.number} 重新办理：{note.strip()}" if note.strip() else "",
        )
    except Refusal as refusal:
        return f"{case.number}：{'；'.join(refusal.data.get('reasons', [refusal.message]))}"
    return None


def _locked(ids: Iterable[int]) -> dict[int, Case]:
    """Lock the cases in the order in which the engine does, so that no two wait for each other."""
    rows = Case.objects.select_related("organisation", "region").filter(pk__in=set(ids))
    return {row.pk: row for row in rows.order_by("pk").select_for_update(of=("self",))}


def _right_over(rows: Sequence[Case], actor: Account) -> str:
    right = _joining_right(rows, actor)
    if right is None:
        labels = "”或“".join(RIGHTS[code].label for code in TO_JOIN)
        numbers = "、".join(row.number for row in rows)
        raise NotAllowed(f"合并与退出须对 {numbers} 都有“{labels}”权限")
    return right


def _joining_right(rows: Sequence[Case], actor: Account) -> str | None:
    return next((right for right in TO_JOIN if all(actor.has_right(right, row) for row in rows)), None)


def _demand_reason(reason: str) -> None:
    if len(reason.strip()) < SHORTEST_REASON:
        raise Invalid("须说明理由（至少 4 个字）", fields={"reason": "请说明理由（至少 4 个字）"})


def _demand_unanswered(case: Case, lead: Case) -> None:
    if case.state not in UNANSWERED:
        raise NotJoined(
            f"{case.number} 现为“{case.stage.label}”，不能并入；已答复或办结的，请把新来的工单单独办理，答复中说明前次结果"
        )
    if lead.state not in UNANSWERED:
        raise NotJoined(
            f"主件 {lead.number} 现为“{lead.stage.label}”，已不能统一答复；请另选主件，或先重新办理主件"
        )


def _group_of(case: Case, lead: Case, actor: Account) -> Group:
    """Return the group of `lead`, opened where it has none. Raises NotJoined where one of the two stands elsewhere."""
    there = {m.case_id: m for m in Member.objects.filter(case__in=(case.pk, lead.pk), left_at=None)}
    mine, theirs = there.get(case.pk), there.get(lead.pk)
    if mine and theirs and mine.group_id == theirs.group_id:
        raise NotJoined(f"{case.number} 与 {lead.number} 已在同一合并组")
    if mine:
        what = "已是其他工单的主件，请先解散其合并" if mine.leads else "已并入其他工单，请先退出合并"
        raise NotJoined(f"{case.number} {what}")
    if theirs is None:
        now = timezone.now()
        group = Group.objects.create(opened_at=now)
        Member.objects.create(group=group, case=lead, leads=True, joined_at=now, joined_by=actor)
        return group
    if not theirs.leads:
        raise NotJoined(f"{lead.number} 已并入其他工单，不能作主件；请并入它的主件")
    return theirs.group


def _standing(case: Case) -> Member:
    member = standing.membership(case)
    if member is None:
        raise NotJoined(f"{case.number} 不在合并组中，可能已由他人解散；请刷新后查看")
    return member


def _led(lead: Case) -> Member:
    member = _standing(lead)
    if not member.leads:
        raise NotJoined(f"{lead.number} 不是主件，请在主件上操作")
    return member


def _elsewhere(case: Case, lead: Case) -> bool:
    return case.organisation_id != lead.organisation_id or case.handler_id not in (None, lead.handler_id)


def _remember(group: int, cases: Iterable[Case]) -> None:
    """Keep where the cases stood before they were sent along for the first time."""
    former = {case.pk: case for case in cases}
    members = list(standing.waiting(group).filter(case__in=former, former_state=""))
    for member in members:
        case = former[member.case_id]
        member.former_state = case.state
        member.former_organisation_id, member.former_handler_id = case.organisation_id, case.handler_id
    Member.objects.bulk_update(members, ["former_state", "former_organisation", "former_handler"])


def _put_back(member: Member, *, actor: Account, reason: str) -> str | None:
    """Give the case back the unit and handler that it had before it was sent along; return why that can not be."""
    case = Case.objects.get(pk=member.case_id)
    note = f"退出合并，恢复合并前的承办单位：{reason.strip()}"
    try:
        if member.former_state == "accepted":
            advance(case, "recall", actor=actor, note=note)
        else:
            charge: dict[str, Any] = {"organisation": member.former_organisation}
            if member.former_handler:
                charge["handler"] = member.former_handler
            advance(case, "reassign", actor=actor, note=note, **charge)
    except Refusal as refusal:
        return "；".join(refusal.data.get("reasons", [refusal.message]))
    member.former_state = ""
    member.save(update_fields=["former_state"])
    return None


def _end(members: Iterable[Member], *, actor: Account, right: str, reason: str) -> Outcome:
    """Let members go, each with its record, and put back what was sent along and how urgent the lead was; a group
    without followers is over."""
    now = timezone.now()
    outcome = Outcome()
    ending = list(members)
    for member in ending:
        member.left_at = now
        member.save(update_fields=["left_at"])
        record(
            "case.leave",
            member.case,
            actor=actor,
            right=right,
            before={"group": member.group_id},
            reason=reason.strip(),
        )
        if member.leads:
            Group.objects.filter(pk=member.group_id).update(ended_at=now)
    for group in {member.group_id for member in ending}:
        lower_lead(group, actor=actor, right=right, reason=reason)
    for member in ending:
        if member.former_state and member.answered_at is None:
            why = _put_back(member, actor=actor, reason=reason)
            outcome.moved += why is None
            outcome.refused += [(member.case.number, (why,))] if why else []
    return outcome
