"""The figures of closing, each in the reader's reach, and what a mark takes out of them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from tests.closing import ALL_PASS, WHY, answered, at, checker, sample_of
from tests.factories import AccountFactory, RegionFactory
from tests.hotline import County, county
from yanzhen.domains.hotline.closing import indicators, sampling
from yanzhen.domains.hotline.closing.actions import Answer, finish_by_phone, give_up, note_attempt
from yanzhen.domains.hotline.closing.marks import appeal_online, propose_mark
from yanzhen.domains.hotline.models import Case
from yanzhen.engines.indicators.declare import Indicator, Period
from yanzhen.engines.indicators.figures import breakdowns, figure
from yanzhen.engines.procedures.engine import advance
from yanzhen.foundation.models import Account

pytestmark = pytest.mark.django_db

ALL = (
    indicators.CONTACTED,
    indicators.REFUSED,
    indicators.RESULT,
    indicators.SERVICE,
    indicators.UNREASONABLE,
    indicators.SAMPLE_FAILED,
)


def told(what: Indicator, account: Account) -> tuple[Any, int]:
    found = figure(what, account=account, region=RegionFactory(code="370000"), period=recently())
    return found.value, found.n


def recently() -> Period:
    today = timezone.localdate()
    return Period(today - timedelta(days=3), today + timedelta(days=1))


def closed(place: County, answer: Answer) -> Case:
    case = finish_by_phone(answered(place), answer, actor=place.caller)
    return advance(case, "close", actor=place.clerk)


def test_with_nothing_closed_every_rate_is_unknown():
    place = county()

    assert [told(what, place.clerk) for what in ALL] == [(None, 0)] * 6


def test_who_refused_stands_apart_from_who_could_not_be_reached():
    place = county()
    closed(place, Answer(True, "satisfied", "satisfied"))
    refused, away = answered(place), answered(place)
    note_attempt(refused, actor=place.clerk, outcome="refused")
    for day, hour in ((3, 9), (2, 15), (1, 19)):
        note_attempt(away, actor=place.clerk, outcome="no_answer", at=at(day, hour))
    for case in (refused, away):
        advance(give_up(case, actor=place.caller), "close", actor=place.clerk)

    assert told(indicators.CONTACTED, place.clerk) == (50, 2)
    assert (float(told(indicators.REFUSED, place.clerk)[0]), told(indicators.REFUSED, place.clerk)[1]) == (
        33.33,
        3,
    )


def test_result_and_service_are_rated_apart():
    place = county()
    closed(place, Answer(True, "fair", "satisfied"))
    closed(place, Answer(True, "satisfied", ""))

    assert told(indicators.RESULT, place.clerk) == (50, 2)
    assert told(indicators.SERVICE, place.clerk) == (100, 1)


def test_a_marked_demand_is_left_out_and_counted_until_somebody_doubts_it():
    place = county()
    closed(place, Answer(True, "satisfied", "satisfied"))
    bad = closed(place, Answer(True, "dissatisfied", "dissatisfied"))
    seen = []

    def look() -> None:
        seen.append(
            [
                told(what, place.clerk)
                for what in (indicators.RESULT, indicators.SERVICE, indicators.UNREASONABLE)
            ]
        )

    mark = propose_mark(bad, actor=place.clerk, ground="repeated", reason=WHY)
    look()
    advance(mark, "confirm", actor=checker(place), opinion=WHY)
    look()
    appeal_online(bad, objection="单位至今没有付钱")
    look()
    advance(mark, "uphold", actor=checker(place), opinion=WHY)
    look()

    without, with_mark = [(50, 2), (50, 2), (0, 2)], [(100, 1), (100, 1), (50, 2)]
    assert seen == [without, with_mark, without, with_mark]


def test_a_failed_sample_counts_though_the_case_was_opened_again():
    place = county()
    sampled = sample_of(place)
    findings = {**ALL_PASS, "facts": "fail"}
    sampling.review_sample(sampled, actor=checker(place), findings=findings, passed=False, opinion=WHY)
    before = told(indicators.SAMPLE_FAILED, place.clerk)
    advance(sampled.case, "reopen", actor=place.clerk, note="抽检不合格")

    assert (before, told(indicators.SAMPLE_FAILED, place.clerk)) == ((100, 1), (100, 1))


def test_a_figure_is_of_the_readers_own_reach_and_by_region():
    place = county()
    closed(place, Answer(True, "satisfied", "satisfied"))
    stranger = AccountFactory(grants=[(RegionFactory(code="370200"), None, "case.view")])
    province = RegionFactory(code="370000")

    found = breakdowns(ALL, account=place.clerk, region=province, period=recently())

    assert [told(what, stranger)[1] for what in ALL] == [0] * 6
    assert {code: part.n for code, part in found["closing.contacted"].parts.items()} == {"370100": 1}
