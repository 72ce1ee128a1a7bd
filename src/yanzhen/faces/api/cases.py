"""Cases: taking an appeal in, reading what the key may see, moving on."""

from __future__ import annotations

from django.db.models import QuerySet
from ninja import Query, Router

from yanzhen.domains.hotline import queries
from yanzhen.domains.hotline.models import Case
from yanzhen.domains.hotline.procedures import CASE
from yanzhen.engines.procedures.engine import advance, outlook
from yanzhen.faces.api.auth import ApiRequest
from yanzhen.faces.api.moving import changes_of, midnight
from yanzhen.faces.api.paging import page_of
from yanzhen.faces.api.problems import Absent, demand_known, known_region
from yanzhen.faces.api.schemas import (
    REFUSED,
    CaseFilters,
    CaseLine,
    CaseOut,
    CasePage,
    MoveIn,
    OptionOut,
    Problem,
)
from yanzhen.foundation.errors import Invalid
from yanzhen.foundation.models import Account
from yanzhen.foundation.records import record
from yanzhen.foundation.regions import prefixes

router = Router(tags=["诉求工单"])


@router.get("/cases", response={200: CasePage, REFUSED: Problem}, summary="工单列表")
def list_cases(request: ApiRequest, filters: Query[CaseFilters]) -> CasePage:
    demand_known(request, CaseFilters)
    rows, following = page_of(
        _filtered(queries.worklist(request.auth), filters),
        by="received_at",
        cursor=filters.cursor,
        limit=filters.limit,
        with_=("region", "category"),
    )
    return CasePage(items=[CaseLine.of(row, request.auth) for row in rows], next=following)


@router.get("/cases/{number}", response={200: CaseOut, REFUSED: Problem}, summary="工单详情")
def show_case(request: ApiRequest, number: str) -> CaseOut:
    return CaseOut.of(_case(request.auth, number), request.auth)


@router.get(
    "/cases/{number}/options", response={200: list[OptionOut], REFUSED: Problem}, summary="可以办理的步骤"
)
def list_options(request: ApiRequest, number: str) -> list[OptionOut]:
    return [OptionOut.of(option) for option in outlook(_case(request.auth, number), actor=request.auth)]


@router.post("/cases/{number}/moves", response={200: CaseOut, REFUSED: Problem}, summary="流转")
def move_case(request: ApiRequest, number: str, move: MoveIn) -> CaseOut:
    case = _find(request.auth, number)
    changes = changes_of(case, move)
    advance(case, move.transition, actor=request.auth, note=move.note, seen=move.seen, **changes)
    return CaseOut.of(_case(request.auth, number), request.auth)


def _case(account: Account, number: str) -> Case:
    """Return the case that is told of, once a request: a look at a secret one is on record."""
    case = _find(account, number)
    if case.secret:
        record("read", case, actor=account, right=CASE.view_right)
    return case


def _find(account: Account, number: str) -> Case:
    case = queries.worklist(account).filter(number=number).first()
    if case is None:
        raise Absent("没有这一件工单，或不在您的权限范围内")
    return case


def _filtered(rows: QuerySet[Case], filters: CaseFilters) -> QuerySet[Case]:
    if filters.state:
        if filters.state not in {state.code for state in CASE.states}:
            reason = f"没有状态“{filters.state}”"
            raise Invalid(reason, fields={"state": reason})
        rows = rows.filter(state=filters.state)
    if filters.region:
        rows = rows.within(prefixes(known_region(filters.region).code))  # type: ignore[attr-defined]  # scoped
    if filters.received_from:
        rows = rows.filter(received_at__gte=midnight(filters.received_from))
    if filters.received_to:
        rows = rows.filter(received_at__lt=midnight(filters.received_to))
    return rows
