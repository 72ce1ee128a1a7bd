"""Fields that several registers share."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from yanzhen.faces.console import choices
from yanzhen.faces.console.choices import Choice, Group
from yanzhen.faces.console.pickers import EMPTY
from yanzhen.foundation.errors import Invalid
from yanzhen.foundation.models import Organisation, Region
from yanzhen.foundation.organisations import the_one


class NamedOrganisation(forms.CharField):
    """Gives the organisation that the text names: with the enterprises there are too many to choose from a list."""

    kept: Organisation | None = None
    """The one that is there already: its name is taken for it, whatever others are called the same."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("help_text", _("填写单位全称、统一社会信用代码或单位编号"))
        super().__init__(max_length=128, **kwargs)

    def clean(self, value: Any) -> Organisation | None:
        text = super().clean(value)
        if not text:
            return None
        if self.kept and text == self.kept.name:
            return self.kept
        try:
            found = the_one(text)
        except Invalid as refusal:
            raise forms.ValidationError(refusal.message) from None
        if found is None:
            raise forms.ValidationError(_("没有找到这个单位，请核对全称，或先登记单位"))
        return found


def day_widget() -> forms.DateInput:
    return forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


def day_field(label: Any, *, required: bool = True, help_text: Any = "") -> forms.DateField:
    return forms.DateField(label=label, required=required, help_text=help_text, widget=day_widget())


def region_choices(own: Region | None = None) -> list[Choice | Group]:
    """Offer the province, its cities and counties; and `own`, which may be a town or no longer be in force."""
    offered: list[Choice | Group] = [EMPTY, choices.province(), *choices.regions()]
    if own and own.code not in _codes(offered):
        offered.append((own.code, own.name))
    return offered


def _codes(offered: list[Choice | Group]) -> set[str]:
    groups = ([(code, inner)] if isinstance(inner, str) else inner for code, inner in offered)
    return {code for group in groups for code, _name in group}
