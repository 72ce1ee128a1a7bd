"""How many matters stand behind the appeals, and how many callers had to come back. docs/rules/repeats.md."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Q, QuerySet

from yanzhen.domains.hotline.models import Case
from yanzhen.domains.hotline.queries import worklist
from yanzhen.domains.hotline.repeats.models import Member
from yanzhen.domains.hotline.repeats.traces import window
from yanzhen.engines.indicators.declare import INDICATORS, Count, Indicator, Ratio, Unit
from yanzhen.foundation.models import Account

BASIS = "docs/rules/repeats.md"


def _matters(account: Account) -> QuerySet[Case]:
    """Appeals without those that follow a lead: a group is one matter, each of it an appeal."""
    follows = Member.objects.filter(case=OuterRef("pk"), left_at=None, leads=False)
    return worklist(account).filter(~Exists(follows))


def _with_earlier(account: Account) -> QuerySet[Case]:
    """Appeals, each with whether the same phone came with the same category within the window before."""
    earlier = Case.objects.filter(
        phone_hash=OuterRef("phone_hash"),
        category=OuterRef("category"),
        received_at__lt=OuterRef("received_at"),
        received_at__gte=OuterRef("received_at") - window("hotline.repeat_window"),
    )
    return worklist(account).annotate(repeated=Exists(earlier))


MATTERS = INDICATORS.add(
    Indicator(
        code="repeats.matters",
        label="诉求事项",
        unit=Unit.ITEMS,
        basis=BASIS,
        definition="期内来件的诉求，合并办理的一组只计一项，按主件来件时间归期；与“收到诉求”对照看。",
        records=_matters,
        dated="received_at",
        measure=Count(),
    )
)
RATE = INDICATORS.add(
    Indicator(
        code="repeats.rate",
        label="重复诉求率",
        unit=Unit.PERCENT,
        basis=BASIS,
        definition="期内来件中，同一电话在统计窗口（默认 30 日）内曾就同一类别来件的占比；不含匿名、未留电话和未分类的。",
        records=_with_earlier,
        dated="received_at",
        measure=Ratio(
            part=Q(repeated=True),
            base=Q(phone_hash__isnull=False, category__isnull=False),
            base_label="留有电话并已分类",
        ),
    )
)
