"""Saved views: a filtered list that an account keeps as a tab."""

from __future__ import annotations

from django.http import QueryDict

from yanzhen.faces.console.desk import Desk
from yanzhen.faces.console.models import SavedView
from yanzhen.foundation.errors import Invalid
from yanzhen.foundation.models import Account

MOST = 12
LONGEST_NAME = 20
LONGEST_QUERY = 1000


def of(account: Account, desk: Desk) -> list[SavedView]:
    return list(SavedView.objects.filter(account=account, desk=desk.name))


def save(account: Account, desk: Desk, *, name: str, query: QueryDict) -> SavedView:
    """Keep the list under `name`; one of that name is replaced. Raises Invalid."""
    name = name.strip()
    if not 0 < len(name) <= LONGEST_NAME:
        raise Invalid(f"请给视图起个名字，{LONGEST_NAME} 个字以内", fields={"name": "名称长度不合"})
    text = query.urlencode()
    if len(text) > LONGEST_QUERY:
        raise Invalid("筛选条件过长，不能存为视图，请减少条件", fields={"query": "过长"})
    kept = {view.name for view in of(account, desk)}
    if name not in kept and len(kept) >= MOST:
        raise Invalid(f"最多保存 {MOST} 个视图，请先删除不用的")
    view, _made = SavedView.objects.update_or_create(
        account=account, desk=desk.name, name=name, defaults={"query": text}
    )
    return view


def drop(account: Account, desk: Desk, pk: int) -> None:
    SavedView.objects.filter(account=account, desk=desk.name, pk=pk).delete()
