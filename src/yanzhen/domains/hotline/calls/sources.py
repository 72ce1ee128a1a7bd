"""Calls beside cases, for the daily comparison: each call ends in a case, a reason or a call-back.

The night after, a call may still run and a call-back not be due yet. A night later there is no such excuse: the day is
compared again, and whatever is unfinished then is named.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.utils import timezone

from yanzhen.domains.hotline.reconciliation.declare import (
    MOST,
    SOURCES,
    Count,
    Difference,
    Source,
    bounds,
    counted,
    rows,
)

COUNT = """
select count(*), count(*) filter (where c.case_id is not null or c.outcome = 'anonymous'),
    count(*) filter (where c.case_id is null and c.outcome <> 'anonymous' and (c.outcome <> '' or b.ended_at is not null))
from calls_call c left join calls_callback b on b.id = c.call_back_id
where c.direction = 'in' and c.started_at >= %(start)s and c.started_at < %(end)s
"""
OPEN = """
select c.id, c.region_id, c.phone_mask, c.direction, c.ended_at is null, b.number from calls_call c
left join calls_callback b on b.id = c.call_back_id
where c.started_at >= %(start)s and c.started_at < %(end)s
    and c.case_id is null and c.outcome = '' and b.ended_at is null
    and (%(late)s or c.ended_at is not null and (b.id is null or b.due_at < %(now)s))
order by c.id limit %(most)s
"""
PHONE = """
select s.number, s.region_id from hotline_case s
where s.channel = 'phone' and s.batch_id is null and s.received_at >= %(start)s and s.received_at < %(end)s
    and exists (select from calls_call c where c.direction = 'in' and c.started_at >= %(start)s
                and c.started_at < %(end)s and c.phone_hash = s.phone_hash and c.status = 'answered'
                and c.case_id is null and c.outcome = '')
    and not exists (select from calls_call c where c.case_id = s.id)
order by s.id limit %(most)s
"""


def count(day: date) -> Count:
    return counted(COUNT, bounds(day))


def differences(day: date) -> list[Difference]:
    """Return the calls that ended in nothing, and the cases whose caller rang that day without the call being tied."""
    now, asked = timezone.now(), bounds(day)
    late = now >= asked["end"] + timedelta(days=1)
    found = [_open(row) for row in rows(OPEN, {**asked, "now": now, "late": late})]
    found += [
        Difference(
            what="电话工单没有关联通话",
            which=number,
            why="同一号码当日有接听而没有结果的通话，工单却没有关联任何通话",
            remedy="在“全部通话”找到该号码的通话，将其与本工单关联",
            region=region,
            page="case",
        )
        for number, region in rows(PHONE, asked)
    ]
    return found[: MOST + 1]


def _open(row: tuple[Any, ...]) -> Difference:
    pk, region, mask, direction, runs, task = row
    if runs:
        why = "通话一直没有结束：没有收到挂断，系统也没有结束它"
        remedy = "核对后台作业和交换机的事件推送；结束后在“全部通话”写明结果"
    elif task:
        why = f"来电没有接通，回拨任务 {task} 还没有办结"
        remedy = f"办理回拨任务 {task}；多次未接通的写明说明后结束"
    else:
        why = "通话结束后既没有工单，也没有原因" + ("" if direction == "out" else "，也没有回拨任务")
        remedy = "在“全部通话”打开这通电话，登记工单或写明原因"
    return Difference("通话没有结果", f"{pk}（{mask or '未显示号码'}）", why, remedy, region)


SOURCES.add(Source("calls", "电话", count, differences, otherwise="有小结", again=True))
