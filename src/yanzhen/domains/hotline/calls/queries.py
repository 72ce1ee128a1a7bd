"""What is asked of calls. Whoever took a call sees it wherever it came from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Case as Choice
from django.db.models import Q, QuerySet, TextField, Value, When
from django.db.models.functions import Cast
from django.utils import timezone

from yanzhen.domains.hotline.calls.models import Call, CallBack, CallEvent, Trunk
from yanzhen.domains.hotline.models import Case
from yanzhen.domains.hotline.queries import worklist
from yanzhen.domains.hotline.rosters.models import RouteAnswer, Seat
from yanzhen.domains.hotline.secrecy import caller_told
from yanzhen.engines.procedures.queries import seen_by
from yanzhen.foundation.calendar.held import Held, fingerprint_of
from yanzhen.foundation.models import Account, Tally
from yanzhen.foundation.scope import Reach, prefix_of

UNFINISHED = Q(ended_at__isnull=False, case=None, outcome="") & (
    Q(call_back=None) | Q(call_back__ended_at=None)
)
BECAME_A_CASE = Q(case__isnull=False) | Q(outcome=Call.Reason.ANONYMOUS)
EARLIER = 5
MOST_SHOWN = 8


@dataclass(frozen=True, slots=True)
class Seated:
    """Ids of accounts by the number that stands for them, and the audience keys with which they look at calls."""

    accounts: dict[str, int]
    keys: set[str]


HELD = (
    "grants__region_id",
    "grants__line_id",
    "grants__role__rights",
    "grants__starts_on",
    "grants__ends_on",
)


def seen(account: Account) -> QuerySet[Call]:
    """All calls that the account may look at."""
    return Call.objects.visible_to(account, "call.view").select_related("region", "answered_by")


def call_backs(account: Account) -> QuerySet[CallBack]:
    return seen_by(CallBack, account)


def ringing(account: Account) -> QuerySet[Call]:
    """Callers whom nobody has answered yet."""
    return seen(account).filter(ended_at=None, status=Call.Status.RINGING, direction=Call.Direction.IN)


def talking(account: Account) -> QuerySet[Call]:
    return seen(account).filter(ended_at=None, status=Call.Status.TALKING)


def waiting(account: Account) -> QuerySet[CallBack]:
    """Call-backs to be made, the one that is due first at the head: it waits longest."""
    return call_backs(account).filter(state="waiting", ended_at=None).order_by("due_at", "pk")


def at_seat(account: Account) -> QuerySet[Call]:
    """The calls that ring or run at the account's seat, and those it took and has not finished.

    First the one that the account talks on: what is written down is told by that caller, whoever else rings. Then those
    that ring, those that are over, and what a machine or an unknown number took; the newest of each first. A call that
    another account took is no longer here.
    """
    taker = Q(answered_by=account) | Q(answered_by=None)
    now = Q(ended_at=None, seats__contains=[account.pk]) & taker
    after = Q(answered_by=account, ended_at__isnull=False, case=None, outcome="")
    turn = Choice(
        When(status=Call.Status.TALKING, answered_by=account, then=Value(0)),
        When(status=Call.Status.RINGING, then=Value(1)),
        When(ended_at__isnull=False, then=Value(2)),
        default=Value(3),
    )
    found = Call.objects.visible_to(account, "call.view").filter(now | after)
    return found.order_by(turn, "-started_at", "-pk")


def on_the_line(account: Account) -> QuerySet[Call]:
    """Those of `at_seat` that ring, or that the account talks on, with their regions; in the same order."""
    here = Q(status=Call.Status.RINGING) | Q(status=Call.Status.TALKING, answered_by=account)
    return at_seat(account).filter(here, ended_at=None).select_related("region")


def has_seat(account: Account) -> bool:
    """Tell whether calls are put through to the account."""
    return Seat.objects.filter(account=account, active=True).exists()


def version_of(calls: Iterable[Call]) -> str:
    """Return what changes when any of `calls` does."""
    return "-".join(f"{call.pk}.{call.step}" for call in calls)


def cases_of(call: Call, account: Account) -> list[Case]:
    """The latest cases of the caller's number that the account may see."""
    if not call.phone_hash:
        return []
    rows = worklist(account).filter(caller_told(account), phone_hash=bytes(call.phone_hash))
    return list(rows.order_by("-received_at")[:EARLIER])


def cases_shown(calls: Iterable[Call], account: Account) -> dict[int, Case]:
    """Return by id the cases that calls became, of which the account may know who called. One statement."""
    ids = {call.case_id for call in calls if call.case_id}
    return worklist(account).filter(caller_told(account)).in_bulk(list(ids)) if ids else {}


def open_call_back(call: Call, account: Account) -> CallBack | None:
    """The call-back that waits for this number, as far as the account may see it."""
    if not call.phone_hash:
        return None
    return call_backs(account).filter(phone_hash=bytes(call.phone_hash), ended_at=None).first()


def of_number(call: Call, account: Account) -> QuerySet[Call]:
    """Other calls with the same number, the latest first."""
    if not call.phone_hash:
        return seen(account).none()
    return (
        seen(account)
        .filter(phone_hash=bytes(call.phone_hash))
        .exclude(pk=call.pk)
        .order_by("-started_at")[:MOST_SHOWN]
    )


def events(call: Call) -> QuerySet[CallEvent]:
    return call.events.order_by("at", "pk")


def names_of(call: Call, routed: Iterable[RouteAnswer] = ()) -> dict[int, str]:
    """Return the names of those at whose seats it rang or was answered, and of those who were to be rung."""
    wanted = {*call.seats, *(pk for answer in routed for pk in answer.accounts)}
    return {account.pk: str(account) for account in Account.objects.filter(pk__in=wanted)}


def trunks(account: Account) -> QuerySet[Trunk]:
    """All trunks of the places whose trunks the account looks after."""
    return Trunk.objects.visible_to(account, "trunk.edit").select_related("region").order_by("name")


def wrong_tokens_today() -> int:
    """How many events came with a wrong token today, from everywhere; the addresses are not kept."""
    counted = Tally.objects.filter(key=wrong_key(timezone.localdate())).values_list("count", flat=True)
    return counted.first() or 0


def wrong_key(on: date) -> str:
    """Return the key under which the wrong tokens of a day are counted (foundation.limits)."""
    return f"cti:wrong:{on}"


def trunks_in_use() -> list[tuple[bytes, Trunk]]:
    """Return (hash of the token, trunk) of those that may send; kept in the process for a few seconds."""
    return _TRUNKS.get()


def forget_trunks() -> None:
    _TRUNKS.forget()


def seated(numbers: Iterable[str]) -> Seated:
    """Return who sits behind answering numbers: extension, else login, else id.

    That is the order of Zammad's generic CTI contract. One statement where all are extensions of seats, and one more for the others.
    """
    wanted = list(dict.fromkeys(filter(None, numbers)))
    found = Seated({}, set())
    if wanted:
        rows = Seat.objects.filter(extension__in=wanted)
        _sit(found, rows.values_list("extension", "account_id", *(f"account__{name}" for name in HELD)))
    if rest := [number for number in wanted if number not in found.accounts]:
        ids = [int(number) for number in rest if number.isdecimal() and len(number) < 10]
        others = Account.objects.filter(Q(username__in=rest) | Q(pk__in=ids))
        named = others.annotate(
            named=Choice(
                When(username__in=rest, then=Cast("username", TextField())), default=Cast("pk", TextField())
            )
        )
        _sit(found, named.values_list("named", "pk", *HELD))
    return found


def _sit(found: Seated, rows: Iterable[Any]) -> None:
    """Add people to `found`, and the audience keys of those of their grants that let them look at calls now."""
    today = timezone.localdate()
    for number, account, region, line, rights, starts_on, ends_on in rows:
        found.accounts[number] = account
        if "call.view" in (rights or ()) and starts_on <= today and (ends_on is None or ends_on > today):
            found.keys.add(Reach(prefix_of(region), line).key)


def _read_trunks() -> list[tuple[bytes, Trunk]]:
    rows = Trunk.objects.filter(active=True).select_related("region", "line")
    return [(bytes(row.digest), row) for row in rows]


_TRUNKS: Held[list[tuple[bytes, Trunk]]] = Held(
    _read_trunks, fingerprint_of("select * from calls_trunk"), seconds=5
)
