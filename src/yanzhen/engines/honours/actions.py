"""Awarding honours and recording those from outside, one or ten thousand in the same number of statements."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from django.db import transaction
from django.utils import timezone

from yanzhen.engines.honours import credentials, numbers, rules
from yanzhen.engines.honours.declare import TITLES, Title
from yanzhen.engines.honours.models import Honour, Steward
from yanzhen.engines.procedures.engine import advance_many, start_many
from yanzhen.foundation import parameters
from yanzhen.foundation.errors import Invalid, NotAllowed
from yanzhen.foundation.models import Account, Organisation, Person
from yanzhen.foundation.people import mask_name, reveal
from yanzhen.foundation.scope import EVERYTHING, audience_of, database_scope

AWARD = "honour.award"
SHOWN = 20
"""Refused rows that a message names."""


@dataclass(frozen=True, slots=True)
class Award:
    """Who is awarded what. The honour lies where the organisation is, on the title's line."""

    person: Person
    title: str
    organisation: Organisation
    awarded_on: date
    document: str = ""
    source_kind: str = ""
    source_id: int | None = None


def award(one: Award, *, actor: Account, note: str = "") -> Honour:
    """Award or record one honour; see `award_many`."""
    return award_many([one], actor=actor, note=note)[0]


@transaction.atomic
def award_many(awards: Sequence[Award], *, actor: Account, note: str = "") -> list[Honour]:
    """Give each its number, its term, its record and, where we are the ones who award it, its signed credential.

    All or none: raises Invalid with a reason for each that can not be awarded, or NotAllowed.
    """
    answered = zip(awards, refusals(awards), strict=True)
    if problems := [f"{mask_name(one.person.name)}：{reason}" for one, reason in answered if reason]:
        told = "；".join(problems[:SHOWN])
        more = f"；等 {len(problems)} 项" if len(problems) > SHOWN else ""
        raise Invalid(f"{told}{more}", reasons=problems)
    honours = [_honour(one) for one in awards]
    if any(not actor.has_right(AWARD, honour) for honour in honours):
        raise NotAllowed("您在该区划和条线没有“登记荣誉、签发证书”权限")
    _number(honours)
    start_many(honours, actor=actor, right=AWARD, note=note)
    credentials.issue_many([honour for honour in honours if not honour.declared.outside])
    return honours


def reveal_holder(honour: Honour, *, actor: Account, reason: str) -> dict[str, str]:
    """Return the holder's name in full; the look is on record with its reason."""
    with database_scope({EVERYTHING}):
        person = honour.person
    return {"name": reveal(person, "name", actor=actor, reason=reason)}


def end_terms(today: date) -> int:
    """End the honours whose term is over; return how many. May be run at any time."""
    due = Honour.objects.filter(state="standing", term_until__lt=today).order_by("pk")
    outcome = advance_many(Honour, list(due.values_list("pk", flat=True)), "end", actor=Steward())
    return outcome.moved


def refusals(awards: Sequence[Award]) -> list[str]:
    """Return for each why it can not be awarded after those before it, "" where it can; statements do not grow with the list.

    What the people hold elsewhere counts too, so it is read beyond the actor's reach.
    """
    people = [one.person.pk for one in awards]
    held: dict[int, set[str]] = defaultdict(set)
    good: dict[int, set[str]] = defaultdict(set)
    with database_scope({EVERYTHING}):
        rows = list(
            Honour.objects.filter(person__in=people).values_list("person_id", "title", "state", "term_until")
        )
    today = timezone.localdate()
    for person, title, state, until in rows:
        if state not in Honour.OVER:
            held[person].add(title)
        if state in Honour.GOOD and (until is None or until >= today):
            good[person].add(title)
    reasons = []
    for one in awards:
        reasons.append(_problem(one, held[one.person.pk], good[one.person.pk], today) or "")
        held[one.person.pk].add(one.title)
    return reasons


def _problem(one: Award, held: Iterable[str], good: Iterable[str], today: date) -> str | None:
    if one.title not in TITLES:
        return f"没有“{one.title}”这一称号"
    title = TITLES[one.title]
    if one.awarded_on > today:
        return f"授予日期 {one.awarded_on} 在今天之后"
    if title.outside and not one.document.strip():
        return f"“{title.label}”由其他单位授予，请填写命名文件的文号"
    if one.title in held:
        return f"已持有“{title.label}”，不能重复授予"
    if title.requires and title.requires not in good:
        return f"“{title.label}”须从有效的“{TITLES[title.requires].label}”中产生，此人没有有效的该称号"
    until = _term_until(title, one.awarded_on, one.organisation.region_id)
    if until and until < today:
        return f"按期限至 {until} 已满，请核对授予日期"
    return None


def _honour(one: Award) -> Honour:
    title, body = TITLES[one.title], one.organisation
    own = set(audience_of(body.region_id, title.line))
    return Honour(
        person=one.person, title=one.title, holder_mask=mask_name(one.person.name), organisation=body,
        region_id=body.region_id, line_id=title.line,
        shared_with=sorted(set(audience_of(body.region_id, body.line_id)) - own),
        awarded_on=one.awarded_on, term_until=_term_until(title, one.awarded_on, body.region_id),
        document=one.document.strip(), year=one.awarded_on.year, source_kind=one.source_kind, source_id=one.source_id,
    )  # fmt: skip


def _term_until(title: Title, awarded_on: date, region: str) -> date | None:
    if not title.term:
        return None
    return rules.last_day(awarded_on, int(parameters.get(title.term, on=awarded_on, region=region).value))


def _number(honours: Sequence[Honour]) -> None:
    """Number them in their order, series by series; the series' locks are taken in order too."""
    series: dict[tuple[str, int], list[Honour]] = defaultdict(list)
    for honour in honours:
        series[honour.title, honour.year].append(honour)
    for (code, year), rows in sorted(series.items(), key=lambda item: item[0]):
        taken = numbers.take(TITLES[code], year, len(rows))
        for row, (serial, number) in zip(rows, taken, strict=True):
            row.serial, row.number = serial, number
