"""What a judge reads of an application: blind, nothing that tells who it is; where the stage shows names, all of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from yanzhen.engines.programmes.declare import Question
from yanzhen.engines.programmes.models import Application

HIDDEN = "□□"
SHORTEST = 2
LONGEST = 6
"""From so many characters on a number or a date can be taken for one person's: shorter ones stand in any text."""
SPOKEN = {True: "是", False: "否"}


@dataclass(frozen=True, slots=True)
class Said:
    """An answer as it is read; "" where nothing was said."""

    question: Question
    text: str


def read(application: Application, *, names: bool) -> tuple[Said, ...]:
    """Return the answers in the order of the questions.

    Blind (not `names`) they are the redacted ones where there are some, without questions marked personal; name, unit
    and personal answers that stand in the text all the same are covered. Reads `person` and `organisation`.
    """
    questions = application.programme.questions
    if names:
        return tuple(Said(q, _spoken(q, application.answers)) for q in questions)
    given = application.answers if application.redacted is None else application.redacted
    covered = sorted(set(telling(application)), key=len, reverse=True)
    return tuple(Said(q, _covered(_spoken(q, given), covered)) for q in questions if not q.personal)


def telling(application: Application) -> Iterator[str]:
    """Yield the texts that tell whose application it is."""
    if application.person is not None:
        yield application.person.name
    if application.organisation is not None:
        yield application.organisation.name
    yield application.number
    for question in application.programme.questions:
        text = str(application.answers.get(question.code) or "").strip()
        least = {"line": SHORTEST, "number": LONGEST, "date": LONGEST}.get(question.kind)
        if question.personal and least is not None and len(text) >= least:
            yield text


def _spoken(question: Question, answers: Mapping[str, object]) -> str:
    value = answers.get(question.code)
    if isinstance(value, bool):
        return SPOKEN[value]
    return "" if value is None else str(value)


def _covered(text: str, telling_: list[str]) -> str:
    for each in telling_:
        text = text.replace(each, HIDDEN)
    return text
