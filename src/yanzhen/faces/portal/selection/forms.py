"""The forms of an applicant: beginning, and the questions of a round. What is right about an answer the engine says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from yanzhen.engines.programmes.declare import Programme, Question
from yanzhen.foundation.errors import Refusal
from yanzhen.foundation.models import Organisation

PREFIX = "q-"
"""Before the code of a question: a question may be called as a field of the page is."""
YES_NO = (("yes", _("是")), ("no", _("否")))
WORDS = {True: "yes", False: "no"}


class TitleForm(forms.Form):
    title = forms.CharField(
        label=_("申报题目（选填）"),
        help_text=_("一句话说明申报什么，如“焊接班组长，三十年零返工”；不填用轮次名称"),
        max_length=120,
        required=False,
    )


def begin_form(
    employers: Sequence[Organisation], *, for_worker: bool, data: Mapping[str, Any] | None = None
) -> forms.Form:
    """The form with which an application begins: its unit where there are several, its worker where a unit begins it."""
    form = TitleForm(data)
    if len(employers) > 1:
        form.fields["organisation"] = forms.ChoiceField(
            label=gettext("所在单位"), choices=[(str(unit.pk), unit.name) for unit in employers]
        )
    if for_worker:
        form.fields["worker"] = forms.CharField(
            label=gettext("职工的身份证号或手机号"),
            help_text=gettext("须是本单位在职职工；只用来查找，不另外保存"),
            max_length=32,
            widget=forms.TextInput(attrs={"autocomplete": "off"}),
        )
    return form


def answer_form(
    programme: Programme, *, answers: Mapping[str, Any], step: int, data: Mapping[str, Any] | None = None
) -> forms.Form:
    """The questions of a round as a form; whatever is typed may be saved as a draft."""
    initial = {
        f"{PREFIX}{code}": WORDS.get(value, value) if isinstance(value, bool) else value
        for code, value in answers.items()
    }
    form = forms.Form(data, initial=initial)
    for question in programme.questions:
        field = _field(question)
        field.label = question.label if question.required else gettext("%s（选填）") % question.label
        field.help_text = question.help
        form.fields[f"{PREFIX}{question.code}"] = field
    form.fields["seen"] = forms.IntegerField(widget=forms.HiddenInput, initial=step, required=False)
    return form


def answers_of(form: forms.Form) -> dict[str, Any]:
    """Return what was answered, by question. Only after `is_valid`."""
    given = form.cleaned_data.items()
    return {name.removeprefix(PREFIX): value for name, value in given if name.startswith(PREFIX)}


def show(form: forms.Form, refusal: Refusal) -> None:
    """Put the reasons of `refusal` beside the questions they are about."""
    fields: Mapping[str, str] = refusal.data.get("fields") or {}
    for name, reason in fields.items():
        asked = f"{PREFIX}{name}"
        form.add_error(next((n for n in (asked, name) if n in form.fields), None), reason)
    if not fields:
        form.add_error(None, refusal.data.get("reasons") or [refusal.message])


def _field(question: Question) -> forms.Field:
    if question.kind == "yes_no":
        return forms.ChoiceField(choices=YES_NO, widget=forms.RadioSelect, required=False)
    if question.kind == "choice":
        offered = [("", _("请选择")), *((choice, choice) for choice in question.choices)]
        return forms.ChoiceField(choices=offered, required=False)
    return forms.CharField(required=False, widget=_widget(question))


def _widget(question: Question) -> forms.Widget:
    if question.kind == "text":
        return forms.Textarea(attrs={"rows": 6, "maxlength": question.longest})
    if question.kind == "date":
        return forms.DateInput(attrs={"type": "date"})
    if question.kind == "number":
        return forms.TextInput(attrs={"inputmode": "decimal"})
    return forms.TextInput(attrs={"maxlength": question.longest})
