"""What is asked of call-backs, samples and marks."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, F, Prefetch, Q, QuerySet, prefetch_related_objects
from django.utils import timezone

from yanzhen.domains.hotline.closing import guards, rules
from yanzhen.domains.hotline.closing.actions import CALL_BACK, CALLED_BACK, OPEN_TO_THE_CALLER
from yanzhen.domains.hotline.closing.marks import standing
from yanzhen.domains.hotline.closing.models import Attempt, Draw, Sampled, Survey, Unreasonable
from yanzhen.domains.hotline.closing.sampling import CHECK
from yanzhen.domains.hotline.models import Case
from yanzhen.domains.hotline.queries import worklist
from yanzhen.engines.indicators.figures import percent
from yanzhen.engines.procedures.queries import lies_in, seen_by
from yanzhen.foundation.models import Account


@dataclass(frozen=True, slots=True)
class Turn:
    """A case that waits for its call, with what was tried and what is wanted next."""

    case: Case
    attempts: list[Attempt]
    said: Survey | None
    """What the caller answered online about the reply that stands."""
    wanted: list[str]
    """Parts of the day in which a call would tell something new."""
    now_wanted: bool
    stop: str
    """Why nobody should call now; "" where somebody may."""
    missing: str
    """What is missing before it may end without an answer; "" where nothing is."""
    again_at: datetime | None
    """When the caller asked to be called."""


@dataclass(frozen=True, slots=True)
class Feedback:
    """What the caller may do about a case in the portal, beside reading."""

    case: Case
    may_answer: bool
    said: Survey | None
    mark: Unreasonable | None
    may_appeal: bool


@dataclass(frozen=True, slots=True)
class Found:
    """What came of samples: `failed` of `n` looked at; the share is None where none was."""

    sampled: int
    n: int
    failed: int

    @property
    def share(self) -> str | None:
        value = percent(self.failed, self.n)
        return None if value is None else f"{value.normalize():f}"


@dataclass(frozen=True, slots=True)
class Past:
    """All that closing knows of a case, of every round, the latest first."""

    attempts: list[Attempt]
    surveys: list[Survey]
    samples: list[Sampled]
    marks: list[Unreasonable]
    adoptable: bool
    """Whether the caller's word online waits for somebody to let it stand."""


def call_backs(account: Account) -> QuerySet[Case]:
    """The answered cases that the account may call back: within its right, and not its own."""
    reaches = account.reaches(CALL_BACK)
    here = lies_in(reaches) | lies_in(reaches, "organisation__")
    rows = worklist(account).filter(here, state="answered", answered_at__isnull=False)
    return rows.exclude(handler=account)


def turns(cases: list[Case]) -> list[Turn]:
    """Return what stands of each call-back: two statements, however many the cases."""
    rounds = Q(case__in=cases, round_at=F("case__answered_at"))
    attempts: dict[int, list[Attempt]] = defaultdict(list)
    rows = Attempt.objects.filter(rounds, corrected_by=None).exclude(outcome=Attempt.Outcome.MISTAKE)
    for attempt in rows.select_related("by").order_by("at", "pk"):
        attempts[attempt.case_id].append(attempt)
    said: dict[int, Survey] = {}
    for survey in Survey.objects.filter(rounds, channel=Survey.Channel.WEB).order_by("pk"):
        said[survey.case_id] = survey
    return [_turn(case, attempts[case.pk], said.get(case.pk)) for case in cases]


def surveys(case: Case) -> list[Survey]:
    """All that the caller said of a case that was read in reach, of every round, the latest first."""
    return list(Survey.objects.filter(case=case).select_related("by").order_by("-pk"))


def past(case: Case) -> Past:
    """Return what is known of a case that was read in reach: four statements, six where it is called back."""
    attempts = Attempt.objects.filter(case=case).exclude(outcome=Attempt.Outcome.MISTAKE)
    marks = Unreasonable.objects.filter(case=case).select_related("started_by", "handler")
    return Past(
        attempts=list(attempts.select_related("by", "corrected_by").order_by("-at", "-pk")),
        surveys=surveys(case),
        samples=list(Sampled.objects.filter(case=case).select_related("reviewer", "draw").order_by("-pk")),
        marks=list(marks.order_by("-pk")),
        adoptable=case.state == CALLED_BACK and guards.takes_back_what_was_said(case) is not None,
    )


def with_cases(rows: list[Sampled]) -> list[Sampled]:
    """Bring along what a page of samples names, a statement each."""
    prefetch_related_objects(rows, "case__organisation", "draw", "region", "reviewer")
    return rows


def samples(account: Account) -> QuerySet[Sampled]:
    """Return the samples that lie in the account's reach; those of cases it was only asked into are none of them."""
    reaches = account.reaches(CHECK)
    here = lies_in(reaches) | lies_in(reaches, "case__organisation__")
    rows = Sampled.objects.visible_to(account, CHECK).filter(here)
    return rows.select_related("case__organisation", "draw", "region", "reviewer")


def draws(account: Account) -> QuerySet[Draw]:
    return Draw.objects.visible_to(account, CHECK).select_related("region").prefetch_related(_of_a_draw())


def found(account: Account, since: datetime) -> Found:
    """Return what came of the samples drawn since, of what the account may look at."""
    counted = (
        samples(account)
        .filter(draw__drawn_at__gte=since)
        .aggregate(
            sampled=Count("pk"),
            n=Count("pk", filter=Q(passed__isnull=False)),
            failed=Count("pk", filter=Q(passed=False)),
        )
    )
    return Found(**counted)


def marks(account: Account) -> QuerySet[Unreasonable]:
    return seen_by(Unreasonable, account).select_related("case", "region", "line", "handler", "started_by")


def feedback(case: Case) -> Feedback:
    """Return what the caller may do; whoever asks has shown the secret of the case."""
    mark = standing(case)
    return Feedback(
        case=case,
        may_answer=case.state in OPEN_TO_THE_CALLER and case.answered_at is not None,
        said=guards.answer_online(case),
        mark=mark if mark and mark.state != "proposed" else None,
        may_appeal=bool(mark and mark.state in {"confirmed", "upheld"} and not mark.caller_objected),
    )


def _turn(case: Case, attempts: list[Attempt], said: Survey | None) -> Turn:
    now = timezone.localtime()
    tries = [guards.tried(a) for a in attempts]
    wanted = rules.wanted_slots(tries)
    stop = _stop(case, tries, now)
    needed = guards.number("hotline.call_back_attempts", case)
    missing = rules.what_is_missing(tries, needed=needed, now=now) if case.phone_hash else None
    agreed = tries[-1].again_at if tries else None
    return Turn(
        case=case,
        attempts=attempts,
        said=said,
        wanted=[Attempt.Slot(slot).label for slot in wanted],
        now_wanted=not stop and guards.slot_of(now, case.region_id) in wanted,
        stop=stop or "",
        missing=missing or "",
        again_at=agreed,
    )


def _stop(case: Case, tries: list[rules.Tried], now: datetime) -> str | None:
    if not case.phone_hash:
        return "诉求人没有留电话：可采用网上评价，或直接结束回访"
    outcomes = {t.outcome for t in tries}
    if Attempt.Outcome.REFUSED in outcomes:
        return "诉求人拒绝回访，不得再拨"
    agreed = tries[-1].again_at if tries else None
    if agreed and agreed > now:
        return f"约定 {agreed:%m月%d日 %H:%M} 再联系"
    most = guards.number("hotline.call_backs_a_day", case)
    return rules.too_many_today(tries, day=now.date(), most=most)


def _of_a_draw() -> Prefetch[str]:
    return Prefetch("sampled", Sampled.objects.select_related("case"))
