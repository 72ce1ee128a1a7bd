"""Organisations: registered and edited with a checked credit code, recorded."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from stdnum.cn import uscc as credit_code

from yanzhen.foundation.errors import Invalid, NotAllowed
from yanzhen.foundation.fields import field_of
from yanzhen.foundation.models import Account, Organisation
from yanzhen.foundation.records import record
from yanzhen.foundation.regions import prefixes
from yanzhen.foundation.scope import prefix_of

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
USCC = re.compile(r"[0-9A-HJ-NPQRTUWXY]{2}[0-9]{6}[0-9A-HJ-NPQRTUWXY]{10}")
"""Registering authority and kind (N: farmers' collectives, A: the army, Y: others, else digits), place, body, check."""
LONGEST_NUMBER = 18
"""Digits of a number that a bigint surely holds."""
SHOWN = 5
"""Organisations of one name that a refusal lists."""
TWIN = "同名或同代码的单位刚刚由他人登记，请核对后再试"


@transaction.atomic
def save_organisation(organisation: Organisation, *, actor: Account, **values: Any) -> Organisation:
    """Register a new organisation or edit one; raises Invalid with a reason for each field, or NotAllowed.

    To move it elsewhere takes the right over both places.
    """
    if unknown := values.keys() - set(EDITABLE):
        raise TypeError(f"an organisation has no {', '.join(sorted(unknown))} to edit")
    former: dict[str, Any] = {}
    if organisation.pk:
        _demand_right(actor, organisation)
        former = {name: _plain(organisation, name) for name in EDITABLE}
    for name, value in values.items():
        setattr(organisation, name, value)
    organisation.name = organisation.name.strip()
    keep_name(organisation, former.get("name", ""))
    organisation.uscc = credit_code.compact(organisation.uscc or "") or None
    _demand_right(actor, organisation)
    if problems := dict(_problems(organisation)):
        raise Invalid("；".join(problems.values()), fields=problems)
    try:
        with transaction.atomic():
            organisation.save()
    except IntegrityError:
        raise Invalid(TWIN, fields={"name": TWIN}) from None
    after = {name: _plain(organisation, name) for name in EDITABLE}
    said = [name for name in EDITABLE if name in values or (former and former[name] != after[name])]
    before = {name: former[name] for name in said} if former else None
    record(
        "organisation.save",
        organisation,
        actor=actor,
        right="organisation.edit",
        before=before,
        after={name: after[name] for name in said},
    )
    return organisation


def keep_name(organisation: Organisation, former: str) -> None:
    """A unit goes on being known by its former name: what was said of it under that name is still said of it."""
    if former and former not in (organisation.name, *organisation.aliases):
        organisation.aliases = [*organisation.aliases, former]


def uscc_problem(text: str) -> str | None:
    """Return what is wrong with a unified social credit code (GB 32100-2015), or None.

    The library's own check refuses the authorities that are letters, so only its check digit is used.
    """
    code = credit_code.compact(text)
    if USCC.fullmatch(code) and credit_code.calc_check_digit(code[:17]) == code[17]:
        return None
    return "统一社会信用代码有误：应为 18 位，请核对校验位"


def named(text: str) -> QuerySet[Organisation]:
    """Organisations whose name contains `text`, or one of whose aliases is `text`."""
    return Organisation.objects.filter(Q(name__contains=text) | Q(aliases__contains=[text]), valid_to=None)


def called(name: str) -> QuerySet[Organisation]:
    """Organisations in force of which `name` is the whole name or an alias."""
    return Organisation.objects.filter(Q(name=name) | Q(aliases__contains=[name]), valid_to=None)


def the_one(text: str) -> Organisation | None:
    """Return the organisation in force that a form names: by credit code, by its number here, or by its whole name.

    None where there is none; raises Invalid where several have the name.
    """
    text = text.strip()
    rows = Organisation.objects.filter(valid_to=None).select_related("region").order_by("pk")
    if USCC.fullmatch(code := credit_code.compact(text)):
        return rows.filter(uscc=code).first()
    if text.isascii() and text.isdigit():
        return rows.filter(pk=text).first() if len(text) <= LONGEST_NUMBER else None
    found = list(rows.filter(name=text)[: SHOWN + 1])
    if len(found) > 1:
        some = "、".join(f"{each.region}（编号 {each.pk}）" for each in found[:SHOWN])
        raise Invalid(
            f"有多个单位叫“{text}”，请改填编号或统一社会信用代码：{some}{'等' * (len(found) > SHOWN)}"
        )
    return found[0] if found else None


def _demand_right(actor: Account, organisation: Organisation) -> None:
    if not actor.has_right("organisation.edit", organisation):
        raise NotAllowed(f"您在{organisation.region}、{organisation.line}没有“维护单位”权限")


def _problems(organisation: Organisation) -> Iterator[tuple[str, str]]:
    """Yield (field, reason); a later reason for the same field takes the place of an earlier one."""
    try:
        organisation.clean_fields(exclude={"shared_with"})
    except ValidationError as error:
        for name, messages in error.message_dict.items():
            yield name, "；".join(messages)
    if _is_below(organisation.parent, organisation):
        yield "parent", "上级单位不能是本单位或它的下级"
    others = Organisation.objects.exclude(pk=organisation.pk)
    if others.filter(name=organisation.name, region=organisation.region).exists():
        yield "name", f"{organisation.region}已有同名单位"
    if organisation.uscc:
        if problem := uscc_problem(organisation.uscc):
            yield "uscc", problem
        elif twin := others.filter(uscc=organisation.uscc).first():
            yield "uscc", f"该统一社会信用代码已登记在“{twin}”名下"


def _is_below(start: Organisation | None, organisation: Organisation) -> bool:
    """Tell whether the way up from `start` comes by `organisation`."""
    seen: set[int] = set()
    above = start
    while above and organisation.pk and above.pk not in seen:
        if above.pk == organisation.pk:
            return True
        seen.add(above.pk)
        above = above.parent
    return False


def _plain(organisation: Organisation, name: str) -> Any:
    return getattr(organisation, field_of(organisation, name).attname)


def charge_problem(organisation: Organisation, region: str) -> str | None:
    """Return why the body may not be charged with a matter of the region, or None.

    It may be one of the region's subtree or of a level above it, in force, and no enterprise: enterprises are whom
    matters are about.
    """
    if organisation.kind == Organisation.Kind.ENTERPRISE:
        return f"{organisation.name} 是企业，不能作为承办或协办单位"
    if organisation.valid_to and organisation.valid_to <= timezone.localdate():
        return f"{organisation.name} 已停用，请另选"
    there = prefix_of(organisation.region_id)
    around = any(there.startswith(own) or own.startswith(there) for own in prefixes(region))
    return None if around else f"{organisation.name} 不在本件属地或其上级，请另选或先更正属地"
