"""What other parts add to a worker's own pages: honours and certificates, mentors, marks when they are released."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from yanzhen.domains.craftsmen.queries.people import mentors_of
from yanzhen.engines.honours.queries import held_by
from yanzhen.engines.programmes import polls
from yanzhen.engines.programmes.actions import voting
from yanzhen.engines.programmes.certificates.queries import numbers_of
from yanzhen.engines.programmes.models import Application
from yanzhen.foundation.models import Account


@dataclass(frozen=True, slots=True)
class Slot:
    """`template` draws what `show` gives of the account or of the application; None draws nothing.

    It runs with everything in reach: `show` begins at what is the account's own.
    """

    template: str
    show: Callable[[Any], Mapping[str, Any] | None]


def honours_of(account: Account) -> Mapping[str, Any] | None:
    """The titles of the account's own person, with the certificate and its public page."""
    if account.person is None:
        return None
    return {"honours": held_by(account.person), "printed": numbers_of(account.person)}


def mentors_of_own(account: Account) -> Mapping[str, Any] | None:
    return {"mentors": mentors_of(account.person)} if account.person else None


def votes_of(account: Account) -> Mapping[str, Any] | None:
    """The rounds in which the account may vote now; None where there is none."""
    found = [] if voting.not_a_voter(account) else polls.voting_now()
    return {"votes": found} if found else None


def released(application: Application) -> Mapping[str, Any] | None:
    """Total and place, once it was decided; None before, and where nothing was marked."""
    if application.ended_at is None or application.score is None:
        return None
    return {"score": application.score, "place": application.place}


ON_RECORD = [
    Slot("portal/selection/_votes.html", votes_of),
    Slot("portal/selection/_honours.html", honours_of),
    Slot("portal/selection/_mentors.html", mentors_of_own),
]
"""On a worker's own record, by the account."""
ON_APPLICATION = [Slot("portal/selection/_released.html", released)]
"""On the page of an own application, by the application."""


def filled(slots: list[Slot], about: Any) -> list[tuple[str, Mapping[str, Any]]]:
    """Return (template, what it draws) of the slots that have something to show."""
    given = [(slot.template, slot.show(about)) for slot in slots]
    return [(template, shown) for template, shown in given if shown is not None]
