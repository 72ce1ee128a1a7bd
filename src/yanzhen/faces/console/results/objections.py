"""The desk of objections, and what upholding one would change, shown before it does."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpResponse
from django.utils.translation import gettext

from yanzhen.engines.procedures.models import Subject
from yanzhen.engines.programmes.notices import actions, queries
from yanzhen.engines.programmes.notices.guards import part_in
from yanzhen.engines.programmes.notices.models import Objection
from yanzhen.engines.programmes.notices.procedures import OBJECTION, RIGHT
from yanzhen.engines.programmes.notices.works import OBJECTION_UPHOLD
from yanzhen.engines.programmes.works.asking import ask
from yanzhen.faces import staff
from yanzhen.faces.console import pickers
from yanzhen.faces.console.desk import DESKS, Column, Desk, Link, Reveal, Section
from yanzhen.faces.console.filters import SubjectFilters, choice_field, state_field, typed_field
from yanzhen.faces.console.forms import text_field
from yanzhen.faces.console.pages import detail_url, page, subject_or_404
from yanzhen.faces.console.results.framing import WAYS, Look, form_page
from yanzhen.faces.console.works import ASKED, standing
from yanzhen.faces.http import AccountRequest
from yanzhen.foundation.models import Account


class ObjectionFilters(SubjectFilters):
    state = state_field(OBJECTION)
    ground = choice_field("异议事由", Objection.Ground.choices)
    q = typed_field("application__number")

    class Meta:
        model = Objection
        fields = ("ground",)


def colleague_field(account: Account, row: Subject | None) -> forms.ModelChoiceField[Account]:
    """Whoever may handle an objection."""
    return pickers.people_field(staff.holders(RIGHT))


OBJECTIONS = DESKS.add(
    Desk(
        name="objection",
        label="异议",
        model=Objection,
        query=queries.objections,
        columns=(
            Column("round", "轮次"),
            Column("state", hint="state"),
            Column("due_at", hint="due"),
            Column("ground"),
            Column("application", "所涉申报"),
            Column("handler"),
            Column("started_at", "提出时间", hint="time"),
        ),
        sections=(
            Section("异议", (Column("round", "轮次"), Column("notice"), Column("application"), Column("ground"),
                             Column("text", hint="long"), Column("anonymous", hint="yes_no"),
                             Column("started_at", "提出时间", hint="time"))),
            Section("核查", (Column("handler"), Column("finding", hint="long"), Column("remedy"),
                             Column("reply", hint="long"), Column("ended_at", hint="time"))),
        ),
        filters=ObjectionFilters,
        title="application",
        icon="message-circle",
        reveal=Reveal("异议人", RIGHT, "objector_mask", (("name", "姓名"), ("phone", "手机号")), actions.reveal_objector, unless="anonymous"),
        links=(Link("影响预览", "console:objection-preview", "arrows-split", RIGHT),),
        pickers={"handler": colleague_field},
    )
)  # fmt: skip


@page(*WAYS)
def preview(request: AccountRequest, number: str) -> HttpResponse:
    """Show every place that would change; uphold from here, and exactly that is done."""
    row = subject_or_404(request, OBJECTIONS, number)
    assert isinstance(row, Objection)  # noqa: S101  # the desk's subjects are objections
    look = Look(lambda: actions.preview(row))
    fields = {"finding": text_field(gettext("核查结论")), "seen_mark": look.field()}
    here = standing(row.round, OBJECTION_UPHOLD)
    if not here["working"] and here["work"] and here["work"].given.get("objection") != row.pk:
        here["work"] = None  # the last one was of another objection

    def act(given: dict[str, Any]) -> None:
        ask(row.round, OBJECTION_UPHOLD, actor=request.user, objection=row.pk, **given)

    return form_page(
        request, fields, act, label=gettext("影响预览：%s") % number, done=gettext(ASKED), back=request.path,
        template="console/results/change.html", up=detail_url(OBJECTIONS, number), look=look, objection=row,
        part=part_in(row.application, request.user.pk),
        may_uphold=row.state == "accepted" and row.handler_id == request.user.pk, **here,
    )  # fmt: skip
