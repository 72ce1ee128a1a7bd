"""Real calls through Kamailio as shipped, against the product with a roster: who answers, and what is reported."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.request import Request, urlopen

import pytest
from django.conf import settings
from django.db import connections
from django.db.backends.signals import connection_created
from django.test.testcases import LiveServerThread
from django.utils import timezone

from tests.factories import AccountFactory, RegionFactory
from tests.rosters import Place, place, seated, shift
from tests.telephony.rig import Receiver, Rig, free_port, missing, wait_for
from yanzhen.domains.hotline.calls.actions import open_trunk
from yanzhen.domains.hotline.calls.models import Call, CallBack
from yanzhen.domains.hotline.calls.queries import events
from yanzhen.domains.hotline.rosters import queries
from yanzhen.domains.hotline.rosters.models import Seat
from yanzhen.foundation import calendar, crypto, parameters
from yanzhen.foundation.models import Parameter, Region
from yanzhen.foundation.parameters import forget_parameters
from yanzhen.foundation.scope import EVERYTHING, database_scope

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(missing() is not None, reason=missing() or ""),
]
JINAN, QINGDAO, ZIBO, DEZHOU = "053188880001", "053288880002", "053388880003", "053488880004"
"""Callers on fixed lines of four cities: on duty; first silent; first busy; nobody."""


@pytest.fixture
def address(transactional_db: None) -> Iterator[str]:
    """The product's address; its connections act as the web's role."""

    def as_web(connection: Any, **_: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"set role {settings.WEB_ROLE}")

    connection_created.connect(as_web)
    thread = LiveServerThread("127.0.0.1", static_handler=lambda application: application)
    thread.daemon = True
    thread.start()
    thread.is_ready.wait()
    if thread.error:
        raise thread.error
    yield f"http://127.0.0.1:{thread.port}"
    thread.terminate()
    connection_created.disconnect(as_web)
    for connection in connections.all(initialized_only=True):
        connection.queries_log.clear()


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    found = Rig(tmp_path)
    yield found
    found.close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    found = Receiver()
    yield found
    found.close()


def on_duty(region: Region, port: int) -> str:
    """Put somebody on duty now at a telephone on loopback; return the extension."""
    account = seated(region)
    account.seat.address = f"sip:{account.seat.extension}@127.0.0.1:{port}"
    account.seat.save()
    now = timezone.now()
    shift(account, region, now - timedelta(hours=1), now + timedelta(hours=1))
    return str(account.seat.extension)


def hurry() -> None:
    """Two seconds for all telephones together in place of fifteen, so that the test does not ring for long."""
    Parameter.objects.filter(code="hotline.answer_seconds").update(value=2)
    forget_parameters()


def warm(proxy: dict[str, str]) -> None:
    """Ask once about a city where nobody is, so that the server has loaded all it needs before a call waits for it."""
    asking = Request(  # noqa: S310  # our own address
        f"{proxy['YANZHEN_API']}/cti/route?from={DEZHOU}&callId=warm",
        headers={"Authorization": f"Bearer {proxy['YANZHEN_TOKEN']}"},
    )
    with urlopen(asking, timeout=10) as answer:  # noqa: S310  # the same
        assert json.load(answer)["targets"] == []


def trunk(where: Place) -> str:
    """Open a trunk and return its token: with it the proxy asks and tells."""
    crypto.forget_keys()
    crypto.begin()
    calendar.seed()
    parameters.load_defaults()
    administrator = AccountFactory(grants=[(where.province, None, "trunk.edit")])
    _trunk, token, _secret = open_trunk("SIP", where.province, actor=administrator)
    return token


def settings_of(address: str, receiver: Receiver | None, where: Place, announcement: int) -> dict[str, str]:
    token = trunk(where)
    return {
        "YANZHEN_API": address,
        "YANZHEN_TOKEN": token,
        "YANZHEN_EVENTS": receiver.url if receiver else f"{address}/cti/{token}",
        "ANNOUNCEMENT": f"sip:announcement@127.0.0.1:{announcement}",
    }


def rung(*extensions: str) -> list[tuple[str, str, str]]:
    """The call, and then each telephone as it rings."""
    return [("newCall", extension, "") for extension in ("", *extensions)]


@pytest.mark.django_db(transaction=True)
def test_calls_ring_who_is_on_duty_then_the_next_and_nobody_is_a_call_back(address, rig, receiver):
    where = place()
    hurry()
    answers, silent, busy = (rig.telephone(scenario) for scenario in ("answers", "silent", "busy"))
    cities = [RegionFactory(code=code, level="city") for code in ("370100", "370200", "370300", "371400")]
    one = on_duty(cities[0], answers)
    first_silent, second = on_duty(cities[1], silent), on_duty(cities[1], answers)
    first_busy, other = on_duty(cities[2], busy), on_duty(cities[2], answers)
    proxy = settings_of(address, receiver, where, rig.telephone("answers"))
    warm(proxy)
    rig.proxy(proxy)

    figures = rig.call([JINAN, QINGDAO, ZIBO, DEZHOU])
    wait_for(lambda: len(receiver.events) >= 16, seconds=5, what=f"16 events, {receiver.events}, {rig.log()}")

    assert (figures["SuccessfulCall(C)"], figures["FailedCall(C)"]) == ("4", "0")
    assert receiver.by_caller() == {
        JINAN: [*rung(one), ("answer", one, ""), ("hangup", one, "normalClearing")],
        QINGDAO: [
            *rung(first_silent, second),
            ("answer", second, ""),
            ("hangup", second, "normalClearing"),
        ],
        ZIBO: [*rung(first_busy, other), ("answer", other, ""), ("hangup", other, "normalClearing")],
        DEZHOU: [("newCall", "", ""), ("hangup", "", "noAnswer")],
    }
    asked = next(e["callId"] for e in receiver.events if e["from"] == QINGDAO)
    assert queries.route_answers(asked).get().why[-1] == f"先近后远、最久未派者在前：{first_silent}、{second}"


@pytest.mark.django_db(transaction=True)
def test_a_call_that_nobody_takes_is_a_call_back_and_one_that_is_taken_a_call(address, rig):
    where = place()
    hurry()
    jinan = RegionFactory(code="370100", level="city")
    answering = on_duty(jinan, rig.telephone("answers"))
    proxy = settings_of(address, None, where, rig.telephone("answers"))
    warm(proxy)
    rig.proxy(proxy)

    rig.call([JINAN, DEZHOU])
    wait_for(
        lambda: Call.objects.filter(ended_at__isnull=False).count() == 2,
        seconds=8,
        what=f"calls, {rig.log()}",
    )

    taken = Call.objects.get(status=Call.Status.ANSWERED)
    assert (taken.region_id, taken.answered_by.seat.extension) == (jinan.code, answering)
    [task] = CallBack.objects.all()
    assert task.state == "waiting"
    assert bytes(task.phone_hash) == crypto.keyed_hash(DEZHOU, purpose="phone")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("call_id", ["%u-%p@%s", "%u-" + "a" * 200])
def test_the_call_pops_up_at_the_seat_that_rings_before_anybody_answers(address, rig, call_id):
    where = place()
    jinan = RegionFactory(code="370100", level="city")
    answering = on_duty(jinan, rig.telephone("answers", after_ms=3000))
    proxy = settings_of(address, None, where, rig.telephone("answers"))
    warm(proxy)
    rig.proxy(proxy)
    agent = Seat.objects.get(extension=answering).account

    calling = Thread(target=rig.call, args=[[JINAN]], kwargs={"call_id": call_id})
    calling.start()
    with database_scope({EVERYTHING}):
        here = Call.objects.filter(seats=[agent.pk])
        wait_for(here.exists, seconds=2, what=f"the call at the seat, {rig.log()}")
        popped = here.get()
        calling.join()
        wait_for(lambda: here.filter(status="answered").exists(), seconds=5, what=f"the answer, {rig.log()}")

    assert (popped.status, popped.answered_at) == ("ringing", None)
    assert [e.kind for e in events(here.get())] == ["newCall", "newCall", "answer", "hangup"]


def test_an_event_that_is_refused_as_such_is_dropped_and_one_that_is_early_or_misaddressed_is_sent_again(rig):
    receiver = Receiver(422, 429, 404, 503)
    rig.proxy(
        {
            "YANZHEN_API": f"http://127.0.0.1:{free_port()}",
            "YANZHEN_TOKEN": "none",
            "YANZHEN_EVENTS": receiver.url,
            "ANNOUNCEMENT": f"sip:announcement@127.0.0.1:{rig.telephone('answers')}",
        }
    )

    rig.call([JINAN])
    rig.call([QINGDAO])
    wait_for(lambda: len(receiver.events) >= 3, seconds=5, what=f"3 events, {rig.log()}")
    receiver.close()

    assert receiver.by_caller() == {
        JINAN: [("hangup", "", "noAnswer")],
        QINGDAO: [("newCall", "", ""), ("hangup", "", "noAnswer")],
    }
    assert "refused with 422 and dropped" in rig.log()


def test_a_caller_hears_the_announcement_when_the_platform_is_down_and_no_event_is_lost(rig):
    receiver = Receiver(503, 503, 503)
    rig.proxy(
        {
            "YANZHEN_API": f"http://127.0.0.1:{free_port()}",
            "YANZHEN_TOKEN": "none",
            "YANZHEN_EVENTS": receiver.url,
            "ANNOUNCEMENT": f"sip:announcement@127.0.0.1:{rig.telephone('answers')}",
        }
    )

    figures = rig.call([JINAN, QINGDAO])
    wait_for(lambda: len(receiver.events) >= 4, seconds=5, what=f"4 events, {rig.log()}")
    receiver.close()

    assert (figures["SuccessfulCall(C)"], figures["FailedCall(C)"]) == ("2", "0")
    assert receiver.by_caller() == {
        caller: [("newCall", "", ""), ("hangup", "", "noAnswer")] for caller in (JINAN, QINGDAO)
    }
