"""Forms made from declarations: the fields of a move, and the few others that hang on a subject."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.db import models
from django.utils.translation import gettext

from yanzhen.engines.procedures.declare import Transition
from yanzhen.engines.procedures.models import Subject
from yanzhen.faces.console.desk import Desk
from yanzhen.faces.console.pickers import EMPTY
from yanzhen.foundation.fields import field_of
from yanzhen.foundation.models import Account

YES_NO = (EMPTY, ("true", "是"), ("false", "否"))
LONG_TEXT = 4


def text_field(label: Any, *, required: bool = True, help_text: Any = "") -> forms.CharField:
    """A field for a few sentences."""
    return forms.CharField(
        label=label,
        required=required,
        help_text=help_text,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": LONG_TEXT}),
    )


def move_form(
    desk: Desk,
    move: Transition,
    *,
    account: Account,
    row: Subject | None,
    data: Mapping[str, Any] | None = None,
) -> forms.Form:
    """Return the form of a move on `row`, or (None) on a whole list. Which values are right the engine says."""
    form = forms.Form(data, initial=_initial(desk, move, row))
    for name in (*move.fields, *move.optional):
        form.fields[name] = _field(desk, name, account, row, required=name in move.fields)
    label = gettext("说明") if move.note_required else gettext("说明（选填）")
    form.fields["note"] = text_field(label, required=move.note_required)
    if row:
        form.fields["seen"] = forms.IntegerField(widget=forms.HiddenInput, initial=row.step)
    return form


def changes_of(form: forms.Form, move: Transition) -> dict[str, Any]:
    """Return the fields of the move that were filled in. Only after `is_valid`."""
    given = {name: form.cleaned_data[name] for name in (*move.fields, *move.optional)}
    return {name: value for name, value in given.items() if name in move.fields or value not in (None, "")}


def act_form(fields: Mapping[str, forms.Field], data: Mapping[str, Any] | None) -> forms.Form:
    form = forms.Form(data)
    form.fields.update(fields)
    return form


def _initial(desk: Desk, move: Transition, row: Subject | None) -> dict[str, Any]:
    """What the subject holds already, else what the rules propose."""
    if row is None:
        return {}
    advised = {
        name: desk.advice[name](row).value for name in (*move.fields, *move.optional) if name in desk.advice
    }
    stored = {name: getattr(row, field_of(row, name).attname) for name in (*move.fields, *move.optional)}
    return {n: v for n, v in {**advised, **_filled(stored)}.items() if v is not None}


def _filled(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value not in (None, "")}


def _field(desk: Desk, name: str, account: Account, row: Subject | None, *, required: bool) -> forms.Field:
    column = field_of(desk.model, name)
    if name in desk.pickers:
        field: forms.Field = desk.pickers[name](account, row)
    elif isinstance(column, models.BooleanField):
        field = forms.TypedChoiceField(choices=YES_NO, coerce=lambda value: value == "true", empty_value=None)
    elif column.choices and not required:
        field = forms.TypedChoiceField(choices=[EMPTY, *column.flatchoices])
    else:
        field = column.formfield()  # type: ignore[assignment]  # a column that a move takes has a form field
    label = str(column.verbose_name)
    field.label = gettext(label) if required else gettext("%(label)s（选填）") % {"label": gettext(label)}
    field.required = required
    if isinstance(field.widget, forms.Textarea):
        field.widget.attrs["rows"] = 2 * LONG_TEXT
    return field
