"""By what the hotline's figures may be broken down. Calls add their own (calls.dimensions)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import F, TextField, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast, ExtractHour, Left, LPad

from yanzhen.domains.hotline.models import Case, Category
from yanzhen.engines.indicators.dimensions import DIMENSIONS, Dimension
from yanzhen.foundation.models import Account, Line

CASE = "hotline.case"
TOP = 2
"""Length of the code of a category of the first level."""


def hour_of(field: str) -> Combinable:
    """Return the local hour of a date-time field as two digits, whatever zone the connection is in."""
    hour = ExtractHour(field, tzinfo=ZoneInfo(settings.TIME_ZONE))
    return LPad(Cast(hour, TextField()), 2, Value("0"))


def hour_names(keys: Collection[str]) -> dict[str, str]:
    return {key: f"{key}:00–{key}:59" for key in keys}


def line_names(keys: Collection[str]) -> dict[str, str]:
    return dict(Line.objects.filter(code__in=keys).values_list("code", "name"))


def agent_names(keys: Collection[str]) -> dict[str, str]:
    """Return the names of accounts; of those that share one with another of them, the login too."""
    found = list(Account.objects.filter(pk__in=[int(key) for key in keys]))
    many = Counter(map(str, found))
    return {
        str(each.pk): f"{each}（{each.username}）" if many[str(each)] > 1 else str(each) for each in found
    }


def _category_names(keys: Collection[str]) -> dict[str, str]:
    return dict(Category.objects.filter(code__in=keys).values_list("code", "name"))


def _channel_names(_keys: Collection[str]) -> dict[str, str]:
    return {str(value): str(label) for value, label in Case.Channel.choices}


BY_LINE = DIMENSIONS.add(Dimension(CASE, "line", "条线", F("organisation__line_id"), line_names))
"""The line of the unit in charge: all appeals come in on the union's own."""
BY_AGENT = DIMENSIONS.add(Dimension(CASE, "agent", "人员", F("handler_id"), agent_names))
BY_CATEGORY = DIMENSIONS.add(
    Dimension(CASE, "category", "诉求类别", Left("category_id", TOP), _category_names, ordered=True)
)
BY_HOUR = DIMENSIONS.add(Dimension(CASE, "hour", "时段", hour_of("received_at"), hour_names, ordered=True))
BY_CHANNEL = DIMENSIONS.add(Dimension(CASE, "channel", "渠道", F("channel"), _channel_names))
