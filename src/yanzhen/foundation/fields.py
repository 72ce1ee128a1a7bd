"""A model's columns by name, typed."""

from __future__ import annotations

from typing import Any, cast

from django.db import models


def field_of(model: models.Model | type[models.Model], name: str) -> models.Field[Any, Any]:
    """Return the concrete field `name`; raises FieldDoesNotExist."""
    return cast("models.Field[Any, Any]", model._meta.get_field(name))
