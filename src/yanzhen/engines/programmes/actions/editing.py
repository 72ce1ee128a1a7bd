"""Programmes as data: copy a preset, change it as a new version, open a round that freezes one."""

from __future__ import annotations

import secrets
from datetime import datetime, time, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from yanzhen.engines.programmes import eligibility
from yanzhen.engines.programmes.declare import PROGRAMMES, Programme, read
from yanzhen.engines.programmes.models import Definition, Round, Window
from yanzhen.foundation.errors import Invalid, NotAllowed, Refusal
from yanzhen.foundation.models import Account, Region
from yanzhen.foundation.records import record

MIDNIGHT = time(0, 0)


class RoundRefused(Refusal):
    code = "round_refused"


def copy_preset(code: str, *, region: Region, actor: Account) -> Definition:
    """Make the first version of a programme from a preset. Raises NotAllowed, or Invalid for an unknown code."""
    if code not in PROGRAMMES:
        raise Invalid(f"没有名为 {code} 的预设方案", fields={"preset": "请从列表中选择"})
    preset = PROGRAMMES[code]
    newest = Definition.objects.filter(code=code, region=region).order_by("-version").first()
    if newest is not None and newest.digest == preset.digest():
        raise Invalid(f"{newest} 与预设一字不差：请直接修改它，不必再复制")
    return _new(preset, region=region, actor=actor, source=f"preset:{code}", why="由预设方案复制")


def draw_up(programme: Programme, *, region: Region, actor: Account, why: str) -> Definition:
    """Make a version of a programme that no preset has. Raises NotAllowed or Invalid."""
    return _new(programme, region=region, actor=actor, source="", why=why)


def change(definition: Definition, form: Any, *, why: str, actor: Account) -> Definition:
    """Make the next version of a programme. Rounds that run keep theirs. Raises Invalid with every reason."""
    if not why.strip():
        raise Invalid("修改方案须写明理由", fields={"why": "请写明改了什么、为什么改"})
    programme = read(form)
    if programme.code != definition.code:
        raise Invalid(
            f"方案代码 {definition.code} 不能改动：另立方案请从预设复制", fields={"code": "不能改动"}
        )
    if programme == definition.programme:
        raise Invalid("与原版本一字不差，没有可保存的改动")
    return _new(
        programme, region=definition.region, actor=actor, source=str(definition.version), why=why.strip()
    )


@transaction.atomic
def _new(programme: Programme, *, region: Region, actor: Account, source: str, why: str) -> Definition:
    if problems := eligibility.problems_with(programme.conditions):
        raise Invalid("；".join(problems))
    last = Definition.objects.filter(code=programme.code).aggregate(last=Max("version"))["last"]
    made = Definition(
        region=region, line_id=programme.line, code=programme.code, version=(last or 0) + 1, label=programme.label,
        form=programme.plain(), digest=programme.digest(), copied_from=source, why=why, made_by=actor, made_at=timezone.now(),
    )  # fmt: skip
    if not actor.has_right("programme.edit", made):
        raise NotAllowed(f"您在{region}没有“设置评选项目”权限")
    made.save(force_insert=True)
    record(
        "programme.change",
        made,
        actor=actor,
        right="programme.edit",
        after={"version": made.version, "digest": made.digest},
        reason=why,
    )
    return made


@transaction.atomic
def open_round(
    definition: Definition, *, year: int, label: str, starts_at: datetime, region: Region, actor: Account
) -> Round:
    """Open a round: its definition is frozen with its digest, and each stage gets the days it is planned to take.

    The windows follow one another from the midnight before `starts_at` and may be moved later (`rounds.set_window`).
    """
    programme = definition.programme
    round_ = Round(
        definition=definition, label=label.strip() or f"{year} 年{programme.label}", year=year, form=definition.form,
        digest=definition.digest, stage=programme.stages[0].code, seed=secrets.randbits(63), region=region,
        line_id=definition.line_id, opened_by=actor, opened_at=timezone.now(),
    )  # fmt: skip
    if not actor.has_right("round.run", round_):
        raise NotAllowed(f"您在{region}没有“组织评选轮次”权限")
    if (
        Round.objects.filter(definition__code=definition.code, year=year, label=round_.label, region=region)
        .exclude(status=Round.Status.CANCELLED)
        .exists()
    ):
        raise RoundRefused(f"{round_.label} 已经启动：同一年度再开一轮，请另取名称", label=round_.label)
    round_.save(force_insert=True)
    first = timezone.make_aware(datetime.combine(timezone.localdate(starts_at), MIDNIGHT))
    for order, stage in enumerate(programme.stages):
        last = first + timedelta(days=max(stage.days, 1))
        Window.objects.create(round=round_, stage=stage.code, order=order, opens_at=first, closes_at=last,
                              turned_at=round_.opened_at if order == 0 else None)  # fmt: skip
        first = last
    record(
        "round.open", round_, actor=actor, right="round.run", after={"digest": round_.digest, "year": year}
    )
    return round_
