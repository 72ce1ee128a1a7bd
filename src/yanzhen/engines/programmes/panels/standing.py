"""How a panel round stands, for those who run it. Every read begins at a round that the account runs (`run_by`)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import Count, Q, QuerySet

from yanzhen.engines.matching.shortages import Shortage
from yanzhen.engines.programmes.models import Application, Round
from yanzhen.engines.programmes.panels.actions.judging import DONE, LIVE, RUN, said
from yanzhen.engines.programmes.panels.models import Assignment, AssignmentRun, Bar, Judge, ScoreRun, Sheet
from yanzhen.foundation.models import Account, Grant, Organisation

MARKER = "application.mark"
VIEW = "application.view"


def run_by(account: Account, pk: int) -> Round | None:
    """Return the round, if the account runs it."""
    rows: QuerySet[Round] = Round.objects.visible_to(account, RUN).filter(pk=pk)
    return rows.prefetch_related("windows").select_related("region").first()


def markers(round_: Round) -> QuerySet[Account]:
    """The accounts that may be invited: active, with a grant to mark, not judges of the round yet."""
    granted = Grant.objects.filter(role__rights__contains=[MARKER], ends_on=None)
    rows: QuerySet[Account] = Account.objects.filter(is_active=True, pk__in=granted.values("account"))
    return (
        rows.exclude(judgeships__round=round_)
        .select_related("organisation")
        .order_by("name", "pk")
        .distinct()
    )


def units_called(name: str) -> list[Organisation]:
    return list(Organisation.objects.filter(name=name.strip(), valid_to=None)[:2])


def judges(round_: Round) -> QuerySet[Any]:
    """The judges with `live` and `done` assignments and `barred` applications."""
    return (
        Judge.objects.filter(round=round_)
        .select_related("account", "employer", "region")
        .annotate(
            live=Count("assignments", filter=Q(assignments__status=LIVE), distinct=True),
            done=Count("assignments", filter=Q(assignments__status=DONE), distinct=True),
            barred=Count("bars", distinct=True),
        )
        .order_by("-active", "pk")
    )


def judge_of(round_: Round, pk: int) -> Judge | None:
    return Judge.objects.filter(round=round_, pk=pk).select_related("account", "round").first()


def serving(round_: Round) -> QuerySet[Judge]:
    return Judge.objects.filter(round=round_, active=True).select_related("account", "region").order_by("pk")


def judge_names(round_: Round) -> dict[int, str]:
    return {judge.pk: str(judge) for judge in Judge.objects.filter(round=round_).select_related("account")}


def bars(round_: Round) -> QuerySet[Bar]:
    return (
        Bar.objects.filter(judge__round=round_)
        .select_related("judge__account", "application", "by")
        .order_by("-pk")
    )


def under_review(round_: Round, account: Account) -> QuerySet[Any]:
    """The applications that are judged, by number."""
    rows: QuerySet[Any] = Application.objects.visible_to(account, VIEW).filter(round=round_, state="review")
    return rows.order_by("number")


def numbers(ids: Iterable[int]) -> dict[int, str]:
    return dict(Application.objects.filter(pk__in=set(ids)).values_list("pk", "number"))


def assignments(round_: Round) -> QuerySet[Assignment]:
    """All assignments, the latest first."""
    return (
        Assignment.objects.filter(run__round=round_)
        .select_related("judge__account", "application", "run")
        .defer("application__answers", "application__redacted")
        .order_by("-pk")
    )


def sheets(round_: Round) -> QuerySet[Sheet]:
    return (
        Sheet.objects.filter(assignment__run__round=round_)
        .select_related("assignment__judge__account", "assignment__application", "by", "void__by")
        .prefetch_related("marks")
        .order_by("-pk")
    )


def filed_of(held: Iterable[Assignment]) -> dict[int, list[int]]:
    """Return the ids of the sheets of each assignment, the first filed first."""
    found: dict[int, list[int]] = {}
    rows = Sheet.objects.filter(assignment__in=list(held)).order_by("pk")
    for sheet, assignment in rows.values_list("pk", "assignment"):
        found.setdefault(assignment, []).append(sheet)
    return found


def assignment_runs(round_: Round) -> QuerySet[Any]:
    return AssignmentRun.objects.filter(round=round_).select_related("by").annotate(n=Count("assignments"))


def sentences(shortages: Iterable[Shortage | dict[str, Any]]) -> list[str]:
    """Return what panels lack, a sentence each."""
    told = [each if isinstance(each, Shortage) else Shortage(**each) for each in shortages]
    named = numbers(each.application for each in told)
    return [said(each, named.get(each.application, str(each.application))) for each in told]


def score_runs(round_: Round) -> QuerySet[ScoreRun]:
    return ScoreRun.objects.filter(round=round_).select_related("by", "adopted_by", "round").defer("frozen")


def score_run(round_: Round, pk: int) -> ScoreRun | None:
    rows = ScoreRun.objects.filter(round=round_, pk=pk)
    return rows.select_related("by", "adopted_by", "round").first()


def adopted(round_: Round, stage: str) -> ScoreRun | None:
    return ScoreRun.objects.filter(round=round_, stage=stage, adopted_at__isnull=False).first()


def places_after(round_: Round, stage: str) -> int:
    """Return how many are chosen after a marking stage: by its shortlist, or as many as the quota has."""
    stages = round_.programme.stages
    after = stages[[each.code for each in stages].index(stage) + 1 :]
    shortlist: Any = next((each for each in after if each.kind == "shortlist"), None)
    return (shortlist.places if shortlist else 0) or round_.programme.quota.places


def given_again(round_: Round) -> set[int]:
    """Return the applications that were given to one more judge for an odd mark."""
    rows = Assignment.objects.filter(run__round=round_, remark=True, status__in=(LIVE, DONE))
    return set(rows.values_list("application_id", flat=True))


def counts(round_: Round) -> dict[str, int]:
    """Return how many judges, applications and assignments there are, and how many of these are marked."""
    held = Assignment.objects.filter(run__round=round_).aggregate(
        live=Count("pk", filter=Q(status=LIVE)), done=Count("pk", filter=Q(status=DONE)),
        recused=Count("pk", filter=Q(status=Assignment.State.RECUSED)),
    )  # fmt: skip
    return {
        "judges": Judge.objects.filter(round=round_, active=True).count(),
        "applications": Application.objects.filter(round=round_, state="review").count(),
        **held,
    }
