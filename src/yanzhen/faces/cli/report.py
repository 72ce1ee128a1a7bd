"""The declared figures of a region and a period, as a table or as JSON."""

from __future__ import annotations

import json
import re
import unicodedata

import click
from django.conf import settings
from django.utils import timezone

from yanzhen.engines.indicators.declare import INDICATORS, Period
from yanzhen.engines.indicators.figures import Figure, figure
from yanzhen.faces.cli import place
from yanzhen.foundation.errors import Invalid
from yanzhen.foundation.models import Account, Region
from yanzhen.foundation.scope import database_scope

UNKNOWN = "—"


@click.command("report")
@click.option("--as", "username", required=True, metavar="用户名", help="以谁的权限查看")
@click.option("--region", metavar="代码", help="行政区划代码；默认全省")
@click.option("--period", metavar="2026 或 2026-11", help="年或月；默认今年")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON")
def report_command(username: str, region: str | None, period: str | None, *, as_json: bool) -> None:
    """打印全部已声明的指标，口径和范围与网页相同。"""
    with place.database():
        account = account_named(username)
        area = _region(region or settings.PROVINCE)
        span = period_of(period or str(timezone.localdate().year))
        with database_scope(account.audience_keys()):
            figures = [figure(each, account=account, region=area, period=span) for each in INDICATORS]
    if as_json:
        click.echo(json.dumps([_as_json(each) for each in figures], ensure_ascii=False, indent=1))
        return
    click.echo(f"{area.name} {span.label}（{account} 的权限范围）\n")
    for each in figures:
        label, value = each.indicator.label, shown(each)
        click.echo(f"{label}{' ' * (30 - _width(label) - _width(value))}{value}  n={each.n}")


def account_named(username: str) -> Account:
    """Return the active account; raises Invalid where there is none."""
    account = Account.objects.filter(username=username, is_active=True).first()
    if account is None:
        raise Invalid(f"没有可用的账号 {username}。", fields={"as": "没有此账号"})
    return account


def period_of(text: str) -> Period:
    """Return the period that `2026` or `2026-11` names; raises Invalid."""
    match = re.fullmatch(r"(\d{4})(?:-(0[1-9]|1[0-2]))?", text)
    if match is None:
        raise Invalid(f"期间“{text}”须写作 2026 或 2026-11。", fields={"period": "格式不对"})
    year, month = match.groups()
    return Period.month(int(year), int(month)) if month else Period.year(int(year))


def shown(each: Figure) -> str:
    """Return the value with its unit; what is unknown is a dash, never 0."""
    return UNKNOWN if each.value is None else f"{each.value:,} {each.indicator.unit.value}"


def _region(code: str) -> Region:
    region = Region.objects.filter(code=code).first()
    if region is None:
        raise Invalid(f"没有行政区划 {code}。", fields={"region": "没有此代码"})
    return region


def _as_json(each: Figure) -> dict[str, object]:
    return {
        "code": each.indicator.code,
        "label": each.indicator.label,
        "unit": each.indicator.unit.value,
        "value": None if each.value is None else str(each.value),
        "n": each.n,
        "total": each.total,
        "basis": each.indicator.basis,
    }


def _width(text: str) -> int:
    """Return how many columns of a terminal `text` takes: a Chinese character takes two."""
    return len(text) + sum(unicodedata.east_asian_width(character) in "WF" for character in text)
