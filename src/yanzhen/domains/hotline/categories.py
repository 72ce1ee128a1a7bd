"""The category tree that ships with the product; an installation may retire leaves and add its own."""

from __future__ import annotations

import csv
from pathlib import Path

from django.conf import settings
from django.db import transaction

from yanzhen.domains.hotline.models import Category
from yanzhen.domains.hotline.routing.actions import LINE, may_edit
from yanzhen.foundation.errors import Invalid, NotAllowed, Refusal
from yanzhen.foundation.models import Account
from yanzhen.foundation.records import record

DATA = Path(__file__).parent / "data" / "categories.csv"
RIGHT = "route.edit"
LEAF = 3


def load() -> int:
    """Add the shipped categories that are not there yet; names that were edited stay. Return how many there are."""
    with DATA.open(encoding="utf-8", newline="") as file:
        rows = [Category(**row) for row in csv.DictReader(file)]
    Category.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)


def may_change(actor: Account) -> bool:
    """Tell whether the account may retire leaves: the tree is the whole province's."""
    return any(reach.covers(settings.PROVINCE, LINE) for reach in may_edit(actor))


@transaction.atomic
def withdraw(category: Category, *, actor: Account, reason: str) -> Category:
    """Let nobody choose the leaf any more. Cases under it stay, and are routed as before by the rules that name it."""
    return _switch(category, active=False, actor=actor, reason=reason)


@transaction.atomic
def reinstate(category: Category, *, actor: Account, reason: str) -> Category:
    """Let the leaf be chosen again."""
    return _switch(category, active=True, actor=actor, reason=reason)


def _switch(category: Category, *, active: bool, actor: Account, reason: str) -> Category:
    """Raises NotAllowed, Invalid for a branch or without a reason, Refusal where the leaf stands so already."""
    if not may_change(actor):
        raise NotAllowed("类别全省共用：须在全省拥有“维护派单规则”权限才能停用或恢复")
    if category.level != LEAF:
        raise Invalid(f"“{category.name}”不是第三级类别；只有第三级类别可以停用")
    if not reason.strip():
        raise Invalid("请写明理由", fields={"reason": "请写明理由"})
    row = Category.objects.select_for_update().get(pk=category.pk)
    if row.active == active:
        raise Refusal(f"类别“{row.name}”{'在用，无须恢复' if active else '已经停用'}")
    row.active = active
    row.save(update_fields=["active"])
    record(
        "category.reinstate" if active else "category.withdraw",
        row,
        actor=actor,
        right=RIGHT,
        before={"active": not active},
        after={"active": active},
        reason=reason.strip(),
    )
    return row
