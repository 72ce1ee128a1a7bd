"""Arrivals by sheet: the rows of each batch beside the cases that they became."""

from __future__ import annotations

from datetime import date
from typing import Any

from yanzhen.domains.hotline.reconciliation.declare import Count, Difference, bounds, counted, rows

OF_THE_DAY = """
with batch as (
    select id, state, region_id, good from foundation_batch
    where sheet = 'hotline.appeals' and ((finished_at >= %(start)s and finished_at < %(end)s)
        or (finished_at is null and sent_at >= %(start)s and sent_at < %(end)s and state in ('applying', 'halted')))
)
"""
COUNT = f"""{OF_THE_DAY}
select (select count(*) from foundation_batchrow r join batch b on b.id = r.batch_id and b.state <> 'undone'
        where r.problems = '{{}}' and b.state in ('applied', 'applying', 'halted')),
    (select count(*) from hotline_case c join batch b on b.id = c.batch_id)
"""  # noqa: S608  # program text
NOT_APPLIED = f"""{OF_THE_DAY}
select b.id, r.number, b.state, b.region_id from foundation_batchrow r join batch b on b.id = r.batch_id
where b.state in ('applied', 'applying', 'halted') and r.problems = '{{}}' and r.target_id is null
order by b.id, r.number limit %(most)s
"""  # noqa: S608  # program text
WITHOUT_CASE = f"""{OF_THE_DAY}
select b.id, r.number, r.target_id, b.region_id, c.batch_id from foundation_batchrow r join batch b on b.id = r.batch_id
left join hotline_case c on c.id = r.target_id
where b.state in ('applied', 'applying', 'halted') and r.target_id is not null and c.batch_id is distinct from b.id
order by b.id, r.number limit %(most)s
"""  # noqa: S608  # program text
WITHOUT_ROW = f"""{OF_THE_DAY}
select b.id, c.number, c.region_id, b.state from hotline_case c join batch b on b.id = c.batch_id
left join foundation_batchrow r on r.batch_id = b.id and r.target_id = c.id and b.state <> 'undone'
where r.id is null order by b.id, c.number limit %(most)s
"""  # noqa: S608  # program text
TWICE = f"""{OF_THE_DAY}
select b.id, r.target_id, b.region_id, string_agg(r.number::text, '、' order by r.number)
from foundation_batchrow r join batch b on b.id = r.batch_id
where b.state in ('applied', 'applying', 'halted') and r.target_id is not null
group by 1, 2, 3 having count(*) > 1 order by 1, 2 limit %(most)s
"""  # noqa: S608  # program text


def count(day: date) -> Count:
    return counted(COUNT, bounds(day))


def differences(day: date) -> list[Difference]:
    asked = bounds(day)
    return [*_not_applied(asked), *_without_case(asked), *_without_row(asked), *_twice(asked)]


def _not_applied(asked: dict[str, Any]) -> list[Difference]:
    return [
        Difference(
            "合格的行没有导入",
            str(batch),
            f"第 {number} 行校验合格，没有成为工单" + ("；批次尚未导入完成" if state != "applied" else ""),
            "打开批次：中断的请提交人再次确认导入；已导入完成的按该行内容补登记",
            region,
            "batch",
        )
        for batch, number, state, region in rows(NOT_APPLIED, asked)
    ]


def _without_case(asked: dict[str, Any]) -> list[Difference]:
    return [
        Difference(
            "导入的行没有工单",
            str(batch),
            f"第 {number} 行导入为工单（内部编号 {target}），"
            + ("该工单不存在" if other is None else f"该工单却属于批次 {other}"),
            "在记录链查该工单为何不在；按该行内容补登记",
            region,
            "batch",
        )
        for batch, number, target, region, other in rows(WITHOUT_CASE, asked)
    ]


def _without_row(asked: dict[str, Any]) -> list[Difference]:
    return [
        Difference(
            "工单不是批次中的行",
            number,
            f"工单标明来自批次 {batch}，" + ("而该批次已撤销" if state == "undone" else "批次中却没有这一行"),
            "打开工单核对来历，在记录链查登记人",
            region,
            "case",
        )
        for batch, number, region, state in rows(WITHOUT_ROW, asked)
    ]


def _twice(asked: dict[str, Any]) -> list[Difference]:
    return [
        Difference(
            "几行成了同一件工单",
            str(batch),
            f"第 {numbers} 行都指向内部编号 {target} 的工单",
            "逐行核对，缺少的补登记",
            region,
            "batch",
        )
        for batch, target, region, numbers in rows(TWICE, asked)
    ]
