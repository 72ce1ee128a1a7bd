"""What the solver is given: who may judge whom in a round, by the records as they are now."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from yanzhen.engines.matching.field import NOBODY, Apart, Applications, Cap, Field, Judges, Named
from yanzhen.engines.programmes.models import Application, Round
from yanzhen.engines.programmes.panels.models import Bar, Judge

Tied = Callable[[Sequence[Judge], Sequence[Application]], Iterable[tuple[int, int]]]
"""Takes judges and applications; returns pairs (application id, judge id) that may not meet."""
TIES: dict[str, Tied] = {}
"""By reason: bars that a domain knows of, such as mentor and apprentice."""
EMPLOYER, CITY, DECLARED = "employer", "city", "declared"
REASONS = {EMPLOYER: "与申报人同单位", CITY: "与申报人同市", DECLARED: "已申明或查明须回避"}
"""What a reason of the solver means to its reader; a domain that adds to TIES adds here."""
KNOWN, UNKNOWN_TOPIC = 1000, 200
"""How well a judge fits who knows the topic, and who does not: somebody has to, and better one who does."""


def field_of(
    round_: Round, stage: Any, judges: Sequence[Judge], applications: Sequence[Application]
) -> Field:
    """Return the field of a panel round; `stage` is an Assign stage."""
    topics = sorted({t for a in applications for t in _topics(a)} | {t for j in judges for t in j.topics})
    place = {topic: n for n, topic in enumerate(topics)}
    fits = np.zeros((len(applications), len(topics)), np.int64)
    knows = np.full((len(judges), len(topics)), UNKNOWN_TOPIC, np.int64)
    for n, application in enumerate(applications):
        for topic in _topics(application):
            fits[n, place[topic]] = KNOWN
    for n, judge in enumerate(judges):
        for topic in judge.topics:
            knows[n, place[topic]] = KNOWN
    return Field(
        Applications(_ids(applications), fits, np.full(len(applications), stage.each, np.int64)),
        Judges(
            _ids(judges), knows, np.full(len(judges), stage.least, np.int64),
            np.array([min(j.most if j.most is not None else stage.most, stage.most) for j in judges], np.int64),
        ),
        bars=tuple(_bars(stage, judges, applications)),
        caps=tuple(_caps(stage, judges)),
    )  # fmt: skip


def barred(judge: Judge, application: Application, stage: Any) -> list[str]:
    """Return the reasons why `judge` may not mark `application`, as both read them: asked again when it is opened and filed."""
    reasons = []
    if judge.employer_id is not None and judge.employer_id == application.organisation_id:
        reasons.append(REASONS[EMPLOYER])
    if not stage.same_city and judge.region_id[:4] == application.region_id[:4]:
        reasons.append(REASONS[CITY])
    if Bar.objects.filter(judge=judge, application=application).exists():
        reasons.append(REASONS[DECLARED])
    return reasons + [REASONS[name] for name, tied in TIES.items() if list(tied([judge], [application]))]


def _topics(application: Application) -> list[str]:
    return [topic for topic in (application.track, application.industry[:3]) if topic]


def _ids(rows: Sequence[Any]) -> Any:
    return np.array([row.pk for row in rows], np.int64)


def _codes(values: Sequence[Any]) -> Any:
    """Number equal values alike; None is nobody."""
    known = {value: n for n, value in enumerate(sorted({v for v in values if v is not None}))}
    return np.array([NOBODY if value is None else known[value] for value in values], np.int64)


def _bars(
    stage: Any, judges: Sequence[Judge], applications: Sequence[Application]
) -> Iterable[Apart | Named]:
    n = len(applications)
    employers = _codes([*(a.organisation_id for a in applications), *(j.employer_id for j in judges)])
    yield Apart(EMPLOYER, employers[:n], employers[n:])
    if not stage.same_city:
        cities = _codes([*(a.region_id[:4] for a in applications), *(_city(j) for j in judges)])
        yield Apart(CITY, cities[:n], cities[n:])
    declared = Bar.objects.filter(judge__in=judges, application__in=[a.pk for a in applications])
    yield _named(DECLARED, declared.values_list("application_id", "judge_id"))
    for name, tied in TIES.items():
        yield _named(name, tied(judges, applications))


def _named(reason: str, pairs: Iterable[tuple[int, int]]) -> Named:
    found = np.array(sorted(pairs), np.int64).reshape(-1, 2)
    return Named(reason, found[:, 0], found[:, 1])


def _caps(stage: Any, judges: Sequence[Judge]) -> Iterable[Cap]:
    cities = _codes([_city(judge) for judge in judges])
    if stage.per_city:
        yield Cap(CITY, cities, stage.per_city)
    if stage.per_employer:
        # by city too: an employer with judges in two cities is two groups, as caps have to nest
        yield Cap(
            EMPLOYER,
            _codes([None if j.employer_id is None else (j.employer_id, j.region_id[:4]) for j in judges]),
            stage.per_employer,
        )


def _city(judge: Judge) -> str | None:
    """The province's own people are of no city."""
    return None if judge.region_id[2:] == "0000" else judge.region_id[:4]
