"""Reads of visits: what is outstanding, for the organiser; the own ones, for those who go.

Who goes may hold no grant over applications, so the own visits are read beyond the wall, beginning at the account.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Q, QuerySet

from yanzhen.engines.programmes.models import Application, Inspection, Round
from yanzhen.engines.programmes.panels import blind
from yanzhen.engines.programmes.visits.conflicts import conflicts
from yanzhen.engines.programmes.visits.models import Visit
from yanzhen.foundation import attachments
from yanzhen.foundation.models import Account, Attachment, Grant
from yanzhen.foundation.scope import EVERYTHING, database_scope

GO = ("application.screen", "application.mark")
"""Rights of which one is held by everybody who may be sent."""
VIEW = "application.view"
PLANNED, FILED = Visit.State.PLANNED, Visit.State.FILED
TODO, LATE = "todo", "late"
BOXES = {TODO: "未安排", PLANNED.value: "待考察", LATE: "已逾期", FILED.value: "已登记"}
MOST_OWN = 200


@dataclass(frozen=True, slots=True)
class Line:
    """An application under review with the visit planned to it, and what was found; each None where there is none."""

    application: Application
    visit: Visit | None
    inspection: Inspection | None

    @property
    def inspectors(self) -> str:
        return "、".join(str(one) for one in self.visit.inspectors.all()) if self.visit else ""


@dataclass(frozen=True, slots=True)
class Errand:
    """A visit as one who goes opens it. `barred` are reasons why it may not be; then nothing is said of it."""

    visit: Visit
    round: Round
    stage: Any
    barred: tuple[str, ...]
    answers: tuple[blind.Said, ...]
    files: tuple[Attachment, ...]

    @property
    def open(self) -> bool:
        on = self.round.status == Round.Status.RUNNING and self.round.stage == self.stage.code
        return on and self.visit.status == PLANNED and self.visit.application.state == "review"


def stage_of(round_: Round) -> Any:
    """Return the Inspect stage that is on or was the last, else the first to come; None where the round has none."""
    return round_.programme.latest("inspect", round_.stage) or round_.programme.coming(
        "inspect", round_.stage
    )


def counts(round_: Round, stage: Any, account: Account, *, today: date) -> dict[str, int]:
    """Return how many applications under review are in which box."""
    return {box: _boxed(round_, stage, account, box, today).count() for box in BOXES}


def lines(
    round_: Round, stage: Any, account: Account, box: str, *, today: date, first: int, most: int
) -> list[Line]:
    """Return the applications of a box from the `first`th, by city and number."""
    rows = _boxed(round_, stage, account, box, today).select_related("person", "organisation", "region")
    found = list(rows.defer("answers", "redacted").order_by("region_id", "number")[first : first + most])
    visits = Visit.objects.filter(application__in=found, stage=stage.code, status=PLANNED)
    planned = {visit.application_id: visit for visit in visits.prefetch_related("inspectors")}
    filed = Inspection.objects.filter(application__in=found, stage=stage.code, replaced=False)
    seen = {one.application_id: one for one in filed.select_related("visit")}
    return [Line(row, planned.get(row.pk), seen.get(row.pk)) for row in found]


def _boxed(round_: Round, stage: Any, account: Account, box: str, today: date) -> QuerySet[Any]:
    rows: QuerySet[Any] = Application.objects.visible_to(account, VIEW).filter(round=round_, state="review")
    planned = Visit.objects.filter(stage=stage.code, status=PLANNED, application__round=round_)
    filed = Inspection.objects.filter(stage=stage.code, replaced=False, application__round=round_)
    if box == FILED:
        return rows.filter(pk__in=filed.values("application"))
    if box == PLANNED:
        return rows.filter(pk__in=planned.values("application"))
    if box == LATE:
        return rows.filter(pk__in=planned.filter(on__lt=today).values("application"))
    return rows.exclude(pk__in=filed.values("application")).exclude(pk__in=planned.values("application"))


def visit_of(round_: Round, pk: int) -> Visit | None:
    rows = Visit.objects.filter(application__round=round_, pk=pk)
    return (
        rows.select_related(
            "application__person", "application__organisation", "application__region", "inspection__filed_by"
        )
        .prefetch_related("inspectors")
        .first()
    )


def picked(round_: Round, account: Account, numbers: list[str]) -> list[Any]:
    """Return the applications of these numbers that the account sees."""
    rows = Application.objects.visible_to(account, VIEW).filter(round=round_, number__in=numbers)
    return list(rows.select_related("person", "organisation", "region").order_by("number"))


def who_may_go(round_: Round) -> QuerySet[Account]:
    """The accounts that may be sent: active, with a grant to screen or to mark."""
    granted = Grant.objects.filter(role__rights__overlap=list(GO), ends_on=None)
    rows: QuerySet[Account] = Account.objects.filter(
        Q(pk__in=granted.values("account")) | Q(judgeships__round=round_), is_active=True
    )
    return rows.select_related("organisation").order_by("name", "pk").distinct()


def errands(account: Account) -> list[Visit]:
    """The account's own visits: those to make first, by day."""
    with database_scope({EVERYTHING}):
        rows = Visit.objects.filter(inspectors=account).exclude(status=Visit.State.CALLED_OFF)
        related = rows.select_related(
            "application__organisation", "application__region", "application__round"
        )
        return list(related.defer("application__answers").order_by("-status", "on", "pk")[:MOST_OWN])


def errand(account: Account, pk: int) -> Errand | None:
    """One of the account's own visits; None where there is none, or it was called off."""
    with database_scope({EVERYTHING}):
        rows = Visit.objects.filter(inspectors=account, pk=pk).exclude(status=Visit.State.CALLED_OFF)
        visit = rows.select_related(
            "application__person", "application__organisation", "application__region", "application__round",
            "inspection",
        ).prefetch_related("inspectors").first()  # fmt: skip
        if visit is None:
            return None
        row = visit.application
        stage = row.round.programme.stage(visit.stage)
        if barred := conflicts(account, row):
            return Errand(visit, row.round, stage, tuple(barred), (), ())
        answers, files = blind.read(row, names=True), attachments.of(visit)
        return Errand(visit, row.round, stage, (), answers, tuple(files))
