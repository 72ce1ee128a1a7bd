"""The demo's telephone: what a switchboard would have told of the last days. Every number begins with 199."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from yanzhen.domains.hotline.calls import rules
from yanzhen.domains.hotline.calls.actions import end_with_reason, open_trunk, tie_case
from yanzhen.domains.hotline.calls.models import Call, Trunk
from yanzhen.domains.hotline.calls.taking import take_event
from yanzhen.domains.hotline.models import Case
from yanzhen.domains.hotline.rosters.models import Seat
from yanzhen.foundation import crypto
from yanzhen.foundation.models import Account, Region

DAYS = 6
CASES = 45
"""Cases of these days, taken in by telephone, that get the call they came by."""
CONSULTED = 40
OWN = "053112351"
QUEUES = ("劳动报酬", "社会保险", "综合咨询")
REASONS = (
    ("answered", "咨询带薪年休假天数，已当场答复"),
    ("answered", "咨询劳动仲裁在哪里申请，已当场答复"),
    ("progress", ""),
    ("wrong", ""),
    ("silent", ""),
    ("elsewhere", "供暖问题，已告知拨打 12345"),
)
MISSED = ((0.3, False), (0.8, True), (2, True), (5, False), (20, True), (27, False), (52, True))
"""Hours ago, and whether the caller was called back since."""
Progress = Callable[[str, int, int], None]


@dataclass(slots=True)
class Switchboard:
    """Tells of calls as a telephone system does, one event after the other."""

    trunk: Trunk
    dice: random.Random
    told: int = 0

    def take(self, number: str, at: datetime, seat: str, *, out: bool = False) -> Call:
        """A call that was answered: it rang at the seat, somebody talked, somebody hung up."""
        ref = self._new(number, at, seat, out=out)
        answered = at + timedelta(seconds=self.dice.choice((3, 5, 6, 8, 9, 12, 14, 26)))
        self._tell(rules.ANSWER, ref, answered, answering=seat)
        over = answered + timedelta(seconds=self.dice.randint(50, 240))
        return self._tell(rules.HANGUP, ref, over, cause="normalClearing")

    def miss(self, number: str, at: datetime, seat: str) -> Call:
        ref = self._new(number, at, seat)
        over = at + timedelta(seconds=self.dice.randint(20, 45))
        return self._tell(rules.HANGUP, ref, over, cause="noAnswer")

    def _new(self, number: str, at: datetime, seat: str, *, out: bool = False) -> str:
        self.told += 1
        ref = f"demo-{self.told:05}"
        ends = {"direction": "out", "from_": OWN, "to": number} if out else {"from_": number, "to": OWN}
        queue = "" if out else self.dice.choice(QUEUES)
        self._tell(rules.NEW, ref, at, users=(seat,), queue=queue, **ends)
        return ref

    def _tell(self, kind: str, ref: str, at: datetime, **words: object) -> Call:
        event = rules.Event(kind, ref, at, **words)  # type: ignore[arg-type]  # the words of an event, by name
        return take_event(self.trunk, event, identity=f"{ref}/{kind}").call


def load(dice: random.Random, progress: Progress, *, administrator: Account) -> None:
    """Open the province's trunk and tell of its calls: with a case, with a reason, missed, and one still to finish."""
    trunk, _, _ = open_trunk("演示总机", Region.objects.get(code="370000"), actor=administrator)
    board = Switchboard(trunk, dice)
    team = {
        seat.extension: seat.account
        for seat in Seat.objects.select_related("account").filter(account__grants__region="370000")
    }
    cases = list(_by_telephone())
    total = len(cases) + CONSULTED + len(MISSED)
    for done, (case, number) in enumerate(cases):
        progress("演示通话", done, total)
        seat = dice.choice(sorted(team))
        call = board.take(number, case.received_at - timedelta(minutes=6), seat)
        tie_case(call, case.number, actor=team[seat])
    for done in range(CONSULTED):
        progress("演示通话", len(cases) + done, total)
        seat = dice.choice(sorted(team))
        reason, note = dice.choice(REASONS)
        call = board.take(_number(dice), _moment(dice), seat)
        end_with_reason(call, reason, actor=team[seat], note=note)
    for hours, called_back in MISSED:
        _missed(board, hours, called_back, team)
    board.take(_number(dice), timezone.now() - timedelta(minutes=7), min(team))
    progress("演示通话", total, total)


def _by_telephone() -> list[tuple[Case, str]]:
    """Return the latest cases that came by telephone, each with its caller's number."""
    since = timezone.now() - timedelta(days=DAYS)
    rows = Case.objects.filter(channel="phone", received_at__gte=since, phone_hash__isnull=False)
    found = []
    for case in rows.order_by("-received_at")[:CASES]:
        told = json.loads(crypto.open_(bytes(case.caller_cipher or b""), context=case.number))
        found.append((case, str(told["phone"])))
    return found


def _missed(board: Switchboard, hours: float, called_back: bool, team: dict[str, Account]) -> None:
    number, seat = _number(board.dice), board.dice.choice(sorted(team))
    board.miss(number, timezone.now() - timedelta(hours=hours), seat)
    if called_back:
        call = board.take(number, timezone.now() - timedelta(minutes=9), seat, out=True)
        end_with_reason(call, "called_back", actor=team[seat], note="已回拨，咨询工资支付时间，当场答复")


def _number(dice: random.Random) -> str:
    return f"199{dice.randrange(10**8):08}"


def _moment(dice: random.Random) -> datetime:
    return timezone.now() - timedelta(minutes=dice.randint(40, DAYS * 24 * 60))
