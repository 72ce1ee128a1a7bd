"""What a move or a filter of any kind of subject is given over the API, read as the engine takes it."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import ForeignKey
from django.utils import timezone

from yanzhen.engines.procedures.models import Subject
from yanzhen.faces.api.schemas import MoveIn
from yanzhen.foundation.errors import Invalid

NAMED_BY = {"region": "code", "category": "code", "organisation": "id", "handler": "username"}
"""How a move names the row that a field points to."""


def midnight(day: date) -> datetime:
    return datetime.combine(day, time(), timezone.get_default_timezone())


def changes_of(subject: Subject, move: MoveIn) -> dict[str, Any]:
    """Return the move's fields with the rows that they name; raises Invalid for a field that the move does not take."""
    declared = subject.procedure.transition(subject.state, move.transition)
    if declared is None:
        return {}
    problems = dict.fromkeys(move.fields.keys() - {*declared.fields, *declared.optional}, "这一步没有此字段")
    values: dict[str, Any] = {}
    for name in move.fields.keys() - problems.keys():
        try:
            values[name] = _value(type(subject), name, move.fields[name])
        except ValidationError as error:
            problems[name] = "；".join(error.messages)
    if problems:
        message = "；".join(f"{name}：{reason}" for name, reason in problems.items())
        raise Invalid(message, fields={f"fields.{name}": reason for name, reason in problems.items()})
    return values


def _value(model: type[Subject], name: str, given: Any) -> Any:
    """Return the row that `given` names where the field points to one, else `given`: the engine checks that."""
    field = model._meta.get_field(name)
    if not isinstance(field, ForeignKey):
        return given
    if not isinstance(given, str | int | None):
        raise ValidationError(f"{field.verbose_name}应为文字或数字")
    return field.formfield(to_field_name=NAMED_BY[name], required=False).clean(given)  # type: ignore[union-attr]
