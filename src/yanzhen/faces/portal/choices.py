"""What the portal's form offers to choose from."""

from __future__ import annotations

from collections import defaultdict

from django.conf import settings
from django.utils.translation import gettext

from yanzhen.faces.places import categories, cities_and_counties
from yanzhen.foundation.models import Region

Choice = tuple[str, str]
Group = tuple[str, list[Choice]]


def region_choices() -> list[Choice | Group]:
    """Return the province's counties grouped by city.

    Each group begins with the city itself, for those who do not know the county; the province comes last.
    """
    names: dict[str, str] = {}
    counties: dict[str, list[Choice]] = defaultdict(list)
    for code, name, level, parent in cities_and_counties():
        if level == Region.Level.CITY:
            names[code] = name
        else:
            counties[parent or ""].append((code, name))
    groups: list[Choice | Group] = [
        (name, [(code, gettext("%(city)s（不清楚区县）") % {"city": name}), *counties[code]])
        for code, name in names.items()
    ]
    others = [choice for city, choices in counties.items() if city not in names for choice in choices]
    return [
        ("", gettext("请选择")),
        *groups,
        *others,
        (settings.PROVINCE, gettext("不清楚，或涉及多个市")),
    ]


def category_choices() -> list[Choice]:
    """Return the first level of the tree: staff choose the leaf."""
    return [("", gettext("说不清，由工作人员判断")), *(row for row in categories() if len(row[0]) == 2)]
