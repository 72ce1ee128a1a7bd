"""The hotline's figures, on cases that were put there by hand."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.factories import AccountFactory, CaseFactory, RegionFactory
from tests.hotline import REPLY, county
from yanzhen.domains.hotline import indicators
from yanzhen.domains.hotline.models import Case
from yanzhen.engines.indicators.declare import INDICATORS, Indicator, Period
from yanzhen.engines.indicators.figures import figure, records
from yanzhen.engines.procedures.engine import advance
from yanzhen.foundation.models import Account

pytestmark = pytest.mark.django_db

YEAR = Period.year(2026)
SHANGHAI = ZoneInfo("Asia/Shanghai")


def on(year: int, month: int, day: int) -> datetime:
    return datetime(year, month, day, 9, tzinfo=SHANGHAI)


def reader() -> Account:
    return AccountFactory(grants=[(RegionFactory(code="370000"), None, "case.view")])


def case(**given: Any) -> Case:
    return CaseFactory(**({"region": RegionFactory(code="370102"), "received_at": on(2026, 3, 1)} | given))


def closed(ended_at: datetime | None = None, **given: Any) -> Case:
    values = {"state": "closed", "ended_at": ended_at or on(2026, 3, 20), "quality_passed": True}
    return case(**(values | given))


def told(what: Indicator, account: Account | None = None) -> tuple[Decimal | None, int, int]:
    found = figure(what, account=account or reader(), region=RegionFactory(code="370000"), period=YEAR)
    return found.value, found.n, found.total


def behind(what: Indicator, part: str = "part") -> set[Case]:
    return set(records(what, account=reader(), region=RegionFactory(code="370000"), period=YEAR, part=part))


def test_they_are_declared_in_the_order_in_which_they_are_shown():
    assert [i.code for i in INDICATORS if i.code.startswith("hotline.")] == [
        "hotline.received",
        "hotline.dispatch_accuracy",
        "hotline.closed",
        "hotline.closed_on_time",
        "hotline.resolved",
        "hotline.first_contact",
        "hotline.satisfied",
    ]


def test_with_no_cases_the_counts_are_nought_and_the_rates_unknown():
    assert [told(what) for what in INDICATORS if what.code.startswith("hotline.")] == [
        (0, 0, 0),
        (None, 0, 0),
        (0, 0, 0),
        (None, 0, 0),
        (None, 0, 0),
        (None, 0, 0),
        (None, 0, 0),
    ]


def test_received_counts_by_the_day_it_came_and_declined_ones_too():
    here = {
        case(),
        case(state="declined", ended_at=on(2026, 3, 2)),
        closed(on(2027, 1, 4), received_at=on(2026, 12, 31)),
    }
    closed(on(2026, 1, 5), received_at=on(2025, 12, 31))

    assert told(indicators.RECEIVED) == (3, 3, 3)
    assert behind(indicators.RECEIVED) == here


def test_closed_counts_by_the_day_it_ended_and_no_declined_ones():
    here = {closed(), closed(on(2026, 1, 5), received_at=on(2025, 12, 31))}
    closed(on(2027, 1, 4))
    case(state="declined", ended_at=on(2026, 3, 2))
    case(state="called_back")

    assert told(indicators.CLOSED) == (2, 2, 2)
    assert behind(indicators.CLOSED) == here


def test_on_time_is_the_share_of_closed_ones_that_were_never_late():
    in_time = {closed(), closed()}
    late = closed(late=True)
    case(late=False)

    assert told(indicators.ON_TIME) == (Decimal("66.67"), 3, 3)
    assert (behind(indicators.ON_TIME), behind(indicators.ON_TIME, "rest")) == (in_time, {late})


def test_resolved_is_the_share_of_those_who_were_reached_and_said_whether():
    yes, no = closed(reached=True, solved=True), closed(reached=True, solved=False)
    nobody = closed(reached=False, solved=None)
    case(state="called_back", reached=True, solved=True)

    assert told(indicators.RESOLVED) == (Decimal("50.00"), 2, 3)
    assert [behind(indicators.RESOLVED, part) for part in ("part", "rest", "base", "all")] == [
        {yes},
        {no},
        {yes, no},
        {yes, no, nobody},
    ]


def test_satisfied_is_the_share_of_those_who_rated_and_fair_is_not_satisfied():
    good = closed(satisfaction="satisfied")
    others = {closed(satisfaction="fair"), closed(satisfaction="dissatisfied")}
    closed(satisfaction=""), closed(satisfaction="")

    found = figure(indicators.SATISFIED, account=reader(), region=RegionFactory(code="370000"), period=YEAR)

    assert (found.value, found.n, found.total, found.outside) == (
        Decimal("33.33"),
        3,
        5,
        Decimal("40.00"),
    )
    assert (behind(indicators.SATISFIED), behind(indicators.SATISFIED, "rest")) == ({good}, others)


@pytest.mark.parametrize(
    "what", [i for i in INDICATORS if i.code.startswith("hotline.")], ids=lambda what: what.code
)
def test_a_figure_is_of_the_readers_own_reach(what):
    closed(solved=True, satisfaction="satisfied")
    closed(region=RegionFactory(code="370202"), solved=False, satisfaction="fair", late=True)
    clerk = AccountFactory(grants=[(RegionFactory(code="370100"), None, "case.view")])

    _value, n, total = told(what, clerk)

    assert (n, total) == (1, 1)


def test_a_dispatch_is_accurate_where_no_unit_returned_it_and_only_dispatched_ones_count():
    kept = {case(state="handling"), closed()}
    returned = {case(state="accepted", returns=1), case(state="disputed", returns=2), closed(returns=1)}
    case(), case(state="accepted"), case(state="declined", ended_at=on(2026, 3, 2))

    assert told(indicators.DISPATCH_ACCURACY) == (Decimal("40.00"), 5, 8)
    assert (behind(indicators.DISPATCH_ACCURACY), behind(indicators.DISPATCH_ACCURACY, "rest")) == (
        kept,
        returned,
    )


def test_first_contact_is_solved_by_the_first_unit_with_nobody_else_asked_in():
    once = closed(solved=True)
    others = {
        closed(solved=False),
        closed(solved=True, returns=1),
        closed(solved=True, party_keys=["union:3702"]),
    }
    closed(solved=None), case(state="called_back", solved=True)

    assert told(indicators.FIRST_CONTACT) == (Decimal("25.00"), 4, 5)
    assert (behind(indicators.FIRST_CONTACT), behind(indicators.FIRST_CONTACT, "rest")) == ({once}, others)


@pytest.mark.parametrize("move", ["redo", "fail_check", "reopen"])
def test_what_was_handled_once_more_was_not_solved_at_first_contact(move):
    place = county()
    straight, again = place.closed(), place.closed() if move == "reopen" else place.called_back()
    if move == "redo":
        again = place.called_back(solved=False)
    advance(again, move, actor=place.clerk, note="单位未履行承诺")
    advance(again, "answer", actor=place.handler if move == "fail_check" else place.deputy, reply=REPLY)
    place.call(again)
    advance(again, "close", actor=place.clerk)
    period = Period.year(straight.ended_at.astimezone(SHANGHAI).year)

    found = figure(indicators.FIRST_CONTACT, account=place.clerk, region=place.region, period=period)

    assert (found.value, found.n) == (Decimal("50.00"), 2)


def test_a_case_that_is_opened_again_leaves_the_closed_ones():
    place = county()
    row = place.closed()
    year = Period.year(row.ended_at.astimezone(SHANGHAI).year)

    def count() -> Any:
        return figure(indicators.CLOSED, account=place.clerk, region=place.region, period=year).value

    before = count()
    advance(row, "reopen", actor=place.clerk, note="单位未履行承诺")

    assert (before, count()) == (1, 0)


def test_a_walk_from_received_to_closed_makes_every_figure():
    place = county()
    row = place.closed()
    year = Period.year(row.ended_at.astimezone(SHANGHAI).year)

    values = [
        figure(what, account=place.clerk, region=place.region, period=year).value
        for what in INDICATORS
        if what.code.startswith("hotline.")
    ]

    assert values == [1, 100, 1, 100, 100, 100, 100]
