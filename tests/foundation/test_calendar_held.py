"""What is held in the process: shared when committed, private while a transaction has yet to end."""

from __future__ import annotations

import threading
import time

import pytest
from django.db import transaction

from yanzhen.foundation.calendar.held import Held

pytestmark = pytest.mark.django_db


class Table:
    """A number that is read and, as its own fingerprint, looked at; both are counted."""

    def __init__(self) -> None:
        self.value = 1
        self.reads = 0
        self.looks = 0

    def read(self) -> int:
        self.reads += 1
        return self.value

    def look(self) -> int:
        self.looks += 1
        return self.value


def elsewhere(held: Held[int]) -> int:
    """Return what another thread gets."""
    seen: list[int] = []
    thread = threading.Thread(target=lambda: seen.append(held.get()))
    thread.start()
    thread.join()
    return seen[0]


def test_what_is_fresh_costs_nothing_and_what_did_not_change_is_not_read_again():
    table = Table()
    fresh, stale = Held(table.read, table.look, seconds=60), Held(table.read, table.look, seconds=0)

    assert [fresh.get() for _ in range(3)] == [1, 1, 1]
    assert (table.looks, table.reads) == (1, 1)
    assert [stale.get() for _ in range(3)] == [1, 1, 1]
    assert (table.looks, table.reads) == (4, 2)


def test_a_change_made_elsewhere_is_seen_when_the_time_is_up():
    table = Table()
    held = Held(table.read, table.look, seconds=0.05)
    held.get()

    table.value = 2
    at_once = held.get()
    time.sleep(0.06)

    assert (at_once, held.get()) == (1, 2)


def test_a_change_made_here_is_seen_at_once_here_and_by_nobody_else_before_the_commit():
    table = Table()
    held = Held(table.read, table.look, seconds=60)
    held.get()

    table.value = 2
    held.forget()

    assert (held.get(), elsewhere(held)) == (2, 1)


def test_a_commit_shows_it_to_everybody(django_capture_on_commit_callbacks):
    table = Table()
    held = Held(table.read, table.look, seconds=60)
    held.get()

    with django_capture_on_commit_callbacks(execute=True):
        table.value = 2
        held.forget()

    assert (held.get(), elsewhere(held)) == (2, 2)


def test_after_a_write_it_is_looked_at_once_and_not_at_every_use():
    table = Table()
    held = Held(table.read, table.look, seconds=60)
    held.forget()
    held.get()
    looks = table.looks

    for _ in range(5):
        with transaction.atomic():
            held.get()

    assert table.looks == looks


def undone(write) -> None:
    """Run `write` in a savepoint that is rolled back."""
    savepoint = transaction.atomic()
    savepoint.__enter__()
    write()
    savepoint.__exit__(RuntimeError, RuntimeError(), None)


def test_what_was_rolled_back_is_gone_even_inside_a_later_transaction():
    table = Table()
    held = Held(table.read, table.look, seconds=60)
    held.get()

    def write() -> None:
        table.value = 2
        held.forget()
        assert held.get() == 2

    undone(write)
    table.value = 1  # as the rollback leaves it
    with transaction.atomic():
        later = held.get()

    assert later == 1


def test_a_write_that_is_undone_leaves_the_one_before_it():
    table = Table()
    held = Held(table.read, table.look, seconds=60)
    held.get()

    def write(value: int) -> None:
        table.value = value
        held.forget()
        held.get()

    with transaction.atomic():
        write(2)
    undone(lambda: write(3))
    table.value = 2  # as the rollback leaves it

    assert (held.get(), elsewhere(held)) == (2, 1)
