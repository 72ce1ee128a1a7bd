"""Rate limits: counted in the database, so that all processes count together."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from tests.foundation.test_numbering import in_threads
from yanzhen.foundation import limits
from yanzhen.foundation.errors import TooMany
from yanzhen.foundation.models import Tally

pytestmark = pytest.mark.django_db


def hit(key: str = "track:a", limit: int = 3, seconds: int = 600) -> bool:
    """Try once; tell whether it was let through."""
    try:
        limits.hit(key, limit=limit, seconds=seconds, message="太频繁")
    except TooMany:
        return False
    return True


def test_so_many_tries_pass_and_the_next_is_told_when_to_come_back():
    assert [hit() for _ in range(3)] == [True] * 3

    with pytest.raises(TooMany) as refused:
        limits.hit("track:a", limit=3, seconds=600, message="太频繁，请稍后再试")

    assert refused.value.message == "太频繁，请稍后再试"
    assert refused.value.status == 429
    assert 595 <= refused.value.data["retry_after_seconds"] <= 600


def test_each_key_counts_by_itself():
    assert [hit("a", limit=1), hit("b", limit=1), hit("a", limit=1), hit("b", limit=1)] == [
        True,
        True,
        False,
        False,
    ]


def test_tries_that_were_refused_do_not_push_the_window_on():
    hit(limit=1)
    until = Tally.objects.get().until

    assert [hit(limit=1), hit(limit=1)] == [False, False]
    assert Tally.objects.get().until == until


def test_a_window_that_is_over_counts_anew():
    assert [hit(limit=1), hit(limit=1)] == [True, False]
    Tally.objects.update(until=timezone.now() - timedelta(minutes=1))

    assert hit(limit=1)
    assert (Tally.objects.get().count, Tally.objects.get().until > timezone.now()) == (1, True)


def test_a_success_forgets_the_tries_of_its_key_alone():
    for key in ("a", "b"):
        hit(key, limit=1)

    limits.clear("a")

    assert [hit("a", limit=1), hit("b", limit=1)] == [True, False]


def test_windows_that_are_over_are_swept_and_the_others_stay():
    hit("over")
    hit("running")
    Tally.objects.filter(key="over").update(until=timezone.now() - timedelta(minutes=1))

    assert limits.sweep() == 1
    assert [tally.key for tally in Tally.objects.all()] == ["running"]


@pytest.mark.django_db(transaction=True)
def test_eight_processes_together_let_no_more_than_the_limit_pass():
    passed = in_threads(8, lambda _n: [hit(limit=10) for _ in range(5)])

    assert sum(map(sum, passed)) == 10
    assert Tally.objects.get().count == 40
