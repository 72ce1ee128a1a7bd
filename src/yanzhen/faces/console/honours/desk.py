"""The desk of honours: who holds what, until when, and what may be done about it."""

from __future__ import annotations

import django_filters

from yanzhen.engines.honours import queries
from yanzhen.engines.honours.actions import reveal_holder
from yanzhen.engines.honours.declare import LEVELS, TITLES, title_choices
from yanzhen.engines.honours.models import Honour
from yanzhen.engines.honours.procedures import HONOUR
from yanzhen.faces.console.desk import DESKS, Column, Desk, Link, Reveal, Section
from yanzhen.faces.console.filters import (
    DAYS,
    Rows,
    SubjectFilters,
    choice_field,
    state_field,
    typed_field,
)
from yanzhen.faces.console.setup.fields import day_widget


def _of_level(rows: Rows, _name: str, level: str) -> Rows:
    return rows.filter(title__in=[title.code for title in TITLES if title.level == level])


class HonourFilters(SubjectFilters):
    q = typed_field("document")
    state = state_field(HONOUR)
    title = choice_field("荣誉称号", title_choices)
    level = choice_field("级别", list(LEVELS.items()), _of_level)
    holder = django_filters.CharFilter(
        label="获得者姓名（开头几个字）", field_name="person__name", lookup_expr="startswith", max_length=20
    )
    until = django_filters.DateFilter(
        label="有效期不晚于", field_name="term_until", lookup_expr="lte", widget=day_widget(), validators=DAYS
    )
    first = ("q", "title", "state", "region")

    class Meta:
        model = Honour
        fields = ("title",)


HONOURS = DESKS.add(
    Desk(
        name="honours",
        label="荣誉台账",
        model=Honour,
        query=queries.register,
        columns=(
            Column("holder_mask", "获得者"),
            Column("title"),
            Column("state", hint="state"),
            Column("region", "属地", hint="short"),
            Column("organisation", "所在单位"),
            Column("awarded_on"),
            Column("term_until"),
        ),
        sections=(
            Section("荣誉", (Column("title"), Column("holder_mask", "获得者"), Column("organisation", "所在单位"), Column("region", "属地"),
                             Column("awarded_on"), Column("term_until"), Column("document"))),
            Section("暂停与撤销", (Column("handler", "提出人"), Column("cause", hint="long"), Column("ended_at", hint="time"))),
        ),
        filters=HonourFilters,
        title="holder_mask",
        icon="shield-check",
        register="console:honour-award",
        register_right="honour.award",
        reveal=Reveal("获得者", "person.reveal", "holder_mask", (("name", "姓名"),), reveal_holder),
        links=(Link("履职与证书", "console:honour-duty", "file-text", "honour.view"),),
    )
)  # fmt: skip
