"""What makes a case findable as a repeat: the keys of its text and the hashes of the names in it."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from yanzhen.domains.hotline.hotspots.sources import KIND
from yanzhen.domains.hotline.models import Case
from yanzhen.domains.hotline.repeats.models import Trace
from yanzhen.engines.similarity.fingerprint import hash_of
from yanzhen.engines.similarity.index import index as index_text
from yanzhen.engines.similarity.sources import Words
from yanzhen.engines.similarity.text import name_normal
from yanzhen.foundation import parameters

BATCH = 2000
NEW = timedelta(days=1)


def name_hash(name: str) -> int | None:
    """Return the hash under which a firm or a place is found; None where none is named."""
    core = name_normal(name)
    return hash_of(core.encode()) if core else None


@transaction.atomic
def index(case: Case) -> None:
    """Make the case findable. May be run again."""
    index_text(KIND, case.pk, Words(case.title, case.body).whole)
    Trace.objects.update_or_create(
        record=case.pk,
        defaults={"employer": name_hash(case.employer), "place": name_hash(case.place)},
    )


def index_missed(within: timedelta) -> int:
    """Index the newest cases received `within` that have no trace yet, a batch of them; return how many.

    Needs everything in reach.
    """
    traced = Trace.objects.filter(record=OuterRef("pk"))
    missed = Case.objects.filter(~Exists(traced), received_at__gte=timezone.now() - within)
    found = list(missed.order_by("-received_at", "-pk")[:BATCH])
    for case in found:
        index(case)
    return len(found)


def window(code: str) -> timedelta:
    """Return a parameter of the province in days, as of today."""
    found = parameters.get(code, on=timezone.localdate(), region=settings.PROVINCE)
    return timedelta(days=int(found.value))
