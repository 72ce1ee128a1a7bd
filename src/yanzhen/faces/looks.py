"""How a form's field looks and speaks to a screen reader: the classes of Bootstrap, set in one place for all forms."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.forms.boundfield import BoundField
from django.forms.renderers import BaseRenderer, DjangoTemplates
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
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


class KeptSelect(forms.Select):
    """A choice among many that are the same for everybody: drawn once for each language, then only marked."""

    def render(
        self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: BaseRenderer | None = None
    ) -> SafeString:
        offered = tuple(_frozen(choice) for choice in self.choices)
        key = (name, tuple(sorted((attrs or {}).items())), get_language(), offered)
        drawn = _DRAWN.get(key)
        if drawn is None:
            if len(_DRAWN) >= MOST_KEPT:
                _DRAWN.clear()
            drawn = _DRAWN[key] = super().render(name, "\0", attrs, renderer)
        for chosen in self.format_value(value):
            option = format_html('<option value="{}"', chosen)
            drawn = SafeString(drawn.replace(f"{option}>", f"{option} selected>", 1))
        return drawn


MOST_KEPT = 200
_DRAWN: dict[tuple[Any, ...], SafeString] = {}


def _frozen(choice: Any) -> Any:
    """Return a choice or a group of them as something that can be compared and looked up."""
    value, label = choice
    return (value, tuple(_frozen(c) for c in label) if isinstance(label, list | tuple) else str(label))


def _class_of(widget: forms.Widget) -> str:
    if isinstance(widget, forms.CheckboxInput):
        return "form-check-input"
    if isinstance(widget, forms.CheckboxSelectMultiple):
        return "choices"
    return "form-select" if isinstance(widget, forms.Select) else "form-control"
