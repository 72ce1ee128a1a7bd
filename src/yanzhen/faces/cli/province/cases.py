"""The demo's cases: taken in by cohorts and moved through the engine as far as their age lets them."""

from __future__ import annotations

import csv
import random
import uuid
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import timezone

from yanzhen.domains.hotline.actions import number_all, seal_caller, tell_of_critical, unnumbered_case
from yanzhen.domains.hotline.closing.models import Attempt, Survey
from yanzhen.domains.hotline.models import Case, Category
from yanzhen.domains.hotline.rules import Appeal
from yanzhen.engines.procedures.engine import advance, advance_many, start_many
from yanzhen.engines.procedures.models import Clock
from yanzhen.engines.procedures.parties import refer, respond
from yanzhen.engines.procedures.stays import request_stay
from yanzhen.faces.cli.province.posts import SURNAMES
from yanzhen.faces.filing import CREATED, receipt_of
from yanzhen.foundation import replays
from yanzhen.foundation.models import Account, Organisation, Region, Replay

BY_ANOTHER = {"call_back": "second", "redo": "second", "close": "third", "close_unsolved": "third"}
"""Moves that whoever answered may not make, and those that whoever called back may not make either."""
DAYS = 330
WORDS = ("钱已经到账，谢谢。", "处理得很快。", "还差半个月的没有算。", "态度很好，等了有点久。", "")
REPLIES = (
    "经核查，反映情况基本属实。已约谈单位负责人并送达提示函，单位承诺限期整改，款项已于近日支付，请查收。",
    "经与单位和本人分别核实，双方已在工会主持下达成一致，签订调解协议，单位按协议履行，请留意。",
    "您反映的问题已转交有关部门依法调查，现将适用的法律规定和申请途径告知如下，如需法律援助可到工会窗口办理。",
    "经现场核实，单位已停止违规做法并补办手续，后续由所在地工会跟踪回访，请放心。",
)


def cohort_days(dice: random.Random, cohorts: int) -> list[datetime]:
    """Return the mornings on which a county's appeals came in, the latest today."""
    today = timezone.localdate()
    ages = sorted((int(DAYS * dice.random() ** 1.6) for _ in range(cohorts)), reverse=True)
    zone = ZoneInfo(settings.TIME_ZONE)
    return [datetime.combine(today - timedelta(days=age), time(8, 30), zone) for age in ages]


def cohort(
    dice: random.Random, day: datetime, units: dict[tuple[str, str], Organisation], staff: dict[str, Account]
) -> None:
    """Take in one county's appeals of a day, and move them as far as their age lets them."""
    home = dice.choice(
        [o for (region, line), o in units.items() if line == "union" and o.region.level == "county"]
    )
    if dice.random() < 0.2:
        home = units["370102", "union"]
    cases = list(_cases(dice, day, home.region, units))
    number_all([case for case, _ in cases], at=day)
    codes = [f"{dice.randrange(10**6):06}" for _ in cases]
    for (case, appeal), code in zip(cases, codes, strict=True):
        seal_caller(case, appeal, code)
    ids = [case.pk for case in _started([case for case, _ in cases], staff["all"])]
    leave_receipts(zip((case for case, _ in cases), codes, strict=True))
    by_category = {case.pk: appeal.category for case, appeal in cases}
    _run(dice, day, ids, by_category, home, staff)


def leave_receipts(taken: Iterable[tuple[Case, str]]) -> None:
    """Keep, of the (case, check code) that came by the form, what the form keeps as long as it keeps it."""
    since = timezone.now() - timedelta(days=replays.KEPT_DAYS)
    Replay.objects.bulk_create(
        Replay(
            sender="portal",
            key=uuid.uuid4().hex,
            fingerprint="",
            status=CREATED,
            answer=receipt_of(case, code),
            at=case.started_at,
        )
        for case, code in taken
        if case.channel == "web" and case.started_at > since
    )


def _started(cases: list[Case], actor: Account) -> list[Case]:
    start_many(cases, actor=actor, right="case.register", note="演示数据")
    tell_of_critical(cases)
    return cases


def _cases(
    dice: random.Random, day: datetime, region: Region, units: dict[tuple[str, str], Organisation]
) -> Iterator[tuple[Case, Appeal]]:
    now = timezone.now()
    employers = [o.name for (code, _), o in units.items() if code == region.code and o.kind == "enterprise"]
    for _ in range(dice.randint(10, 30)):
        category, body = dice.choice(_templates())
        anonymous = dice.random() < 0.12
        employer = dice.choice(employers)
        amount = dice.randrange(800, 60000, 100)
        people = dice.choice((1, 1, 1, 1, 1, 2, 3, 5, 12, 26))
        appeal = Appeal(
            body=body.format(
                employer=employer,
                amount=amount,
                people=max(people, 2),
                month=dice.randint(1, 12),
                place=region.name,
            ),
            region=region.code,
            category=category,
            employer=employer,
            headcount=people,
            amount_yuan=None if "{amount}" not in body else amount,  # type: ignore[arg-type]  # an int is a fine Decimal
            urgency="urgent" if people >= 10 else "normal",
            anonymous=anonymous,
            name="" if anonymous else dice.choice(SURNAMES) + dice.choice(("某", "某某")),
            phone="" if anonymous else f"199{dice.randrange(10**8):08}",
        )
        at = min(day + timedelta(minutes=dice.randint(0, 9 * 60)), now)
        case = unnumbered_case(
            appeal, channel=dice.choice(("phone", "phone", "phone", "web", "web", "visit")), received_at=at
        )
        case.started_at = at
        case.category = None
        yield case, appeal


def _run(
    dice: random.Random,
    day: datetime,
    ids: list[int],
    category_of: dict[int, str],
    home: Organisation,
    staff: dict[str, Account],
) -> None:
    """Move a cohort along; at every step some stay behind, and nothing happens in the future."""
    now = timezone.now()

    def step(
        these: list[int], code: str, after: timedelta, note: str = "演示数据", by: str = "",
        first: Callable[[], None] = lambda: None, **changes: object,
    ) -> bool:  # fmt: skip
        at = day + timedelta(hours=9) + after
        if at >= now or not these:
            return False
        first()
        advance_many(Case, these, code, actor=staff[by or _who(code)], note=note, at=at, **changes)
        return True

    staying = 0.0 if (now - day).days > 45 else 0.12
    declined, ids = _split(dice, ids, 0.04)
    step(
        declined,
        "decline",
        timedelta(hours=20),
        reply="反映事项已进入诉讼程序，依法不再重复受理，请在原程序中主张权利。",
    )
    for category in sorted(set(category_of.values())):
        these = [pk for pk in ids if category_of[pk] == category]
        step(these, "accept", timedelta(hours=dice.choice((1, 1, 2, 3, 6, 20))), category=_category(category))
    for pace in (2, 5, 9, 14, 30):
        going, ids = _split(dice, ids, 0.34 if pace < 30 else 1)
        _, going = _split(dice, going, staying)
        if not step(going, "assign", timedelta(days=1), organisation=home):
            continue
        _, going = _split(dice, going, staying)
        if not step(going, "answer", timedelta(days=1 + pace), reply=dice.choice(REPLIES)):
            continue
        _call_back_and_close(dice, going, pace, staying, step, caller=staff["second"])


def _who(code: str) -> str:
    return BY_ANOTHER.get(code, "all")


def _say(dice: random.Random, ids: list[int], *, by: Account, solved: bool, satisfaction: str) -> None:
    """Keep the call in which the caller was reached, and what was said in it."""
    cases = list(Case.objects.filter(pk__in=ids, state="answered"))
    place = {
        case.pk: {"case": case, "region_id": case.region_id, "line_id": case.line_id, "round_at": case.answered_at,
                  "at": timezone.localtime(case.answered_at).replace(hour=15) + timedelta(days=1), "by": by}
        for case in cases
    }  # fmt: skip
    outcome, slot = Attempt.Outcome.REACHED, Attempt.Slot.AFTERNOON
    with_phone = [place[case.pk] for case in cases if case.phone_hash]
    Attempt.objects.bulk_create(Attempt(**each, outcome=outcome, slot=slot) for each in with_phone)
    Survey.objects.bulk_create(
        Survey(
            **each, channel=Survey.Channel.PHONE, solved=solved, satisfaction=satisfaction,
            service=dice.choice(("satisfied", "satisfied", "satisfied", "fair", "dissatisfied", "")),
            words=dice.choice(WORDS),
        )
        for each in place.values()
    )  # fmt: skip


def _try(ids: list[int], *, by: Account) -> None:
    """Note the calls that nobody answered: a morning, the afternoon after, and another morning."""
    rows = Case.objects.filter(pk__in=ids, answered_at__isnull=False).exclude(phone_hash=None)
    Attempt.objects.bulk_create(
        Attempt(
            case=case,
            region_id=case.region_id,
            line_id=case.line_id,
            round_at=case.answered_at,
            at=timezone.localtime(case.answered_at).replace(hour=hour) + timedelta(days=days),
            by=by,
            outcome=Attempt.Outcome.NO_ANSWER,
            slot=slot,
        )
        for case in rows
        for days, hour, slot in ((1, 10, "morning"), (1, 15, "afternoon"), (2, 10, "morning"))
    )


def _call_back_and_close(
    dice: random.Random,
    ids: list[int],
    pace: int,
    staying: float,
    step: Callable[..., bool],
    *,
    caller: Account,
) -> None:
    _, ids = _split(dice, ids, staying)
    unreached, reached = _split(dice, ids, 0.15)
    unsolved, solved = _split(dice, reached, 0.07)
    unrated, rated = _split(dice, solved, 0.2)
    happy, fair = _split(dice, rated, 0.9)
    later = timedelta(days=3 + pace)

    def reach(these: list[int], after: timedelta, solved: bool, satisfaction: str) -> None:
        said: dict[str, Any] = {"solved": solved, "satisfaction": satisfaction}
        step(
            these,
            "call_back",
            after,
            first=lambda: _say(dice, these, by=caller, **said),
            reached=True,
            **said,
        )

    _try(unreached, by=caller)
    step(unreached, "call_back", later, reached=False)
    reach(unsolved, later, False, "dissatisfied")
    reach(unrated, later, True, "")
    reach(happy, later, True, "satisfied")
    reach(fair, later, True, "fair")
    _, done = _split(dice, unreached + solved, staying)
    step(done, "close", later + timedelta(days=1))
    step(unsolved, "redo", later + timedelta(days=1), note="回访反映问题未解决，退回重办（演示）")
    still, mended = _split(dice, unsolved, 0.4)
    again = later + timedelta(days=6)
    if not step(unsolved, "answer", again, by="other", reply=REPLIES[1]):
        return
    reach(mended, again + timedelta(days=2), True, "fair")
    step(mended, "close", again + timedelta(days=3))
    reach(still, again + timedelta(days=2), False, "dissatisfied")
    step(
        still,
        "close_unsolved",
        again + timedelta(days=3),
        note="双方对事实各执一词，已告知申请仲裁的途径（演示）",
    )


def parties_and_stays(
    dice: random.Random, units: dict[tuple[str, str], Organisation], staff: dict[str, Account]
) -> None:
    """Ask the human-resources office in on some running cases, and leave requests for the approver to decide."""
    running = list(Case.objects.filter(state="handling", region_id="370102").order_by("pk")[:40])
    for case in running[:12]:
        party = refer(
            case, units["370102", "hrss"], actor=staff["all"], demand="请核实社会保险缴纳情况并反馈（演示）"
        )
        if dice.random() < 0.5:
            respond(party, actor=staff["hrss"], accept=True)
    for case in running[12:18]:
        clock = Clock.objects.filter(procedure=case.procedure_code, subject_id=case.pk, stopped_at=None).get()
        request_stay(
            clock, actor=staff["handler"], kind="extension", amount=3, reason="涉及多方取证，申请延期（演示）"
        )


def disputes(units: dict[tuple[str, str], Organisation], staff: dict[str, Account]) -> None:
    """Leave some cases that two units passed on, for the coordinator to decide."""
    running = Case.objects.filter(state="handling", region_id="370102", open_parties=0).order_by("-pk")[:4]
    home, other = units["370102", "union"], units["370102", "hrss"]
    for case in running:
        back: dict[str, Any] = {
            "actor": staff["all"],
            "counter_proposal": other,
            "note": "属人社部门职责（演示）",
        }
        advance(case, "send_back", **back)
        advance(
            case, "assign", actor=staff["all"], organisation=home, note="退回理由不成立，请继续办理（演示）"
        )
        advance(case, "dispute", **back)


def _templates() -> list[tuple[str, str]]:
    with (Path(__file__).parent / "appeals.csv").open(encoding="utf-8", newline="") as file:
        return [(row["category"], row["body"]) for row in csv.DictReader(file)]


def _category(code: str) -> object:
    return Category.objects.get(code=code)


def _split(dice: random.Random, ids: list[int], share: float) -> tuple[list[int], list[int]]:
    """Return (about `share` of `ids`, the rest)."""
    chosen = {pk for pk in ids if dice.random() < share}
    return [pk for pk in ids if pk in chosen], [pk for pk in ids if pk not in chosen]
