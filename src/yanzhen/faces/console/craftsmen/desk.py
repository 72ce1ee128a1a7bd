"""The desks of mentorships and of instalments."""

from __future__ import annotations

from yanzhen.domains.craftsmen.models import Instalment, Mentorship
from yanzhen.domains.craftsmen.procedures import INSTALMENT, MENTORSHIP
from yanzhen.domains.craftsmen.queries import registers
from yanzhen.domains.craftsmen.titles import LEADS, WINGS, Role, labels
from yanzhen.faces.console.desk import DESKS, Column, Desk, Link, Section
from yanzhen.faces.console.filters import Rows, SubjectFilters, choice_field, state_field, typed_field

ROLES = {Role.LEAD: LEADS, Role.WING: WINGS, Role.FOLLOWER: ("",)}


def _of_role(rows: Rows, _name: str, role: str) -> Rows:
    return rows.filter(mentor_title__in=ROLES[Role(role)])


class MentorshipFilters(SubjectFilters):
    q = typed_field("trade", "mentor_mask", "apprentice_mask")
    state = state_field(MENTORSHIP)
    role = choice_field("师傅位置", Role.choices, _of_role)
    mentor_title = choice_field("师傅称号", labels)
    first = ("q", "role", "state", "region")

    class Meta:
        model = Mentorship
        fields = ("mentor_title",)


class InstalmentFilters(SubjectFilters):
    q = typed_field("studio_name", "voucher")
    state = state_field(INSTALMENT)
    first = ("q", "state", "region", "handler")

    class Meta:
        model = Instalment
        fields = ()


MENTORSHIPS = DESKS.add(
    Desk(
        name="mentorships",
        label="师徒结对",
        model=Mentorship,
        query=registers.mentorships,
        columns=(
            Column("mentor_mask"),
            Column("state", hint="state"),
            Column("apprentice_mask"),
            Column("mentor_title"),
            Column("region", "属地", hint="short"),
            Column("trade"),
            Column("ends_on"),
        ),
        sections=(
            Section("结对", (Column("mentor_mask"), Column("mentor_title"), Column("apprentice_mask"), Column("organisation", "徒弟所在单位"),
                             Column("region", "属地"), Column("trade"))),
            Section("协议", (Column("starts_on"), Column("ends_on"), Column("goals", hint="long"))),
            Section("结果", (Column("result", hint="long"), Column("ended_at", hint="time"))),
        ),
        filters=MentorshipFilters,
        title="mentor_mask",
        icon="users",
        register="console:mentorship-new",
        register_right="mentorship.edit",
        links=(Link("阶段目标", "console:milestones", "list-check", "mentorship.view"),),
    )
)  # fmt: skip
INSTALMENTS = DESKS.add(
    Desk(
        name="instalments",
        label="资助拨付",
        model=Instalment,
        query=registers.instalments,
        columns=(
            Column("studio_name"),
            Column("state", hint="state"),
            Column("order"),
            Column("amount_yuan", hint="money"),
            Column("region", "属地", hint="short"),
            Column("paid_on"),
        ),
        sections=(
            Section("资助", (Column("studio_name"), Column("organisation", "所在单位"), Column("region", "属地"), Column("order"),
                             Column("amount_yuan", hint="money"), Column("condition", hint="long"))),
            Section("评审与拨付", (Column("handler", "评审人"), Column("opinion", hint="long"), Column("paid_on"), Column("voucher"))),
        ),
        filters=InstalmentFilters,
        title="studio_name",
        icon="file-text",
    )
)  # fmt: skip
