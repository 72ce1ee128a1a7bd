"""The sheet of appeals: what other systems and paper forms hold becomes cases. Rules: docs/rules/hotline.md."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from django.conf import settings
from django.db import connection, models
from django.db.models import CharField
from django.db.models.functions import Cast

from yanzhen.domains.hotline import rules
from yanzhen.domains.hotline.actions import LINE, Arrival, register_many
from yanzhen.domains.hotline.models import Case
from yanzhen.domains.hotline.procedures import ACCEPT
from yanzhen.domains.hotline.queries import category_names
from yanzhen.domains.hotline.rules import Appeal
from yanzhen.engines.procedures.models import Clock, Copy, Escalation, Party, Stay
from yanzhen.foundation.models import Account, Attachment, Batch
from yanzhen.foundation.records import insert_selected
from yanzhen.foundation.sheets import SHEETS, Check, Column, Kind, Row, Sheet, UndoRefused
from yanzhen.foundation.sheets.choices import regions
from yanzhen.foundation.sheets.pointing import pointed_to

SHOWN = 5
"""Numbers that a refusal names."""
TAKEN_BACK = """
select id as subject_id, region_id, line_id, jsonb_build_object('number', number, 'state', state) as before,
    null::jsonb as after
from hotline_case where batch_id = %s
"""
COUNTABLE = f"""received_at >= (select min(starts_on) from foundation_parameter where code = '{ACCEPT.parameter}')
and extract(year from received_at) >= (select min(year) from foundation_calendaryear)"""  # noqa: S608  # program text
"""A term can be counted from then on."""


def channels() -> Iterable[tuple[str, str]]:
    return Case.Channel.choices


def urgencies() -> Iterable[tuple[str, str]]:
    return Case.Urgency.choices


def appeal_of(values: Any) -> Appeal:
    """Return the appeal of a row's values; blank cells are what an appeal has without them."""
    names = Appeal.__slots__
    return Appeal(**{name: values[name] for name in names if values.get(name) is not None})


def apply(rows: Sequence[Row], *, batch: Batch) -> None:
    arrivals = [
        Arrival(
            appeal_of(row.values),
            row.values["channel"] or Case.Channel.SHEET.value,
            row.values["received_at"],
        )
        for row in rows
    ]
    for row, case in zip(rows, register_many(arrivals, actor=batch.sender, batch=batch), strict=True):
        row.target_id = case.pk


def undo(batch: Batch, *, actor: Account, reason: str) -> None:
    """Delete the batch's cases with their clocks, copies and what was told of them (that stays on record); refuses
    where one of them was taken up."""
    cases = Case.objects.filter(batch=batch)
    numbers = dict(cases.select_for_update(of=("self",)).values_list("pk", "number"))
    taken = sorted(numbers.get(pk, str(pk)) for pk in _taken_up(cases))
    if taken:
        more = f"等 {len(taken)} 件" if len(taken) > SHOWN else ""
        raise UndoRefused(
            f"不能整批撤销，以下工单已经办理，或有附件、分办、暂停延期、知识引用等：{'、'.join(taken[:SHOWN])}{more}；请逐件处理",
            numbers=taken[:SHOWN],
        )
    insert_selected(
        "sheet.undo",
        Case._meta.label_lower,
        TAKEN_BACK,
        [batch.pk],
        actor=actor,
        grant_id=actor.grant_for("sheet.undo", batch),
        reason=f"撤销导入批次 {batch.pk}：{reason}",
    )
    _delete(batch)


def _taken_up(cases: models.QuerySet[Case]) -> set[int]:
    """Return the ids of cases that were moved, or on which something stands."""
    ids = cases.values("pk")
    written = cases.annotate(written=Cast("pk", CharField())).values("written")
    files = Attachment.objects.filter(subject_type=Case._meta.label_lower, subject_id__in=written)
    found = set(cases.filter(step__gt=0).values_list("pk", flat=True)) | set(pointed_to(Case, ids))
    found.update(int(pk) for pk in files.values_list("subject_id", flat=True))
    for model in (Party, Stay):
        rows: Any = model._default_manager.filter(procedure=Case.procedure_code, subject_id__in=ids)
        found.update(rows.values_list("subject_id", flat=True))
    return found


def _delete(batch: Batch) -> None:
    """Three statements, whatever the number of cases; the ORM would fetch every row first."""
    with connection.cursor() as cursor:
        for model in (Escalation, Clock, Copy):
            cursor.execute(
                f"delete from {model._meta.db_table} where procedure = %s"  # noqa: S608  # a table's name
                " and subject_id in (select id from hotline_case where batch_id = %s)",
                [Case.procedure_code, batch.pk],
            )
        cursor.execute("delete from hotline_case where batch_id = %s", [batch.pk])


def said(rule: Callable[[Appeal], str | None], **appeal: Any) -> str:
    """Return the sentence of a rule, from an appeal that breaks it: the sheet says what every other way in says."""
    words = rule(Appeal(**{"body": "", "region": "", **appeal}))
    if words is None:
        raise ValueError(f"{rule.__name__} has nothing against {appeal}")
    return words


APPEALS = SHEETS.add(
    Sheet(
        code="hotline.appeals",
        label="诉求导入",
        right="case.register",
        basis="docs/rules/hotline.md",
        help="每行一件诉求，导入后即为待受理工单；受理时限自来件时间起算，未填来件时间的自导入时起算。",
        apply=apply,
        undo=undo,
        line=LINE,
        columns=(
            Column("received_at", "来件时间", Kind.DATETIME, help="不填为导入时间", example="2026-11-24 09:30"),
            Column("channel", "渠道", Kind.CHOICE, choices=channels, help="不填为表格导入", example="phone 电话"),
            Column("region", "行政区划", Kind.CHOICE, required=True, choices=regions, example="370102 历下区"),
            Column(
                "body", "诉求内容", Kind.LONG, required=True, max_length=5000, help="至少 10 个字",
                example="某公司拖欠工资三个月，共 12800 元，请求帮助追讨。",
            ),
            Column("title", "诉求标题", Kind.TEXT, max_length=80, help="不填取内容首句"),
            Column("category", "诉求类别", Kind.CHOICE, choices=category_names, example="010101 企业拖欠工资"),
            Column("urgency", "紧急程度", Kind.CHOICE, choices=urgencies, help="不填为一般", example="normal 一般"),
            Column("employer", "涉事单位", Kind.TEXT, max_length=128, example="某公司"),
            Column("place", "事发地点", Kind.TEXT, max_length=128),
            Column("headcount", "涉及人数", Kind.INTEGER, help="不填为 1", example="1"),
            Column("amount_yuan", "涉及金额（元）", Kind.MONEY, example="12800.00"),
            Column("anonymous", "匿名", Kind.YES_NO, help="匿名的不得填写姓名和手机号", example="否"),
            Column("secret", "保密", Kind.YES_NO, example="否"),
            Column("name", "姓名", Kind.TEXT, max_length=64, private=True, example="张某"),
            Column("phone", "手机号", Kind.PHONE, private=True, help="不匿名的必填", example="13800000000"),
        ),
        checks=(
            Check("body", "char_length(body) >= 10", said(rules.body_says_something)),
            Check(
                "phone", "anonymous is true or phone is not null", said(rules.caller_can_be_reached)
            ),
            Check(
                "phone",
                "anonymous is not true or phone is null",
                said(rules.caller_can_be_reached, anonymous=True, phone="-"),
            ),
            Check(
                "name",
                "anonymous is not true or name is null",
                said(rules.caller_is_named, anonymous=True, name="-"),
            ),
            Check("headcount", "headcount >= 1", "至少为 1"),
            Check(
                "received_at", f"received_at <= now() at time zone '{settings.TIME_ZONE}'", "不能晚于现在"
            ),
            Check(
                "received_at",
                COUNTABLE,
                "早于受理时限参数或工作日历的最早日期，无法计算时限；请先补录参数和日历",
            ),
        ),
    )
)  # fmt: skip
