"""The desk of the call-backs."""

from __future__ import annotations

from yanzhen.domains.hotline.calls import queries
from yanzhen.domains.hotline.calls.backs import reveal_number
from yanzhen.domains.hotline.calls.models import CallBack
from yanzhen.domains.hotline.calls.procedures import CALL_BACK
from yanzhen.faces.console.desk import DESKS, Column, Desk, Reveal, Section
from yanzhen.faces.console.filters import SubjectFilters, plain_words_field, state_field


class CallBackFilters(SubjectFilters):
    state = state_field(CALL_BACK)
    q = plain_words_field("title")

    class Meta:
        model = CallBack
        fields = ()


CALL_BACKS = DESKS.add(
    Desk(
        name="call-backs",
        label="回拨任务",
        model=CallBack,
        query=queries.call_backs,
        columns=(
            Column("title", "未接来电", hint="long"),
            Column("state", hint="state"),
            Column("due_at", hint="due"),
            Column("region", "属地", hint="short"),
            Column("tried_at", hint="time"),
            Column("started_at", "未接时间", hint="time"),
        ),
        sections=(
            Section("未接来电", (Column("caller_mask"), Column("region"), Column("started_at", "未接时间", hint="time"))),
            Section("回拨", (Column("tried_at", hint="time"), Column("outcome"), Column("ended_at", hint="time"))),
        ),
        filters=CallBackFilters,
        icon="refresh",
        reveal=Reveal("来电号码", "call.reveal", "caller_mask", (("phone", "电话"),), reveal_number),
    )
)  # fmt: skip
