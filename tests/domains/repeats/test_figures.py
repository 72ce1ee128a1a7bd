from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from tests.factories import AccountFactory, CaseFactory, RegionFactory
from tests.hotline import county
from yanzhen.domains.hotline.models import Case
from yanzhen.domains.hotline.repeats import indicators
from yanzhen.domains.hotline.repeats.models import Group, Member
from yanzhen.engines.indicators.declare import Indicator, Period
from yanzhen.engines.indicators.figures import figure

pytestmark = pytest.mark.django_db

MAY = datetime(2026, 5, 10, 9, tzinfo=ZoneInfo("Asia/Shanghai"))


def told(what: Indicator) -> tuple[Decimal | None, int, int]:
    reader = AccountFactory(grants=[(RegionFactory(code="370000"), None, "case.view")])
    found = figure(what, account=reader, region=RegionFactory(code="370000"), period=Period.month(2026, 5))
    return found.value, found.n, found.total


def case(days: float = 0, phone: bytes | None = b"1" * 32, **given) -> Case:
    at = MAY + timedelta(days=days)
    return CaseFactory(
        **{"region": RegionFactory(code="370102"), "received_at": at, "phone_hash": phone} | given
    )


def test_who_comes_back_with_the_same_topic_within_the_window_is_a_repeat():
    place = county()
    topic = {"category": place.category}
    case(-31, **topic)
    case(0, **topic)
    case(5, **topic)
    case(6, phone=b"2" * 32, **topic)
    case(7)
    case(8, phone=None, **topic)

    assert told(indicators.RATE) == (Decimal("33.33"), 3, 5)


def test_a_group_is_one_matter_and_several_appeals():
    place = county()
    lead, member, alone = case(), case(1), case(2)
    group = Group.objects.create(opened_at=MAY)
    for row, leads in ((lead, True), (member, False)):
        Member.objects.create(
            group=group,
            case=row,
            leads=leads,
            kind="" if leads else "callers",
            joined_at=MAY,
            joined_by=place.clerk,
        )

    assert told(indicators.MATTERS) == (Decimal(2), 2, 2)
    Member.objects.update(left_at=MAY + timedelta(days=1))
    assert told(indicators.MATTERS) == (Decimal(3), 3, 3)
    assert alone.number != lead.number
