"""Which agent is next, and why: skill, region, fairness, presence; the same people that the proof counts."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest

from tests.rosters import Place, moment, place, seated, shift
from yanzhen.domains.hotline.rosters import queries, routing
from yanzhen.domains.hotline.rosters.actions.duty import set_presence
from yanzhen.domains.hotline.rosters.coverage import Coverage, Span
from yanzhen.domains.hotline.rosters.models import RouteAnswer
from yanzhen.domains.hotline.rosters.routing import ALL_BUSY, NOBODY, Answer
from yanzhen.foundation.models import Account

pytestmark = pytest.mark.django_db
NOON = moment(5, 12)


@pytest.fixture
def here() -> Place:
    return place()


def on_duty(where: Place, region: str = "county", **given: str) -> Account:
    account = where.seat(getattr(where, region), **given)
    shift(account, getattr(where, region), moment(5, 8), moment(5, 16), **given)
    return account


def asked(
    region: str = "370102", skill: str = "general", busy: tuple[int, ...] = (), minute: int = 0
) -> Answer:
    return routing.route(
        region, skill, at=NOON + timedelta(minutes=minute), call_id=f"c{minute}", busy=busy, because=""
    )


def rung(answer: Answer) -> list[int]:
    return [target.account for target in answer.targets]


def test_the_nearest_ring_first_then_city_and_province(here):
    far, middle, near = (on_duty(here, level) for level in ("province", "city", "county"))

    answer = asked()

    assert rung(answer) == [near.pk, middle.pk, far.pk]
    assert [t.ring_ms for t in answer.targets] == [5000, 5000, 5000]
    assert answer.announcement is None


def test_another_county_rings_nobody_of_this_one(here):
    on_duty(here)
    middle = on_duty(here, "city")

    assert rung(asked("370103")) == [middle.pk]


def test_the_skill_comes_before_nearness_and_general_seats_are_the_last_resort(here):
    lawyer = on_duty(here, "province", skill="law")
    near = on_duty(here)

    assert rung(asked(skill="law")) == [lawyer.pk, near.pk]
    assert rung(asked()) == [near.pk]
    answer = asked(skill="english")
    assert (rung(answer), answer.why[0]) == ([near.pk], "没有“english”坐席值班，由通用坐席接听")


def test_who_was_offered_nothing_for_longest_is_next(here):
    one, other = on_duty(here), on_duty(here)

    first = [rung(asked(minute=minute))[0] for minute in range(4)]

    assert first == [one.pk, other.pk, one.pk, other.pk]


def test_who_is_away_comes_last_and_still_comes(here):
    away, far = on_duty(here), on_duty(here, "province")
    set_presence(away=True, actor=away)

    assert rung(asked()) == [far.pk, away.pk]
    assert rung(asked(busy=(far.pk,))) == [away.pk]


def test_who_talks_is_not_rung(here):
    one, other = on_duty(here), on_duty(here)

    assert rung(asked(busy=(one.pk,))) == [other.pk]
    answer = asked(busy=(one.pk, other.pk))
    assert (answer.targets, answer.announcement) == ((), ALL_BUSY)


def test_nobody_on_duty_is_an_announcement(here):
    answer = asked()

    assert answer == Answer(
        (),
        (
            "县级 370102 值班 0 人",
            "市级 370100 值班 0 人",
            "省级 370000 值班 0 人",
            "无人值班，播放提示并转回拨",
        ),
        NOBODY,
    )


def test_a_shift_takes_calls_from_its_start_and_none_at_its_end(here):
    account = on_duty(here)

    def first(hour: float) -> list[int]:
        return rung(routing.route("370102", "general", at=moment(5, hour), call_id="c"))

    assert (first(7.999), first(8), first(15.999), first(16)) == ([], [account.pk], [account.pk], [])


def test_all_telephones_together_ring_no_longer_than_fifteen_seconds(here):
    people = [on_duty(here) for _ in range(5)]

    one, two, five = (asked(busy=tuple(p.pk for p in people[n:])) for n in (1, 2, 5))

    assert [[t.ring_ms for t in answer.targets] for answer in (one, two, five)] == [
        [15000],
        [7500, 7500],
        [5000, 5000, 5000],
    ]


def test_why_a_call_went_where_it_went_can_be_read_later(here):
    account = on_duty(here)

    answer = asked(minute=7)

    (kept,) = queries.route_answers("c7")
    assert (kept.accounts, kept.why, kept.region) == ([account.pk], list(answer.why), "370102")
    assert kept.why[-1] == f"先近后远、最久未派者在前：{account.seat.extension}"
    assert RouteAnswer.objects.count() == 1


def test_a_call_that_tells_nothing_is_the_provinces(here):
    far = on_duty(here, "province")
    on_duty(here)

    answer = routing.route_call(caller="13800000000", called="12351", call_id="c", at=NOON)

    assert (rung(answer), answer.why[0]) == ([far.pk], "属地 370000：号码不能判断，由省级接听")


def test_a_fixed_line_is_its_citys(here):
    middle = on_duty(here, "city")

    answer = routing.route_call(caller="053188886666", called="12351", call_id="c", at=NOON)

    assert (rung(answer), answer.why[0]) == ([middle.pk], "属地 370100：来电区号 0531 为济南")


def test_a_route_takes_no_more_than_six_statements(here, django_assert_max_num_queries):
    for _ in range(20):
        on_duty(here)
    asked()

    with django_assert_max_num_queries(6):
        routing.route_call(caller="13800000000", called="12351", call_id="c", at=NOON)


def test_a_seat_out_of_use_takes_no_calls_and_proves_nothing(here):
    off = seated(here.county, active=False)
    gone = here.seat()
    for account in (off, gone):
        shift(account, here.county, moment(5, 8), moment(5, 16))
    gone.is_active = False
    gone.save()

    assert rung(asked()) == []
    assert queries.duties(Span(moment(5), moment(6))) == []


def test_a_call_finds_somebody_exactly_when_the_proof_says_so(here):
    dice = random.Random(7)  # noqa: S311  # no secret
    for _ in range(12):
        region = dice.choice([here.province, here.city, here.county])
        start = dice.randrange(0, 22)
        shift(here.seat(region), region, moment(5, start), moment(5, start + dice.randrange(1, 3)))
    window = Span(moment(5), moment(6))
    cover = Coverage.of(queries.duties(window), window)

    for quarter in range(24 * 4):
        at = moment(5, quarter / 4)
        bare = any(s.start <= at < s.end for s in cover.bare("370102", "general"))
        assert bool(routing.route("370102", "general", at=at, call_id="c").targets) is not bare
