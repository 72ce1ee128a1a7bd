"""What holds for the moves of a case in a group: docs/rules/repeats.md. For the procedure of cases to name."""

from __future__ import annotations

from yanzhen.domains.hotline.models import Case
from yanzhen.domains.hotline.repeats.standing import followers, lead_of, memberships

LEAVE = "如须单独办理，请先在“重复与合并”中退出合并"


def is_not_led(case: Case) -> str | None:
    """并入主件的，由主件统一办理"""
    lead = lead_of(case)
    return f"本件已并入 {_number(lead.case_id)} 合并办理，由主件统一答复；{LEAVE}" if lead else None


def nobody_waits_for_it(case: Case) -> str | None:
    """主件的答复须同时答复各并入件"""
    count = followers(case)
    return f"有 {count} 件并入本件合并办理，请在“重复与合并”中统一答复，或先解散合并" if count else None


def follows_its_lead(case: Case) -> str | None:
    """并入件只能派给主件的承办单位，不另行指定承办人"""
    lead = lead_of(case)
    if lead is None:
        return None
    row = Case.objects.filter(pk=lead.case_id).values_list("number", "organisation").first()
    number, organisation = row or (_UNSEEN, None)
    if case.organisation_id == organisation and case.handler_id is None:
        return None
    return f"本件已并入 {number} 合并办理，只能派给主件的承办单位，且不另行指定承办人；{LEAVE}"


def was_sent_along(case: Case) -> str | None:
    """只有随主件派出、已退出合并而未答复的，才能撤回派单"""
    if any(m.left_at and m.former_state == "accepted" and m.answered_at is None for m in memberships(case)):
        return None
    return "只有合并时随主件派出、现已退出合并的，才能撤回派单；其他的请由承办单位退回，或改派单位"


_UNSEEN = "另一件工单"


def _number(case: int) -> str:
    return Case.objects.filter(pk=case).values_list("number", flat=True).first() or _UNSEEN
