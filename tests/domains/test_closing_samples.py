"""A day's random sample: drawn so that anybody can draw it again, looked at by a second person."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.closing import ALL_PASS, WHY, at, checker, sample_of
from tests.factories import AccountFactory, CaseFactory, LineFactory, RegionFactory
from tests.hotline import county
from yanzhen.domains.hotline.closing import queries, rules, sampling
from yanzhen.domains.hotline.closing.models import Draw, Sampled
from yanzhen.domains.hotline.closing.tasks import draw_samples
from yanzhen.domains.hotline.models import Case
from yanzhen.foundation.errors import Invalid, NotAllowed, Refusal
from yanzhen.foundation.models import Checkpoint
from yanzhen.foundation.records import history

pytestmark = pytest.mark.django_db

YESTERDAY = timezone.localdate() - timedelta(days=1)


@pytest.fixture(autouse=True)
def _today():
    global YESTERDAY  # noqa: PLW0603  # a run may go on past midnight
    YESTERDAY = timezone.localdate() - timedelta(days=1)


def closed(count: int, region: str = "370102", days_ago: int = 1) -> list[Case]:
    return CaseFactory.create_batch(
        count,
        region=RegionFactory(code=region),
        state="closed",
        quality_passed=True,
        ended_at=at(days_ago, 12),
    )


def sealed() -> Checkpoint:
    """A checkpoint of now, as the sealer leaves it."""
    part = b"7" * 32
    return Checkpoint.objects.create(
        at=timezone.now(), size=1, total=1, root=part, previous=part, digest=part, signature=part, key_id="k"
    )


def test_each_city_has_its_own_draw_and_at_least_one_case():
    county()
    RegionFactory(code="370200", level="city")
    jinan, qingdao = closed(45), closed(3, "370202")
    closed(2, days_ago=0)

    assert sampling.draw_day(YESTERDAY) == 2

    first, second = Draw.objects.order_by("region_id")
    assert (first.population, second.population) == ([c.pk for c in jinan], [c.pk for c in qingdao])
    assert (first.sampled.count(), second.sampled.count()) == (3, 1)
    assert all(sampling.drawn_again(draw) for draw in (first, second))


def test_a_day_is_drawn_once_and_days_that_were_missed_are_made_up_for():
    county()
    closed(2)
    closed(2, days_ago=3)
    closed(2, days_ago=9)

    draw_samples()
    draw_samples()

    assert sorted(Draw.objects.values_list("day", flat=True)) == [YESTERDAY - timedelta(days=2), YESTERDAY]
    assert Sampled.objects.count() == 2


def test_the_seed_follows_from_the_first_checkpoint_after_the_day():
    county()
    closed(30)
    checkpoint = sealed()

    sampling.draw_day(YESTERDAY)

    draw = Draw.objects.get()
    assert draw.seed == rules.seed_of(YESTERDAY, "370100", bytes(checkpoint.digest))
    assert draw.checkpoint == checkpoint.pk
    assert sampling.drawn_again(draw)


def test_a_draw_that_somebody_steered_does_not_come_out_again():
    county()
    closed(30)
    sealed()
    sampling.draw_day(YESTERDAY)
    draw = Draw.objects.get()
    spared = draw.sampled.first()
    others = set(draw.population) - set(draw.sampled.values_list("case_id", flat=True))

    Sampled.objects.filter(pk=spared.pk).update(case=min(others))
    swapped = sampling.drawn_again(draw)
    Sampled.objects.filter(pk=spared.pk).update(case=spared.case_id)
    draw.seed = "0" * 64

    assert (swapped, sampling.drawn_again(draw)) == (False, False)


def test_without_a_checkpoint_the_seed_is_random_and_on_record():
    county()
    closed(3)

    sampling.draw_day(YESTERDAY)

    draw = Draw.objects.get()
    assert draw.checkpoint is None
    assert history(draw).get().after["seed"] == draw.seed
    assert sampling.drawn_again(draw)


def test_a_second_person_looks_and_it_is_on_record():
    place = county()
    sampled = sample_of(place)
    reviewer = checker(place)

    done = sampling.review_sample(sampled, actor=reviewer, findings=ALL_PASS, passed=True)

    assert (done.reviewer, done.passed, done.findings) == (reviewer, True, ALL_PASS)
    last = history(sampled.case).last()
    assert (last.verb, last.actor_id, last.after["passed"]) == ("sample.review", reviewer.pk, True)


@pytest.mark.parametrize("who", ["handler", "closer"])
def test_whoever_had_a_hand_in_the_case_does_not_look(who):
    place = county()
    sampled = sample_of(place)
    account = place.clerk
    if who == "handler":
        account = checker(place)
        Case.objects.filter(pk=sampled.case_id).update(handler=account)

    with pytest.raises(NotAllowed, match="须由他人复核"):
        sampling.review_sample(sampled, actor=account, findings=ALL_PASS, passed=True)


@pytest.mark.parametrize("where", ["region", "line", "right"])
def test_a_sample_is_looked_at_within_ones_own_reach_alone(where):
    place = county()
    sampled = sample_of(place)
    region = RegionFactory(code="370202") if where == "region" else place.region
    line = LineFactory(code="court") if where == "line" else None
    rights = "case.view" if where == "right" else "case.view case.check"
    stranger = AccountFactory(grants=[(region, line, rights)])

    with pytest.raises(NotAllowed, match="没有“质检与办结”权限"):
        sampling.review_sample(sampled, actor=stranger, findings=ALL_PASS, passed=True)

    assert (list(queries.samples(stranger)), list(queries.samples(checker(place)))) == ([], [sampled])


@pytest.mark.parametrize(
    ("findings", "passed", "opinion", "fields"),
    [
        ({**ALL_PASS, "facts": "maybe"}, True, "", ["facts"]),
        (ALL_PASS, False, "", ["passed"]),
        ({**ALL_PASS, "facts": "fail"}, False, "不实", ["opinion"]),
        ({**ALL_PASS, "facts": "fail"}, True, "", ["opinion"]),
    ],
)
def test_a_look_says_on_every_point_and_why(findings, passed, opinion, fields):
    place = county()
    sampled = sample_of(place)

    with pytest.raises(Invalid) as refusal:
        sampling.review_sample(
            sampled, actor=checker(place), findings=findings, passed=passed, opinion=opinion
        )

    assert list(refusal.value.data["fields"]) == fields
    assert Sampled.objects.get().reviewed_at is None


def test_a_look_is_taken_once():
    place = county()
    sampled = sample_of(place)
    findings = {**ALL_PASS, "facts": "fail"}
    sampling.review_sample(sampled, actor=checker(place), findings=findings, passed=False, opinion=WHY)

    with pytest.raises(Refusal, match="已由他人复核"):
        sampling.review_sample(sampled, actor=checker(place), findings=ALL_PASS, passed=True)

    found = queries.found(checker(place), since=at(1, 0))
    assert (found.sampled, found.n, found.failed, found.share) == (1, 1, 1, "100")


def test_a_draw_costs_the_same_for_ten_cases_as_for_forty():
    county()
    closed(10)
    closed(40, days_ago=2)
    closed(1, days_ago=3)
    sampling.draw_day(timezone.localdate() - timedelta(days=3))  # reads parameters and calendar
    counts = []

    for days_ago in (1, 2):
        with CaptureQueriesContext(connection) as context:
            sampling.draw_day(timezone.localdate() - timedelta(days=days_ago))
        counts.append(len(context))

    assert counts[0] == counts[1]
