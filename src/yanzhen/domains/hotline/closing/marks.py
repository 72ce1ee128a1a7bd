"""Marking a demand unreasonable, and the caller's appeal. The decisions are moves of the mark's own procedure."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from yanzhen.domains.hotline.closing.models import Caller, Unreasonable
from yanzhen.domains.hotline.models import Case
from yanzhen.engines.procedures.engine import advance, start
from yanzhen.foundation import numbering
from yanzhen.foundation.errors import Invalid, NotAllowed, Refusal
from yanzhen.foundation.models import Account
from yanzhen.foundation.records.write import masked

MAY_PROPOSE = ("case.handle", "case.call_back")
UNTOUCHED = ("received", "declined")


@transaction.atomic
def propose_mark(case: Case, *, actor: Account, ground: str, reason: str) -> Unreasonable:
    """Propose that the demand be marked; a second person decides. The case goes on as it would."""
    case = Case.objects.select_for_update(of=("self",)).get(pk=case.pk)
    right = next((right for right in MAY_PROPOSE if actor.has_right(right, case)), None)
    if right is None:
        raise NotAllowed("只有承办人或回访员可以提出：您在该区划和条线没有“承办与答复”或“回访”权限")
    if case.state in UNTOUCHED:
        raise Refusal(f"{case.number} 现为“{case.stage.label}”，受理之后才能提出")
    problems = {}
    if ground not in Unreasonable.Ground.values:
        problems["ground"] = "请选择理由类别"
    if len(reason.strip()) < 10:
        problems["reason"] = "请写明事实和理由（至少 10 个字）"
    if problems:
        raise Invalid("；".join(problems.values()), fields=problems)
    if (old := standing(case)) is not None:
        raise Refusal(f"本件已有“{old.stage.label}”的认定 {old.number}，不能重复提出")
    mark = Unreasonable(
        region_id=case.region_id,
        line_id=case.line_id,
        case=case,
        ground=ground,
        reason=masked(reason.strip()),
    )
    mark.number = numbering.next_number(f"BH{case.region_id[:6]}", at=timezone.now())
    return start(mark, actor=actor, right=right)


def standing(case: Case) -> Unreasonable | None:
    """Return the mark of the case that is neither rejected nor overturned."""
    rows = Unreasonable.objects.filter(case=case).exclude(state__in=("rejected", "overturned"))
    return rows.select_related("case").first()


def appeal_online(case: Case, *, objection: str) -> Unreasonable:
    """The caller, who has shown the secret of the case, appeals against the mark."""
    mark = standing(case)
    if mark is None:
        raise Refusal("这件诉求没有被认定为不合理，无须提出异议")
    caller = Caller()
    caller.case_id = case.pk
    return advance(mark, "object", actor=caller, objection=masked(objection))
