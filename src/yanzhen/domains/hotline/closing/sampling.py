"""The second look at closed cases: a daily draw that anybody can repeat, and what a second person finds."""

from __future__ import annotations

import secrets
from collections import defaultdict
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from yanzhen.domains.hotline.closing import rules
from yanzhen.domains.hotline.closing.models import Draw, Sampled
from yanzhen.domains.hotline.closing.points import FINDINGS, POINTS
from yanzhen.domains.hotline.models import Case
from yanzhen.foundation import parameters
from yanzhen.foundation.calendar import end_of, load_calendar
from yanzhen.foundation.errors import Invalid, NotAllowed, Refusal
from yanzhen.foundation.models import Account, Checkpoint, Record
from yanzhen.foundation.records import record, record_many
from yanzhen.foundation.records.write import masked
from yanzhen.foundation.scope import audience_of

LINE = "union"
CHECK = "case.check"
DAYS_BACK = 7
"""Days that a draw still looks back to, so that a worker that stood still for a week misses none."""
HANDS = frozenset(
    f"move.{code}"
    for code in ("claim", "answer", "call_back", "redo", "overrule", "close", "close_unsolved", "fail_check")
)
"""Moves of those who handled the case, called back or closed it."""


def city_of(region: str) -> str:
    """Return the code of the city that a region code lies in; cases kept at the province are drawn by themselves.

    The city is the level of the draw: in a county a day often closes one case or none, and the same few people would
    look at each other's.
    """
    return f"{region[:4]}00"


def draw_days(today: date) -> int:
    """Draw for each of the last days that has no draw yet; return how many draws were made."""
    return sum(draw_day(today - timedelta(days=n)) for n in range(DAYS_BACK, 0, -1))


@transaction.atomic
def draw_day(day: date) -> int:
    """Draw the samples of what was closed on `day`, a city at a time; return how many draws were made.

    Safe to run again: a city and a day are drawn once.
    """
    first, after = _midnight(day), _midnight(day + timedelta(days=1))
    rows = Case.objects.filter(state="closed", ended_at__gte=first, ended_at__lt=after)
    cities: dict[str, list[int]] = defaultdict(list)
    for pk, region in rows.values_list("pk", "region_id").order_by("pk"):
        cities[city_of(region)].append(pk)
    done = set(Draw.objects.filter(day=day).values_list("region_id", flat=True))
    checkpoint = Checkpoint.objects.filter(at__gte=after).order_by("pk").first()
    todo = sorted(cities.keys() - done)
    for city in todo:
        _draw(day, city, cities[city], checkpoint)
    return len(todo)


def drawn_again(draw: Draw) -> bool:
    """Tell whether the draw can be repeated: the seed follows from its checkpoint, the cases from the seed."""
    size = rules.sample_size(len(draw.population), draw.percent)
    kept = sorted(draw.sampled.values_list("case_id", flat=True))
    if kept != rules.drawn(draw.seed, draw.population, size):
        return False
    if draw.checkpoint is None:
        return True
    checkpoint = Checkpoint.objects.get(pk=draw.checkpoint)
    return draw.seed == rules.seed_of(draw.day, draw.region_id, bytes(checkpoint.digest))


@transaction.atomic
def review_sample(
    sampled: Sampled, *, actor: Account, findings: Mapping[str, str], passed: bool, opinion: str = ""
) -> Sampled:
    """Keep what the second person found, once. Proposing to handle the case again opens nothing by itself."""
    sampled = (
        Sampled.objects.select_for_update(of=("self",))
        .select_related("case__organisation")
        .get(pk=sampled.pk)
    )
    if reasons := reasons_against(sampled, actor):
        raise NotAllowed("；".join(reasons), reasons=reasons)
    if sampled.reviewed_at:
        raise Refusal(f"{sampled.case.number} 已由他人复核，请刷新后查看")
    problems = dict(_problems(findings, passed=passed, opinion=opinion))
    if problems:
        raise Invalid("；".join(problems.values()), fields=problems)
    sampled.reviewer, sampled.reviewed_at, sampled.passed = actor, timezone.now(), passed
    sampled.findings, sampled.opinion = dict(findings), masked(opinion.strip())
    sampled.save(update_fields=["reviewer", "reviewed_at", "passed", "findings", "opinion"])
    after = {"sampled": sampled.pk, "passed": passed, "findings": dict(findings)}
    record("sample.review", sampled.case, actor=actor, right=CHECK, after=after, reason=opinion)
    return sampled


def reasons_against(sampled: Sampled, actor: Account) -> list[str]:
    """Return why the account may not look: no right, or a hand in the case."""
    reasons = []
    if not actor.has_right(CHECK, sampled):
        reasons.append("您在该区划和条线没有“质检与办结”权限")
    hands = Record.objects.filter(
        subject_type=Case._meta.label_lower,
        subject_id=str(sampled.case_id),
        actor_id=actor.pk,
        verb__in=HANDS,
    )
    if sampled.case.handler_id == actor.pk or hands.exists():
        reasons.append("您承办、回访或办结过本件，须由他人复核")
    return reasons


def _draw(day: date, city: str, population: list[int], checkpoint: Checkpoint | None) -> None:
    now = timezone.now()
    percent = parameters.get("hotline.sample_percent", on=day, region=city).value
    due = parameters.get("hotline.sample_due", on=timezone.localdate(now), region=city)
    due_at = end_of(now, parameters.span_of(due), calendar=load_calendar()).due_at
    seed = rules.seed_of(day, city, bytes(checkpoint.digest)) if checkpoint else secrets.token_hex(32)
    chosen = rules.drawn(seed, population, rules.sample_size(len(population), percent))
    cases = list(Case.objects.filter(pk__in=chosen).order_by("pk"))
    draw = Draw.objects.create(
        region_id=city, line_id=LINE, day=day, percent=percent, population=population, seed=seed,
        checkpoint=checkpoint.pk if checkpoint else None, drawn_at=now, shared_with=_seen_from(cases, city),
    )  # fmt: skip
    Sampled.objects.bulk_create(
        Sampled(
            draw=draw,
            case=c,
            region_id=c.region_id,
            line_id=c.line_id,
            shared_with=c.shared_with,
            due_at=due_at,
        )
        for c in cases
    )
    after = {
        "day": day,
        "of": len(population),
        "percent": percent,
        "seed": seed,
        "checkpoint": draw.checkpoint,
    }
    record("sample.draw", draw, actor=None, after={**after, "drawn": len(chosen)})
    record_many("sample.drawn", [(c, None, {"draw": draw.pk}) for c in cases], actor=None)


def _seen_from(cases: list[Case], city: str) -> list[str]:
    """Return the audience keys of those who see a case that was drawn: they see how it was drawn."""
    keys = {key for c in cases for key in (*audience_of(c.region_id, c.line_id), *c.shared_with)}
    return sorted(keys - set(audience_of(city, LINE)))


def _problems(findings: Mapping[str, str], *, passed: bool, opinion: str) -> list[tuple[str, str]]:
    known = dict(FINDINGS)
    found = [(p.code, f"“{p.label}”尚无结论") for p in POINTS if findings.get(p.code) not in known]
    failed = "fail" in findings.values()
    if not passed and not failed:
        found.append(("passed", "建议重新办理的，须至少有一项不符合"))
    if failed and len(opinion.strip()) < 10:
        found.append(("opinion", "有不符合项的，须写明意见（至少 10 个字）"))
    return found


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(settings.TIME_ZONE))
