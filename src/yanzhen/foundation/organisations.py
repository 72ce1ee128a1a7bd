"""Organisations: registered and edited with a checked credit code, recorded."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from stdnum.cn import uscc as credit_code
from stdnum.exceptions import ValidationError as WrongNumber

from yanzhen.foundation.errors import Invalid, NotAllowed
from yanzhen.foundation.fields import field_of
from yanzhen.foundation.models import Account, Organisation
from yanzhen.foundation.records import record

EDITABLE = (
    "name",
    "aliases",
    "kind",
    "parent",
    "uscc",
    "industry",
    "ownership",
    "headcount",
    "region",
    "line",
    "valid_to",
)


@transaction.atomic
def save_organisation(organisation: Organisation, *, actor: Account, **values: Any) -> Organisation:
    """Register a new organisation or edit one; raises Invalid with a reason for each field, or NotAllowed."""
    before = (
        {name: _plain(organisation, name) for name in EDITABLE if name in values} if organisation.pk else None
    )
    for name, value in values.items():
        if name not in EDITABLE:
            raise TypeError(f"an organisation has no {name} to edit")
        setattr(organisation, name, value)
    if not actor.has_right("organisation.edit", organisation):
        raise NotAllowed("您在该区划和条线没有“维护单位”权限")
    problems = {}
    if organisation.uscc and (problem := uscc_problem(organisation.uscc)):
        problems["uscc"] = problem
    twin = Organisation.objects.filter(name=organisation.name, region=organisation.region).exclude(
        pk=organisation.pk
    )
    if twin.exists():
        problems["name"] = f"{organisation.region}已有同名单位"
    if problems:
        raise Invalid("；".join(problems.values()), fields=problems)
    organisation.save()
    after = {name: _plain(organisation, name) for name in EDITABLE if name in values}
    record(
        "organisation.save", organisation, actor=actor, right="organisation.edit", before=before, after=after
    )
    return organisation


def uscc_problem(text: str) -> str | None:
    """Return what is wrong with a unified social credit code (GB 32100), or None."""
    try:
        credit_code.validate(text)
    except WrongNumber:
        return "统一社会信用代码有误：应为 18 位，请核对校验位"
    return None


def named(text: str) -> QuerySet[Organisation]:
    """Organisations whose name contains `text`, or one of whose aliases is `text`."""
    return Organisation.objects.filter(Q(name__contains=text) | Q(aliases__contains=[text]), valid_to=None)


def _plain(organisation: Organisation, name: str) -> Any:
    return getattr(organisation, field_of(organisation, name).attname)
