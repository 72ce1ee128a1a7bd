"""By what the ladder's figures may be broken down."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import F, Value
from django.db.models.functions import Left, NullIf

from yanzhen.domains.craftsmen.sections import SECTIONS
from yanzhen.domains.craftsmen.titles import labels
from yanzhen.engines.indicators.dimensions import DIMENSIONS, Dimension
from yanzhen.foundation.models import Person

HONOUR, MENTORSHIP, INSTALMENT = "honours.honour", "craftsmen.mentorship", "craftsmen.instalment"
SECTION = NullIf(Left("organisation__industry", 1), Value(""))


def _titles(_keys: Collection[str]) -> dict[str, str]:
    return dict(labels())


def _sexes(_keys: Collection[str]) -> dict[str, str]:
    return {str(value): str(label) for value, label in Person.Sex.choices}


def _sections(_keys: Collection[str]) -> dict[str, str]:
    return SECTIONS


BY_TITLE = DIMENSIONS.add(Dimension(HONOUR, "title", "称号", F("title"), _titles))
BY_MENTOR_TITLE = DIMENSIONS.add(Dimension(MENTORSHIP, "title", "称号", F("mentor_title"), _titles))
BY_GRANT_TITLE = DIMENSIONS.add(Dimension(INSTALMENT, "title", "称号", F("grant__title"), _titles))
BY_SEX = DIMENSIONS.add(Dimension(HONOUR, "sex", "性别", F("person__sex"), _sexes))
BY_INDUSTRY = DIMENSIONS.add(Dimension(HONOUR, "industry", "行业门类", SECTION, _sections))
BY_APPRENTICE_INDUSTRY = DIMENSIONS.add(Dimension(MENTORSHIP, "industry", "行业门类", SECTION, _sections))
BY_STUDIO_INDUSTRY = DIMENSIONS.add(Dimension(INSTALMENT, "industry", "行业门类", SECTION, _sections))
