"""Reads of results: what stands, who is on the list, and what is against awarding it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db.models import Count, Q, QuerySet

from yanzhen.engines.programmes.guards import notice_is_over
from yanzhen.engines.programmes.models import Application, Round
from yanzhen.engines.programmes.results.models import Seat, ShortlistRun
from yanzhen.foundation.models import Account

AGAINST: list[Callable[[Round], str | None]] = []
"""What else stands against awarding a list; notices add that the public has to have seen this very list."""


def rounds(account: Account) -> QuerySet[Round]:
    """The rounds whose results the account prepares or decides."""
    rows: QuerySet[Round] = Round.objects.visible_to(account, "programme.view")
    return rows.select_related("region", "definition")


def runs(round_: Round) -> QuerySet[ShortlistRun]:
    """All kept runs, the newest first."""
    return ShortlistRun.objects.filter(round=round_).select_related("by", "adopted_by", "follows", "round")


def standing(round_: Round) -> ShortlistRun | None:
    """The run that was adopted last, of the last shortlist that the programme has; None before there is one."""
    stages = round_.programme.of_kind("shortlist")
    if not stages:
        return None
    adopted = runs(round_).filter(stage=stages[-1].code, adopted_at__isnull=False)
    return adopted.order_by("-adopted_at", "-pk").first()


def seats(run: ShortlistRun, *, chosen: bool, after: int = 0) -> QuerySet[Seat]:
    """What the run says of those who are on the list, or who are not: the best first, those after the seat `after`."""
    related = ("application__person", "application__organisation", "application__region")
    rows = Seat.objects.filter(run=run, chosen=chosen, pk__gt=after)
    return rows.select_related(*related).order_by("pk")


def counts(run: ShortlistRun) -> dict[str, int]:
    found: dict[str, int] = run.seats.aggregate(
        on=Count("pk", filter=Q(chosen=True)), off=Count("pk", filter=Q(chosen=False))
    )
    return found


def chosen_ids(run: ShortlistRun) -> list[int]:
    return list(
        run.seats.filter(chosen=True).order_by("application_id").values_list("application_id", flat=True)
    )


def listed(round_: Round) -> QuerySet[Application]:
    """Who is on the list: shown to the public, not awarded yet."""
    return Application.objects.filter(round=round_, state="noticed").order_by("pk")


def later(round_: Round, code: str) -> list[Any]:
    codes = [stage.code for stage in round_.programme.stages]
    return list(round_.programme.stages[codes.index(code) + 1 :])


def differs(round_: Round) -> str | None:
    """Return why the list is not the frozen run any more; None where they are one."""
    run = standing(round_)
    if run is None:
        return "还没有采用的入围名单"
    on, chosen = set(listed(round_).values_list("pk", flat=True)), set(chosen_ids(run))
    if on == chosen:
        return None
    return f"名单与采用的入围结果不一致（缺 {len(chosen - on)} 件，多 {len(on - chosen)} 件）：请在公示页“按规则重算并更新”"


def against_award(round_: Round) -> list[str]:
    """Return every reason why the list may not be awarded now."""
    reasons = []
    if round_.programme.of_kind("shortlist") and (reason := differs(round_)):
        reasons.append(reason)
    if round_.programme.of_kind("notice") and (reason := notice_is_over(Application(round=round_))):
        reasons.append(reason)
    frozen = listed(round_).filter(open_objections__gt=0)
    if most := frozen.order_by("-open_objections").values_list("open_objections", flat=True).first():
        reasons.append(f"还有 {most} 件异议没有办结，结果在此之前冻结")
    reasons += [reason for ask in AGAINST if (reason := ask(round_))]
    if not reasons and not listed(round_).exists():
        reasons.append("名单上没有待认定的申报")
    return reasons
