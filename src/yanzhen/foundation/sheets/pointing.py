"""What points to rows: asked before they are taken back, of every model that the product has."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models.fields.reverse_related import ForeignObjectRel


def pointed_to(model: type[models.Model], ids: models.QuerySet[Any, Any]) -> dict[int, str]:
    """Return, of the ids that `ids` selects, those that another row points to, with the name of one such kind of row.

    Also by relations that have no name on this side. One statement for each, whatever the number of ids.
    """
    found: dict[int, str] = {}
    for relation in model._meta.get_fields(include_hidden=True):
        if not isinstance(relation, ForeignObjectRel):
            continue
        other: Any = relation.related_model
        held = other._default_manager.filter(**{f"{relation.field.name}__in": ids})
        for pk in held.values_list(relation.field.name, flat=True).distinct():
            found.setdefault(pk, str(other._meta.verbose_name))
    return found
