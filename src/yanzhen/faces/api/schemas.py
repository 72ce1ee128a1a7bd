"""The API's own words: what comes in, what goes out. Personal data goes out masked."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Self

from django.utils import timezone
from ninja import Schema
from pydantic import ConfigDict, Field, field_validator
from pydantic_core import PydanticCustomError

from yanzhen.domains.hotline.models import Case
from yanzhen.domains.hotline.secrecy import withheld
from yanzhen.engines.indicators.declare import Indicator, Ratio
from yanzhen.engines.indicators.figures import Figure
from yanzhen.engines.procedures.engine import Option
from yanzhen.faces.api.paging import MOST
from yanzhen.foundation.models import Account

WITHHELD = "（保密）"
NUMBERS = frozenset({"headcount", "amount_yuan"})
"""Fields of a case in whose place nothing stands where they are hidden; in place of a text stands a word."""
REFUSED = frozenset({400, 401, 403, 404, 409, 413, 415, 422, 429})


Day = Annotated[date, Field(ge=date(1900, 1, 1), le=date(2100, 12, 31))]
"""A day that a case can be of; farther ones run out of the calendar when something is added to them."""


class Problem(Schema):
    """RFC 9457，媒体类型 application/problem+json。"""

    type: str
    title: str
    status: int
    fields: dict[str, str] | None = None
    reasons: list[str] | None = None


class Strict(Schema):
    """A field that nobody knows is a spelling mistake, not something to pass over."""

    model_config = ConfigDict(extra="forbid")

    @field_validator("*")
    @classmethod
    def only_text(cls, value: Any) -> Any:
        """Refuse what the database can not hold: JSON may write U+0000 and half a surrogate pair."""
        if not all(map(_is_text, _texts(value))):
            raise PydanticCustomError("not_text", "not text")
        return value


class AppealIn(Strict):
    body: str = Field(description="诉求内容，至少 10 个字", max_length=5000)
    region: str = Field(description="事发地行政区划代码（GB/T 2260）")
    title: str = Field("", description="缺省取正文首句")
    category: str = Field("", description="诉求类别代码")
    urgency: str = Field("normal", description="normal、urgent、critical")
    employer: str = ""
    place: str = ""
    headcount: int = Field(1, ge=1, le=2_147_483_647)
    amount_yuan: Decimal | None = Field(None, description="涉及金额（元）")
    anonymous: bool = False
    secret: bool = Field(False, description="要求保密")
    name: str = Field("", max_length=64)
    phone: str = ""


class ReceiptOut(Schema):
    number: str
    check_code: str = Field(description="查询码；系统只存散列，请转告诉求人妥善保管")
    state: str
    due_at: datetime | None


class CaseLine(Schema):
    number: str
    title: str
    state: str
    state_label: str
    step: int = Field(description="已走步数；提交流转时作为 seen 带回，防止覆盖他人的处理")
    region: str
    region_name: str
    line: str
    channel: str
    urgency: str
    category: str | None
    category_name: str | None
    received_at: datetime
    due_at: datetime | None
    late: bool
    ended_at: datetime | None

    @classmethod
    def values(cls, case: Case) -> dict[str, Any]:
        return {
            "number": case.number,
            "title": case.title,
            "state": case.state,
            "state_label": case.stage.label,
            "step": case.step,
            "region": case.region_id,
            "region_name": case.region.name,
            "line": case.line_id,
            "channel": case.channel,
            "urgency": case.urgency,
            "category": case.category_id,
            "category_name": case.category.name if case.category else None,
            "received_at": timezone.localtime(case.received_at),
            "due_at": local(case.due_at),
            "late": case.late,
            "ended_at": local(case.ended_at),
        }

    @classmethod
    def of(cls, case: Case, account: Account) -> Self:
        """Return the case as `account` may read it: what is hidden from it is withheld."""
        values = cls.values(case)
        for name in withheld(account, case):
            field = "caller" if name == "caller_mask" else name
            if field in values:
                values[field] = None if field in NUMBERS else WITHHELD
        return cls(**values)


class CaseOut(CaseLine):
    body: str
    employer: str
    place: str
    headcount: int | None = Field(description="涉及人数；保密工单对协办单位为空")
    amount_yuan: Decimal | None
    anonymous: bool
    secret: bool
    caller: str = Field(description="诉求人，遮蔽")
    organisation: str | None
    handler: str | None
    reply: str
    reached: bool | None
    solved: bool | None
    satisfaction: str

    @classmethod
    def values(cls, case: Case) -> dict[str, Any]:
        same = (
            "body", "employer", "place", "headcount", "amount_yuan", "anonymous", "secret", "reply", "reached",
            "solved", "satisfaction",
        )  # fmt: skip
        return {
            **super().values(case),
            **{name: getattr(case, name) for name in same},
            "caller": case.caller_mask,
            "organisation": case.organisation.name if case.organisation else None,
            "handler": case.handler.username if case.handler else None,
        }


class CasePage(Schema):
    items: list[CaseLine]
    next: str | None = Field(description="下一页的 cursor；没有下一页时为 null")


class CaseFilters(Strict):
    state: str = ""
    region: str = Field("", description="行政区划代码，含其下级")
    received_from: Day | None = Field(None, description="含当日")
    received_to: Day | None = Field(None, description="不含当日")
    cursor: str = ""
    limit: int = Field(50, ge=1, le=MOST)


class OptionOut(Schema):
    transition: str
    label: str
    target: str
    open: bool
    reasons: list[str] = Field(description="现在不能进行的全部理由")
    fields: list[str] = Field(description="必填字段")
    optional: list[str]
    note_required: bool

    @classmethod
    def of(cls, option: Option) -> OptionOut:
        move = option.transition
        return cls(
            transition=move.code,
            label=move.label,
            target=move.target,
            open=option.open,
            reasons=list(option.reasons),
            fields=list(move.fields),
            optional=list(move.optional),
            note_required=move.note_required,
        )


class MoveIn(Strict):
    transition: str
    note: str = Field("", max_length=2000)
    seen: int | None = Field(None, description="作出决定时所见的 step")
    fields: dict[str, Any] = Field(
        default_factory=dict,
        description="该步骤的字段；category 为类别代码，organisation 为单位 id，handler 为用户名",
    )


class IndicatorOut(Schema):
    code: str
    label: str
    unit: str
    definition: str
    basis: str
    base_label: str | None

    @classmethod
    def values(cls, indicator: Indicator) -> dict[str, Any]:
        base = indicator.measure.base_label if isinstance(indicator.measure, Ratio) else None
        return {
            "code": indicator.code,
            "label": indicator.label,
            "unit": indicator.unit.value,
            "definition": indicator.definition,
            "basis": indicator.basis,
            "base_label": base,
        }


class FigureLine(Schema):
    region: str | None = Field(description="下级行政区划代码；null 为不属任一下级的")
    region_name: str | None
    value: Decimal | None = Field(description="未知为 null，不是 0")
    n: int = Field(description="进入计算的记录数")
    total: int = Field(description="期内全部记录数")

    @classmethod
    def of(cls, figure: Figure, code: str, name: str | None) -> FigureLine:
        return cls(region=code or None, region_name=name, value=figure.value, n=figure.n, total=figure.total)


class PartLine(Schema):
    key: str | None = Field(description="条线、人员、类别、时段或渠道的代码；null 为没有的")
    name: str | None
    value: Decimal | None = Field(description="未知为 null，不是 0")
    n: int
    total: int


class FigureOut(IndicatorOut):
    region: str
    first: date = Field(serialization_alias="from", description="含当日")
    after: date = Field(serialization_alias="to", description="不含当日")
    value: Decimal | None
    n: int
    total: int
    outside_percent: Decimal | None = Field(description="未进入计算的记录占比（%）")
    by_region: list[FigureLine] = Field(description="按下级区划；按其他维度分时为空")
    by: str = Field(description="按什么分")
    parts: list[PartLine] = Field(description="按所选维度分的各部分；其和等于整体")


class Span(Strict):
    """The region and the half-open period that a figure is asked for."""

    region: str = Field("", description="缺省为全省")
    first: Day | None = Field(None, alias="from", description="含当日；缺省为今年首日")
    after: Day | None = Field(None, alias="to", description="不含当日；缺省为明年首日")


class FigureSpan(Span):
    by: str = Field(
        "region", description="region 区划、line 条线、agent 人员、category 类别、hour 时段、channel 渠道"
    )


class RecordSpan(FigureSpan):
    key: str | None = Field(None, description="只要这一部分的记录；空串为没有的。缺省为全部")
    part: str = Field("part", description="all、base、part、rest")
    cursor: str = ""
    limit: int = Field(50, ge=1, le=MOST)


class RecordOut(Schema):
    type: str
    number: str
    region: str
    at: datetime


class RecordPage(Schema):
    items: list[RecordOut]
    next: str | None


def local(at: datetime | None) -> datetime | None:
    return timezone.localtime(at) if at else None


def _texts(value: Any) -> Iterator[str]:
    """Yield every text within a value read from JSON, names too."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from (text for pair in value.items() for one in pair for text in _texts(one))
    elif isinstance(value, list):
        yield from (text for one in value for text in _texts(one))


def _is_text(text: str) -> bool:
    return not any(char == "\0" or "\ud800" <= char <= "\udfff" for char in text)
