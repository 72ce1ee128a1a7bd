"""Calls beside cases, for the daily comparison: each incoming call ends in a case, a reason or a call-back."""

from __future__ import annotations

from datetime import date

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
select count(*), count(*) filter (where c.case_id is not null or c.outcome = 'anonymous')
from calls_call c where c.direction = 'in' and c.started_at >= %(start)s and c.started_at < %(end)s
"""
OPEN = """
select c.id, c.region_id, c.phone_mask, c.status from calls_call c
left join calls_callback b on b.id = c.call_back_id
where c.direction = 'in' and c.started_at >= %(start)s and c.started_at < %(end)s and c.ended_at is not null
    and c.case_id is null and c.outcome = '' and b.ended_at is null and (b.id is null or b.due_at < now())
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
    found = [
        Difference(
            what="通话没有结果",
            which=f"{pk}（{mask or '未显示号码'}）",
            why="来电结束后既没有工单，也没有原因，回拨任务不存在或已超期",
            remedy="在“全部通话”打开这通电话，登记工单、写明原因，或办理回拨",
            region=region,
        )
        for pk, region, mask, _status in rows(OPEN, bounds(day))
    ]
    found += [
        Difference(
            what="电话工单没有关联通话",
            which=number,
            why="同一号码当日有接听而没有结果的通话，工单却没有关联任何通话",
            remedy="在“全部通话”找到该号码的通话，将其与本工单关联",
            region=region,
            page="case",
        )
        for number, region in rows(PHONE, bounds(day))
    ]
    return found[: MOST + 1]


SOURCES.add(Source("calls", "来电", count, differences))
