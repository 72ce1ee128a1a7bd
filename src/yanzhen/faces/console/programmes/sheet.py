"""A programme as the forms of its editor: read from its JSON form, read from what was sent, written back as JSON."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Self

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext

from yanzhen.engines.programmes.eligibility import RULES, label_of
from yanzhen.engines.programmes.stages import AGAIN, LABELS, ORDER, fresh
from yanzhen.faces.console.programmes.settings import GIVEN, field_of, settings_of, value_of
from yanzhen.foundation.errors import Invalid, Refusal

SINGLE = ("", "quota", "scoring")
LISTS = ("stages", "questions", "conditions", "aspects", "ratios")
STRIDE = 10
"""Between the numbers by which rows are ordered, so that one fits between."""
MOST_ROWS = 200
FRESH: dict[str, dict[str, Any]] = {
    "questions": {"kind": "line", "longest": 200, "required": True},
    "aspects": {
        "kind": "measurement",
        "weight": "10",
        "low": "0",
        "high": "100",
        "step": "1",
        "required": True,
    },
    "ratios": {},
}
"""What a new row begins with."""


@dataclass
class Row:
    """A row of a list. `kept` is what it was when it was opened: fields without a setting stay as they are."""

    part: str
    kept: dict[str, Any]
    form: forms.Form

    @property
    def label(self) -> str:
        """What kind it is of, where that is fixed."""
        if self.part == "stages":
            return LABELS[self.kept["kind"]]
        return label_of(self.kept["rule"]) if self.part == "conditions" else ""

    @property
    def stays(self) -> bool:
        return not self.form.cleaned_data["drop"]

    def plain(self) -> dict[str, Any]:
        """Return the row's JSON form. Only after `is_valid`."""
        set_ = {s.name: self.form.cleaned_data[s.name] for s in settings_of(self.part, self.kept)}
        if self.part == "conditions":
            given = {name.removeprefix(GIVEN): value_of(text) for name, text in set_.items() if text != ""}
            return {"rule": self.kept["rule"], "given": given}
        return self.kept | {name: _json(value) for name, value in set_.items()}


@dataclass
class Sheet:
    """`faults` are what is wrong with a whole part ("" with the programme), by its name."""

    single: dict[str, forms.Form]
    lists: dict[str, list[Row]]
    faults: dict[str, list[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, form: dict[str, Any]) -> Self:
        single = {
            part: _form(part, form if part == "" else form[part], prefix=part or "programme")
            for part in SINGLE
        }
        lists = {
            part: [_row(part, kept, n, order=(n + 1) * STRIDE) for n, kept in enumerate(form[part])]
            for part in LISTS
        }
        return cls(single, lists)

    @classmethod
    def sent(cls, data: QueryDict) -> Self:
        """Read what the editor sent; raises Invalid where it is none of ours."""
        single = {part: _form(part, {}, prefix=part or "programme", data=data) for part in SINGLE}
        return cls(
            single,
            {part: [_row(part, kept, n, data=data) for n, kept in _kept(data, part)] for part in LISTS},
        )

    def add(self, part: str, kind: str) -> None:
        """Put a new row where rows of its kind stand."""
        if (
            part not in LISTS
            or (part == "stages" and kind not in LABELS)
            or (part == "conditions" and kind not in RULES)
        ):
            raise Invalid(gettext("请先选择要加什么"))
        rows = self.lists[part]
        orders = [
            int(row.form["order"].data or 0) for row in rows if str(row.form["order"].data or "").isdigit()
        ]
        after = max(orders, default=0) + STRIDE
        if part == "stages":
            codes = {row.form["code"].data for row in rows}
            before = [
                int(row.form["order"].data)
                for row in rows
                if str(row.form["order"].data or "").isdigit()
                and _comes_before(row.kept["kind"], kind, again=kind in codes)
            ]
            kept = {**fresh(kind), "code": _free(kind, codes), "label": LABELS[kind]}
            after = max(before, default=0) + STRIDE // 2
        else:
            kept = {"rule": kind, "given": {}} if part == "conditions" else dict(FRESH[part])
        rows.append(_row(part, kept, len(rows), order=after))

    def again(self) -> Sheet:
        """Return it as typed, with nothing complained of, rows in their order."""
        single = {
            part: _form(part, _typed(form), prefix=part or "programme") for part, form in self.single.items()
        }
        lists = {}
        for part, rows in self.lists.items():
            typed = [(row.kept, _typed(row.form)) for row in rows]
            typed.sort(key=lambda pair: int(pair[1]["order"]) if str(pair[1]["order"]).isdigit() else 0)
            lists[part] = [
                _row(part, kept, n, initial=values | {"order": (n + 1) * STRIDE})
                for n, (kept, values) in enumerate(typed)
            ]
        return Sheet(single, lists)

    def is_valid(self) -> bool:
        forms_ = [*self.single.values(), *(row.form for rows in self.lists.values() for row in rows)]
        said = [form.is_valid() for form in forms_]  # every form says what is wrong with it
        return all(said)

    def plain(self) -> dict[str, Any]:
        """Return the JSON form of what may be set. Only after `is_valid`."""
        singles = {part: _single(part, form) for part, form in self.single.items()}
        return {
            **singles.pop(""),
            **singles,
            **{part: [row.plain() for row in self._staying(part)] for part in LISTS},
        }

    def explain(self, refusal: Refusal) -> None:
        """Write each reason where it belongs: at the field, the row, the part, or above all."""
        fields: dict[str, str] = refusal.data.get("fields") or {"": refusal.message}
        for place, said in fields.items():
            part, _, rest = place.partition(".")
            if part in self.single and part:
                _say(self.single[part], rest, said)
            elif part in self.lists and rest:
                number, _, name = rest.partition(".")
                _say(self._staying(part)[int(number)].form, name, said)
            elif part in self.single[""].fields:
                _say(self.single[""], part, said)
            else:
                self.faults.setdefault(part if part in self.lists else "", []).append(said)

    def _staying(self, part: str) -> list[Row]:
        return sorted(
            (row for row in self.lists[part] if row.stays), key=lambda row: row.form.cleaned_data["order"]
        )


def _form(part: str, values: dict[str, Any], *, prefix: str, data: QueryDict | None = None) -> forms.Form:
    form = forms.Form(data, prefix=prefix, initial=values)
    form.fields.update({setting.name: field_of(part, setting) for setting in settings_of(part, values)})
    return form


def _row(
    part: str,
    kept: dict[str, Any],
    n: int,
    *,
    order: int = 0,
    data: QueryDict | None = None,
    initial: Any = None,
) -> Row:
    values = initial or kept | {f"{GIVEN}{k}": _text(v) for k, v in kept.get("given", {}).items()} | {
        "order": order
    }
    form = forms.Form(
        data, prefix=f"{part}-{n}", initial=values | {"kept": json.dumps(kept, ensure_ascii=False)}
    )
    form.fields.update({setting.name: field_of(part, setting) for setting in settings_of(part, kept)})
    form.fields["order"] = forms.IntegerField(label=gettext("次序"), min_value=0, max_value=100_000)
    form.fields["drop"] = forms.BooleanField(label=gettext("删去"), required=False)
    form.fields["kept"] = forms.CharField(widget=forms.HiddenInput)
    return Row(part, kept, form)


def _kept(data: QueryDict, part: str) -> list[tuple[int, dict[str, Any]]]:
    """Return (number, what it was) of the rows that were sent."""
    found = []
    for n in range(MOST_ROWS):
        text = data.get(f"{part}-{n}-kept")
        if text is None:
            break
        try:
            kept = json.loads(text)
        except ValueError:
            kept = None
        known = isinstance(kept, dict) and isinstance(kept.get("given", {}), dict)
        if (
            not known
            or (part == "stages" and kept.get("kind") not in LABELS)
            or (part == "conditions" and "rule" not in kept)
        ):
            raise Invalid(gettext("表单内容不完整，请重新打开后再改"))
        found.append((n, kept))
    return found


def _single(part: str, form: forms.Form) -> dict[str, Any]:
    return {setting.name: _json(form.cleaned_data[setting.name]) for setting in settings_of(part, {})}


def _typed(form: forms.Form) -> dict[str, Any]:
    """Return what the form holds as typed, or as it began."""
    return {
        name: form[name].data if form.is_bound else form.initial.get(name)
        for name in form.fields
        if name != "kept"
    }


def _say(form: forms.Form, name: str, said: str) -> None:
    form.add_error(name if name in form.fields else None, said)


def _comes_before(kind: str, new: str, *, again: bool) -> bool:
    """Whether a stage stands before a new one; a second preliminary stage stands after the last of the first."""
    return ORDER.index(kind) <= ORDER.index(new) or (again and new in AGAIN and kind in AGAIN)


def _free(code: str, taken: set[Any]) -> str:
    n, free = 2, code
    while free in taken:
        free, n = f"{code}_{n}", n + 1
    return free


def _json(value: Any) -> Any:
    return str(value) if isinstance(value, Decimal) else value


def _text(value: Any) -> str:
    if isinstance(value, list):
        return "、".join(map(str, value))
    return {True: "是", False: "否"}[value] if isinstance(value, bool) else str(value)
