"""The declared figures of a region and a period, as a table or as JSON."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping
from typing import Any

import click
from django.conf import settings
from django.utils import timezone

from yanzhen.engines.indicators import dimensions
from yanzhen.engines.indicators.declare import INDICATORS, Period
from yanzhen.engines.indicators.figures import Breakdown, Figure, breakdowns, figures
from yanzhen.faces.cli import place
from yanzhen.foundation.errors import Invalid
from yanzhen.foundation.models import Account, Region
from yanzhen.foundation.scope import database_scope

UNKNOWN = "—"
WIDTH = 44
"""Columns of label and value together."""


@click.command("report")
@click.option("--as", "username", required=True, metavar="用户名", help="以谁的权限查看")
@click.option("--region", metavar="代码", help="行政区划代码；默认全省")
@click.option("--period", metavar="2026、2026-11 或 2026-11-26", help="年、月或日；默认今年")
@click.option("--by", type=click.Choice(list(dimensions.names())), help="再按此分开列出")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON")
def report_command(
    username: str, region: str | None, period: str | None, by: str | None, *, as_json: bool
) -> None:
    """打印全部已声明的指标，口径和范围与网页相同。"""
    with place.database():
        account = account_named(username)
        area = _region(region or settings.PROVINCE)
        span = period_of(period or str(timezone.localdate().year))
        asked: Any = {"account": account, "region": area, "period": span}
        with database_scope(account.audience_keys()):
            whole = figures(INDICATORS, **asked)
            parted = breakdowns(INDICATORS, by=by, **asked) if by else {}
            names = dimensions.labels(by, {k for b in parted.values() for k in b.parts}) if by else {}
    told = [whole[each.code] for each in INDICATORS]
    if as_json:
        found = [_as_json(each, parted.get(each.indicator.code), names) for each in told]
        click.echo(json.dumps(found, ensure_ascii=False, indent=1))
        return
    click.echo(f"{area.name} {span.label}（{account} 的权限范围）\n")
    for each in told:
        _line(each.indicator.label, each)
        if each.indicator.code in parted:
            for key, part in sorted(parted[each.indicator.code].parts.items()):
                _line(f"  {names.get(key, UNKNOWN)}", part)


def _line(label: str, each: Figure) -> None:
    value = shown(each)
    click.echo(f"{label}{' ' * max(1, WIDTH - _width(label) - _width(value))}{value}  n={each.n}")


def account_named(username: str) -> Account:
    """Return the active account; raises Invalid where there is none."""
    account = Account.objects.filter(username=username, is_active=True).first()
    if account is None:
        raise Invalid(f"没有可用的账号 {username}。", fields={"as": "没有此账号"})
    return account


def period_of(text: str) -> Period:
    """Return the period that `2026`, `2026-11` or `2026-11-26` names; raises Invalid."""
    try:
        return Period.named(text)
    except ValueError:
        reason = f"期间“{text}”须写作 2026、2026-11 或 2026-11-26。"
        raise Invalid(reason, fields={"period": "格式不对"}) from None


def shown(each: Figure) -> str:
    """Return the value with its unit; what is unknown is a dash, never 0."""
    return UNKNOWN if each.value is None else f"{each.value:,} {each.indicator.unit.value}"


def _region(code: str) -> Region:
    region = Region.objects.filter(code=code).first()
    if region is None:
        raise Invalid(f"没有行政区划 {code}。", fields={"region": "没有此代码"})
    return region


def _as_json(each: Figure, parted: Breakdown | None, names: Mapping[str, str]) -> dict[str, object]:
    found: dict[str, object] = {
        "code": each.indicator.code,
        "label": each.indicator.label,
        "unit": each.indicator.unit.value,
        **_numbers(each),
        "basis": each.indicator.basis,
    }
    if parted is not None:
        parts = sorted(parted.parts.items())
        found["parts"] = [
            {"key": key or None, "name": names.get(key), **_numbers(part)} for key, part in parts
        ]
    return found


def _numbers(each: Figure) -> dict[str, object]:
    return {"value": None if each.value is None else str(each.value), "n": each.n, "total": each.total}


def _width(text: str) -> int:
    """Return how many columns of a terminal `text` takes: a Chinese character takes two."""
    return len(text) + sum(unicodedata.east_asian_width(character) in "WF" for character in text)
