"""The register of what competent bodies said of a person's record."""

from __future__ import annotations

from datetime import date

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from yanzhen.domains.craftsmen.actions.mentorships import LINE
from yanzhen.domains.craftsmen.models import Sanction
from yanzhen.foundation.errors import Invalid, NotAllowed
from yanzhen.foundation.models import Account, Person
from yanzhen.foundation.people import mask_name
from yanzhen.foundation.records import record

EDIT = "sanction.edit"


@transaction.atomic
def enter_sanction(
    person: Person, *, kind: str, starts_on: date, ends_on: date | None, source: str, actor: Account
) -> Sanction:
    """Enter a sanction, or that none was found (then until when that holds). Raises Invalid or NotAllowed."""
    row = Sanction(
        person=person, mask=mask_name(person.name), kind=kind, starts_on=starts_on, ends_on=ends_on, source=source.strip(),
        entered_by=actor, entered_at=timezone.now(), region_id=person.region_id, line_id=LINE,
    )  # fmt: skip
    if not actor.has_right(EDIT, row):
        raise NotAllowed("您在该区划和条线没有“登记处分核查记录”权限")
    problems = _problems(row)
    if problems:
        raise Invalid("；".join(problems.values()), fields=problems)
    row.save(force_insert=True)
    record("sanction.enter", row, actor=actor, right=EDIT, after={"kind": kind, "from": str(starts_on)})
    return row


@transaction.atomic
def end_sanction(sanction: Sanction, *, ends_on: date, reason: str, actor: Account) -> Sanction:
    """Say when a sanction ends or ended. Raises Invalid or NotAllowed."""
    row: Sanction = Sanction.objects.select_for_update().get(pk=sanction.pk)
    if not actor.has_right(EDIT, row):
        raise NotAllowed("您在该区划和条线没有“登记处分核查记录”权限")
    if ends_on < row.starts_on:
        raise Invalid("截止日期在起始日期之前", fields={"ends_on": "在起始日期之前"})
    if len(reason.strip()) < 4:  # as everywhere where a reason is asked
        raise Invalid("请写明依据（至少 4 个字）", fields={"reason": "请写明依据"})
    before = row.ends_on
    row.ends_on = ends_on
    row.save(update_fields=["ends_on"])
    record(
        "sanction.end", row, actor=actor, right=EDIT, before={"to": before and str(before)}, after={"to": str(ends_on)}, reason=reason
    )  # fmt: skip
    return row


def _problems(row: Sanction) -> dict[str, str]:
    problems = {}
    try:
        row.full_clean(exclude=["line", "region", "shared_with", "audience"], validate_constraints=False)
    except ValidationError as error:
        problems = {name: "；".join(told) for name, told in error.message_dict.items()}
    if row.ends_on and row.ends_on < row.starts_on:
        problems["ends_on"] = "截止日期在起始日期之前"
    if row.kind == Sanction.Kind.CLEAR and row.ends_on is None:
        problems["ends_on"] = "核查无处分须写明有效至哪一天"
    return problems
