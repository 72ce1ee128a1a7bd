"""What a record says was changed, as fields and their values; what nobody can name stays in the record's own words."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias, cast

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext

from yanzhen.engines.procedures.declare import PROCEDURES, Procedure
from yanzhen.engines.procedures.models import Subject
from yanzhen.faces.console.cells import UNKNOWN
from yanzhen.foundation.models import Record
from yanzhen.foundation.records import names_of
from yanzhen.foundation.scope import Scoped

Names = Mapping[tuple[type[models.Model], str], str]
Field: TypeAlias = "models.Field[Any, Any]"


@dataclass(frozen=True, slots=True)
class Change:
    label: str
    before: str
    """"" where the record tells only what came of it."""
    after: str


def model_of(record: Record) -> type[models.Model] | None:
    """Return the model that a record speaks of; None where there is no such thing any more."""
    try:
        return apps.get_model(record.subject_type)
    except (LookupError, ValueError):
        return None


def procedure_of(record: Record) -> Procedure | None:
    model = model_of(record)
    return PROCEDURES.current(model.procedure_code) if model and issubclass(model, Subject) else None


def changes(record: Record, names: Names) -> list[Change]:
    """Return what changed in the fields of the row. `names` is that of `names_in`."""
    model, procedure = model_of(record), procedure_of(record)
    before, after = record.before or {}, record.after or {}
    found = []
    for key in dict.fromkeys((*before, *after)):
        field = _field(model, key)
        if field is None:
            continue
        old, new = (_said(field, given.get(key), procedure, names) for given in (before, after))
        if key not in before or old != new:
            found.append(Change(str(field.verbose_name), old if key in before else "", new))
    return found


def names_in(records: Iterable[Record]) -> Names:
    """Return what the rows are called that the fields of the records point to: a statement for each kind of row.

    Those behind a wall are left out: not everybody may know them.
    """
    wanted: dict[type[models.Model], set[str]] = {}
    for record in records:
        for given in (record.before or {}, record.after or {}):
            for key, value in given.items():
                model = _target(_field(model_of(record), key))
                if model and isinstance(value, int | str) and value != "":
                    wanted.setdefault(model, set()).add(str(value))
    return {(model, pk): name for model, ids in wanted.items() for pk, name in names_of(model, ids).items()}


def raw(record: Record) -> str:
    """Return what was before and after as one line each, as the record holds it."""
    pairs = (("-", record.before), ("+", record.after))
    return "\n".join(f"{sign} {json.dumps(v, ensure_ascii=False)}" for sign, v in pairs if v)


def _field(model: type[models.Model] | None, key: str) -> Field | None:
    """Return the field of that name; None also for one without a name that people read."""
    try:
        field = model._meta.get_field(key) if model else None
    except FieldDoesNotExist:
        return None
    said = isinstance(field, models.Field) and str(field.verbose_name) != key.replace("_", " ")
    return cast(Field, field) if said else None


def _target(field: Field | None) -> type[models.Model] | None:
    """Return the model whose rows the field names, where no wall is before them."""
    if not isinstance(field, models.ForeignKey):
        return None
    model = cast(type[models.Model], field.related_model)
    return None if issubclass(model, Scoped) and model.walled else model


def _said(field: Field, value: Any, procedure: Procedure | None, names: Names) -> str:
    if value is None or value == "":
        return UNKNOWN
    if field.name == "state" and procedure:
        state = next((s.label for s in procedure.states if s.code == value), value)
        return gettext(state)
    if isinstance(value, bool):
        return gettext("是") if value else gettext("否")
    if isinstance(value, dict):
        length = value.get("characters")
        return gettext("%d 字，只存摘要") % length if length else json.dumps(value, ensure_ascii=False)
    if model := _target(field):
        return names.get((model, str(value)), str(value))
    if field.choices:
        return gettext(str(dict(field.flatchoices).get(value, value)))
    if isinstance(field, models.DateTimeField) and (at := parse_datetime(str(value))):
        return f"{timezone.localtime(at):%Y-%m-%d %H:%M}"
    return "、".join(map(str, value)) if isinstance(value, list) else str(value)
