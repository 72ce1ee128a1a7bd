"""Arrivals by form and by API: the kept answer of each request beside the case that it names."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from yanzhen.domains.hotline.reconciliation.declare import Count, Difference, Source, bounds, counted, rows
from yanzhen.foundation.records.write import masked

COUNT = """
select (select count(*) from foundation_replay
        where at >= %(start)s and at < %(end)s and status = 201 and sender like %(sender)s and answer->>'number' is not null),
    (select count(*) from hotline_case where started_at >= %(start)s and started_at < %(end)s and channel = %(channel)s)
"""
WITHOUT_CASE = """
select r.sender, r.key, r.answer->>'number', coalesce(r.answer->>'region', '')
from foundation_replay r left join hotline_case c on c.number = r.answer->>'number'
where r.at >= %(start)s and r.at < %(end)s and r.status = 201 and r.sender like %(sender)s
    and r.answer->>'number' is not null and c.id is null
order by r.at limit %(most)s
"""
WITHOUT_ANSWER = """
with kept as materialized (
    select distinct answer->>'number' as number from foundation_replay
    where at >= %(start)s - interval '1 hour' and at < %(end)s + interval '1 hour' and status = 201
)
select c.number, c.region_id from hotline_case c left join kept using (number)
where c.started_at >= %(start)s and c.started_at < %(end)s and c.channel = %(channel)s and kept.number is null
order by c.started_at limit %(most)s
"""
"""An hour around the day: a request that ran over midnight began its case on one side and kept its answer on the other."""


def request_source(code: str, label: str, *, channel: str, sender: str, names_key: bool = False) -> Source:
    """Return the source of requests whose answers are kept under `sender` (a LIKE pattern).

    `names_key` has a difference say the sender's own key, by which it finds the request in its books; the portal's
    keys open receipts and are said nowhere.
    """
    values = {"channel": channel, "sender": sender}

    def count(day: date) -> Count:
        return counted(COUNT, {**bounds(day), **values})

    return Source(code, label, count, _differences(label, values, names_key=names_key))


def _differences(
    label: str, values: dict[str, str], *, names_key: bool
) -> Callable[[date], list[Difference]]:
    def differences(day: date) -> list[Difference]:
        asked = {**bounds(day), **values}
        return [
            *(
                Difference(
                    "已答复收件，工单不存在",
                    number,
                    f"{label}的请求已告知对方编号，系统中却没有这件工单"
                    + (f"（来自 {sender}，幂等键 {masked(key)}）" if names_key else ""),
                    "在记录链按编号核查是否被删除；联系提交人重新登记，并查明原因",
                    region,
                )
                for sender, key, number, region in rows(WITHOUT_CASE, asked)
            ),
            *(
                Difference(
                    "有工单，没有收件凭据",
                    number,
                    f"工单的渠道是{label}，但没有对应的已答复请求",
                    "打开工单核对登记人和记录链；渠道填错的在工单中说明，来历不明的逐级报告",
                    region,
                    "case",
                )
                for number, region in rows(WITHOUT_ANSWER, asked)
            ),
        ]

    return differences
