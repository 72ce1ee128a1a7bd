"""The chain of records beside the cases: each case began on record, and each beginning on record has its case."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from yanzhen.domains.hotline.reconciliation.declare import Count, Difference, bounds, counted, rows

SLACK = timedelta(hours=1)
"""How far ids and times of records may be out of order: as long as a transaction may run."""
STARTS = """
select id, subject_id, region_id from foundation_record
where id >= %(first)s and id < %(past)s and at >= %(start)s and at < %(end)s
    and verb = 'start' and subject_type = 'hotline.case'
"""
UNDONE = """exists (
    select from foundation_record u
    where u.subject_type = 'hotline.case' and u.subject_id = s.subject_id and u.verb = 'sheet.undo')"""
COUNT = f"""
with started as ({STARTS})
select count(*), count(c.id), count(*) filter (where c.id is null and {UNDONE})
from started s left join hotline_case c on c.id = s.subject_id::bigint
"""  # noqa: S608  # program text
WITHOUT_CASE = f"""
with started as ({STARTS})
select s.id, s.subject_id, s.region_id from started s left join hotline_case c on c.id = s.subject_id::bigint
where c.id is null and not {UNDONE}
order by s.id limit %(most)s
"""  # noqa: S608  # program text
WITHOUT_RECORD = """
select c.number, c.region_id from hotline_case c
where c.started_at >= %(start)s and c.started_at < %(end)s and not exists (
    select from foundation_record r
    where r.subject_type = 'hotline.case' and r.subject_id = c.id::text and r.verb = 'start')
order by c.started_at limit %(most)s
"""
NEXT = "select id, at from foundation_record where id >= %(id)s order by id limit 1"
LAST = "select coalesce(max(id), 0) from foundation_record"


def count(day: date) -> Count:
    return counted(COUNT, _values(day))


def differences(day: date) -> list[Difference]:
    asked = _values(day)
    return [
        *(
            Difference(
                "登记在案，工单不存在",
                f"hotline.case#{subject}",
                f"记录 {pk} 记载这件工单已登记，工单却不在，也没有整批撤销的记录",
                "工单只能整批撤销，不能删除：从备份查明内容并补登记，报告审计员",
                region,
                "trail",
            )
            for pk, subject, region in rows(WITHOUT_CASE, asked)
        ),
        *(
            Difference(
                "有工单，没有登记记录",
                number,
                "工单不是经系统登记的，或其记录被删除",
                "运行 yanzhen records verify 核对记录链；打开工单核对来历",
                region,
                "case",
            )
            for number, region in rows(WITHOUT_RECORD, asked)
        ),
    ]


def _values(day: date) -> dict[str, Any]:
    values = bounds(day)
    return {
        **values,
        "first": _first_from(values["start"] - SLACK),
        "past": _first_from(values["end"] + SLACK),
    }


def _first_from(at: datetime) -> int:
    """Return an id before which all records are older than `at`, give or take SLACK.

    Records have no index on time, which every write would pay for; ids grow with it, so that some thirty look-ups by
    id find the place.
    """
    ((low, high),) = [(0, rows(LAST, {})[0][0] + 1)]
    while low < high:
        middle = (low + high) // 2
        found = rows(NEXT, {"id": middle})
        if not found or found[0][1] >= at:
            high = middle
        else:
            low = found[0][0] + 1
    return int(low)
