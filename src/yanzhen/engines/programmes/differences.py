"""What changed, in words: between two versions of a programme, and between two revisions of an application."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from yanzhen.engines.honours.declare import TITLES
from yanzhen.engines.programmes.declare import Condition, Programme, Question
from yanzhen.engines.programmes.eligibility import label_of
from yanzhen.engines.programmes.stages import LABELS as KINDS
from yanzhen.engines.programmes.wording import PARTS, VALUES, field_label
from yanzhen.foundation.models import Line
from yanzhen.foundation.parameters import label_of as parameter_label

NOTHING = "（空）"
NAMING = ("label", "rule", "code", "kind")
SCALE = ("low", "high", "step")
"""What a judgement, which has levels, takes no notice of."""
EMPTY: tuple[Any, ...] = (None, "", [], {}, False)
LONGEST = 60
"""Characters of a value in a sentence; a longer one is cut."""
SINGLE = ("scoring", "quota")
LISTS = ("stages", "questions", "conditions", "aspects", "ratios")
LABELLED = tuple(part for part in LISTS if part != "conditions")


def differences(before: Programme, after: Programme) -> list[str]:
    """Return a sentence for each thing that differs, in the order in which the programme is read."""
    old, new = before.plain(), after.plain()
    plain = [name for name in old if name not in (*SINGLE, *LISTS)]
    found = list(_fields("", "", {n: old[n] for n in plain}, {n: new[n] for n in plain}))
    for name in SINGLE:
        found += _fields(PARTS[name], name, old[name], new[name])
    for name in LISTS:
        found += _rows(name, old[name], new[name])
    return found


def described(programme: Programme) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return the parts of a programme, each with (name, what is set) of its rows, for people who read it through."""
    form = programme.plain()
    plain = [(field_label("", n), said(v, n)) for n, v in form.items() if n not in (*SINGLE, *LISTS)]
    single = [(PARTS[part], _set(part, form[part])) for part in SINGLE]
    asked = _asked(programme)
    for row in form["ratios"]:
        row["trait"] = asked.get(row["trait"], row["trait"])
    lists = [(PARTS[part], [(row["label"], _settings(part, row)) for row in form[part]]) for part in LABELLED]
    conditions = [spoken_condition(programme, condition) for condition in programme.conditions]
    lists.insert(2, (PARTS["conditions"], conditions))
    return [(label, rows) for label, rows in [("方案", plain), *single, *lists] if rows]


def _set(part: str, row: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(field_label(part, name), said(value, name)) for name, value in row.items() if value not in EMPTY]


def _settings(part: str, row: Mapping[str, Any]) -> str:
    left_out = NAMING + (SCALE if row.get("kind") == "judgement" else ())
    shown = {n: v for n, v in row.items() if n not in left_out and v not in EMPTY}
    kind = [KINDS[row["kind"]]] if part == "stages" else [said(row["kind"], "kind")] if "kind" in row else []
    return "；".join([*kind, *(f"{field_label(part, n)} {said(v, n)}" for n, v in shown.items())])


def spoken_condition(programme: Programme, condition: Condition) -> tuple[str, str]:
    """Return what a condition is called and what it is given in words; a question is named by what it asks."""
    labels = _asked(programme)
    given = {n: labels.get(v, v) if n == "question" else v for n, v in condition.given.items()}
    return label_of(condition.rule), said(given) if given else ""


def spoken_answers(programme: Programme, answers: Mapping[str, Any]) -> list[tuple[Question, str]]:
    """Return every question with its answer in words, "" where there is none."""
    return [(question, _answer(answers.get(question.code))) for question in programme.questions]


def changed_answers(
    programme: Programme, before: Mapping[str, Any], after: Mapping[str, Any]
) -> list[tuple[str, str, str]]:
    """Return (question, answer before, answer after) of each answer that differs."""
    return [
        (question.label, _answer(before.get(question.code)), _answer(after.get(question.code)))
        for question in programme.questions
        if before.get(question.code) != after.get(question.code)
    ]


def named(part: str, row: Mapping[str, Any]) -> str:
    """Return how a row of a list is called in a sentence."""
    if part == "conditions":
        return f"资格条件“{label_of(row['rule'])}”"
    return f"{PARTS[part]}“{row['label']}”"


def said(value: Any, field: str = "") -> str:
    """Return a value of a programme as people read it."""
    if value in (None, "", [], {}):
        return NOTHING
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, list):
        return "、".join(said(one, field) for one in value)
    if isinstance(value, dict):
        return "、".join(f"{field_label('given', n)} {said(one, n)}" for n, one in sorted(value.items()))
    text = _word(value, field) if isinstance(value, str) else str(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def _word(code: str, field: str) -> str:
    """Return what a code in `field` is called; text that is no code stays as it is."""
    if field == "title":
        return TITLES[code].label if code in TITLES else code
    if field in ("term", "valid"):
        return parameter_label(code)
    if field in ("line", "lines"):
        return Line.objects.filter(code=code).values_list("name", flat=True).first() or code
    return VALUES.get(field, {}).get(code, code)


def _asked(programme: Programme) -> dict[str, str]:
    """Return what is asked, by the code of the question."""
    return {question.code: question.label for question in programme.questions}


def _rows(part: str, before: list[dict[str, Any]], after: list[dict[str, Any]]) -> Iterator[str]:
    old, new = _keyed(before), _keyed(after)
    yield from (f"删去{named(part, old[key])}" for key in old if key not in new)
    for key, row in new.items():
        if key not in old:
            yield f"增加{named(part, row)}" + (f"（{KINDS[row['kind']]}）" if part == "stages" else "")
        else:
            yield from _fields(named(part, old[key]), part, old[key], row)
    common = [key for key in old if key in new]
    if common != [key for key in new if key in old]:
        yield f"{PARTS[part]}的次序有变：{'、'.join(row.get('label') or label_of(row['rule']) for row in after)}"


def _keyed(rows: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return the rows by code; conditions by their rule, the second of a rule apart from the first."""
    keyed: dict[str, dict[str, Any]] = {}
    for row in rows:
        key = row.get("code") or row["rule"]
        while key in keyed:
            key += "+"
        keyed[key] = row
    return keyed


def _fields(what: str, part: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    for name in {**before, **after}:
        old, new = before.get(name), after.get(name)
        if old != new:
            label = f"{what}{'的' if what else ''}{field_label(part, name)}"
            yield f"{label}：{said(old, name)} → {said(new, name)}"


def _answer(value: Any) -> str:
    if value is None:
        return ""
    return ("是" if value else "否") if isinstance(value, bool) else str(value)
