"""Reading records: the history of one row, and all that an account may look into."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django.db import models
from django.db.models import OuterRef, Q, Subquery

from yanzhen.foundation.models import Account, Leaf, Record
from yanzhen.foundation.scope import kept_subjects

RIGHT = "record.view"


def history(subject: models.Model | tuple[str, Any]) -> models.QuerySet[Record]:
    """Return the records of one row, given itself or as (type, id), oldest first."""
    kind, pk = subject if isinstance(subject, tuple) else (subject._meta.label_lower, subject.pk)
    return Record.objects.filter(subject_type=kind, subject_id=str(pk)).order_by("id")


def histories(rows: Iterable[models.Model]) -> models.QuerySet[Record]:
    """Return the records of several rows together, oldest first."""
    ids: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        ids[row._meta.label_lower].append(str(row.pk))
    found = Q(pk=None)
    for kind, names in ids.items():
        found |= Q(subject_type=kind, subject_id__in=names)
    return Record.objects.filter(found).order_by("id")


def seen_by(account: Account, *, beside: Iterable[int] = ()) -> models.QuerySet[Record]:
    """Return the records of places where the account holds `record.view`, newest first, each with its checkpoint.

    What belongs to no place (accounts, parameters, keys) is for those who look over all lines of a province. What
    speaks of rows that are kept from the account is left out; read it with everything in reach. `beside` are the ids of
    records that belong to no place and tell of a row whose records the account may look into.
    """
    mine = Q(pk=None)
    for reach in account.reaches(RIGHT):
        here = Q(region_id__startswith=reach.prefix)
        mine |= here & Q(line_id=reach.line) if reach.line else here
        if reach.line is None and len(reach.prefix) == 2:
            mine |= Q(region_id="")
    sealed = Leaf.objects.filter(record_id=OuterRef("pk")).values("checkpoint_id")
    if kept := kept_subjects(account):
        mine &= ~kept
    if listed := list(beside):
        mine |= Q(pk__in=listed)
    return Record.objects.filter(mine).annotate(checkpoint=Subquery(sealed)).order_by("-id")


def lists_that_showed(desk: str, pk: int, most: int) -> list[int]:
    """Return the ids of the newest records of lists of `desk` that showed the row `pk`: the index `record_lists` has them."""
    shown = Record.objects.filter(
        verb="read", subject_type=Account._meta.label_lower, after__ids__contains=[pk], after__desk=desk
    )
    return list(shown.order_by("-pk").values_list("pk", flat=True)[:most])


def names_of(model: type[models.Model], ids: Iterable[str]) -> dict[str, str]:
    """Return what the rows are called that records point to, by id."""
    return {str(row.pk): str(row) for row in model._default_manager.filter(pk__in=ids)}
