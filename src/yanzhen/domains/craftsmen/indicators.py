"""The ladder's figures. People by highest title and titles as such are two figures, never one: docs/rules/craftsmen.md."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Q, QuerySet

from yanzhen.domains.craftsmen.models import Instalment, Mentorship
from yanzhen.domains.craftsmen.queries.people import held, highest_held
from yanzhen.domains.craftsmen.queries.registers import instalments, mentorships
from yanzhen.domains.craftsmen.titles import BASIS, LEADS
from yanzhen.engines.honours.models import Honour
from yanzhen.engines.indicators.declare import INDICATORS, Count, Indicator, Ratio, Sum, Unit
from yanzhen.foundation.models import Account


def _leads(account: Account) -> QuerySet[Honour]:
    """The highest titles, each with whether its holder has an apprentice now."""
    active = Mentorship.objects.filter(mentor=OuterRef("person"), state="active")
    return highest_held(account).annotate(teaches=Exists(active))


def _confirmed(account: Account) -> QuerySet[Mentorship]:
    return mentorships(account).exclude(state__in=("proposed", "dropped"))


def _paid(account: Account) -> QuerySet[Instalment]:
    return instalments(account).filter(state="paid")


PERSONS = INDICATORS.add(
    Indicator(
        code="craftsmen.persons_by_highest_title", label="工匠人数（按最高称号计人）", unit=Unit.PERSONS, basis=BASIS,
        definition="现持有有效工匠称号的人，每人只按最高称号计一次，按该称号的授予日期归期；不含已暂停、撤销、到期的。与按称号计项的数不可相加。",
        records=highest_held, dated="awarded_on", measure=Count(),
    )
)  # fmt: skip
TITLES_HELD = INDICATORS.add(
    Indicator(
        code="craftsmen.titles_held", label="工匠称号（按称号计项）", unit=Unit.ITEMS, basis=BASIS,
        definition="现有效的工匠称号，一人有几项计几项，按授予日期归期。一人多称号时大于人数，不得当作人数引用。",
        records=held, dated="awarded_on", measure=Count(),
    )
)  # fmt: skip
TEACHING = INDICATORS.add(
    Indicator(
        code="craftsmen.leads_teaching", label="领雁带徒率", unit=Unit.PERCENT, basis=BASIS,
        definition="最高称号为大国工匠或鲁班首席工匠的人中，现有在带徒弟的占比；按称号授予日期归期。",
        records=_leads, dated="awarded_on", measure=Ratio(part=Q(teaches=True), base=Q(title__in=LEADS), base_label="领雁"),
    )
)  # fmt: skip
MENTORSHIPS = INDICATORS.add(
    Indicator(
        code="craftsmen.mentorships", label="师徒结对", unit=Unit.ITEMS, basis=BASIS,
        definition="期内登记并经确认的师徒结对，含后来出师和提前终止的；按登记时间归期。",
        records=_confirmed, dated="started_at", measure=Count(),
    )
)  # fmt: skip
GRADUATED = INDICATORS.add(
    Indicator(
        code="craftsmen.graduated", label="出师率", unit=Unit.PERCENT, basis=BASIS,
        definition="期内登记并经确认、现已结束的师徒结对中，出师的占比；其余为提前终止。",
        records=_confirmed, dated="started_at",
        measure=Ratio(part=Q(state="graduated"), base=Q(ended_at__isnull=False), base_label="已结束"),
    )
)  # fmt: skip
GRANTED = INDICATORS.add(
    Indicator(
        code="craftsmen.grants_paid", label="工作室资助拨付额", unit=Unit.YUAN, basis=BASIS,
        definition="期内拨付的工匠工作室资助，按登记的拨付日期归期；只含评审通过后拨付的各期。",
        records=_paid, dated="paid_on", measure=Sum("amount_yuan"),
    )
)  # fmt: skip
