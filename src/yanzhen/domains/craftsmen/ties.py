"""What the domain adds to the engines: who is tied to whom in a panel, and the honour that an award brings."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import product

from yanzhen.domains.craftsmen.actions.conferring import on_award
from yanzhen.domains.craftsmen.queries.people import conflicts_of
from yanzhen.engines.programmes.models import Application
from yanzhen.engines.programmes.panels import field
from yanzhen.engines.programmes.panels.models import Judge
from yanzhen.engines.programmes.results.actions import AWARDED

TAUGHT = "taught"


def taught(judges: Sequence[Judge], applications: Sequence[Application]) -> Iterator[tuple[int, int]]:
    """Give (application, judge) of those who are mentor and apprentice, or have a mentor in common."""
    judging: dict[int | None, list[int]] = defaultdict(list)
    applying: dict[int | None, list[int]] = defaultdict(list)
    for judge in judges:
        judging[judge.account.person_id].append(judge.pk)
    for application in applications:
        applying[application.person_id].append(application.pk)
    for tie in conflicts_of({person for person in (*judging, *applying) if person is not None}):
        for judge_person, applicant in ((tie.one, tie.other), (tie.other, tie.one)):
            yield from product(applying.get(applicant, ()), judging.get(judge_person, ()))


field.TIES[TAUGHT] = taught
field.REASONS[TAUGHT] = "与申报人有师徒关系"
AWARDED.append(on_award)
