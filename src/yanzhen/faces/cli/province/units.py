"""The demo's bodies and enterprises, and its staff."""

from __future__ import annotations

import random

from yanzhen.faces.cli.province.posts import CITIES, PASSWORD, POSTS, SINCE
from yanzhen.foundation.models import Account, Grant, Line, Organisation, Region, Role

TRADES = {
    "机械制造": "C34", "纺织": "C17", "建筑劳务": "E47", "物流": "G54", "化工": "C26", "食品加工": "C14", "电子科技": "C39",
    "环卫服务": "N78", "家政服务": "O80", "餐饮管理": "H62",
}  # fmt: skip
"""What the enterprises do, by the divisions of GB/T 4754-2017."""


def register(dice: random.Random) -> dict[tuple[str, str], Organisation]:
    """Open a union, a human-resources office, a court and three enterprises in each place; return all by (region, kind)."""
    lines = {line.code: line for line in Line.objects.all()}
    regions = [Region.objects.get(code="370000"), *Region.objects.filter(code__in=CITIES)]
    regions += Region.objects.filter(parent__in=CITIES, level="county", valid_to=None)
    offices = (
        ("union", "union", "总工会"),
        ("hrss", "government", "人力资源和社会保障部门"),
        ("court", "court", "法院"),
    )
    made = []
    for region in regions:
        for line, kind, name in offices:
            made.append(
                Organisation(name=f"{region.name}{name}（演示）", kind=kind, region=region, line=lines[line])
            )
        if region.level == "county":
            made += [_enterprise(dice, region, lines["union"], n) for n in (1, 2, 3)]
    made += [
        Organisation(name=f"{town.name}总工会（演示）", kind="union", region=town, line=lines["union"])
        for town in Region.objects.filter(parent="370102", level="town", valid_to=None)
    ]
    Organisation.objects.bulk_create(made)
    return {(o.region_id, o.line_id if o.kind != "enterprise" else o.name): o for o in made}


def _enterprise(dice: random.Random, region: Region, line: Line, n: int) -> Organisation:
    trade = dice.choice(tuple(TRADES))
    return Organisation(
        name=f"{region.name}演示{trade}{n}号有限公司",
        kind="enterprise",
        region=region,
        line=line,
        industry=TRADES[trade],
        headcount=dice.randint(20, 3000),
        ownership=dice.choice(("state", "private", "private", "foreign")),
    )


def staff(units: dict[tuple[str, str], Organisation]) -> dict[str, Account]:
    found = {}
    for post in POSTS:
        account = Account.objects.create_user(
            post.username,
            password=PASSWORD,
            name=post.label,
            organisation=units.get((post.region, post.line or "union")),
        )
        for role in filter(None, (post.role, post.also)):
            Grant.objects.create(
                account=account,
                role=Role.objects.get(code=role),
                region_id=post.region,
                line_id=post.line,
                starts_on=SINCE,
            )
        found[post.username] = account
    loaders = (
        ("all", "agent dispatcher handler"),
        ("other", "handler"),
        ("second", "follow_up"),
        ("third", "inspector"),
        ("selection", "organiser registrar"),
        ("recommending", "recommender_city recommender_county"),
    )
    for key, roles in loaders:
        loader = Account.objects.create_user(f"demo-{key}", name="演示数据装载", is_active=False)
        for role in roles.split():
            Grant.objects.create(
                account=loader,
                role=Role.objects.get(code=role),
                region_id="370000",
                line=None,
                starts_on=SINCE,
            )
        found[key] = loader
    return found
