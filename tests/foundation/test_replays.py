"""Requests that come twice: done once, answered twice."""

from __future__ import annotations

import time

import pytest

from tests.foundation.test_numbering import in_threads
from yanzhen.foundation.errors import Invalid, NotAllowed
from yanzhen.foundation.models import Replay, Series
from yanzhen.foundation.replays import Answer, once

pytestmark = pytest.mark.django_db


def produce(code: str = "made") -> Answer:
    """Do something that shows how often it was done."""
    row, _ = Series.objects.get_or_create(code=code)
    row.last += 1
    row.save()
    return 201, {"number": f"{code}-{row.last}"}


def test_the_second_request_gets_the_answer_of_the_first_and_does_nothing():
    first = once("portal", "key-1", "f" * 64, produce)

    second = once("portal", "key-1", "f" * 64, produce)

    assert (first, second) == ((201, {"number": "made-1"}), (201, {"number": "made-1"}))
    assert Series.objects.get().last == 1


def test_another_key_and_another_sender_are_other_requests():
    answers = [once(sender, key, "f" * 64, produce) for sender, key in (("a", "1"), ("a", "2"), ("b", "1"))]

    assert [answer["number"] for _, answer in answers] == ["made-1", "made-2", "made-3"]


def test_the_same_key_for_another_content_is_refused_and_nothing_is_done():
    once("portal", "key-1", "a" * 64, produce)

    with pytest.raises(Invalid) as refused:
        once("portal", "key-1", "b" * 64, produce)

    assert refused.value.data["fields"] == {"Idempotency-Key": "已用于另一份内容"}
    assert Series.objects.get().last == 1


def test_a_request_that_was_refused_may_be_sent_again():
    def refuse() -> Answer:
        produce()
        raise NotAllowed("没有权限")

    with pytest.raises(NotAllowed):
        once("portal", "key-1", "f" * 64, refuse)
    after_the_refusal = (Replay.objects.count(), Series.objects.count())
    answer = once("portal", "key-1", "f" * 64, produce)

    assert (after_the_refusal, answer) == ((0, 0), (201, {"number": "made-1"}))


@pytest.mark.django_db(transaction=True)
def test_two_that_come_at_the_same_moment_are_done_once():
    def slowly(n: int) -> Answer:
        def made() -> Answer:
            time.sleep(0.2)
            return produce(f"made-by-{n}")

        return once("portal", "key-1", "f" * 64, made)

    first, *others = in_threads(4, slowly)

    assert others == [first] * 3
    assert (Series.objects.count(), Replay.objects.count()) == (1, 1)


@pytest.mark.django_db(transaction=True)
def test_requests_of_different_keys_do_not_wait_for_each_other():
    def slowly(n: int) -> tuple[float, float]:
        span: list[float] = []

        def made() -> Answer:
            span.append(time.monotonic())
            time.sleep(0.3)
            span.append(time.monotonic())
            return 201, {}

        once("portal", f"key-{n}", "f" * 64, made)
        return span[0], span[1]

    one, other = in_threads(2, slowly)

    assert max(one[0], other[0]) < min(one[1], other[1])
