"""What a judge reads: the own assignments and nothing else.

A judge holds no grant over applications, so these rows are read beyond the wall; each query begins at the judge's account.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from yanzhen.engines.programmes.models import Round, Window
from yanzhen.engines.programmes.panels import blind, field, papers
from yanzhen.engines.programmes.panels.models import Assignment, Judge, Sheet
from yanzhen.foundation.models import Account
from yanzhen.foundation.scope import EVERYTHING, database_scope

LIVE, DONE, RECUSED = Assignment.State.LIVE, Assignment.State.DONE, Assignment.State.RECUSED
MOST_ROUNDS = 20
REVIEW = "review"


@dataclass(frozen=True, slots=True)
class MyRound:
    """What an account has to mark, and has marked, in one marking stage of a round."""

    round: Round
    stage: Any
    window: Window
    tasks: tuple[Assignment, ...]

    @property
    def to_do(self) -> list[Assignment]:
        return [task for task in self.tasks if task.status == LIVE and not task.filed]  # type: ignore[attr-defined]  # annotated

    @property
    def done(self) -> int:
        return sum(1 for task in self.tasks if task.filed)  # type: ignore[attr-defined,misc]  # annotated


@dataclass(frozen=True, slots=True)
class Task:
    """An assignment as its judge opens it. `barred` are the reasons why it may not be opened; then nothing is said of it."""

    assignment: Assignment
    round: Round
    stage: Any
    barred: tuple[str, ...]
    who: tuple[tuple[str, str], ...]
    """Applicant, unit and region; empty where the stage is blind."""
    answers: tuple[blind.Said, ...]
    papers: tuple[papers.Paper, ...]
    sheets: tuple[Sheet, ...]
    """The judge's own, newest first; a void one with its reason."""

    @property
    def filed(self) -> Sheet | None:
        return next((sheet for sheet in self.sheets if not hasattr(sheet, "void")), None)


def my_rounds(account: Account) -> list[MyRound]:
    """Return the account's rounds, newest first, each marking stage by itself."""
    judges = list(
        Judge.objects.filter(account=account)
        .select_related("round")
        .prefetch_related("round__windows")
        .order_by("-round__opened_at", "-pk")[:MOST_ROUNDS]
    )
    with database_scope({EVERYTHING}):
        tasks = list(
            _mine(account).filter(judge__in=judges).defer("application__answers", "application__redacted")
        )
    found = []
    for judge in judges:
        own = [task for task in tasks if task.judge_id == judge.pk]
        for code in dict.fromkeys(task.stage for task in own):
            stage = judge.round.programme.coming("mark", code)
            if stage is None:
                continue
            window = judge.round.window(stage.code)
            found.append(MyRound(judge.round, stage, window, tuple(t for t in own if t.stage == code)))
    return found


def my_task(account: Account, pk: int) -> Task | None:
    """Return an assignment of the account's own; None where there is none, or it was given up."""
    with database_scope({EVERYTHING}):
        held = (
            _mine(account)
            .exclude(status=RECUSED)
            .select_related(
                "judge", "application__person", "application__organisation", "application__region"
            )
            .filter(pk=pk)
            .first()
        )
        if held is None:
            return None
        round_ = Round.objects.prefetch_related("windows").get(pk=held.judge.round_id)
        stage = round_.programme.coming("mark", held.stage)
        if stage is None:
            return None
        held.application.round = round_
        barred = field.barred(held.judge, held.application, round_.programme.stage(held.stage))
        if barred:
            return Task(held, round_, stage, tuple(barred), (), (), (), ())
        names = "names" in stage.shows
        return Task(
            held, round_, stage, (), _who(held) if names else (), blind.read(held.application, names=names),
            papers.shown(held.application, names=names),
            tuple(
                held.sheets.filter(entry=1, by=account)
                .select_related("void").prefetch_related("marks").order_by("-pk")
            ),
        )  # fmt: skip


def my_next(account: Account, after: Assignment) -> int | None:
    """Return the id of the next assignment to mark in the same stage, from the top again after the last."""
    with database_scope({EVERYTHING}):
        ids = list(
            _mine(account)
            .filter(judge=after.judge_id, stage=after.stage, status=LIVE, filed=False)
            .exclude(pk=after.pk)
            .values_list("pk", flat=True)
        )
    return next((pk for pk in ids if pk > after.pk), ids[0] if ids else None)


def _mine(account: Account) -> QuerySet[Any]:
    """The account's assignments in their order; `filed`: whether its own sheet stands. One to mark is under review still."""
    own = Sheet.objects.filter(assignment=OuterRef("pk"), entry=1, void=None)
    rows: QuerySet[Any] = Assignment.objects.filter(
        judge__account=account, status__in=(LIVE, DONE, RECUSED)
    ).annotate(filed=Exists(own))
    gone = rows.filter(status=LIVE, filed=False).exclude(application__state=REVIEW)
    return rows.exclude(pk__in=gone.values("pk")).select_related("application").order_by("pk")


def _who(held: Assignment) -> tuple[tuple[str, str], ...]:
    row = held.application
    return (
        ("申报人", row.person.name if row.person else "—"),
        ("所在单位", str(row.organisation) if row.organisation else "—"),
        ("行政区划", str(row.region)),
    )
