"""The texts of cases, for the index of what says the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from yanzhen.domains.hotline.models import Case
from yanzhen.engines.similarity.sources import SOURCES, Source, Words

KIND = "hotline.case"


def words_of(records: Sequence[int]) -> Mapping[int, Words]:
    """Read titles and bodies of any place: for comparing, not for showing."""
    rows = Case.objects.filter(pk__in=records).values_list("pk", "title", "body")
    return {pk: Words(title, body) for pk, title, body in rows}


def _ids(after: int, most: int) -> list[int]:
    return list(Case.objects.filter(pk__gt=after).order_by("pk").values_list("pk", flat=True)[:most])


SOURCES.add(Source(KIND, "诉求工单", words_of, _ids))
