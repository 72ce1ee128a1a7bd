"""What is wrong with an input, as people say it: Django's own sentences speak of variables and fields.

Set once, before any form is declared: a field copies the sentences when it is made.
"""

from __future__ import annotations

from django import forms
from django.core import validators
from django.utils.translation import gettext_lazy as _

CHOOSE = _("请从列出的选项中选择")


def speak() -> None:
    forms.Field.default_error_messages["required"] = _("请填写这一项")
    for chosen in (forms.ChoiceField, forms.MultipleChoiceField, forms.ModelChoiceField):
        chosen.default_error_messages["invalid_choice"] = CHOOSE
    forms.ModelMultipleChoiceField.default_error_messages |= {
        "invalid_choice": CHOOSE,
        "invalid_pk_value": CHOOSE,
    }
    forms.IntegerField.default_error_messages["invalid"] = _("请填整数")
    forms.DecimalField.default_error_messages["invalid"] = _("请填数字")
    forms.DateField.default_error_messages["invalid"] = _("日期请写作 2026-01-31")
    forms.DateTimeField.default_error_messages["invalid"] = _("日期和时间请写作 2026-01-31 08:30")
    validators.MaxLengthValidator.message = _("不超过 %(limit_value)s 个字，现为 %(show_value)s 个字，请删减")
    validators.MinLengthValidator.message = _("至少 %(limit_value)s 个字，现为 %(show_value)s 个字，请补充")
    validators.MaxValueValidator.message = _("不能大于 %(limit_value)s")
    validators.MinValueValidator.message = _("不能小于 %(limit_value)s")
    validators.DecimalValidator.messages |= {
        "max_digits": _("数字过大：连小数最多 %(max)s 位"),  # type: ignore[dict-item]  # lazy, as Django's own are
        "max_decimal_places": _("小数最多 %(max)s 位"),  # type: ignore[dict-item]
        "max_whole_digits": _("数字过大：整数部分最多 %(max)s 位"),  # type: ignore[dict-item]
    }
