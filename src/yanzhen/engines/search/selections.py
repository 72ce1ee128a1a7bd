"""What of an application is searched: its title, its number by how it begins, and the unit by words of its name."""

from __future__ import annotations

import re

from django.db.models import Q

from yanzhen.engines.programmes.models import Application
from yanzhen.engines.search.declare import SEARCHABLES, Searchable
from yanzhen.engines.search.finding import find
from yanzhen.foundation.models import Organisation

NUMBER = re.compile(r"SB-?\d[\d-]*[A-Z]?", re.ASCII | re.IGNORECASE)
"""How the number of an application begins; a whole one is longer."""


def by_number(text: str) -> Q | None:
    """A range and no LIKE: under row-level security an index serves only operators that can not leak."""
    if not NUMBER.fullmatch(text):
        return None
    first = text.upper()
    return Q(number__gte=first, number__lt=first[:-1] + chr(ord(first[-1]) + 1))


def of_unit(text: str) -> Q | None:
    """Applications of the units in reach whose names have the words; which unit it is stands on every page of them."""
    found = find(UNITS, text)
    if found.ids == () or found.near:
        return None
    return Q(organisation__in=found.narrow(Organisation.objects.order_by()).values("pk"))


UNITS = SEARCHABLES.add(Searchable(code="foundation.organisation", model=Organisation, fields=("name",)))
APPLICATIONS = SEARCHABLES.add(
    Searchable(
        code="programmes.application",
        model=Application,
        fields=("title",),
        elsewhere=of_unit,
        instead=by_number,
    )
)
