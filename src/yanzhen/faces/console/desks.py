"""The desks of this installation. A new kind of subject is ten lines here."""

from __future__ import annotations

from collections.abc import Sequence

from django import forms

from yanzhen.domains.hotline import queries
from yanzhen.domains.hotline.actions import reissue_check_code, reveal_caller
from yanzhen.domains.hotline.classification.queries import Suggested, suggestions, text_of
from yanzhen.domains.hotline.models import Case
from yanzhen.domains.hotline.procedures import CASE, LADDER
from yanzhen.domains.hotline.routing.queries import proposal
from yanzhen.domains.hotline.rules import unit_is_not_the_accused
from yanzhen.domains.hotline.searching import CASES as SEARCHED
from yanzhen.domains.hotline.secrecy import hidden_from, told_openly
from yanzhen.engines.procedures.ladder import escalated
from yanzhen.engines.procedures.models import Subject
from yanzhen.faces.console import choices, pickers, themes
from yanzhen.faces.console.desk import DESKS, Advised, Column, Desk, Link, Reveal, Secrecy, Section
from yanzhen.faces.console.filters import (
    Rows,
    SubjectFilters,
    choice_field,
    day_field,
    since_field,
    state_field,
    words_field,
)
from yanzhen.faces.places import categories
from yanzhen.foundation.models import Account

RUNGS = [(rung.code, rung.label) for rung in LADDER.rungs]


def category_field(_account: Account, _row: Subject | None) -> forms.Field:
    return themes.category_field(queries.categories(), choices.tree(categories(), leaf=6))


def charge_field(account: Account, row: Subject | None) -> forms.Field:
    return pickers.organisation_field(account, row, (unit_is_not_the_accused,))


def routing_advice(case: Case) -> Advised:
    found = proposal(case)
    return Advised(found.organisation, (*queries.returned(case), *found.why))


def category_suggestions(case: Case) -> Sequence[Suggested]:
    return suggestions(text_of(case)).ranked


class CaseFilters(SubjectFilters):
    q = words_field(SEARCHED, "编号、关键词或手机号")
    state = state_field(CASE)
    category = choice_field(
        "诉求类别",
        choices.branches,
        lambda rows, _, code: rows.filter(category__code__startswith=code),
    )
    urgency = choice_field("紧急程度", Case.Urgency.choices)
    complexity = choice_field("难易等级", Case.Complexity.choices)
    channel = choice_field("渠道", Case.Channel.choices)
    escalated = choice_field("督办", RUNGS, lambda rows, _, code: escalated(rows, code))
    escalated_from = since_field("督办自", queries.escalated_since)
    received_from = day_field("来件自", "received_at", "gte")
    received_to = day_field("来件至", "received_at", "lt", shift=1)

    class Meta:
        model = Case
        fields = ("urgency", "complexity", "channel")

    def filter_queryset(self, queryset: Rows) -> Rows:
        if found := self.form.cleaned_data.get("q"):
            queryset = told_openly(queryset, self.request.user)
            self.form.cleaned_data["q"] = found.among(queryset, self.request.user)
        rows: Rows = super().filter_queryset(queryset)
        return rows.select_related("category")


CASES = DESKS.add(
    Desk(
        name="cases",
        label="诉求工单",
        model=Case,
        query=queries.worklist,
        columns=(
            Column("title", "诉求", hint="long"),
            Column("state", hint="state"),
            Column("due_at", hint="due"),
            Column("region", "属地", hint="short"),
            Column("category"),
            Column("urgency", hint="urgency"),
            Column("handler"),
            Column("received_at", "来件", hint="time"),
        ),
        sections=(
            Section("诉求", (Column("body", hint="long"), Column("category"), Column("urgency", hint="urgency"), Column("complexity"),
                             Column("employer"), Column("place"), Column("headcount"), Column("amount_yuan", hint="money"))),
            Section("来件", (Column("channel"), Column("received_at", hint="time"), Column("region"), Column("line"),
                             Column("anonymous", hint="yes_no"), Column("secret", hint="yes_no"), Column("started_by"))),
            Section("办理", (Column("organisation"), Column("handler"), Column("returns"), Column("counter_proposal"), Column("reply", hint="long"),
                             Column("answered_at", hint="time"), Column("reached", hint="yes_no"),
                             Column("solved", hint="yes_no"), Column("satisfaction"), Column("ended_at", hint="time"))),
        ),
        filters=CaseFilters,
        icon="phone",
        register="console:register",
        register_right="case.register",
        reveal=Reveal("诉求人", "case.reveal", "caller_mask", (("name", "姓名"), ("phone", "手机号")), reveal_caller),
        reissue=reissue_check_code,
        advice={"organisation": routing_advice},
        suggests={"category": category_suggestions},
        secrecy=Secrecy("secret", hidden_from),
        own_pages={"call_back": "console:call-reached"},
        pickers={"region": pickers.region_field, "category": category_field, "organisation": charge_field,
                 "counter_proposal": charge_field, "handler": pickers.handler_field},
        links=(
            Link("更正涉事单位", "console:case-employer", "building", "case.accept", story=True),
            Link("重复与合并", "console:repeats", "copy", "case.view"),
            Link("知识与话术", "console:case-knowledge", "list-check", "knowledge.view"),
            Link("回访与评价", "console:closing-history", "message-circle", "case.view", story=True),
        ),
    )
)  # fmt: skip
