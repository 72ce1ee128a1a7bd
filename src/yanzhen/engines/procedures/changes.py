"""What a move may change on its subject: taken by declaration, checked by the field itself."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone

from yanzhen.engines.procedures.declare import Transition
from yanzhen.engines.procedures.models import Subject
from yanzhen.foundation.errors import Invalid
from yanzhen.foundation.fields import field_of
from yanzhen.foundation.models import Account

SHORT = 32


def cleaned(
    subject: Subject, move: Transition, changes: Mapping[str, Any], *, actor: Account, at: datetime | None
) -> dict[str, Any]:
    """Return all values that the move writes; raises Invalid with a reason for each field that is wrong.

    A field that the transition does not take is a programmer's mistake: TypeError.
    """
    if unknown := changes.keys() - {*move.fields, *move.optional}:
        raise TypeError(f"{move.code} takes no {sorted(unknown)}")
    problems: dict[str, str] = {}
    values: dict[str, Any] = {**dict(move.sets), **dict.fromkeys(move.stamps, at or timezone.now())}
    values |= {name: getattr(subject, source) for name, source in move.keeps}
    values |= dict.fromkeys(move.signs, actor)
    if move.takes_on:
        values["handler"] = actor
    for name in (*move.fields, *(n for n in move.optional if n in changes)):
        field = field_of(subject, name)
        value = changes.get(name)
        if name in move.fields and value in (None, ""):
            problems[name] = f"请填写{field.verbose_name}"
            continue
        try:
            values[name] = value if isinstance(field, models.ForeignKey) else field.clean(value, subject)
        except ValidationError as error:
            problems[name] = "；".join(error.messages)
    if problems:
        raise Invalid("；".join(problems.values()), fields=problems)
    return values


def spoken(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values as a record keeps them: rows by id, long text by its digest, so that it can be proven
    later and yet nobody's story stands in the records."""
    return {name: _spoken(value) for name, value in values.items()}


def _spoken(value: Any) -> Any:
    if isinstance(value, models.Model):
        return value.pk
    return proof_of(value) if isinstance(value, str) and len(value) > SHORT else value


def proof_of(text: str) -> dict[str, Any]:
    """Return what proves a text later without telling it."""
    return {"sha256": hashlib.sha256(text.encode()).hexdigest(), "characters": len(text)}
