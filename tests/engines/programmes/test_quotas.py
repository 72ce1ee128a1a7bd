"""Quota: the cells add up, ties are told, places move and come back."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from django.db import IntegrityError, connection
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from tests.factories import AccountFactory, LineFactory, RegionFactory
from tests.results import CITIES, at_stage, cities, dealt, jury, ranked
from tests.selection import enterprise, open_round, organiser, programme
from yanzhen.engines.programmes import quotas
from yanzhen.engines.programmes.declare import Quota
from yanzhen.engines.programmes.models import QuotaCell
from yanzhen.foundation.errors import Invalid, NotAllowed
from yanzhen.foundation.records import history

pytestmark = pytest.mark.django_db


def held(round_: Any) -> dict[str, int]:
    return dict(QuotaCell.objects.filter(round=round_).values_list("code", "places"))


def test_places_are_dealt_by_largest_remainder_and_kept_back_as_declared() -> None:
    cities()
    actor = organiser()
    round_ = open_round(actor, programme(quota=Quota(places=10, reserve=2)))

    quotas.deal(round_, {"3701": 55, "3702": 45}, actor=actor)

    # 8 places: 4.4 and 3.6
    assert held(round_) == {"": 2, "3701": 4, "3702": 4}
    assert list(QuotaCell.objects.filter(round=round_).values_list("code", "nominees")) == [
        ("", 0),
        ("3701", 8),
        ("3702", 8),
    ]
    assert history(round_).last().verb == "quota.deal"


def test_equal_remainders_are_told_and_a_declared_order_decides() -> None:
    cities()
    actor = organiser()
    round_ = open_round(actor, programme(quota=Quota(places=3)))

    with pytest.raises(quotas.QuotaTied, match="济南市、青岛市余数相同，只剩 1 个名额") as refusal:
        quotas.deal(round_, {"3701": 1, "3702": 1}, actor=actor)
    assert (refusal.value.data["tied"], held(round_)) == (["3701", "3702"], {})

    quotas.deal(round_, {"3701": 1, "3702": 1}, actor=actor, order=("3702", "3701"))
    assert held(round_) == {"": 0, "3701": 1, "3702": 2}


def test_a_round_without_cells_has_all_places_in_one() -> None:
    actor = organiser()
    round_ = open_round(actor, programme(quota=Quota(places=5, by="")))

    quotas.deal(round_, {}, actor=actor)

    assert list(QuotaCell.objects.filter(round=round_).values_list("code", "places", "nominees")) == [
        ("", 5, 10)
    ]


def test_the_basis_is_measured_by_headcount_or_by_applications() -> None:
    cities()
    actor = organiser()
    enterprise("370102"), enterprise("370202"), enterprise("370202")
    by_workers = open_round(actor, programme(), label="按人数")
    by_sent = open_round(
        actor, programme(code="sent", quota=Quota(places=4, basis="applications")), label="按申报"
    )
    ranked(by_sent, ["3702"])

    assert quotas.measured(by_workers) == {"3701": 500, "3702": 1500}
    assert quotas.measured(by_sent) == {"3701": 0, "3702": 1}


def test_unused_places_come_back_to_the_reserve_and_go_on_to_another_cell() -> None:
    round_, actor = dealt()
    jinan, qingdao = (QuotaCell.objects.get(round=round_, code=code) for code in CITIES)

    quotas.give_back(jinan, 1, why="无人符合条件", actor=actor)
    quotas.move_places(
        QuotaCell.objects.get(round=round_, code=""), qingdao, 1, why="青岛申报多", actor=actor
    )

    assert held(round_) == {"": 0, "3701": 1, "3702": 3}
    letter = quotas.letter(QuotaCell.objects.get(pk=jinan.pk))
    assert (letter["total"], [move.why for move in letter["moves"]]) == (4, ["无人符合条件"])


def test_who_does_not_run_the_round_deals_and_moves_nothing() -> None:
    round_, actor = dealt()
    cell = QuotaCell.objects.get(round=round_, code="3701")
    elsewhere = AccountFactory(
        grants=[(RegionFactory(code="370200", level="city"), LineFactory(), "round.run")]
    )
    another_line = AccountFactory(grants=[(round_.region, LineFactory(code="justice"), "round.run")])

    for stranger in (elsewhere, another_line, jury()):
        with pytest.raises(NotAllowed):
            quotas.deal(round_, {"3701": 1, "3702": 1}, actor=stranger)
        with pytest.raises(NotAllowed):
            quotas.give_back(cell, 1, why="不该发生", actor=stranger)
    assert held(round_) == {"": 0, "3701": 2, "3702": 2}
    with pytest.raises(Invalid):
        quotas.give_back(cell, 1, why=" ", actor=actor)


def test_places_are_not_dealt_anew_once_somebody_was_put_forward() -> None:
    round_, actor = dealt()
    ranked(round_, ["3701"])

    with pytest.raises(quotas.QuotaRefused, match="已有申报被推荐"):
        quotas.deal(at_stage(round_, "recommend"), {"3701": 9, "3702": 1}, actor=actor)


def test_the_database_itself_refuses_cells_that_do_not_add_up() -> None:
    round_, _actor = dealt()

    with connection.cursor() as cursor:
        cursor.execute("set constraints all immediate")
    with pytest.raises(IntegrityError, match="the quota is 4"):
        QuotaCell.objects.filter(round=round_, code="3701").update(places=3)


class Sums(TestCase):
    """In a transaction for each example, so that what one deals the next does not see."""

    @settings(max_examples=25, deadline=None)
    @given(data=st.data())
    def test_cells_always_add_up_to_the_quota_whatever_is_moved_or_given_back(
        self, data: st.DataObject
    ) -> None:
        cities()
        actor = organiser()
        places = data.draw(st.integers(1, 60))
        quota = Quota(places=places, reserve=data.draw(st.integers(0, places)))
        weights = {code: data.draw(st.integers(1, 9999)) for code in CITIES}
        round_ = open_round(actor, programme(quota=quota))
        quotas.deal(round_, weights, actor=actor, order=tuple(CITIES))
        for _ in range(data.draw(st.integers(0, 4))):
            cells = list(round_.cells.all())
            giver, taker = data.draw(st.permutations(cells))[:2]
            if giver.places and giver.code and data.draw(st.booleans()):
                quotas.give_back(giver, data.draw(st.integers(1, giver.places)), why="无人可用", actor=actor)
            elif giver.places:
                quotas.move_places(
                    giver, taker, data.draw(st.integers(1, giver.places)), why="调剂", actor=actor
                )

        whole = sum(weights.values())
        assert quotas.total(round_) == places
        assert min(round_.cells.values_list("places", flat=True)) >= 0
        assert sum(round_.cells.values_list("dealt", flat=True)) == places
        for cell in round_.cells.exclude(code=""):
            assert abs(cell.dealt - Fraction(weights[cell.code] * (places - quota.reserve), whole)) < 1
