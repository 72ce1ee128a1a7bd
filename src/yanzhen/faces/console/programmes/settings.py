"""What may be set of each part of a programme, as fields of a plain form; the engine says what is right about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms
from django.utils.translation import gettext

from yanzhen.engines.honours.declare import title_choices
from yanzhen.engines.programmes.eligibility import RULES
from yanzhen.engines.programmes.wording import VALUES, field_label
from yanzhen.faces.places import lines

HELPS = {
    "ties": "一行一项，依次比较：aspect:评分项代码、dispersion（评委分歧小的在前）、earlier（上一轮得分）、raw（原始平均分）；最后一行写 ex_aequo（并列）或 lot（抽签）",
    "trait": "计入比例的填报项的代码；女职工写 woman",
}
"""What to write in a field that takes codes."""
GIVEN = "given."
"""Before the name of a parameter of a condition."""


@dataclass(frozen=True, slots=True)
class Setting:
    """`kind` is text, code, lines, pairs, whole, number, yes_no, one (of VALUES), many (of VALUES), title or
    departments."""

    name: str
    kind: str = "text"
    required: bool = True
    longest: int = 64


CODE, LABEL = Setting("code", "code"), Setting("label")
SETTINGS: dict[str, tuple[Setting, ...]] = {
    "": (LABEL, Setting("title", "title", required=False), Setting("applicant", "one"), Setting("per_employer", "whole")),
    "quota": (Setting("places", "whole"), Setting("by", "one", required=False), Setting("basis", "one"),
              Setting("nominees", "whole"), Setting("reserve", "whole")),
    "scoring": (Setting("method", "one"), Setting("corrected", "yes_no"), Setting("decimals", "whole"),
                Setting("ties", "lines", required=False), Setting("given", "pairs", required=False)),
    "questions": (CODE, LABEL, Setting("kind", "one"), Setting("help", required=False, longest=200), Setting("longest", "whole"),
                  Setting("choices", "lines", required=False), Setting("required", "yes_no"), Setting("trait", "yes_no"),
                  Setting("personal", "yes_no")),
    "aspects": (CODE, LABEL, Setting("kind", "one"), Setting("weight", "number"), Setting("low", "number"), Setting("high", "number"),
                Setting("step", "number"), Setting("levels", "lines", required=False), Setting("required", "yes_no"),
                Setting("informational", "yes_no")),
    "ratios": (CODE, LABEL, Setting("trait", "code"), Setting("least", "number", required=False),
               Setting("most", "number", required=False)),
    "stages": (CODE, LABEL, Setting("days", "whole"), Setting("shows", "many", required=False)),
    "conditions": (),
}  # fmt: skip
OF_STAGES: dict[str, tuple[Setting, ...]] = {
    "recommend": (Setting("levels", "many"),),
    "opinion": (Setting("lines", "departments"),),
    "assign": (Setting("each", "whole"), Setting("most", "whole"), Setting("least", "whole"), Setting("per_city", "whole"),
               Setting("per_employer", "whole"), Setting("same_city", "yes_no")),
    "mark": (Setting("weight", "number"), Setting("entries", "whole"), Setting("calibrate", "whole")),
    "vote": (Setting("weight", "number"),),
    "inspect": (Setting("weight", "number"), Setting("checklist", "lines", required=False)),
    "shortlist": (Setting("places", "whole"), Setting("counts", "lines", required=False)),
    "notice": (Setting("venues", "many"), Setting("names", "one")),
}  # fmt: skip
"""What a kind of stage has beside what every stage has."""
KINDS = {
    "questions": ("line", "text", "number", "date", "yes_no", "choice"),
    "aspects": ("measurement", "judgement"),
}
"""The values of `kind`, which two parts share a table of words for."""


def settings_of(part: str, kept: Mapping[str, Any]) -> list[Setting]:
    """Return what may be set of a row of `part`; `kept` tells of which kind or rule it is."""
    if part == "stages":
        return [*SETTINGS[part], *OF_STAGES.get(kept["kind"], ())]
    if part == "conditions":
        needs, knows = parameters_of(kept["rule"])
        names = dict.fromkeys((*needs, *knows, *kept.get("given", {})))
        kinds = {"title": "title"}
        return [Setting(f"{GIVEN}{name}", kinds.get(name, "text"), required=name in needs) for name in names]
    return list(SETTINGS[part])


def parameters_of(rule: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return what a rule has to be given and what it may be; a rule that is gone takes nothing."""
    return (RULES[rule].needs, RULES[rule].knows) if rule in RULES else ((), ())


def field_of(part: str, setting: Setting) -> forms.Field:
    """Return the form's field of a setting."""
    label = field_label(part, setting.name.removeprefix(GIVEN))
    field = _MAKERS[setting.kind](part, setting)
    field.label = label
    field.help_text = (
        gettext(HELPS[setting.name])
        if HELPS.get(setting.name) and setting.kind != "yes_no"
        else field.help_text
    )
    field.required = setting.required and setting.kind != "yes_no"
    return field


def _one(part: str, setting: Setting) -> forms.Field:
    words = VALUES[setting.name]
    codes = KINDS.get(part, tuple(words)) if setting.name == "kind" else tuple(words)
    return forms.ChoiceField(choices=[(code, words[code]) for code in codes])


def _many(_part: str, setting: Setting) -> forms.Field:
    return forms.MultipleChoiceField(
        choices=list(VALUES[setting.name].items()), widget=forms.CheckboxSelectMultiple
    )


def _title(_part: str, _setting: Setting) -> forms.Field:
    return forms.ChoiceField(choices=[("", gettext("（空）")), *title_choices()])


def _departments(_part: str, _setting: Setting) -> forms.Field:
    return forms.MultipleChoiceField(
        choices=[(line.pk, str(line)) for line in lines()], widget=forms.CheckboxSelectMultiple
    )


class LinesField(forms.CharField):
    """A list, a line each."""

    def __init__(self) -> None:
        super().__init__(widget=forms.Textarea(attrs={"rows": 4}), help_text=gettext("一行一项"))

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> Any:
        return [line.strip() for line in super().clean(value).splitlines() if line.strip()]


class PairsField(forms.CharField):
    """Parameters by name, a line each: name=value."""

    def __init__(self) -> None:
        super().__init__(widget=forms.Textarea(attrs={"rows": 3}), help_text=gettext("一行一项：名称=值"))

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(f"{name}={one}" for name, one in value.items()) if isinstance(value, dict) else value

    def clean(self, value: Any) -> Any:
        lines_ = [line.partition("=") for line in super().clean(value).splitlines() if line.strip()]
        if not all(sign and name.strip() for name, sign, _text in lines_):
            raise forms.ValidationError(gettext("每行写成 名称=值"))
        return {name.strip(): value_of(text) for name, _sign, text in lines_}


def value_of(text: str) -> Any:
    """Read a parameter: a number, yes or no, several words, or a word."""
    text = text.strip()
    if text in ("是", "否"):
        return text == "是"
    if "、" in text:
        return [part.strip() for part in text.split("、") if part.strip()]
    try:
        number = Decimal(text)
    except InvalidOperation:
        return text
    if not number.is_finite():
        return text
    return int(number) if number == int(number) else float(number)


def _code(_part: str, _setting: Setting) -> forms.Field:
    return forms.RegexField(
        r"^[a-z][a-z0-9_.-]*$", max_length=32,
        error_messages={"invalid": gettext("代码用小写英文字母、数字和下划线，以字母开头")},
    )  # fmt: skip


_MAKERS = {
    "text": lambda _part, setting: forms.CharField(max_length=setting.longest),
    "code": _code,
    "lines": lambda _part, _setting: LinesField(),
    "pairs": lambda _part, _setting: PairsField(),
    "whole": lambda _part, _setting: forms.IntegerField(min_value=0, max_value=1_000_000),
    "number": lambda _part, _setting: forms.DecimalField(max_digits=15, decimal_places=6),
    "yes_no": lambda _part, _setting: forms.BooleanField(),
    "one": _one,
    "many": _many,
    "title": _title,
    "departments": _departments,
}
