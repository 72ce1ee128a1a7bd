"""Taking events in: each is kept once, and its call is written anew from all of them, in one transaction."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from yanzhen.domains.hotline.calls import queries, rules
from yanzhen.domains.hotline.calls.backs import call_back_for
from yanzhen.domains.hotline.calls.models import EVENT, PARTY, Call, CallEvent, Trunk
from yanzhen.domains.hotline.calls.rules import Event, State
from yanzhen.domains.hotline.places import Guess, guess_region
from yanzhen.foundation import crypto, parameters
from yanzhen.foundation.errors import Refusal
from yanzhen.foundation.models import Region
from yanzhen.foundation.people import mask_phone
from yanzhen.foundation.scope import EVERYTHING, audience_of

BY_ITSELF = {Call.Reason.NO_NUMBER, Call.Reason.NOT_REACHED}
"""Reasons that follow from the events; nobody gives them."""
LONGEST_EXTENSION = 6
"""Digits of an extension; an answering number with more is somebody's telephone, and is masked."""
FIRST_IN_LINE = """
select set_config('yanzhen.reach', %s, true), pg_advisory_xact_lock(hashtextextended(%s, 0))
"""
"""Until the transaction ends: everything in reach, and one event of a call at a time."""


@dataclass(frozen=True, slots=True)
class Taken:
    """`fresh` is False where the event had come before."""

    call: Call
    fresh: bool


class EventIdUsed(Refusal):
    code = "event_id_used"


@transaction.atomic
def take_event(trunk: Trunk, event: Event, *, identity: str) -> Taken:
    """Keep an event of `trunk` and write its call anew; one with the `identity` of an earlier one changes nothing.

    An event of a call that nobody announced makes the call: what is known is kept, the rest follows or stays unknown.
    Raises EventIdUsed where the earlier one was of another kind: taken for the same, this one would be lost.
    """
    with connection.cursor() as cursor:
        cursor.execute(FIRST_IN_LINE, [f"{{{EVERYTHING}}}", f"call:{trunk.pk}/{event.ref}"])
    call = Call.objects.select_for_update().filter(trunk=trunk, ref=event.ref).first()
    before = list(CallEvent.objects.filter(call=call)) if call else []
    key = crypto.keyed_hash(identity, purpose="cti.event")
    if call and (same := next((row for row in before if bytes(row.key) == key), None)):
        if same.kind != event.kind:
            raise EventIdUsed(
                f"这个 eventId 已用于同一通电话的 {same.kind} 事件，不能再用于 {event.kind}：每个事件各用一个编号，"
                "或不填 eventId"
            )
        return Taken(call, fresh=False)
    told = [*(_opened(row, event.ref) for row in before), event]
    call = call or Call(trunk=trunk, ref=event.ref)
    write_call(call, trunk, rules.fold(told, trunk.machines))
    CallEvent.objects.create(call=call, kind=event.kind, at=event.at, key=key, payload=_sealed(event))
    return Taken(call, fresh=True)


def write_call(call: Call, trunk: Trunk, state: State) -> None:
    """Put what the events came to on the call, and a call-back where somebody tried in vain for certain."""
    if call.status != state.status:
        _unsettle(call, state)
    _put_times(call, trunk, state)
    _put_numbers(call, trunk, state)
    _put_seats(call, trunk, state)
    call.step += 1
    if call.ended_at and not call.settled and (state.sure or not rules.needs_call_back(state)):
        settle(call)
    call.save()


def _unsettle(call: Call, state: State) -> None:
    """Take back what followed from the former status alone; a call-back that was begun is for somebody to close."""
    call.settled = False
    if call.outcome in BY_ITSELF:
        call.outcome = ""
    if not rules.needs_call_back(state):
        call.call_back = None


def settle(call: Call) -> None:
    """Bring a call that is over to its end, as far as nobody has to say anything: the caller does not save it."""
    call.settled = True
    if call.status == Call.Status.FAILED and not call.outcome:
        call.outcome = Call.Reason.NOT_REACHED
    if call.direction != Call.Direction.IN or call.status not in rules.LOST or call.call_back_id:
        return
    if call.phone_hash is None:
        call.outcome = call.outcome or Call.Reason.NO_NUMBER
    else:
        call.call_back = call_back_for(call)


def party_of(call: Call) -> dict[str, str]:
    """Return the number of the other side and the address of the recording, in full. Whoever shows it records it."""
    if call.party_cipher is None:
        return {"phone": "", "recording": ""}
    found: dict[str, str] = json.loads(crypto.open_(bytes(call.party_cipher), context=PARTY))
    return found


def _put_times(call: Call, trunk: Trunk, state: State) -> None:
    call.direction, call.status, call.cause = state.direction, state.status, state.cause
    call.started_at, call.answered_at, call.ended_at = state.started_at, state.answered_at, state.ended_at
    call.wait_ms = state.wait_ms
    if state.answers and state.wait_ms is not None and state.direction == Call.Direction.IN:
        on = timezone.localdate(state.started_at)
        term = parameters.get("hotline.answer_seconds", on=on, region=trunk.region_id).value
        call.in_time = state.wait_ms <= term * 1000
    else:
        call.in_time = None


def _put_numbers(call: Call, trunk: Trunk, state: State) -> None:
    known = call.phone_hash is not None or call.why != ""
    former = party_of(call)
    call.own_number, call.queue = state.own_number[:64], state.queue[:64]
    call.recorded = bool(state.recording)
    if former != {"phone": state.party, "recording": state.recording}:
        words = {"phone": state.party, "recording": state.recording}
        call.party_cipher = crypto.seal(json.dumps(words), context=PARTY)
        call.phone_hash = crypto.keyed_hash(state.party, purpose="phone") if state.party else None
        call.phone_mask = mask_phone(state.party)[-32:]
    if known and call.region_id:
        return
    guess = _guess(state)
    call.region_id = guess.region if guess else trunk.region_id
    call.line_id = trunk.line_id
    call.why = guess.why[:120] if guess else ""


def _guess(state: State) -> Guess | None:
    """Where the matter probably lies, as far as that region is one of ours."""
    if not state.party and not state.queue and not state.menu:
        return None
    guess = guess_region(state.party, state.own_number, text=f"{state.queue}{state.menu}")
    if guess and Region.objects.filter(code=guess.region).exists():
        return guess
    return None


def _put_seats(call: Call, trunk: Trunk, state: State) -> None:
    """Say who was rung and who answered; they see the call wherever it came from, and so does the trunk's place."""
    numbers = [*state.rung, *(number for number, _ in state.answers)]
    numbers = [number for number in numbers if number not in trunk.machines]
    former = [(leg["number"], leg["at"]) for leg in call.legs]
    legs = [(_shown(number), at.isoformat()) for number, at in state.answers]
    if call.pk and former == legs and len(call.seats) >= len(set(numbers)):
        return
    found = queries.seated(numbers)
    call.seats = sorted(set(found.accounts.values()))
    call.legs = [
        {"number": shown, "at": at, "account": found.accounts.get(number)}
        for (number, _), (shown, at) in zip(state.answers, legs, strict=True)
    ]
    call.answered_by_id = call.legs[-1]["account"] if call.legs else None
    own = {key for key in audience_of(trunk.region_id, trunk.line_id) if key != EVERYTHING}
    call.shared_with = sorted(found.keys | own)


def _shown(number: str) -> str:
    digits = sum(letter.isdigit() for letter in number)
    return mask_phone(number) if digits > LONGEST_EXTENSION else number[:64]


def _sealed(event: Event) -> bytes:
    words = {name: value for name, value in asdict(event).items() if value not in ("", None, ())}
    return crypto.seal(json.dumps(words, default=str, ensure_ascii=False), context=EVENT)


def _opened(row: CallEvent, ref: str) -> Event:
    words: dict[str, Any] = json.loads(crypto.open_(bytes(row.payload), context=EVENT))
    words["at"] = datetime.fromisoformat(words["at"])
    words["users"] = tuple(words.get("users", ()))
    if "seq" in words:
        words["seq"] = Decimal(words["seq"])
    return replace(Event(row.kind, ref, row.at), **words)


def opened(rows: Iterable[CallEvent], ref: str) -> list[Event]:
    """Return what stored events of the call `ref` say, numbers in clear: for the fold, never for a page."""
    return [_opened(row, ref) for row in rows]
