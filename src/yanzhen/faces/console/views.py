"""Saved views: a filtered list that an account keeps as a tab."""

from __future__ import annotations

from django.http import QueryDict

from yanzhen.faces.console.desk import Desk
from yanzhen.faces.console.models import SavedView
from yanzhen.foundation.errors import Invalid
from yanzhen.foundation.models import Account

MOST = 12
LONGEST_NAME = 20


def of(account: Account, desk: Desk) -> list[SavedView]:
    return list(SavedView.objects.filter(account=account, desk=desk.name))


def save(account: Account, desk: Desk, *, name: str, query: QueryDict) -> SavedView:
    """Keep the list under `name`; one of that name is replaced. Raises Invalid."""
    name = name.strip()
    if not 0 < len(name) <= LONGEST_NAME:
        raise Invalid(f"请给视图起个名字，{LONGEST_NAME} 个字以内", fields={"name": "名称长度不合"})
    if len(of(account, desk)) >= MOST:
        raise Invalid(f"最多保存 {MOST} 个视图，请先删除不用的")
    view, _made = SavedView.objects.update_or_create(
        account=account, desk=desk.name, name=name, defaults={"query": query.urlencode()}
    )
    return view


def drop(account: Account, desk: Desk, pk: int) -> None:
    SavedView.objects.filter(account=account, desk=desk.name, pk=pk).delete()
