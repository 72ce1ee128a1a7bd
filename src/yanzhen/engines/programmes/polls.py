"""Reads of a vote: who stands for it, how many took part, what came out, and what looks arranged.

Who voted for whom nobody is told: a ballot is shown by its number and hour, never with its voter.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import TruncHour
from django.utils import timezone

from yanzhen.engines.programmes.actions.voting import counts, is_over
from yanzhen.engines.programmes.models import Application, Ballot, Round
from yanzhen.foundation import parameters
from yanzhen.foundation.models import Account, Employment
from yanzhen.foundation.scope import EVERYTHING, database_scope

OWN, HOUR = "own", "hour"
LABELS = {OWN: "本单位职工投票占比偏高", HOUR: "选票集中在一小时之内"}


@dataclass(frozen=True, slots=True)
class Anomaly:
    """What looks bought or arranged, a question to people: `percent` of `votes` is above `bound`."""

    code: str
    application: int
    number: str
    percent: int
    bound: int
    votes: int

    @property
    def label(self) -> str:
        return LABELS[self.code]


@dataclass(frozen=True, slots=True)
class Day:
    day: date
    ballots: int


@dataclass(frozen=True, slots=True)
class Counted:
    """An application with the votes that count, and its part in percent."""

    number: str
    title: str
    votes: int
    share: Decimal


def stage_of(round_: Round) -> Any:
    """Return the Vote stage that is on or was the last, else the first to come; None where the round has none."""
    return round_.programme.latest("vote", round_.stage) or round_.programme.coming("vote", round_.stage)


def voting_now() -> list[Round]:
    """The rounds that take votes now: that they do is public."""
    now = timezone.now()
    rows = Round.objects.filter(status=Round.Status.RUNNING).select_related("region")
    found = rows.prefetch_related("windows").filter(
        windows__stage=F("stage"), windows__opens_at__lte=now, windows__closes_at__gt=now
    )
    return [round_ for round_ in found.order_by("pk") if round_.stage_now.kind == "vote"]


def standing_for(round_: Round, account: Account, *, asked: str = "") -> list[Application]:
    """Return who stands for the vote, each voter in an order of its own that tells nothing; `asked` searches.

    Read beyond the wall: that they stand is what every voter is shown.
    """
    with database_scope({EVERYTHING}):
        rows = Application.objects.filter(round=round_, state="review").select_related(
            "person", "organisation"
        )
        rows = rows.defer("answers", "redacted")
        if asked:
            rows = rows.filter(
                Q(person__name__icontains=asked)
                | Q(organisation__name__icontains=asked)
                | Q(number__iexact=asked)
            )
        return sorted(
            rows, key=lambda row: hashlib.sha256(f"{round_.seed}:{account.pk}:{row.pk}".encode()).digest()
        )


def one_standing(round_: Round, number: str) -> Application | None:
    with database_scope({EVERYTHING}):
        rows = Application.objects.filter(round=round_, state="review", number=number)
        return rows.select_related("person", "organisation", "region", "round").first()


def told_of(application: Application) -> list[tuple[str, str]]:
    """Return (question, answer) of what voters may read: the texts, and of these none that is marked personal."""
    texts = [q for q in application.programme.questions if q.kind in ("line", "text") and not q.personal]
    found = [(question.label, str(application.answers.get(question.code) or "")) for question in texts]
    return [(label, text) for label, text in found if text]


def cast_today(round_: Round, account: Account) -> Ballot | None:
    """The account's own vote of today."""
    if account.person_id is None:
        return None
    with database_scope({EVERYTHING}):
        rows = Ballot.objects.filter(round=round_, stage=round_.stage, person=account.person_id)
        return rows.filter(day=timezone.localdate()).select_related("application__person").first()


def turnout(round_: Round, stage: Any) -> dict[str, Any]:
    """Return `ballots`, `voters` and `void`, and the ballots by day: nothing of for whom."""
    rows = Ballot.objects.filter(round=round_, stage=stage.code)
    whole = rows.aggregate(
        ballots=Count("pk"),
        voters=Count("person", distinct=True),
        void=Count("pk", filter=~Q(void_reason="")),
    )
    days = rows.values_list("day").annotate(n=Count("pk")).order_by("day")
    return {**whole, "days": [Day(*day) for day in days]}


def result(round_: Round, stage: Any) -> list[Counted] | None:
    """Return the votes, most first; None before the vote is over."""
    if not is_over(round_, stage):
        return None
    counted = counts(round_, stage)
    whole = sum(counted.values())
    rows = Application.objects.filter(pk__in=counted).values_list("pk", "number", "title")
    found = [
        Counted(number, title, counted[pk], Decimal(100 * counted[pk]) / whole if whole else Decimal(0))
        for pk, number, title in rows
    ]
    return sorted(found, key=lambda one: (-one.votes, one.number))


def anomalies(round_: Round, stage: Any) -> list[Anomaly]:
    """Return what looks bought or arranged: many votes from the own employer, or most of them within one hour.

    The bounds are parameters; nothing is voided by itself. Two statements, whatever the number of applications.
    """
    today = timezone.localdate()
    own, hour, least = (
        parameters.get(f"programmes.vote_{name}", on=today, region=round_.region_id).value
        for name in ("own_percent", "hour_percent", "least")
    )
    standing = Ballot.objects.filter(round=round_, stage=stage.code, void_reason="")
    counted = _marked(standing).values("application", "application__number")
    rows = counted.annotate(n=Count("pk"), own=Count("pk", filter=Q(colleague=True))).filter(n__gte=least)
    hours = standing.values("application", hour=TruncHour("at")).annotate(k=Count("pk"))
    busiest = dict(hours.order_by("k").values_list("application", "k"))
    found = []
    for row in rows.order_by("-n", "application__number"):
        for code, n, bound in ((OWN, row["own"], own), (HOUR, busiest[row["application"]], hour)):
            if n * 100 > bound * row["n"]:
                percent = round(n * 100 / row["n"])
                number = row["application__number"]
                found.append(Anomaly(code, row["application"], number, percent, int(bound), row["n"]))
    return found


def behind(round_: Round, stage: Any, number: str, code: str) -> list[Any]:
    """Return the ballots that an anomaly rests on, oldest first, the void ones too; `colleague` tells of the own unit."""
    rows = Ballot.objects.filter(round=round_, stage=stage.code, application__number=number)
    shown = _marked(rows).select_related("voided_by").defer("person").order_by("at", "pk")
    if code == OWN:
        return list(shown.filter(colleague=True))
    hours = rows.filter(void_reason="").values(hour=TruncHour("at")).annotate(k=Count("pk"))
    busiest = hours.order_by("-k", "hour").first()
    if busiest is None:
        return []
    return list(shown.filter(at__gte=busiest["hour"], at__lt=busiest["hour"] + timedelta(hours=1)))


def _marked(ballots: QuerySet[Ballot]) -> QuerySet[Any]:
    """Say of each ballot whether its voter works in the unit of the application."""
    works = Employment.objects.filter(
        person=OuterRef("person"), organisation=OuterRef("application__organisation"), ends_on=None
    )
    return ballots.annotate(colleague=Exists(works))
