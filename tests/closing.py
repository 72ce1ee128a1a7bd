"""What the tests of closing share: hours of the day, second persons, a sample ready to be looked at."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from tests.factories import AccountFactory
from tests.hotline import County
from yanzhen.domains.hotline.closing.models import Sampled
from yanzhen.domains.hotline.closing.points import POINTS
from yanzhen.domains.hotline.closing.sampling import draw_day
from yanzhen.domains.hotline.models import Case
from yanzhen.foundation.models import Account

WHY = "同一事项已依法答复三次，无新的事实。"
ALL_PASS = {point.code: "pass" for point in POINTS}


def at(days_ago: int, hour: int, minute: int = 0) -> datetime:
    """Return an hour of a day before today."""
    return (timezone.localtime() - timedelta(days=days_ago)).replace(
        hour=hour, minute=minute, second=0, microsecond=0
    )


def answered(place: County, days_ago: int = 9) -> Case:
    """A case that was answered so many days ago, so that calls can lie in the past."""
    case = place.answered()
    Case.objects.filter(pk=case.pk).update(answered_at=at(days_ago, 0))
    case.refresh_from_db()
    return case


def checker(place: County, **given: Any) -> Account:
    return AccountFactory(grants=[(place.region, None, "case.view case.check")], **given)


def sample_of(place: County) -> Sampled:
    """A closed case of yesterday, drawn."""
    case = place.closed()
    Case.objects.filter(pk=case.pk).update(ended_at=at(1, 12))
    draw_day(timezone.localdate() - timedelta(days=1))
    return Sampled.objects.select_related("case", "draw").get(case=case)
