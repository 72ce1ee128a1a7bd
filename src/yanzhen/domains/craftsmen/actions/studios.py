"""Studios and their grants: what is granted stays within the parameter, and is paid in parts that were reviewed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from django.db import IntegrityError, transaction
from django.utils import timezone

from yanzhen.domains.craftsmen import rules
from yanzhen.domains.craftsmen.actions.mentorships import LINE
from yanzhen.domains.craftsmen.models import Grant, Instalment, Studio
from yanzhen.domains.craftsmen.titles import CHIEF, CRAFTSMAN, MASTER
from yanzhen.engines.honours.declare import TITLES
from yanzhen.engines.honours.queries import titles_of
from yanzhen.engines.procedures.engine import start_many
from yanzhen.foundation import numbering, parameters
from yanzhen.foundation.errors import Invalid, NotAllowed, Refusal
from yanzhen.foundation.models import Account, Organisation, Person
from yanzhen.foundation.people import mask_name
from yanzhen.foundation.records import record
from yanzhen.foundation.scope import EVERYTHING, database_scope

EDIT = "studio.edit"
MOST = {title.code: f"craftsmen.studio_{title.code}" for title in (CRAFTSMAN, MASTER, CHIEF)}
"""The parameter that says how much a studio may be granted for a lead of this title."""
Part = tuple[Decimal, str]
"""An instalment's amount in yuan, and what has to be reached for it."""


class GrantRefused(Refusal):
    code = "grant_refused"


@transaction.atomic
def found_studio(
    *, name: str, lead: Person, organisation: Organisation, founded_on: date, actor: Account
) -> Studio:
    """Register a studio. Raises Invalid or NotAllowed."""
    row = Studio(
        name=name.strip(), lead=lead, lead_mask=mask_name(lead.name), organisation=organisation, founded_on=founded_on,
        region_id=organisation.region_id, line_id=LINE,
    )  # fmt: skip
    if not actor.has_right(EDIT, row):
        raise NotAllowed("您在该区划和条线没有“登记工匠工作室与资助”权限")
    if founded_on > timezone.localdate():
        raise Invalid("成立日期在今天之后", fields={"founded_on": "在今天之后"})
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:
        raise Invalid("该单位已有同名工作室", fields={"name": "该单位已有同名工作室"}) from error
    record("studio.found", row, actor=actor, right=EDIT, after={"name": row.name})
    return row


@transaction.atomic
def make_grant(
    studio: Studio, *, title: str, total_yuan: Decimal, document: str, parts: Sequence[Part], actor: Account
) -> Grant:
    """Grant a studio money for its lead's title, in parts that add up. Raises Invalid, NotAllowed or GrantRefused."""
    studio = Studio.objects.select_for_update(of=("self",)).select_related("organisation").get(pk=studio.pk)
    if not actor.has_right(EDIT, studio):
        raise NotAllowed("您在该区划和条线没有“登记工匠工作室与资助”权限")
    _demand_title(studio, title)
    _demand_amounts(studio, title, total_yuan, [amount for amount, _ in parts])
    if not document.strip():
        raise Invalid("请填写资助文件的文号", fields={"document": "请填写文号"})
    grant = Grant(
        studio=studio, title=title, total_yuan=total_yuan, document=document.strip(), made_by=actor, made_at=timezone.now(),
        region_id=studio.region_id, line_id=studio.line_id,
    )  # fmt: skip
    try:
        with transaction.atomic():
            grant.save(force_insert=True)
    except IntegrityError as error:
        raise GrantRefused(f"{studio} 已按“{TITLES[title].label}”资助过，同一称号只资助一次") from error
    start_many(_instalments(grant, parts), actor=actor, right=EDIT)
    after = {"title": title, "yuan": str(total_yuan), "parts": len(parts)}
    record("grant.make", grant, actor=actor, right=EDIT, after=after)
    return grant


def _instalments(grant: Grant, parts: Sequence[Part]) -> list[Instalment]:
    studio = grant.studio
    numbers = numbering.next_numbers(f"GZ{studio.region_id[:6]}", len(parts), at=grant.made_at)
    return [
        Instalment(
            grant=grant, studio_name=studio.name, order=n, amount_yuan=amount, condition=condition.strip(), number=number,
            organisation=studio.organisation, region_id=studio.region_id, line_id=studio.line_id,
        )
        for n, ((amount, condition), number) in enumerate(zip(parts, numbers, strict=True), 1)
    ]  # fmt: skip


def _demand_title(studio: Studio, title: str) -> None:
    if title not in MOST:
        raise Invalid("这一称号没有工作室资助标准", fields={"title": "没有资助标准"})
    with database_scope({EVERYTHING}):
        held = titles_of(studio.lead)
    if title not in held:
        raise GrantRefused(f"领衔人没有有效的“{TITLES[title].label}”，不能按这一称号资助")


def _demand_amounts(studio: Studio, title: str, total: Decimal, parts: list[Decimal]) -> None:
    most = parameters.get(MOST[title], on=timezone.localdate(), region=studio.region_id)
    if total > most.value:
        told = f"“{TITLES[title].label}”工作室资助上限 {most.value.normalize():f} 元（{most.source}），所填 {total} 元"
        raise Invalid(told, fields={"total_yuan": told})
    if problem := rules.parts_problem(parts, total):
        raise Invalid(problem, fields={"parts": problem})
