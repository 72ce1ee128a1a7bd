"""Events of a telephone system, in the contract of Zammad's generic CTI and a few fields more (docs/howto/calls.md)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.views.decorators.csrf import csrf_exempt

from yanzhen.domains.hotline.calls.models import Call
from yanzhen.domains.hotline.calls.rules import CAUSES, HANGUP, KINDS, NEW, Event
from yanzhen.domains.hotline.calls.taking import take_event
from yanzhen.faces.cti.auth import sender_of
from yanzhen.faces.http import Malformed, problem
from yanzhen.foundation import limits
from yanzhen.foundation.errors import Invalid, Refusal

LARGEST = 16 * 1024
LONGEST = 256
LENGTHS = {"callId": 128, "recordingUrl": 512}
MOST_SEATS = 50
LONGEST_WAIT = 24 * 3600 * 1000
EVENTS, MINUTE = 60_000, 60
"""A trunk may send a thousand events a second; more is a loop and no telephone."""
AHEAD, BEHIND = timedelta(minutes=5), timedelta(days=366)
"""A clock that is wrong by more is not believed: the time of receipt counts."""
EPOCH = Decimal(10**9)
MILLISECONDS = Decimal(10**12)
"""From which numbers on a time is one in seconds, or in milliseconds, of Unix."""


class TooLarge(Refusal):
    code = "too_large"
    status = 413


class WrongMediaType(Refusal):
    code = "wrong_media_type"
    status = 415


class WrongMethod(Refusal):
    code = "wrong_method"
    status = 405


@csrf_exempt
def take(request: HttpRequest, token: str) -> HttpResponse:
    """Keep one event; 200 and `{}` only after the commit, also where it had come before.

    A refusal is a problem document, whatever the sender accepts: it is a program.
    """
    try:
        _demand_readable(request)
        trunk = sender_of(request, token)
        limits.hit(
            f"cti:trunk:{trunk.pk}",
            limit=EVENTS,
            seconds=MINUTE,
            message="事件过多，请检查交换机是否在循环推送",
        )
        sent = _sent(request)
        take_event(trunk, event_of(sent), identity=_identity(sent))
    except Refusal as refusal:
        answer = problem(refusal)
        if wait := refusal.data.get("retry_after_seconds"):
            answer["Retry-After"] = str(wait)
        return answer
    return JsonResponse({})


def event_of(sent: Mapping[str, Any]) -> Event:
    """Return the event that was sent; raises Invalid with a reason for each field. Unknown fields are let be."""
    now = timezone.now()
    texts = {name: _text(sent.get(name)) for name in TEXTS}
    seq = _number(sent.get("seq"))
    if problems := dict(_problems(sent, texts)):
        raise Invalid("事件有误：" + "；".join(problems.values()), fields=problems)
    at = _time(sent.get("ts")) or (_time(seq) if seq is not None and seq >= EPOCH else None) or now
    return Event(
        kind=texts["event"],
        ref=texts["callId"],
        at=at if now - BEHIND <= at <= now + AHEAD else now,
        direction=texts["direction"],
        from_=texts["from"],
        to=texts["to"],
        users=tuple(users_of(sent))[:MOST_SEATS],
        queue=texts["queue"],
        menu=texts["ivrPath"],
        answering=texts["answeringNumber"] or texts["agentId"],
        cause=texts["cause"] if texts["event"] == HANGUP else "",
        recording=texts["recordingUrl"],
        wait_ms=_wait(sent.get("waitMs")),
        seq=seq,
    )


def users_of(sent: Mapping[str, Any]) -> list[str]:
    """Return whom the call rings at; one, several, or as PHP writes a list (`user[]`)."""
    found: list[str] = []
    for name in ("user", "user[]"):
        value = sent.get(name)
        found += [_text(v) for v in value] if isinstance(value, list) else [_text(value)]
    return [user for user in found if user and len(user) <= LONGEST]


TEXTS = (
    "event", "callId", "direction", "from", "to", "queue", "ivrPath", "answeringNumber", "agentId", "cause",
    "recordingUrl", "eventId",
)  # fmt: skip


def _problems(sent: Mapping[str, Any], texts: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    yield from ((n, f"{n} 过长") for n, text in texts.items() if len(text) > LENGTHS.get(n, LONGEST))
    kind, direction = texts["event"], texts["direction"]
    if kind not in KINDS:
        yield "event", f"event 应为 {'、'.join(KINDS)} 之一"
    if not texts["callId"]:
        yield "callId", "callId 不能为空：同一通电话的事件凭它归到一起"
    if direction not in Call.Direction.values and (direction or kind == NEW):
        yield "direction", "direction 应为 in 或 out"
    if kind == HANGUP and texts["cause"] not in CAUSES:
        yield "cause", f"cause 应为 {'、'.join(CAUSES)} 之一"
    for name, read, sentence in READ:
        if sent.get(name) not in (None, "") and read(sent[name]) is None:
            yield name, sentence


def _demand_readable(request: HttpRequest) -> None:
    if request.method != "POST":
        raise WrongMethod("电话事件用 POST 推送")
    if int(request.META.get("CONTENT_LENGTH") or 0) > LARGEST:
        raise TooLarge(f"事件正文超过上限 {LARGEST} 字节", limit_bytes=LARGEST)
    if request.content_type not in {"application/json", "application/x-www-form-urlencoded"}:
        raise WrongMediaType("事件正文须为 JSON 或 application/x-www-form-urlencoded 表单")


def _sent(request: HttpRequest) -> dict[str, Any]:
    if request.content_type == "application/json":
        try:
            sent = json.loads(request.body)
        except (ValueError, RecursionError):
            raise Malformed("事件正文不是 JSON") from None
        if not isinstance(sent, dict):
            raise Malformed("事件正文应为一个 JSON 对象")
    else:
        sent = {name: values if len(values) > 1 else values[0] for name, values in request.POST.lists()}
    if "\\u0000" in json.dumps(sent) or not _is_text(json.dumps(sent, ensure_ascii=False)):
        raise Malformed("事件中含有空字符（U+0000）或不成对的代理码，请去掉后重新推送")
    return sent


def _identity(sent: Mapping[str, Any]) -> str:
    """Return what makes the event the same one: its id, or else all that it says."""
    own = _text(sent.get("eventId"))
    return f"id:{own}" if own else json.dumps(sent, sort_keys=True, ensure_ascii=False)


def _is_text(words: str) -> bool:
    """Tell whether it can be written as UTF-8: half a surrogate pair, which JSON lets through, can not."""
    try:
        words.encode()
    except UnicodeEncodeError:
        return False
    return True


def _text(value: Any) -> str:
    return str(value).strip() if isinstance(value, str | int | float) and not isinstance(value, bool) else ""


def _number(value: Any) -> Decimal | None:
    try:
        number = Decimal(_text(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() and abs(number) < MILLISECONDS * EPOCH else None


def _wait(value: Any) -> int | None:
    number = _number(value)
    return int(number) if number is not None and 0 <= number <= LONGEST_WAIT else None


def _time(value: Any) -> datetime | None:
    number = _number(value) if not isinstance(value, Decimal) else value
    if number is not None:
        seconds = number / 1000 if number >= MILLISECONDS / 10 else number
        return datetime.fromtimestamp(float(seconds), UTC) if EPOCH <= seconds < 4 * EPOCH else None
    try:
        at = parse_datetime(_text(value))
    except ValueError:
        return None
    return at if at is not None and at.tzinfo is not None else None


def _address(value: Any) -> str | None:
    text = _text(value)
    return text if re.match(r"https?://[^\s/]+", text) else None


READ: tuple[tuple[str, Callable[[Any], object], str], ...] = (
    ("recordingUrl", _address, "recordingUrl 应为 http 或 https 地址"),
    ("ts", _time, "ts 应为带时区的 ISO 8601 时间，或 Unix 秒、毫秒"),
    ("waitMs", _wait, "waitMs 应为 0 至 86400000 的整数毫秒"),
    ("seq", _number, "seq 应为数"),
)
"""Fields that are there or not, and have to be readable where they are."""
