"""Telling: with the change or not at all, in few words, at hours when somebody is there."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
import time_machine
from django.db import transaction
from django.utils import timezone

from tests.factories import AccountFactory, CaseFactory, LineFactory, RegionFactory
from yanzhen.foundation import calendar
from yanzhen.foundation.errors import DeclarationError, Refusal
from yanzhen.foundation.outbox.declare import NOTICES, Notice
from yanzhen.foundation.outbox.messages import (
    Telling,
    duty_time,
    holders,
    mark_read,
    notices_of,
    notify,
    notify_many,
    unread_count,
)
from yanzhen.foundation.outbox.models import Message

pytestmark = pytest.mark.django_db

ASSIGNED = Notice("test.assigned", "派单", "工单 {number} 已派给您，请在 {due_at} 前办理。", outward=False)
URGENT = Notice("test.urgent", "紧急", "工单 {number} 即将到期。", urgent=True, outward=False)
OUTWARD = Notice("test.outward", "流转", "工单 {number} 已流转。")


def at(hour: int, minute: int = 0, day: int = 24) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=timezone.get_default_timezone())


def test_an_account_is_told_in_a_sentence_and_nobody_else_is():
    mine, other = AccountFactory(), AccountFactory()
    case = CaseFactory(number="GD-1", due_at=at(17, 30))
    notify(ASSIGNED, subject=case, to=[mine], at=at(10))

    (told,) = notices_of(mine)
    assert told.text == "工单 GD-1 已派给您，请在 2026-11-24 17:30 前办理。"
    assert told.payload == {
        "number": "GD-1",
        "region": case.region_id,
        "state": "received",
        "due_at": "2026-11-24T17:30:00+08:00",
        "at": "2026-11-24T10:00:00+08:00",
    }
    assert (unread_count(mine), unread_count(other), list(notices_of(other))) == (1, 0, [])


def test_a_change_that_fails_tells_nobody():
    mine, case = AccountFactory(), CaseFactory()

    @transaction.atomic
    def change() -> None:
        notify(OUTWARD, subject=case, to=[mine])
        raise Refusal("不成立")

    with pytest.raises(Refusal):
        change()

    assert not Message.objects.exists()


def test_any_number_of_receivers_costs_one_statement(django_assert_num_queries):
    accounts = [AccountFactory() for _ in range(5)]
    tellings = [Telling(CaseFactory(), accounts) for _ in range(10)]
    notify(OUTWARD, subject=tellings[0].subject, to=accounts)  # reads the calendar once a minute

    with django_assert_num_queries(1):
        notify(OUTWARD, subject=tellings[0].subject, to=[*accounts, accounts[0]])
    with django_assert_num_queries(1):
        events = notify_many(OUTWARD, tellings)

    assert (len(set(events)), Message.objects.filter(account=accounts[0]).count()) == (10, 12)


def test_a_long_list_costs_as_many_statements_as_a_longer_one(django_assert_num_queries):
    accounts = [AccountFactory() for _ in range(5)]
    case = CaseFactory()
    notify(OUTWARD, subject=case, to=accounts)  # as above

    for many in (40, 80):
        with django_assert_num_queries(6):
            events = notify_many(OUTWARD, [Telling(case, accounts)] * many)
        assert Message.objects.filter(event__in=events, account=accounts[0]).count() == many


@pytest.mark.parametrize("name", ["name", "phone", "title", "body"])
def test_a_notice_can_not_say_what_is_personal(name: str):
    with pytest.raises(DeclarationError):
        Notice("test.wrong", "错", "{" + name + "}")
    with pytest.raises(DeclarationError):
        notify(OUTWARD, subject=CaseFactory(), values={name: "x"})


def test_a_phone_number_that_got_into_a_value_is_masked():
    mine = AccountFactory()
    notify(ASSIGNED, subject=CaseFactory(), to=[mine], values={"number": "13812345678"})

    assert "138****5678" in notices_of(mine).get().text


@pytest.mark.parametrize(
    ("happened", "shown"),
    [
        (at(10), at(10)),
        (at(12, 30), at(13, 30)),
        (at(20), at(9, day=25)),
        (at(10, day=28), at(9, day=30)),  # a Saturday
    ],
)
def test_what_is_not_urgent_waits_until_offices_open(happened: datetime, shown: datetime):
    calendar.seed()

    assert duty_time(happened, urgent=False) == shown
    assert duty_time(happened, urgent=True) == happened


def test_a_year_without_a_calendar_stops_nothing():
    assert duty_time(at(20), urgent=False) == at(20)


def test_what_waits_for_office_hours_is_neither_shown_nor_counted_before():
    calendar.seed()
    mine, case = AccountFactory(), CaseFactory()
    with time_machine.travel(at(20), tick=False):
        notify(ASSIGNED, subject=case, to=[mine])
        notify(URGENT, subject=case, to=[mine])
        assert [m.kind for m in notices_of(mine)] == ["test.urgent"]

    with time_machine.travel(at(9, day=25), tick=False):
        assert (notices_of(mine).count(), unread_count(mine)) == (2, 2)


def test_nobody_reads_another_accounts_notices_away():
    mine, other = AccountFactory(), AccountFactory()
    notify(URGENT, subject=CaseFactory(), to=[mine])
    pk = notices_of(mine).get().pk

    assert (mark_read(other, pk), mark_read(other), unread_count(mine)) == (0, 0, 1)
    assert (mark_read(mine, pk), mark_read(mine, pk), unread_count(mine)) == (1, 0, 0)


def test_holders_are_those_whose_grant_covers_the_whole_region_and_line_today():
    county, city = RegionFactory(code="370102"), RegionFactory(code="370100", level="city")
    court = LineFactory(code="court")
    above, here = (
        AccountFactory(grants=[(city, None, "a.b")]),
        AccountFactory(grants=[(county, LineFactory(), "a.b")]),
    )
    AccountFactory(grants=[(RegionFactory(code="370202"), None, "a.b")])
    AccountFactory(grants=[(county, court, "a.b")])
    AccountFactory(grants=[(county, None, "a.c")])
    AccountFactory(grants=[(county, None, "a.b")], is_active=False)
    former = AccountFactory(grants=[(county, None, "a.b")])
    former.grants.update(ends_on=timezone.localdate())

    assert holders("a.b", region="370102", line="union") == [above.pk, here.pk]
    assert holders("a.b", region="370100", line="union") == [above.pk]


def test_every_declared_kind_speaks_of_what_a_notice_may_say():
    said: dict[str, Any] = {n.code: n.template.format(**dict.fromkeys(n.names, "x")) for n in NOTICES}

    assert all(0 < len(text) <= 200 for text in said.values())
