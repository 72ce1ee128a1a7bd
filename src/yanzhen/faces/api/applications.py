"""Applications in selections: reading what the key may see, moving on."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any, Self

from django.db.models import QuerySet
from ninja import Query, Router, Schema
from pydantic import Field

from yanzhen.engines.procedures.engine import advance, outlook
from yanzhen.engines.programmes import queries
from yanzhen.engines.programmes.models import Application
from yanzhen.engines.programmes.unfold import WHOLE
from yanzhen.faces.api.auth import ApiRequest
from yanzhen.faces.api.moving import changes_of
from yanzhen.faces.api.paging import MOST, page_of
from yanzhen.faces.api.problems import Absent, demand_known, known_region
from yanzhen.faces.api.schemas import REFUSED, MoveIn, OptionOut, Problem, Strict, local
from yanzhen.foundation.errors import Invalid
from yanzhen.foundation.models import Account
from yanzhen.foundation.regions import prefixes

router = Router(tags=["评选申报"])
SAME = (
    "number",
    "title",
    "state",
    "step",
    "industry",
    "cell",
    "eligible",
    "score",
    "place",
    "chosen",
    "outcome",
)


class ApplicationFilters(Strict):
    state: str = ""
    region: str = Field("", description="行政区划代码，含其下级")
    round: int | None = Field(None, description="轮次 id")
    cursor: str = ""
    limit: int = Field(50, ge=1, le=MOST)


class ApplicationLine(Schema):
    number: str
    title: str
    state: str
    state_label: str
    step: int = Field(description="已走步数；提交流转时作为 seen 带回，防止覆盖他人的处理")
    round: int
    round_label: str
    region: str
    line: str
    person: str | None = Field(description="申报人，遮蔽；单位申报的为空")
    organisation: str | None
    industry: str
    cell: str
    eligible: bool | None = Field(description="资格条件；null 为尚有待核实的")
    score: Decimal | None
    place: int | None
    chosen: bool | None
    outcome: str
    due_at: datetime | None
    submitted_at: datetime | None
    awarded_at: datetime | None

    @classmethod
    def values(cls, row: Application) -> dict[str, Any]:
        return {
            **{name: getattr(row, name) for name in SAME},
            "state_label": row.stage.label,
            "round": row.round_id,
            "round_label": row.round.label,
            "region": row.region_id,
            "line": row.line_id,
            "person": str(row.person) if row.person else None,
            "organisation": row.organisation.name if row.organisation else None,
            **{name: local(getattr(row, name)) for name in ("due_at", "submitted_at", "awarded_at")},
        }

    @classmethod
    def of(cls, row: Application) -> Self:
        return cls(**cls.values(row))


class FindingOut(Schema):
    rule: str
    answer: str
    reason: str
    evidence: str


class ApplicationOut(ApplicationLine):
    answers: dict[str, Any]
    revision: int
    findings: list[FindingOut]

    @classmethod
    def values(cls, row: Application) -> dict[str, Any]:
        findings = [
            FindingOut(rule=f.rule, answer=f.answer, reason=f.reason, evidence=f.evidence)
            for f in queries.findings(row)
        ]
        return {**super().values(row), "answers": row.answers, "revision": row.revision, "findings": findings}


class ApplicationPage(Schema):
    items: list[ApplicationLine]
    next: str | None = Field(description="下一页的 cursor；没有下一页时为 null")


@router.get("/applications", response={200: ApplicationPage, REFUSED: Problem}, summary="申报列表")
def list_applications(request: ApiRequest, filters: Query[ApplicationFilters]) -> ApplicationPage:
    demand_known(request, ApplicationFilters)
    rows, following = page_of(
        _filtered(queries.worklist(request.auth), filters),
        by="started_at",
        cursor=filters.cursor,
        limit=filters.limit,
        with_=("round", "person", "organisation"),
    )
    return ApplicationPage(items=[ApplicationLine.of(row) for row in rows], next=following)


@router.get("/applications/{number}", response={200: ApplicationOut, REFUSED: Problem}, summary="申报详情")
def show_application(request: ApiRequest, number: str) -> ApplicationOut:
    return ApplicationOut.of(_application(request.auth, number))


@router.get(
    "/applications/{number}/options",
    response={200: list[OptionOut], REFUSED: Problem},
    summary="可以办理的步骤",
)
def list_application_options(request: ApiRequest, number: str) -> list[OptionOut]:
    return [OptionOut.of(o) for o in outlook(_application(request.auth, number), actor=request.auth)]


@router.post("/applications/{number}/moves", response={200: ApplicationOut, REFUSED: Problem}, summary="流转")
def move_application(request: ApiRequest, number: str, move: MoveIn) -> ApplicationOut:
    row = _application(request.auth, number)
    changes = changes_of(row, move)
    advance(row, move.transition, actor=request.auth, note=move.note, seen=move.seen, **changes)
    return ApplicationOut.of(_application(request.auth, number))


def _application(account: Account, number: str) -> Application:
    row = queries.worklist(account).filter(number=number).first()
    if row is None:
        raise Absent("没有这一件申报，或不在您的权限范围内")
    return row


def _filtered(rows: QuerySet[Application], filters: ApplicationFilters) -> QuerySet[Application]:
    if filters.state:
        if filters.state not in {state.code for state in WHOLE.states}:
            reason = f"没有状态“{filters.state}”"
            raise Invalid(reason, fields={"state": reason})
        rows = rows.filter(state=filters.state)
    if filters.region:
        rows = rows.within(prefixes(known_region(filters.region).code))  # type: ignore[attr-defined]  # scoped
    return rows.filter(round=filters.round) if filters.round is not None else rows
