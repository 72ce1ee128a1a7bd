"""Which agent is next: asked by the SIP proxy for each call, answered with its reasons. Rules: docs/rules/rosters.md."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils import timezone

from yanzhen.domains.hotline.places import guess_region
from yanzhen.domains.hotline.rosters.coverage import ladder
from yanzhen.domains.hotline.rosters.models import LONGEST
from yanzhen.domains.hotline.rosters.skills import GENERAL
from yanzhen.foundation import parameters
from yanzhen.foundation.scope import EVERYTHING, database_scope, prefix_of

WITHIN, AGENTS = "hotline.answer_seconds", "hotline.ring_agents"
ON_DUTY = """
select s.account_id, t.extension, t.address, s.region_id, s.skill_id, coalesce(p.away, false), p.offered_at
from rosters_shift s
join rosters_seat t on t.account_id = s.account_id and t.active
join foundation_account a on a.id = s.account_id and a.is_active
left join rosters_presence p on p.account_id = s.account_id
where s.region_id = any(%(steps)s) and s.skill_id = any(%(skills)s)
    and s.starts_at > %(since)s and s.starts_at <= %(at)s and s.ends_at > %(at)s
"""
"""Written out: to put it together anew for every call would cost a quarter of the route. The proof asks the same of
shift, seat and account (`queries.duties`), and a test holds the two together."""
KEEP = """
with offered as (
    insert into rosters_presence (account_id, away, offered_at)
    select %(first)s::bigint, false, %(at)s::timestamptz where %(first)s::bigint is not null
    on conflict (account_id) do update set offered_at = excluded.offered_at
)
insert into rosters_routeanswer (at, call_id, region, skill, accounts, why)
values (%(at)s, %(call)s, %(region)s, %(skill)s, %(accounts)s::bigint[], %(why)s::text[])
"""
"""One statement: the answer, and that a call was offered to the first of it."""
NOBODY = "现在没有坐席值班，请留下您的电话和诉求，我们会尽快回电。"
ALL_BUSY = "坐席正忙，请留下您的电话和诉求，我们会尽快回电。"
STEPS = {2: "省级", 4: "市级", 6: "县级"}


@dataclass(frozen=True, slots=True)
class Target:
    """A telephone to ring: `user` is the extension, `uri` as the proxy dials it."""

    account: int
    user: str
    uri: str
    ring_ms: int


@dataclass(frozen=True, slots=True)
class Answer:
    """`announcement` is what to tell the caller where there is nobody to ring."""

    targets: tuple[Target, ...]
    why: tuple[str, ...]
    announcement: str | None


@dataclass(frozen=True, slots=True)
class OnDuty:
    """Somebody who could take the call; `step` counts up the ladder from the call's own region."""

    account: int
    extension: str
    address: str
    region: str
    skill: str
    step: int
    away: bool
    offered_at: datetime | None


def route_call(
    *, caller: str, called: str, call_id: str, at: datetime, skill: str = GENERAL, busy: Collection[int] = ()
) -> Answer:
    """Return who rings for a call, by where it comes from; what tells nothing is the province's. Five statements."""
    with database_scope({EVERYTHING}):
        guess = guess_region(caller, called)
        region = guess.region if guess else settings.PROVINCE
        because = f"属地 {region}：{guess.why if guess else '号码不能判断，由省级接听'}"
        return route(region, skill, at=at, call_id=call_id, busy=busy, because=because)


def route(
    region: str, skill: str, *, at: datetime, call_id: str, busy: Collection[int] = (), because: str = ""
) -> Answer:
    """Return who rings for a call of `region` and keep the answer; two statements. Needs everything in reach.

    First those at their desk, then those away, so that nobody who could answer is left out; among them those of the
    skill before the general ones, the nearer region before the one above, who was offered nothing for longest first.
    All of them together ring no longer than the parameter says. `busy` are accounts on the telephone.
    """
    found = on_duty(region, skill, at)
    free = sorted((one for one in found if one.account not in busy), key=lambda one: _rank(one, skill))
    why = [because] if because else []
    why += _reasons(region, skill, found, free, busy)
    answer = Answer(_targets(free, region, at), tuple(why), None if free else ALL_BUSY if found else NOBODY)
    _keep(answer, region=region, skill=skill, at=at, call_id=call_id)
    return answer


def on_duty(region: str, skill: str, at: datetime) -> list[OnDuty]:
    """Return who is on duty at `at` for the skill, or for general calls, on the ladder of the region."""
    steps = ladder(region)
    given: dict[str, Any] = {
        "steps": list(steps),
        "skills": [skill, GENERAL],
        "since": at - LONGEST,
        "at": at,
    }
    with connection.cursor() as cursor:
        cursor.execute(ON_DUTY, given)
        rows = cursor.fetchall()
    return [
        OnDuty(account, extension, address, where, what, steps.index(where), away, offered)
        for account, extension, address, where, what, away, offered in rows
    ]


def _rank(one: OnDuty, skill: str) -> tuple[bool, bool, int, float, int]:
    since = one.offered_at.timestamp() if one.offered_at else 0.0
    return one.away, one.skill != skill, one.step, since, one.account


def _targets(free: Sequence[OnDuty], region: str, at: datetime) -> tuple[Target, ...]:
    on = timezone.localdate(at)
    most = int(parameters.get(AGENTS, on=on, region=region).value)
    within = int(parameters.get(WITHIN, on=on, region=region).value * 1000)
    rung = free[:most]
    return tuple(Target(one.account, one.extension, one.address, within // len(rung)) for one in rung)


def _reasons(
    region: str, skill: str, found: Sequence[OnDuty], free: Sequence[OnDuty], busy: Collection[int]
) -> list[str]:
    said = []
    if found and not any(one.skill == skill for one in found):
        said.append(f"没有“{skill}”坐席值班，由通用坐席接听")
    for step, code in enumerate(ladder(region)):
        here = [one for one in found if one.step == step]
        talking = [one.extension for one in here if one.account in busy]
        away = [one.extension for one in here if one.away]
        words = f"{STEPS[len(prefix_of(code))]} {code} 值班 {len(here)} 人"
        words += f"，通话中 {'、'.join(talking)}" if talking else ""
        words += f"，暂离排后 {'、'.join(away)}" if away else ""
        said.append(words)
    if free:
        said.append(f"先近后远、最久未派者在前：{'、'.join(one.extension for one in free)}")
    else:
        said.append("全部通话中，播放提示并转回拨" if found else "无人值班，播放提示并转回拨")
    return said


def _keep(answer: Answer, *, region: str, skill: str, at: datetime, call_id: str) -> None:
    accounts = [target.account for target in answer.targets]
    values = {
        "first": accounts[0] if accounts else None,
        "at": at,
        "call": call_id[:128],
        "region": region,
        "skill": skill[:24],
        "accounts": accounts,
        "why": list(answer.why),
    }
    with connection.cursor() as cursor:
        cursor.execute(KEEP, values)
