"""Numbers handed out beside the cases that bear them: the series have no gaps, so each gap is a case that is gone."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from yanzhen.domains.hotline.reconciliation.declare import Count, Difference, bounds, counted, rows

USED = """
with series as (
    select code, last, substr(code, 3, 6) as region from foundation_series
    where code like 'GD______-' || %(ymd)s and length(code) = 17
), used as (
    select s.code, s.last, s.region, c.number, split_part(c.number, '-', 3)::bigint as n
    from series s join hotline_case c on c.number >= s.code || '-' and c.number < s.code || '.'
    where c.number ~ '^GD[0-9]{6}-[0-9]{8}-[0-9]+-.$'
)
"""
"""A range of numbers for each series, read from the unique index; '.' is the character after '-'."""
COUNT = f"""{USED}
select (select coalesce(sum(last), 0)::bigint from series), (select count(*) from used where n between 1 and last)
"""  # noqa: S608  # program text
UNDONE = f"""{USED}
select count(distinct before->>'number') from foundation_record
where subject_type = 'hotline.case' and verb = 'sheet.undo' and left(before->>'number', 17) in (select code from series)
"""  # noqa: S608  # program text
GAPS = f"""{USED}, missing as (
    select s.code, s.region, given.k from series s cross join lateral generate_series(1, s.last) as given (k)
    where not exists (select from used u where u.code = s.code and u.n = given.k)
)
select code || '-' || lpad(k::text, greatest(5, length(k::text)), '0'), region from missing
order by 1 limit %(most)s
"""  # noqa: S608  # program text
TAKEN_BACK = """
select distinct left(before->>'number', length(before->>'number') - 2) from foundation_record
where subject_type = 'hotline.case' and verb = 'sheet.undo' and left(before->>'number', length(before->>'number') - 2) = any(%(gaps)s)
"""
"""Only asked where there are gaps. The check character is not part of what is compared."""
BEYOND = f"""{USED}
select number, region from used where n > last or n < 1 order by number limit %(most)s
"""  # noqa: S608  # program text
NO_SERIES = """
select c.number, c.region_id from hotline_case c
left join foundation_series s on s.code = left(c.number, 17)
where c.started_at >= %(start)s and c.started_at < %(end)s and s.code is null
order by c.number limit %(most)s
"""


def count(day: date) -> Count:
    asked = _values(day)
    found = counted(COUNT, asked)
    ((undone,),) = rows(UNDONE, asked) if found.incoming > found.cases else [(0,)]
    return replace(found, otherwise=undone)


def differences(day: date) -> list[Difference]:
    asked = _values(day)
    gaps = rows(GAPS, asked)
    undone = {number for (number,) in rows(TAKEN_BACK, {"gaps": [g for g, _ in gaps]})} if gaps else set()
    return [
        *(
            Difference(
                "编号已发出，没有工单",
                number,
                "编号连续不断；这个号已经发出，却没有工单，也没有整批撤销的记录",
                "在记录链按对象“hotline.case”和当日查找登记记录，核实工单去向并补登记",
                region,
            )
            for number, region in gaps
            if number not in undone
        ),
        *(
            Difference(
                "工单编号超出已发出的号",
                number,
                "这个编号不是系统发出的",
                "打开工单核对来历，在记录链查登记人",
                region,
                "case",
            )
            for number, region in rows(BEYOND, asked)
        ),
        *(
            Difference(
                "工单编号不属于任何号段",
                number,
                "这个编号的号段从未发过号",
                "打开工单核对来历，在记录链查登记人",
                region,
                "case",
            )
            for number, region in rows(NO_SERIES, asked)
        ),
    ]


def _values(day: date) -> dict[str, Any]:
    return {**bounds(day), "ymd": f"{day:%Y%m%d}"}
