"""Delivery: at least once whatever the receiver or a worker does, never to two at once, and what fails is seen."""

from __future__ import annotations

import base64
import hashlib
import hmac
import threading
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from tests.factories import AccountFactory, CaseFactory, LineFactory, RegionFactory
from tests.foundation.test_numbering import in_threads
from tests.outbox import Receiver, endpoint_at, receiving
from yanzhen.domains.hotline.models import Case
from yanzhen.foundation.errors import NotAllowed
from yanzhen.foundation.models import Account, Record, Region
from yanzhen.foundation.outbox import courier, deliveries, leasing, posting
from yanzhen.foundation.outbox.courier import deliver
from yanzhen.foundation.outbox.declare import NOTICES, Notice
from yanzhen.foundation.outbox.deliveries import deliveries_of, resend
from yanzhen.foundation.outbox.endpoints import rotate_secret, send_test, switch
from yanzhen.foundation.outbox.messages import Telling, notify, notify_many
from yanzhen.foundation.outbox.models import Delivery, Endpoint, Message
from yanzhen.foundation.outbox.posting import Outcome, post, signature

pytestmark = pytest.mark.django_db

RIGHTS = "outbox.view outbox.edit"
MOVED = Notice("test.moved", "流转", "工单 {number} 已流转。")
START = datetime(2026, 11, 24, 10, tzinfo=timezone.get_default_timezone())


@pytest.fixture(autouse=True)
def _kind(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    monkeypatch.setitem(NOTICES._items, MOVED.code, MOVED)
    settings.OUTBOX_HOSTS = frozenset({"127.0.0.1"})


@pytest.fixture
def county() -> Region:
    return RegionFactory(code="370102")


@pytest.fixture
def keeper() -> Account:
    return AccountFactory(grants=[(RegionFactory(code="370100", level="city"), None, RIGHTS)])


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as server:
        yield server


@pytest.fixture
def endpoint(receiver: Receiver, keeper: Account) -> Endpoint:
    city = Region.objects.get(code="370100")
    return endpoint_at(receiver.url, actor=keeper, region=city, kinds=(MOVED.code,))[0]


class Time:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def pass_(self, clock: timedelta, *, by: timedelta) -> None:
        """Let `clock` go by, delivering every `by` as a worker would."""
        until = self.now + clock
        while self.now < until:
            self.now += by
            deliver(clock=self)


def tell(cases: list[Case]) -> list[str]:
    return [str(event) for event in notify_many(MOVED, [Telling(case) for case in cases], at=START)]


def states() -> dict[str, int]:
    return dict(Counter(Delivery.objects.values_list("state", flat=True)))


# ---- what is sent ----


def test_a_notice_is_signed_as_the_standard_webhooks_specification_has_it(receiver, endpoint, keeper, county):
    secret = rotate_secret(endpoint, actor=keeper)
    (event,) = tell([CaseFactory(region=county, number="GD370102-20261124-00001-K")])
    deliver(clock=Time())

    ((headers, body),) = receiver.got
    signed = f"{event}.{int(START.timestamp())}.".encode() + body
    mac = hmac.new(base64.b64decode(secret.removeprefix("whsec_")), signed, hashlib.sha256).digest()
    assert headers["webhook-id"] == event
    assert headers["webhook-signature"] == "v1," + base64.b64encode(mac).decode()
    assert body.decode() == (
        '{"data": {"at": "2026-11-24T10:00:00+08:00", "due_at": null, "kind": "流转", "number": "GD370102-20261124-00001-K",'
        ' "region": "370102", "state": "received", "text": "工单 GD370102-20261124-00001-K 已流转。"},'
        ' "timestamp": "2026-11-24T10:00:00+08:00", "type": "test.moved"}'
    )


def test_the_signature_is_that_of_the_specifications_own_example():
    assert (
        signature(
            "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1614265330,
            b'{"test": 2432232314}',
        )
        == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    )


def test_an_endpoint_is_told_of_its_region_line_and_kinds_alone(receiver, endpoint, county):
    inside = CaseFactory(region=county)
    elsewhere = CaseFactory(region=RegionFactory(code="370202"))
    other_line = CaseFactory(region=county, line=LineFactory(code="court"))
    notify(Notice("test.other", "其他", "工单 {number}"), subject=inside)
    (event, _, _) = tell([inside, elsewhere, other_line])

    deliver(clock=Time())

    assert receiver.events == [event]


# ---- what goes wrong ----


@pytest.mark.parametrize("fault", [500, 503, 429, 404, "cut"])
def test_a_receiver_that_fails_for_600_seconds_loses_nothing(receiver, endpoint, county, fault):
    time = Time()
    receiver.behaviour = fault
    events = tell([CaseFactory(region=county) for _ in range(40)])
    time.pass_(timedelta(seconds=600), by=timedelta(seconds=20))
    assert (receiver.got, states()) == ([], {"pending": 40})

    receiver.behaviour = 200
    time.pass_(timedelta(seconds=1300), by=timedelta(seconds=50))

    assert (sorted(receiver.events), states()) == (sorted(events), {"delivered": 40})


def test_a_receiver_that_is_not_there_for_600_seconds_loses_nothing(keeper, county):
    time = Time()
    with receiving() as receiver:
        url = receiver.url
    endpoint_at(url, actor=keeper, region=county, kinds=(MOVED.code,))
    events = tell([CaseFactory(region=county) for _ in range(20)])
    time.pass_(timedelta(seconds=600), by=timedelta(seconds=20))
    row = Endpoint.objects.get()
    tries = sum(Delivery.objects.values_list("attempts", flat=True))
    assert (row.problem, states(), tries < 40) == ("接收方拒绝连接", {"pending": 20}, True)

    with receiving() as receiver:
        Endpoint.objects.update(url=receiver.url)
        time.pass_(timedelta(seconds=1300), by=timedelta(seconds=50))

        assert sorted(receiver.events) == sorted(events)


@pytest.mark.parametrize("fault", ["hang", "drip"])
def test_a_receiver_that_keeps_the_line_open_is_cut_off_in_time(receiver, fault):
    receiver.behaviour = fault
    outcome = post(receiver.url, b"{}", secret=posting.new_secret(), event="e", timestamp=0, seconds=0.3)

    assert (outcome.status, outcome.down) == (None, True)


def test_a_redirect_is_not_followed(receiver):
    receiver.behaviour = 302

    outcome = post(receiver.url, b"{}", secret=posting.new_secret(), event="e", timestamp=0)

    assert outcome == Outcome(302, "接收方应答 302，要求跳转；按规定不跟随，请改填最终地址")


def test_an_endpoint_whose_name_leads_inside_meanwhile_gets_nothing(receiver, endpoint, county, settings):
    settings.OUTBOX_HOSTS = frozenset()
    tell([CaseFactory(region=county)])

    deliver(clock=Time())

    assert (receiver.got, states()) == ([], {"pending": 1})
    assert Endpoint.objects.get().problem.startswith("地址须以 https:// 开头")


def test_one_endpoint_that_fails_does_not_hold_up_another(receiver, endpoint, keeper, county):
    with receiving() as broken:
        broken.behaviour = 500
        endpoint_at(broken.url, actor=keeper, region=county, kinds=(MOVED.code,), name="另一平台")
        events = tell([CaseFactory(region=county) for _ in range(60)])

        deliver(clock=Time())

    assert sorted(receiver.events) == sorted(events)
    assert states() == {"delivered": 60, "pending": 60}


def test_a_notice_that_the_receiver_refuses_does_not_hold_up_the_others(
    receiver, endpoint, county, monkeypatch
):
    first, second = tell([CaseFactory(region=county), CaseFactory(region=county)])
    real = courier.send

    def refuses(leased: Any, *more: Any) -> Outcome:
        return Outcome(400, "没有接收") if str(leased.event) == first else real(leased, *more)

    monkeypatch.setattr(courier, "send", refuses)
    deliver(clock=Time())

    assert (receiver.events, Endpoint.objects.get().failures) == ([second], 0)


def test_a_killed_workers_deliveries_are_sent_by_another_when_the_lease_is_over(receiver, endpoint, county):
    time = Time()
    events = tell([CaseFactory(region=county) for _ in range(5)])
    leasing.spread(now=time())
    assert len(leasing.lease(3, now=time())) == 3  # and then the worker was killed

    deliver(clock=time)
    assert len(receiver.got) == 2

    time.now += leasing.LEASE
    deliver(clock=time)
    assert sorted(receiver.events) == sorted(events)


def test_what_arrived_stays_delivered_when_a_slower_failure_comes_in(receiver, endpoint, county):
    tell([CaseFactory(region=county)])
    leasing.spread(now=START)
    (first,) = leasing.lease(9, now=START)
    later = START + leasing.LEASE
    (second,) = leasing.lease(9, now=later)

    leasing.settle([(second, Outcome(200))], now=later)
    leasing.settle([(first, Outcome(500, "没有接收", down=True))], now=later)

    assert states() == {"delivered": 1}


@pytest.mark.django_db(transaction=True)
def test_workers_at_the_same_time_never_send_the_same_twice(receiver, endpoint, county):
    events = tell([CaseFactory(region=county) for _ in range(200)])

    in_threads(4, lambda _: deliver(clock=Time()))

    assert sorted(receiver.events) == sorted(events)


def test_a_lease_reads_no_more_however_much_is_waiting(endpoint, county, django_assert_num_queries):
    tell([CaseFactory(region=county) for _ in range(40)])

    with django_assert_num_queries(1):
        leasing.spread(now=START)
    with django_assert_num_queries(1):
        assert len(leasing.lease(50, now=START)) == leasing.AT_ONCE


def test_the_worker_thread_delivers_until_it_is_stopped(receiver, endpoint, county, monkeypatch):
    beats = []
    stop = threading.Event()

    def step(self: Any, *, patience: float) -> bool:
        beats.append(patience)
        stop.set()
        return False

    monkeypatch.setattr(courier.Courier, "step", step)
    thread = threading.Thread(target=courier.loop, args=(stop,), kwargs={"interval": 0.01})
    thread.start()
    thread.join(10)

    assert (thread.is_alive(), beats) == (False, [0.01])


# ---- what was given up, and sent again ----


@pytest.fixture
def dead(receiver: Receiver, endpoint: Endpoint, county: Region) -> list[str]:
    """Events that a receiver refused for 72 hours."""
    receiver.behaviour = 500
    events = tell([CaseFactory(region=county) for _ in range(3)])
    Time().pass_(timedelta(hours=73), by=timedelta(minutes=90))
    return events


def test_after_72_hours_a_notice_is_given_up_and_those_in_charge_are_told_once(dead, keeper):
    (told,) = Message.objects.filter(account=keeper)

    assert states() == {"dead": 3}
    assert (told.kind, told.text) == (
        "outbox.dead",
        "接收端“平台”有 3 条通知在时限内未能送达，请查明原因后重新投递。",
    )
    assert {row.problem for row in deliveries_of(keeper, state="dead")} == {"接收方应答 500，没有接收"}


def test_what_was_given_up_is_sent_again_under_the_same_event(dead, receiver, keeper):
    receiver.behaviour = 200
    count = resend(deliveries_of(keeper, state="dead"), actor=keeper, reason="接收方已修复")

    deliver()

    assert (count, sorted(receiver.events), states()) == (3, sorted(dead), {"delivered": 3})
    (row,) = Record.objects.filter(verb="outbox.resend")
    assert (row.actor_id, row.after, row.reason) == (keeper.pk, {"count": 3}, "接收方已修复")


def test_who_has_no_right_over_an_endpoint_sends_nothing_of_it_again(dead):
    for place, line in (
        (RegionFactory(code="370202"), None),
        (RegionFactory(code="370100"), LineFactory(code="court")),
    ):
        stranger = AccountFactory(grants=[(place, line, RIGHTS)])

        assert list(deliveries_of(stranger)) == []
        with pytest.raises(NotAllowed):
            resend(Delivery.objects.all(), actor=stranger)
    assert states() == {"dead": 3}


def test_a_shut_endpoint_keeps_what_waits_and_gets_it_when_it_is_opened(receiver, endpoint, keeper, county):
    (event,) = tell([CaseFactory(region=county)])
    leasing.spread(now=START)
    switch(endpoint, actor=keeper, active=False, reason="检修")
    deliver(clock=Time())
    assert receiver.got == []

    switch(endpoint, actor=keeper, active=True, reason="检修完毕")
    deliver(clock=Time())

    assert receiver.events == [event]


def test_a_test_goes_to_its_endpoint_alone(receiver, endpoint, keeper, county):
    with receiving() as other:
        endpoint_at(other.url, actor=keeper, region=county, kinds=(MOVED.code,), name="另一平台")
        delivery = send_test(endpoint, actor=keeper)
        deliver()

        assert (receiver.events, other.got) == ([str(delivery.message.event)], [])


def test_the_age_of_the_oldest_that_waits_is_told(endpoint, county):
    assert deliveries.undelivered_since(START) is None
    tell([CaseFactory(region=county)])

    before = deliveries.undelivered_since(START + timedelta(minutes=3))
    leasing.spread(now=START)

    assert (before, deliveries.undelivered_since(START + timedelta(minutes=3))) == (timedelta(minutes=3),) * 2


def test_keys_lie_sealed(endpoint):
    with connection.cursor() as cursor:
        cursor.execute("select secret_cipher from outbox_endpoint")
        assert b"whsec_" not in bytes(cursor.fetchone()[0])
