"""Figures of closing: who was reached, how the service was, what the second look found, what was unreasonable.

Resolution and satisfaction over all closed cases stand with the hotline's own. Definitions: docs/rules/closing.md.
"""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery

from yanzhen.domains.hotline.closing.models import Attempt, Sampled, Survey, Unreasonable
from yanzhen.domains.hotline.models import Case
from yanzhen.domains.hotline.queries import worklist
from yanzhen.engines.indicators.declare import INDICATORS, Indicator, Ratio, Unit
from yanzhen.foundation.models import Account

BASIS = "docs/rules/closing.md"
SATISFIED = Case.Satisfaction.SATISFIED


def _closed(account: Account) -> QuerySet[Case]:
    """Closed cases with what was said of the service last, whether the caller refused, whether it is marked."""
    mine = {"case": OuterRef("pk")}
    last = Survey.objects.filter(**mine, round_at=OuterRef("answered_at")).exclude(service="").order_by("-pk")
    refused = Attempt.objects.filter(
        **mine, round_at=OuterRef("answered_at"), outcome=Attempt.Outcome.REFUSED, corrected_by=None
    )
    marks = Unreasonable.objects.filter(**mine, state__in=Unreasonable.IN_EFFECT)
    return (
        worklist(account)
        .filter(state="closed")
        .annotate(service=Subquery(last.values("service")[:1]), refused=Exists(refused), marked=Exists(marks))
    )


def _looked_at(account: Account) -> QuerySet[Case]:
    """Cases at which a second person looked, whatever became of them since, by their last look."""
    last = Sampled.objects.filter(case=OuterRef("pk"), reviewed_at__isnull=False).order_by("-reviewed_at")
    return (
        worklist(account)
        .annotate(
            looked_at=Subquery(last.values("reviewed_at")[:1]),
            passed_look=Subquery(last.values("passed")[:1]),
        )
        .filter(looked_at__isnull=False)
    )


CONTACTED = INDICATORS.add(
    Indicator(
        code="closing.contacted", label="回访联系率", unit=Unit.PERCENT, basis=BASIS,
        definition="期内办结且作过回访的工单中，联系到诉求人（含网上作答）的占比；明确拒绝回访的单列，不计入分母。",
        records=_closed, dated="ended_at",
        measure=Ratio(
            part=Q(reached=True), base=Q(reached__isnull=False) & Q(refused=False), base_label="作过回访且未拒访"
        ),
    )
)  # fmt: skip
REFUSED = INDICATORS.add(
    Indicator(
        code="closing.refused", label="拒绝回访率", unit=Unit.PERCENT, basis=BASIS,
        definition="期内办结且作过回访的工单中，诉求人明确拒绝回访的占比；与无人接听、占线分开。",
        records=_closed, dated="ended_at",
        measure=Ratio(part=Q(refused=True), base=Q(reached__isnull=False), base_label="作过回访"),
    )
)  # fmt: skip
RESULT = INDICATORS.add(
    Indicator(
        code="closing.satisfied", label="结果满意度（不含不合理诉求）", unit=Unit.PERCENT, basis=BASIS,
        definition="期内办结并作出评价的工单，除去经认定的不合理诉求，评价为满意的占比；除去多少见“不合理诉求占比”，"
        "同时公布评价数和未评价占比。",
        records=_closed, dated="ended_at",
        measure=Ratio(
            part=Q(satisfaction=SATISFIED), base=~Q(satisfaction="") & Q(marked=False),
            base_label="作出评价且未认定不合理",
        ),
    )
)  # fmt: skip
SERVICE = INDICATORS.add(
    Indicator(
        code="closing.service_satisfied", label="服务满意度", unit=Unit.PERCENT, basis=BASIS,
        definition="期内办结并就服务态度作出评价的工单，除去经认定的不合理诉求，评价为满意的占比；与结果满意度分开。",
        records=_closed, dated="ended_at",
        measure=Ratio(
            part=Q(service=SATISFIED), base=Q(service__isnull=False) & Q(marked=False),
            base_label="就服务作出评价且未认定不合理",
        ),
    )
)  # fmt: skip
UNREASONABLE = INDICATORS.add(
    Indicator(
        code="closing.unreasonable", label="不合理诉求占比", unit=Unit.PERCENT, basis=BASIS,
        definition="期内办结的工单中，经第二人认定不合理且未被撤销的占比；异议复核期间不计。",
        records=_closed, dated="ended_at",
        measure=Ratio(part=Q(marked=True), base=Q(), base_label="期内办结"),
    )
)  # fmt: skip
SAMPLE_FAILED = INDICATORS.add(
    Indicator(
        code="closing.sample_failed", label="抽检不合格率", unit=Unit.PERCENT, basis=BASIS,
        definition="期内复核的抽检工单中，建议重新办理的占比；按复核时间归期，其后重新办理的仍计入。",
        records=_looked_at, dated="looked_at",
        measure=Ratio(part=Q(passed_look=False), base=Q(), base_label="期内复核"),
    )
)  # fmt: skip
