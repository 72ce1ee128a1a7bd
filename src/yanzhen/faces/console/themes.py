"""Fields that choose a category of appeals; of one that is not in force they say so."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.db.models import QuerySet

from yanzhen.domains.hotline.models import Category
from yanzhen.domains.hotline.queries import category_problem
from yanzhen.faces.console.choices import Choice, Group
from yanzhen.faces.console.pickers import EMPTY


class CategoryField(forms.ModelChoiceField):  # type: ignore[type-arg]  # not generic when it runs
    def to_python(self, value: Any) -> Any:
        try:
            return super().to_python(value)
        except forms.ValidationError as error:
            raise _told(value, error) from None


class CategoryCodeField(forms.ChoiceField):
    """The same for a form that keeps the code alone."""

    def validate(self, value: Any) -> None:
        try:
            super().validate(value)
        except forms.ValidationError as error:
            raise _told(value, error) from None


def category_field(rows: QuerySet[Category], offered: Iterable[Choice | Group]) -> CategoryField:
    """Choose one of `rows` from `offered`, which names them by code, in groups."""
    field = CategoryField(rows)
    field.choices = [EMPTY, *offered]
    return field


def _told(value: Any, error: forms.ValidationError) -> forms.ValidationError:
    problem = category_problem(str(value)) if value else None
    return forms.ValidationError(problem) if problem else error
