"""What a telephone system may send, and what becomes of it."""

from __future__ import annotations

import logging
import random
import time
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.calls import CALLER, Board
from yanzhen.domains.hotline.calls import queries, sweep
from yanzhen.domains.hotline.calls.actions import close_trunk, listen
from yanzhen.domains.hotline.calls.models import Call, CallBack, CallEvent
from yanzhen.faces.cti.auth import signature_of
from yanzhen.foundation.errors import Refusal
from yanzhen.foundation.models import Record
from yanzhen.foundation.records import history

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)


def state(call: Call) -> tuple[Any, ...]:
    call.refresh_from_db()
    return call.direction, call.status, call.cause, call.answered_by_id, bool(call.ended_at)


def everything() -> list[tuple[Any, ...]]:
    """All that the calls hold of what was told, by call; and how many call-backs there are."""
    rows = Call.objects.order_by("ref").values_list(
        "ref", "direction", "status", "cause", "started_at", "answered_at", "ended_at", "wait_ms", "in_time",
        "phone_mask", "own_number", "region", "why", "seats", "legs", "answered_by", "outcome", "settled", "recorded",
    )  # fmt: skip
    return [*rows, (CallBack.objects.count(), CallEvent.objects.count())]


def test_a_call_rings_is_answered_and_ends():
    board = Board()

    answers = [
        board.send("newCall", user=["8001"]),
        board.send("answer", answeringNumber="8001"),
        board.send("hangup"),
    ]

    assert [(a.status_code, a.json()) for a in answers] == [(200, {})] * 3
    call = Call.objects.get()
    assert state(call) == ("in", "answered", "normalClearing", board.agent.pk, True)
    assert (call.region_id, call.why) == ("370100", "被叫区号 0531 为济南")
    assert call.phone_mask == "138****2046"


def test_a_form_says_the_same_as_json():
    board = Board()
    fields = {
        "event": "newCall", "callId": "f", "direction": "in", "from": CALLER, "to": "053112351",
        "user[]": ["8001", "8002"],
    }  # fmt: skip

    answer = board.post(urlencode(fields, doseq=True), form=True)

    assert (answer.status_code, Call.objects.get().seats) == (200, [board.agent.pk])


def test_shuffled_and_doubled_events_come_to_the_same_calls():
    at = timezone.now() - timedelta(minutes=10)
    told = []
    for n in range(8):
        who = {"from": f"1380000000{n % 6}", "call": f"c{n}"}
        steps: list[tuple[str, dict[str, Any]]] = [("newCall", {"user": ["8001"]})]
        if n % 2:
            steps.append(("answer", {"answeringNumber": "8001"}))
        steps.append(("hangup", {} if n % 2 else {"cause": "noAnswer"}))
        told += [
            (kind, who | more | {"ts": (at + timedelta(seconds=5 * i)).isoformat()})
            for i, (kind, more) in enumerate(steps)
        ]
    outcomes = []
    for seed in range(3):
        board = Board() if not seed else board  # noqa: F821  # made in the first round
        run = told if not seed else random.Random(seed).sample(told * 2, 2 * len(told))  # noqa: S311
        for kind, more in run:
            assert board.send(kind, **more).status_code == 200
        outcomes.append(everything())
        Call.objects.update(call_back=None)
        CallEvent.objects.all().delete()
        Call.objects.all().delete()
        CallBack.objects.all().delete()

    assert outcomes[1] == outcomes[0]
    assert outcomes[2] == outcomes[0]
    assert outcomes[0][-1] == (3, 20)


def test_a_late_event_never_reopens_a_call_that_is_over():
    board = Board()
    board.ring()
    board.send("hangup", cause="normalClearing")
    call = Call.objects.get()

    board.send("newCall", user=["8001"], seq=1)
    board.send("answer", answeringNumber="8001")

    assert state(call) == ("in", "answered", "normalClearing", board.agent.pk, True)
    assert not CallBack.objects.exists()


def test_an_event_of_a_call_that_nobody_announced_is_kept_and_makes_the_call():
    board = Board()

    answer = board.client.generic(
        "POST", f"/cti/{board.token}", '{"event": "hangup", "callId": "x", "cause": "busy"}',
        content_type="application/json",
    )  # fmt: skip

    call = Call.objects.get()
    assert answer.status_code == 200
    assert state(call) == ("in", "busy", "busy", None, True)
    assert (call.phone_hash, call.region_id, call.wait_ms) == (None, "370100", None)
    board.send("newCall", "x")
    call.refresh_from_db()
    assert call.phone_mask == "138****2046"


def test_a_transfer_keeps_every_answer_and_the_last_one_is_the_agent():
    board = Board()
    other = board.seat("8002")
    board.ring()
    board.send("answer", answeringNumber="8001")
    board.send("answer", answeringNumber="8002")
    board.send("answer", answeringNumber="13900001111")

    call = Call.objects.get()
    assert [(leg["number"], leg["account"]) for leg in call.legs] == [
        ("8001", board.agent.pk),
        ("8002", other.pk),
        ("139****1111", None),
    ]
    assert call.answered_by is None
    assert call.seats == sorted([board.agent.pk, other.pk])


def test_what_a_machine_answers_is_not_answered_and_is_called_back_once_an_answer_can_no_longer_come():
    board = Board()
    board.ring()
    board.send("answer", answeringNumber="voicemail")
    board.send("hangup")
    call = Call.objects.get()
    assert (call.status, CallBack.objects.count()) == ("missed", 0)

    sweep.settle_ended(timezone.now() + 2 * MINUTE)
    sweep.settle_ended(timezone.now() + 2 * MINUTE)

    call.refresh_from_db()
    assert (call.call_back, CallBack.objects.count()) == (CallBack.objects.get(), 1)


def test_one_number_has_one_call_back_in_whatever_way_it_is_written_until_that_is_done():
    board = Board()
    for n, number in enumerate(
        [CALLER, f"+86 {CALLER}", f"0086{CALLER}", f"sip:{CALLER}@pbx", f"0{CALLER},101"]
    ):
        board.missed(f"c{n}", **{"from": number})

    task = CallBack.objects.get()
    assert task.calls.count() == 5
    assert task.due_at is not None
    assert task.title == "138****2046 无人接听"


def test_who_withholds_the_number_can_not_be_called_back_and_the_call_says_so():
    board = Board()

    call = board.missed(**{"from": "anonymous"})

    assert (call.outcome, call.phone_mask, CallBack.objects.count()) == ("no_number", "", 0)


def test_a_call_without_a_hangup_is_ended_after_hours_and_a_hangup_after_all_counts_instead():
    board = Board()
    board.ring()
    board.send("answer", answeringNumber="8001")
    call = Call.objects.get()
    assert sweep.end_silent(timezone.now() + timedelta(hours=3)) == 0

    assert sweep.end_silent(timezone.now() + timedelta(hours=5)) == 1
    assert sweep.end_silent(timezone.now() + timedelta(hours=5)) == 0
    assert state(call) == ("in", "answered", "noHangup", board.agent.pk, True)

    board.send("hangup")
    assert state(call) == ("in", "answered", "normalClearing", board.agent.pk, True)


def test_an_outgoing_call_shows_with_the_number_that_was_dialled():
    board = Board()

    answer = board.send("newCall", direction="out", to=CALLER, user="8001", **{"from": "053112351"})
    board.send("hangup", direction="out", cause="noAnswer")

    call = Call.objects.get()
    assert (answer.status_code, answer.json()) == (200, {})
    assert (call.status, call.phone_mask, call.own_number, call.outcome) == (
        "failed", "138****2046", "053112351", "not_reached",
    )  # fmt: skip
    assert not CallBack.objects.exists()


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ('{"event": "ring", "callId": "x", "direction": "in"}', 422, "event"),
        ('{"event": "newCall", "direction": "in"}', 422, "callId"),
        ('{"event": "newCall", "callId": "x"}', 422, "direction"),
        ('{"event": "hangup", "callId": "x", "cause": "boredom"}', 422, "cause"),
        ('{"event": "answer", "callId": "x", "ts": "yesterday"}', 422, "ts"),
        ('{"event": "answer", "callId": "x", "waitMs": -1}', 422, "waitMs"),
        ('{"event": "answer", "callId": "x", "seq": "first"}', 422, "seq"),
        ('{"event": "answer", "callId": "x", "recordingUrl": "file:///etc/passwd"}', 422, "recordingUrl"),
        ('{"event": "answer", "callId": "' + "x" * 200 + '"}', 422, "callId"),
        ('{"event": "answer", "callId": "x\\u0000"}', 400, None),
        ('{"event": "answer", "callId": "x\\ud800"}', 400, None),
        ("not json", 400, None),
        ("[]", 400, None),
        ('{"event": "' + "x" * 20_000 + '"}', 413, None),
    ],
)
def test_what_can_not_be_read_gets_a_clear_answer_and_leaves_nothing(body, status, field):
    board = Board()

    answer = board.post(body)

    assert (answer.status_code, answer["Content-Type"]) == (status, "application/problem+json")
    assert set(answer.json().get("fields", {})) == ({field} if field else set())
    assert not Call.objects.exists()


def test_a_wrong_token_and_a_closed_trunk_get_the_same_answer_are_counted_and_then_told_to_wait():
    board = Board()
    closed = board.post("{}").status_code
    close_trunk(board.trunk, actor=None, reason="更换交换机")

    answers = [board.client.post(f"/cti/{token}").status_code for token in [board.token, "wrong"] * 16]
    board.client.get("/cti/wrong")

    assert closed == 422
    assert (set(answers[:30]), set(answers[30:])) == ({415}, {415})
    as_json = [
        board.client.post(f"/cti/{token}", {}, content_type="application/json")
        for token in [board.token, "wrong"] * 16
    ]
    assert [a.status_code for a in as_json[:30]] == [404] * 30
    assert as_json[0].json() == as_json[1].json()
    assert (as_json[31].status_code, int(as_json[31]["Retry-After"]) > 0) == (429, True)
    assert queries.wrong_tokens_today() == 32


def test_a_trunk_that_signs_is_refused_without_a_good_signature_of_the_last_minutes():
    board = Board(signed=True)
    body = '{"event": "newCall", "callId": "c", "direction": "in", "from": "anonymous"}'
    now = int(time.time())

    def signed(at: int, *, kind: str, text: str = body) -> int:
        made = signature_of(board.secret, str(at), text.encode(), kind=kind)
        headers = {"X-Yanzhen-Timestamp": str(at), "X-Yanzhen-Signature": f"{kind}={made}"}
        return int(board.post(body, **headers).status_code)

    refused = [
        board.post(body, **{"X-Yanzhen-Timestamp": str(now)}).status_code,
        signed(now, kind="sm3", text=body + " "),
        signed(now - 3600, kind="sm3"),
        signed(now + 3600, kind="sha256"),
    ]
    assert (refused, Call.objects.count()) == ([401] * 4, 0)
    assert [signed(now, kind="sm3"), signed(now, kind="sha256"), signed(now, kind="sm3")] == [200] * 3
    assert CallEvent.objects.count() == 1


@pytest.mark.parametrize(
    "ts", ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", 1_100_000_000, "4e9"]
)
def test_a_clock_that_is_far_off_is_not_believed(ts):
    board = Board()

    answer = board.send("newCall", ts=ts)

    assert answer.status_code in {200, 422}
    assert all(abs(call.started_at - timezone.now()) < MINUTE for call in Call.objects.all())


def test_an_event_with_an_id_is_taken_once_and_its_id_serves_no_other_kind():
    board = Board()

    board.send("newCall", eventId="e1")
    again = board.send("newCall", eventId="e1", queue="另说一遍")
    other = board.send("answer", eventId="e1", answeringNumber="8001")

    assert (CallEvent.objects.count(), Call.objects.get().queue) == (1, "")
    assert (again.status_code, other.status_code) == (200, 409)
    assert "已用于同一通电话的 newCall 事件" in other.json()["title"]


def test_an_answer_that_came_before_its_call_tells_no_wait():
    board = Board()

    board.send("answer", answeringNumber="8001")
    board.send("newCall", user=["8001"])

    call = Call.objects.get()
    assert (call.status, call.wait_ms, call.in_time) == ("talking", None, None)


def test_no_clear_number_is_in_a_row_a_record_or_a_log(caplog):
    caplog.set_level(logging.DEBUG)
    board = Board()
    address = f"https://pbx.local/rec/{CALLER}.wav"
    board.answered("a", recordingUrl=address)
    call = board.missed("b", recordingUrl=address)
    listen(call, actor=board.agent, reason="核对通话内容")

    tables = ("calls_call", "calls_callevent", "calls_callback", "foundation_record", "foundation_tally")
    with connection.cursor() as cursor:
        rows = []
        for table in tables:
            cursor.execute(f"select t::text from {table} t")  # program text
            rows += [row[0] for row in cursor.fetchall()]
    text = "\n".join(rows) + caplog.text

    assert len(rows) > 8
    assert CALLER not in text
    assert CALLER.encode().hex() not in text


def test_the_recording_is_asked_for_with_a_reason_and_one_that_is_not_there_is_said_to_be_missing():
    board = Board()
    with_one = board.answered("a", recordingUrl="https://pbx.local/1.wav")
    without = board.answered("b")

    assert listen(with_one, actor=board.agent, reason="核对通话内容") == "https://pbx.local/1.wav"
    with pytest.raises(Refusal, match="没有录音"):
        listen(without, actor=board.agent, reason="核对通话内容")
    assert [r.verb for r in history(with_one)] == ["call.listen"]
    assert not Record.objects.filter(verb="call.listen", subject_id=str(without.pk)).exists()


def test_an_event_costs_few_statements_however_long_the_call_is():
    board = Board()
    board.answered("warm")
    costs = []
    for kind, more in (
        ("newCall", {"user": ["8001"]}),
        ("answer", {"answeringNumber": "8001"}),
        ("answer", {"answeringNumber": "8001", "seq": 5}),
        ("hangup", {}),
        ("hangup", {}),
    ):
        with CaptureQueriesContext(
            connection,
        ) as found:
            board.send(kind, **more)
        costs.append(len([q for q in found.captured_queries if "SAVEPOINT" not in q["sql"]]))

    # each: the rate, the lock, the call; then its events, or for a new one the earlier case and the region; the seats;
    # the call and the event are written, but for what had come before
    assert costs == [8, 7, 6, 6, 4]
