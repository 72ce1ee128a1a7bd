"""What is done to cases outside the moves of their procedure: taking an appeal in, and showing whose it is."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from yanzhen.domains.hotline import rules
from yanzhen.domains.hotline.calls.models import Call
from yanzhen.domains.hotline.models import Case, Category
from yanzhen.domains.hotline.names import name_key
from yanzhen.domains.hotline.places import digits_of
from yanzhen.domains.hotline.queries import track_hash
from yanzhen.domains.hotline.repeats.models import Trace
from yanzhen.domains.hotline.routing.table import find as find_route
from yanzhen.domains.hotline.rules import Appeal
from yanzhen.domains.hotline.searching import tail_code
from yanzhen.engines.procedures.changes import proof_of
from yanzhen.engines.procedures.engine import start, start_many
from yanzhen.engines.procedures.ladder import tell_at_once
from yanzhen.engines.procedures.models import Party
from yanzhen.engines.procedures.queries import parties as parties_of
from yanzhen.foundation import crypto, keys, numbering, parameters
from yanzhen.foundation.errors import Invalid, NotAllowed, Refusal
from yanzhen.foundation.fields import field_of
from yanzhen.foundation.models import Account, Batch, Region
from yanzhen.foundation.people import mask_name, mask_phone
from yanzhen.foundation.records import record

LONGEST_NAME = 16
"""Of a masked name: its stars need not tell how long it is."""
LINE = "union"
"""All appeals come in on the union's line; other lines are asked in by referral."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the caller takes away. The check code is shown this once; only its hash is kept."""

    case: Case
    number: str
    check_code: str


@dataclass(frozen=True, slots=True)
class Arrival:
    """An appeal as a list of them has it; `received_at` None is now."""

    appeal: Appeal
    channel: str
    received_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """Regions and categories in force, by code."""

    regions: Mapping[str, Region]
    categories: Mapping[str, Category]


@transaction.atomic
def register_case(
    appeal: Appeal, *, actor: Account | None, channel: str, received_at: datetime | None = None
) -> Receipt:
    """Take an appeal in. `actor` is None where the caller files it; raises Invalid with a reason for each field."""
    case = unnumbered_case(appeal, channel=channel, received_at=received_at)
    if actor and not actor.has_right("case.register", case):
        raise NotAllowed(f"您在{case.region}没有“登记工单”权限")
    case.number = numbering.next_number(f"GD{case.region_id[:6]}", at=case.received_at)
    check_code = numbering.check_code()
    seal_caller(case, appeal, check_code)
    start(case, actor=actor, right="case.register" if actor else None)
    tell_of_critical([case])
    return Receipt(case, case.number, check_code)


def tell_of_critical(cases: Iterable[Case]) -> None:
    """Tell the leaders at once of those that can not wait: a life at risk, or a whole group of workers."""
    critical = {}
    for case in cases:
        if case.urgency == Case.Urgency.CRITICAL:
            _urgency, why = rules.urgency_of(_told(case), group=_group(case.region_id, case.received_at))
            critical[case] = why or "登记为特急"
    tell_at_once(critical, "city")


def number_all(cases: Sequence[Case], *, at: datetime) -> None:
    """Give each of `cases` the next number of its county and of the day `at`; one statement a county."""
    counties: dict[str, list[Case]] = defaultdict(list)
    for case in cases:
        counties[case.region_id[:6]].append(case)
    for county in sorted(counties):
        numbers = numbering.next_numbers(f"GD{county}", len(counties[county]), at=at)
        for case, number in zip(counties[county], numbers, strict=True):
            case.number = number


@transaction.atomic
def register_many(arrivals: Sequence[Arrival], *, actor: Account, batch: Batch) -> list[Case]:
    """Take in appeals that came on one sheet; the statements do not grow with their number.

    Numbers are of today, terms run from when each was received. Nobody is told a check code: these callers follow
    their case by the phone they left. Raises Invalid at the first that breaks a rule; the sheet checked them before.
    """
    known = in_force(arrival.appeal for arrival in arrivals)
    cases = [
        unnumbered_case(arrival.appeal, channel=arrival.channel, received_at=arrival.received_at, known=known)
        for arrival in arrivals
    ]
    reaches = actor.reaches("case.register")
    if not all(
        any(reach.covers(region, LINE) for reach in reaches) for region in {c.region_id for c in cases}
    ):
        raise NotAllowed("表格中有您没有“登记工单”权限的区划")
    number_all(cases, at=timezone.now())
    for case, arrival in zip(cases, arrivals, strict=True):
        case.batch = batch
        case.started_at = case.received_at
        seal_caller(case, arrival.appeal, numbering.check_code())
    start_many(cases, actor=actor, right="case.register", note=f"导入批次 {batch.pk}")
    tell_of_critical(cases)
    return cases


def in_force(appeals: Iterable[Appeal]) -> Known:
    """Look up what the appeals name: two statements, for one appeal as for many."""
    places, themes = set(), set()
    for appeal in appeals:
        places.add(appeal.region)
        themes.add(appeal.category)
    regions = Region.objects.filter(code__in=places, valid_to=None)
    categories = Category.objects.filter(code__in=themes - {""})
    return Known(
        {region.code: region for region in regions},
        {category.code: category for category in categories},
    )


def unnumbered_case(
    appeal: Appeal, *, channel: str, received_at: datetime | None = None, known: Known | None = None
) -> Case:
    """Return the unsaved case of an appeal; `known` saves looking up what it names. Raises Invalid."""
    known = known or in_force([appeal])
    problems = dict(_problems(appeal))
    region = known.regions.get(appeal.region)
    category = known.categories.get(appeal.category)
    if region is None:
        problems["region"] = "请选择事发地（行政区划）"
    if appeal.category and (problem := rules.category_is_in_force(category)):
        problems["category"] = problem
    case = Case(
        region=region,
        line_id=LINE,
        channel=channel,
        received_at=received_at or timezone.now(),
        title=appeal.title.strip() or rules.title_from(appeal.body),
        body=appeal.body.strip(),
        category=category,
        urgency=appeal.urgency,
        employer=appeal.employer.strip(),
        employer_key=name_key(appeal.employer),
        place=appeal.place.strip(),
        headcount=appeal.headcount,
        amount_yuan=appeal.amount_yuan,
        anonymous=appeal.anonymous,
        secret=appeal.secret,
    )
    for name in ("title", "body", "urgency", "employer", "place", "headcount", "amount_yuan", "channel"):
        try:
            field_of(case, name).clean(getattr(case, name), case)
        except ValidationError as error:
            problems.setdefault(name, "；".join(error.messages))
    if region:
        _place(case, appeal, region)
    if not case.title:  # only where the body is empty too, and that is said already
        problems.pop("title", None)
    if problems:
        raise Invalid("；".join(problems.values()), fields=problems)
    return case


def _place(case: Case, appeal: Appeal, region: Region) -> None:
    """Say how urgent the case is, and where the routing table would have it go."""
    case.urgency, _why = rules.urgency_of(appeal, group=_group(region.code, case.received_at))
    found = find_route(region.code, appeal.category, on=timezone.localdate())
    case.route_id = found.row.pk if found.row else None


def _group(region: str, at: datetime) -> int:
    on = timezone.localdate(at)
    return int(parameters.get("hotline.group_threshold", on=on, region=region).value)


def _told(case: Case) -> Appeal:
    return Appeal(body=case.body, region=case.region_id, title=case.title, headcount=case.headcount)


def seal_caller(case: Case, appeal: Appeal, check_code: str) -> None:
    """Put the caller's name and phone on a numbered case: encrypted, as hashes, as masks."""
    case.check_hash = track_hash(case.number, check_code)
    if appeal.anonymous or not (appeal.name or appeal.phone):
        case.caller_mask = "匿名" if appeal.anonymous else ""
        return
    words = json.dumps({"name": appeal.name, "phone": appeal.phone}, ensure_ascii=False)
    case.caller_cipher = crypto.seal(words, context=case.number)
    case.caller_mask = f"{mask_name(appeal.name)[:LONGEST_NAME]} {mask_phone(appeal.phone)}".strip()
    if appeal.phone:
        case.phone_hash = crypto.keyed_hash(digits_of(appeal.phone), purpose="phone")
        case.phone_tail_code = tail_code(appeal.phone)
        case.phone_tail_hash = track_hash(case.number, appeal.phone[-4:])


@transaction.atomic
def reveal_caller(case: Case, *, actor: Account, reason: str) -> dict[str, str]:
    """Return the caller's name and phone in full; the look is on record with its reason."""
    if not actor.has_right("case.reveal", case):
        raise NotAllowed("您在该区划和条线没有“查看诉求人完整信息”权限")
    if len(reason.strip()) < 4:
        raise Invalid("查看完整信息须说明理由（至少 4 个字）", fields={"reason": "请说明理由（至少 4 个字）"})
    record("reveal", case, actor=actor, right="case.reveal", reason=reason.strip())
    if not case.caller_cipher:
        return {"name": "", "phone": ""}
    found: dict[str, str] = json.loads(crypto.open_(bytes(case.caller_cipher), context=case.number))
    return found


@transaction.atomic
def reissue_check_code(case: Case, *, actor: Account, reason: str) -> str:
    """Give the case a new check code and return it, this once; the old one opens nothing from then on.

    Who asks is compared with the name and phone of the case first: an anonymous case has nothing to compare with.
    Whoever handles the case gives none out: with it one could answer in the caller's place.
    """
    if not actor.has_right("case.reveal", case):
        raise NotAllowed("您在该区划和条线没有“查看诉求人完整信息”权限，不能补发查询码")
    if actor.pk in (case.handler_id, case.former_handler_id):
        raise NotAllowed("承办人不能补发自己所办工单的查询码：凭它可以代诉求人评价。请由他人核对身份后补发")
    if case.anonymous:
        raise Refusal("匿名诉求没有可以核对身份的信息，不能补发查询码")
    if len(reason.strip()) < 4:
        raise Invalid("补发查询码须说明理由（至少 4 个字）", fields={"reason": "请说明理由"})
    check_code = numbering.check_code()
    case.check_hash = track_hash(case.number, check_code)
    case.save(update_fields=["check_hash"])
    record("case.reissue", case, actor=actor, right="case.reveal", reason=reason.strip())
    return check_code


@transaction.atomic
def correct_employer(case: Case, employer: str, *, actor: Account, reason: str) -> Case:
    """Put right which unit the case is against, in any state: who never sees it follows from that at once.

    Refused while a unit that goes by the name handles the case or a part of it. What the records keep is a proof of
    the names: of a secret case the name is a part of the story.
    """
    row: Case = Case.objects.select_related("organisation").select_for_update(of=("self",)).get(pk=case.pk)
    if not actor.has_right("case.accept", row):
        raise NotAllowed("您在该区划和条线没有“受理工单”权限，不能更正涉事单位")
    if len(reason.strip()) < 4:
        raise Invalid("更正涉事单位须说明理由（至少 4 个字）", fields={"reason": "请说明理由"})
    before, row.employer = row.employer, employer.strip()
    row.employer_key = name_key(row.employer)
    try:
        field_of(row, "employer").clean(row.employer, row)
    except ValidationError as error:
        raise Invalid("；".join(error.messages), fields={"employer": "；".join(error.messages)}) from None
    if row.employer == before:
        raise Refusal(f"{row.number} 的涉事单位已是“{before}”")
    if reasons := list(_involved(row)):
        raise Refusal("；".join(reasons), reasons=reasons)
    row.save(update_fields=["employer", "employer_key"])
    Call.objects.filter(case=row).update(employer_key=row.employer_key)
    Trace.objects.filter(record=row.pk).delete()
    proofs = ({"employer": proof_of(name)} for name in (before, row.employer))
    record(
        "case.employer", row, actor=actor, right="case.accept",
        before=next(proofs), after=next(proofs), reason=reason.strip(),
    )  # fmt: skip
    return row


def _involved(case: Case) -> Iterator[str]:
    """Yield what a unit that the case is against still has to do with it."""
    if reason := rules.is_not_the_accused(case):
        yield f"{reason}：请先改派承办单位，再更正"
    elif reason := rules.is_surely_not_the_accused(case, ""):
        yield f"{reason}；或先撤回派单，再更正"
    for party in parties_of(case):
        working = party.state in (Party.State.OFFERED, Party.State.ACCEPTED)
        reason = rules.unit_is_not_the_accused(case, party.organisation)
        reason = reason or rules.unit_is_surely_not_the_accused(case, party.organisation)
        if working and reason:
            yield f"{reason}：请先撤回分办单 {party.number}，再更正"


def _problems(appeal: Appeal) -> Iterator[tuple[str, Any]]:
    for name, rule in rules.APPEAL_RULES:
        if reason := rule(appeal):
            yield name, reason


keys.column("hotline.caller", "诉求人姓名和电话", Case, "caller_cipher", context=F("number"))
