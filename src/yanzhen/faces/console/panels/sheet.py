"""The form of one sheet: for each aspect a value, or why it does not apply. Which marks are right the criteria say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django import forms
from django.forms.boundfield import BoundField
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from yanzhen.engines.programmes.panels.models import Sheet
from yanzhen.engines.programmes.scoring.criteria import LEVELS, Aspect, Kind, Mark
from yanzhen.faces.console.forms import text_field

OPINION = "_opinion"
NOT_APPLICABLE = "_na_"
LONGEST_REASON = 200


@dataclass(frozen=True, slots=True)
class Line:
    """One aspect as it is drawn: the field of the value and that of the reason why it does not apply."""

    aspect: Aspect
    value: BoundField
    reason: BoundField

    @property
    def opened(self) -> bool:
        """Whether the reason is to be seen at once."""
        return bool(self.reason.value() or self.reason.errors)


class SheetForm(forms.Form):
    """Fields of values are named by their aspects, so that what the criteria refuse stands beside them."""

    def __init__(self, aspects: Iterable[Aspect], data: Mapping[str, Any] | None = None) -> None:
        super().__init__(data, prefix="m")
        self.aspects = tuple(aspects)
        for aspect in self.aspects:
            self.fields[aspect.code] = _value_field(aspect)
            self.fields[NOT_APPLICABLE + aspect.code] = forms.CharField(
                label=_("不适用的原因（适用时不填）"), required=False, max_length=LONGEST_REASON
            )
        self.fields[OPINION] = text_field(_("评语（选填）"), required=False)

    def lines(self) -> list[Line]:
        return [Line(a, self[a.code], self[NOT_APPLICABLE + a.code]) for a in self.aspects]

    @property
    def opinion(self) -> BoundField:
        return self[OPINION]

    def clean(self) -> dict[str, Any]:
        for aspect in self.aspects:
            both = self.cleaned_data.get(aspect.code), self.cleaned_data.get(NOT_APPLICABLE + aspect.code)
            if both[0] is not None and both[1]:
                self.add_error(aspect.code, gettext("打了分，又写了不适用的原因：请只留一样"))
        return self.cleaned_data

    def marks(self) -> list[Mark]:
        """Return what was given; an aspect with neither value nor reason is left out. Only after `is_valid`."""
        given = [
            Mark(a.code, self.cleaned_data[a.code], self.cleaned_data[NOT_APPLICABLE + a.code])
            for a in self.aspects
        ]
        return [mark for mark in given if mark.value is not None or mark.reason]


def lines_of(sheet: Sheet, aspects: Iterable[Aspect]) -> list[dict[str, Any]]:
    """Return the marks of a filed sheet in the order of the aspects: aspect, value, reason, level as it is described."""
    marks = {mark.aspect: mark for mark in sheet.marks.all()}
    shown = []
    for aspect in aspects:
        mark = marks.get(aspect.code)
        value = mark.value if mark else None
        level = aspect.levels[int(value)] if value is not None and aspect.levels else ""
        shown.append(
            {"aspect": aspect, "value": value, "reason": mark.reason if mark else "", "level": level}
        )
    return shown


def reason_field(label: Any, *, help_text: Any = "") -> forms.CharField:
    """A field for why somebody is barred, or a sheet void."""
    return forms.CharField(
        label=label, help_text=help_text, max_length=LONGEST_REASON, widget=forms.Textarea(attrs={"rows": 2})
    )


def _value_field(aspect: Aspect) -> forms.Field:
    low, high, step = aspect.bounds
    if aspect.kind is Kind.JUDGEMENT:
        return forms.TypedChoiceField(
            label=aspect.label,
            required=False,
            coerce=Decimal,
            empty_value=None,
            widget=forms.RadioSelect,
            choices=[(str(n), f"{n}：{aspect.levels[n]}") for n in range(LEVELS)],
            error_messages={"invalid_choice": _("请从 0、1、2、3 四级中选一级")},
        )
    scale = gettext("%(low)s 至 %(high)s，每档 %(step)s") % {
        "low": f"{low:f}", "high": f"{high:f}", "step": f"{step:f}",
    }  # fmt: skip
    return forms.DecimalField(
        label=aspect.label,
        required=False,
        help_text=scale,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off", "size": 8}),
        error_messages={"invalid": _("请填数字，量程为 %(scale)s") % {"scale": scale}},
    )
