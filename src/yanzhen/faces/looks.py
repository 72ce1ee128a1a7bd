"""How a form's field looks and speaks to a screen reader: the classes of Bootstrap, set in one place for all forms."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.conf import settings
from django.core.validators import EMPTY_VALUES
from django.forms.boundfield import BoundField
from django.forms.renderers import BaseRenderer, DjangoTemplates
from django.forms.utils import flatatt
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext


class Look(BoundField):
    """A field with its classes; `{% field %}` draws label, help and errors around it."""

    @property
    def checkbox(self) -> bool:
        return isinstance(self.field.widget, forms.CheckboxInput)

    @property
    def labelled(self) -> bool:
        """Whether the label can point to one input; a group of inputs has none of its own."""
        return bool(self.id_for_label)

    @property
    def drawn(self) -> SafeString:
        """The field with its label, help and errors; as long as it is empty, drawn once for all forms of a `KeptForm`."""
        if not isinstance(self.form, KeptForm) or self.value() not in EMPTY_VALUES or self.errors:
            return self._drawn()
        widget = self.field.widget
        key = (
            type(self.form),
            self.name,
            get_language(),
            widget.offered if isinstance(widget, KeptSelect) else (),
        )
        return _kept(key, self._drawn)

    def _drawn(self) -> SafeString:
        """In Python: a list has fourteen of them, and a template for each costs more than all that is in them."""
        box = self.checkbox
        target = format_html(' for="{}"', self.id_for_label) if self.labelled else ""
        label = format_html(
            '<label class="{}"{}>{}</label>',
            "form-check-label" if box else "form-label",
            target,
            gettext(str(self.label)),
        )
        parts = [str(self), label] if box else [label, str(self)]
        if self.help_text:
            parts.append(
                format_html(
                    '<div class="form-text" id="{}_helptext">{}</div>',
                    self.auto_id,
                    gettext(str(self.help_text)),
                )
            )
        if self.errors:
            parts.append(
                format_html(
                    '<div class="field-error" id="{}_error">{}</div>',
                    self.auto_id,
                    "；".join(map(str, self.errors)),
                )
            )
        return SafeString(f'<div class="field{" form-check" if box else ""}">{"".join(parts)}</div>')

    def build_widget_attrs(self, attrs: dict[str, Any], widget: forms.Widget | None = None) -> dict[str, Any]:
        widget = widget or self.field.widget
        attrs = super().build_widget_attrs(attrs, widget)
        if not widget.is_hidden:
            own = widget.attrs.get("class", "")
            invalid = "is-invalid" if self.errors else ""
            attrs["class"] = " ".join(filter(None, (own, _class_of(widget), invalid)))
        if isinstance(widget, forms.Textarea):
            # a browser would cut what is pasted and say nothing; the server says how much is too much
            attrs["maxlength"] = False
        return attrs


class Renderer(DjangoTemplates):
    """Draws fields by `Look`, and the options of a choice in the reader's language."""

    bound_field_class = Look

    def render(self, template_name: str, context: dict[str, Any], request: HttpRequest | None = None) -> str:
        if template_name.endswith("/select.html") and get_language() != settings.LANGUAGE_CODE:
            for _group, options, _index in context["widget"]["optgroups"]:
                for option in options:
                    option["label"] = gettext(str(option["label"])) if option["label"] else ""
        if template_name in PLAIN:
            return _input(context["widget"])
        return super().render(template_name, context, request)


PLAIN = frozenset(
    f"django/forms/widgets/{kind}.html" for kind in ("text", "number", "date", "password", "hidden", "email")
)
"""Widgets that are one input and nothing else: drawn without a template."""


def _input(widget: dict[str, Any]) -> SafeString:
    """Return what Django's input.html gives for a widget's context."""
    value = format_html(' value="{}"', widget["value"]) if widget["value"] is not None else ""
    return format_html(
        '<input type="{}" name="{}"{}{}>', widget["type"], widget["name"], value, flatatt(widget["attrs"])
    )


class KeptSelect(forms.Select):
    """A choice among many that are the same for everybody: drawn once for each language, then only marked.

    `given`: what its field offers, or the function that returns it. Equal tuples are found without being looked through.
    """

    def __init__(self, given: Any) -> None:
        super().__init__()
        self.given = given

    @property
    def offered(self) -> Any:
        """What there is to choose now, as something that can be compared and looked up."""
        return _frozen(self.given() if callable(self.given) else self.given)

    def render(
        self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: BaseRenderer | None = None
    ) -> SafeString:
        key = (name, tuple(sorted((attrs or {}).items())), get_language(), self.offered)
        drawn = _kept(key, lambda: super(KeptSelect, self).render(name, "\0", attrs, renderer))
        for chosen in self.format_value(value):
            option = format_html('<option value="{}"', chosen)
            drawn = SafeString(drawn.replace(f"{option}>", f"{option} selected>", 1))
        return drawn


MOST_KEPT = 1000
_DRAWN: dict[tuple[Any, ...], SafeString] = {}


class KeptForm(forms.Form):
    """A form whose fields are the same for everybody, whoever fills it in: what is drawn of it while it is empty is kept."""


def _kept(key: tuple[Any, ...], draw: Callable[[], SafeString]) -> SafeString:
    drawn = _DRAWN.get(key)
    if drawn is None:
        if len(_DRAWN) >= MOST_KEPT:
            _DRAWN.clear()
        drawn = _DRAWN[key] = draw()
    return drawn


def _frozen(given: Any) -> Any:
    """Return choices and groups of them as something that can be compared and looked up."""
    if isinstance(given, tuple):
        return given
    return tuple((value, _frozen(told) if isinstance(told, list) else str(told)) for value, told in given)


def _class_of(widget: forms.Widget) -> str:
    if isinstance(widget, forms.CheckboxInput):
        return "form-check-input"
    if isinstance(widget, forms.RadioSelect):
        return "choices"
    return "form-select" if isinstance(widget, forms.Select) else "form-control"
