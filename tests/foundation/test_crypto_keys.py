"""What follows a rotation: everything comes under the newest key, what is no longer needed is retired, nothing is lost."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.db import connection, transaction
from django.utils import timezone

from tests.factories import AccountFactory, LineFactory, RegionFactory
from yanzhen.foundation import crypto, keys
from yanzhen.foundation.models import Account, DataKey, Person, Record
from yanzhen.foundation.people import register_person, reveal
from yanzhen.foundation.people.numbers import check_digit

pytestmark = pytest.mark.django_db

PHONE = "13812342046"
STORE = keys.STORES["person.phone"]


@pytest.fixture
def clerk() -> Account:
    crypto.forget_keys()
    crypto.begin()
    rights = "person.view person.edit person.reveal"
    return AccountFactory(grants=[(RegionFactory(code="370102"), None, rights)])


def registered(clerk: Account, **given: str) -> Person:
    values = {"name": "张三丰", "phone": PHONE} | given
    return register_person(region=RegionFactory(code="370102"), line=LineFactory(), actor=clerk, **values)


def key_under(person: Person) -> int:
    person.refresh_from_db()
    return crypto.key_of(bytes(person.phone_cipher))


def queued() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "select count(*) from procrastinate_jobs where task_name = %s", [keys.seal_again.job_name]
        )
        return cursor.fetchone()[0]


def work_off() -> int:
    """Run the job until it queues no other; return how often it ran."""
    for runs in range(1, 50):
        before = queued()
        keys.seal_again()
        if queued() == before:
            return runs
    raise AssertionError("it never comes to an end")


def test_a_rotation_queues_the_work_with_it_or_not_at_all(clerk):
    with transaction.atomic():
        keys.rotate()
        transaction.set_rollback(True)
    none = (queued(), DataKey.objects.count())

    made = keys.rotate()

    assert none == (0, 1)
    assert (queued(), crypto.newest_key()) == (1, made.pk)


def test_how_much_is_under_which_key_is_counted_by_what_it_is(clerk):
    first = crypto.newest_key()
    registered(clerk, id_number="37010219900101123" + check_digit("37010219900101123"))
    registered(clerk)
    second = keys.rotate().pk
    registered(clerk, phone="")
    registered(clerk)

    found = [(s.key.pk, s.under, s.total) for s in keys.standings()]

    assert found == [
        (second, {"人员手机号": 1}, 1),
        (first, {"人员证件号码": 1, "人员手机号": 2}, 3),
    ]


def test_the_work_goes_batch_by_batch_until_nothing_is_left_and_all_of_it_stays_readable(clerk, monkeypatch):
    people = [registered(clerk, phone=f"1381234204{n}") for n in range(5)]
    keys.rotate()
    people.append(registered(clerk, phone="13812342045"))
    second = keys.rotate().pk
    monkeypatch.setattr(keys, "BATCH", 2)

    runs = work_off()

    assert runs == 4
    assert {key_under(person) for person in people} == {second}
    assert [reveal(p, "phone", actor=clerk, reason="轮换后核对") for p in people] == [
        f"1381234204{n}" for n in range(6)
    ]


def test_a_rotation_in_the_middle_of_the_work_only_makes_it_longer(clerk, monkeypatch):
    people = [registered(clerk) for _ in range(3)]
    monkeypatch.setattr(keys, "BATCH", 2)
    keys.rotate()
    keys.seal_again()

    newest = keys.rotate().pk
    late = registered(clerk)
    work_off()

    assert {key_under(person) for person in (*people, late)} == {newest}
    assert reveal(people[2], "phone", actor=clerk, reason="轮换途中核对") == PHONE


def test_a_process_that_has_not_noticed_the_rotation_puts_nothing_back_under_its_own_key(clerk, monkeypatch):
    first = crypto.newest_key()
    second = keys.rotate().pk
    person = registered(clerk)
    monkeypatch.setattr(crypto, "newest_key", lambda: first)

    assert (STORE.seal_again(10), key_under(person)) == (0, second)


def test_a_text_that_does_not_open_is_not_passed_over(clerk):
    person = registered(clerk)
    Person.objects.filter(pk=person.pk).update(phone_cipher=bytes(person.phone_cipher)[:-1] + b"x")
    keys.rotate()

    with pytest.raises(crypto.KeyProblem):
        keys.seal_again()


def test_the_statements_do_not_grow_with_the_rows(clerk, django_assert_num_queries):
    for _ in range(12):
        registered(clerk)
    keys.rotate()
    crypto.seal("", context="")

    with django_assert_num_queries(4):  # two of them a savepoint
        assert STORE.seal_again(10) == 10


def test_a_key_under_which_nothing_is_left_is_retired_a_day_later_and_on_record(clerk):
    person = registered(clerk)
    first = crypto.newest_key()
    second = keys.rotate().pk
    work_off()

    early = keys.retire()
    with time_machine.travel(timezone.now() + timedelta(days=1, minutes=1)):
        late, again = keys.retire(), keys.retire()

    assert (early, late, again) == ([], [first], [])
    retired = DataKey.objects.exclude(retired_at=None).values_list("pk", flat=True)
    assert (list(retired), crypto.newest_key()) == ([first], second)
    assert Record.objects.filter(verb="key.retire").get().subject_id == str(first)
    assert reveal(person, "phone", actor=clerk, reason="轮换后核对") == PHONE


def test_a_key_that_something_is_under_is_not_retired(clerk):
    registered(clerk)
    keys.rotate()

    with time_machine.travel(timezone.now() + timedelta(days=2)):
        retired = keys.retire()

    assert (retired, DataKey.objects.exclude(retired_at=None).count()) == ([], 0)


def test_what_turns_up_under_a_retired_key_opens_and_the_next_rotation_takes_it_along(clerk):
    person = registered(clerk)
    old = bytes(person.phone_cipher)
    keys.rotate()
    work_off()
    with time_machine.travel(timezone.now() + timedelta(days=2)):
        keys.retire()
    Person.objects.filter(pk=person.pk).update(phone_cipher=old)
    person.refresh_from_db()

    opened = reveal(person, "phone", actor=clerk, reason="恢复后核对")
    newest = keys.rotate().pk
    work_off()

    assert (opened, key_under(person)) == (PHONE, newest)


def test_each_night_what_a_rotation_left_is_looked_for_until_its_key_is_retired(clerk):
    first = crypto.newest_key()
    keys.follow_up()
    without_a_rotation = queued()
    keys.rotate()
    work_off()
    late = registered(clerk)
    Person.objects.filter(pk=late.pk).update(phone_cipher=(sealed := _sealed_under(first, PHONE)))

    nights = []
    for night in (1, 2, 3, 4):
        with time_machine.travel(timezone.now() + timedelta(days=night, hours=1)):
            before = queued()
            keys.follow_up()
            nights.append(queued() - before)
            if queued() > before:
                work_off()

    assert without_a_rotation == 0
    assert crypto.key_of(sealed) == first != key_under(late)
    assert nights == [1, 1, 0, 0]
    assert list(DataKey.objects.exclude(retired_at=None).values_list("pk", flat=True)) == [first]


def _sealed_under(number: int, text: str) -> bytes:
    """Seal as a process does that has not noticed the rotation yet."""
    head = number.to_bytes(crypto.HEAD, "big")
    return head + crypto._encrypt(crypto._key(number), text.encode(), aad=head + b"person.phone")
