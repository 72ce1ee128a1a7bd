"""What is asked of the hotline's classifier."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from yanzhen.domains.hotline.classification import keywords
from yanzhen.domains.hotline.models import Case, Category
from yanzhen.engines.classifier import evidence, grams, store
from yanzhen.engines.classifier.models import Suggestion, Version
from yanzhen.foundation.calendar.held import Held, fingerprint_of
from yanzhen.foundation.models import Account

KIND = Case.procedure_code
MOST = 3
TEXT_LIMIT = grams.TEXT_LIMIT
"""Characters of a text that are read; the rest is passed over, never refused."""
LEAF = 6
"""Characters in the code of a category that a case may have."""


@dataclass(frozen=True, slots=True)
class Suggested:
    """A category for a text; `confidence` (0-1) is None where the declared words suggest."""

    code: str
    name: str
    confidence: float | None
    words: tuple[str, ...]
    source: str
    """"model v3", or "rules" for the declared words."""

    @property
    def shown(self) -> str:
        """Return the confidence as the user reads it; unknown is a dash."""
        return "—" if self.confidence is None else f"{self.confidence:.0%}"


@dataclass(frozen=True, slots=True)
class Suggestions:
    """At most three, the best first; `version` is the key of the model's version, None by the declared words."""

    ranked: tuple[Suggested, ...]
    version: int | None

    def kept(self) -> list[dict[str, Any]]:
        """Return the list as it is kept with the case."""
        return [{"code": s.code, "confidence": s.confidence, "words": list(s.words)} for s in self.ranked]


@dataclass(frozen=True, slots=True)
class Rate:
    """How many suggestions people settled and how many of them they overrode."""

    label: str
    settled: int
    overridden: int

    @property
    def percent(self) -> float:
        return round(100 * self.overridden / self.settled, 1)


def suggestions(text: str) -> Suggestions:
    """Return categories in force for a text of any length (what is beyond the limit of a case's body is not read).

    No statement while the model and the categories are fresh.
    """
    names = _CATEGORIES.get()
    held = store.in_use(KIND)
    if held is None:
        found = [match for match in keywords.matches(grams.normal(text)) if match.category in names]
        return Suggestions(
            tuple(Suggested(m.category, names[m.category], None, m.words, "rules") for m in found[:MOST]),
            None,
        )
    guesses = held.model.suggest(text, most=len(held.model.classes))
    kept = [guess for guess in guesses if guess.label in names][:MOST]
    source = f"model v{held.number}"
    return Suggestions(
        tuple(
            Suggested(label, names[label], sure, tuple(evidence.words(held.model, text, label)), source)
            for label, sure in kept
        ),
        held.pk,
    )


def text_of(case: Case) -> str:
    """Return what a case is classified by: the title as the first line, then the body."""
    return f"{case.title}\n{case.body}"


def closed_cases() -> QuerySet[Case]:
    """Return the installation's closed cases of a category in force, the oldest end first: what is learnt from."""
    return Case.objects.filter(
        state="closed", category__active=True, category__code__regex=r"^\d{6}$"
    ).order_by("ended_at", "pk")


def left_out() -> int:
    """Return how many closed cases are not learnt from, as their category was withdrawn."""
    return Case.objects.filter(state="closed", category__active=False).count()


def versions() -> QuerySet[Version]:
    return store.versions(KIND)


def rates_by_version(account: Account) -> list[Rate]:
    """Return the override rate of each version in the account's reach; the declared words are the version before all."""
    return [
        Rate(f"v{row['number']}" if row["number"] else "rules", row["settled"], row["overridden_count"])
        for row in store.overrides(_given(account), "number")
    ]


def rates_by_category(account: Account) -> list[Rate]:
    """Return the override rate of each category that was chosen, the most overridden first."""
    rows = store.overrides(_given(account), "chosen")
    names = Category.objects.in_bulk([row["chosen"] for row in rows])
    rates = (
        Rate(str(names.get(row["chosen"], row["chosen"])), row["settled"], row["overridden_count"])
        for row in rows
    )
    return sorted(rates, key=lambda rate: (-rate.overridden, -rate.settled, rate.label))


def _given(account: Account) -> QuerySet[Suggestion]:
    return Suggestion.objects.visible_to(account, "case.train").filter(kind=KIND)


def _names() -> dict[str, str]:
    rows: Iterable[tuple[str, str]] = Category.objects.filter(active=True).values_list("code", "name")
    return {code: name for code, name in rows if len(code) == LEAF}


_CATEGORIES = Held(
    _names,
    fingerprint_of("select code, name from hotline_category where active"),
    seconds=store.NOTICED_WITHIN,
)
