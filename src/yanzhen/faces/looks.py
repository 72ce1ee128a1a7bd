"""How a form's field looks and speaks to a screen reader: the classes of Bootstrap, set in one place for all forms."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.forms.boundfield import BoundField
from django.forms.renderers import DjangoTemplates
from django.http import HttpRequest
from django.utils.translation import get_language, gettext


class Look(BoundField):
    """A field with its classes; `<c-field>` draws label, help and errors around it."""

    @property
    def checkbox(self) -> bool:
        return isinstance(self.field.widget, forms.CheckboxInput)

    @property
    def labelled(self) -> bool:
        """Whether the label can point to one input; a group of inputs has none of its own."""
        return bool(self.id_for_label)

    def build_widget_attrs(self, attrs: dict[str, Any], widget: forms.Widget | None = None) -> dict[str, Any]:
        widget = widget or self.field.widget
        attrs = super().build_widget_attrs(attrs, widget)
        if not widget.is_hidden:
            own = widget.attrs.get("class", "")
            invalid = "is-invalid" if self.errors else ""
            attrs["class"] = " ".join(filter(None, (own, _class_of(widget), invalid)))
        return attrs


class Renderer(DjangoTemplates):
    """Draws fields by `Look`, and the options of a choice in the reader's language."""

    bound_field_class = Look

    def render(self, template_name: str, context: dict[str, Any], request: HttpRequest | None = None) -> str:
        if template_name.endswith("/select.html") and get_language() != settings.LANGUAGE_CODE:
            for _group, options, _index in context["widget"]["optgroups"]:
                for option in options:
                    option["label"] = gettext(str(option["label"])) if option["label"] else ""
        return super().render(template_name, context, request)


def _class_of(widget: forms.Widget) -> str:
    if isinstance(widget, forms.CheckboxInput):
        return "form-check-input"
    if isinstance(widget, forms.CheckboxSelectMultiple):
        return "choices"
    return "form-select" if isinstance(widget, forms.Select) else "form-control"
