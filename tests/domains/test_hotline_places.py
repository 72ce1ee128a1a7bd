"""Where a call comes from: guesses with their reasons."""

from __future__ import annotations

import pytest

from tests.factories import RegionFactory
from tests.hotline import county
from yanzhen.domains.hotline.places import digits_of, guess_region

pytestmark = pytest.mark.django_db


def test_the_place_named_in_the_text_comes_before_the_callers_number():
    RegionFactory(code="370200", name="青岛市", short="青岛", level="city")

    guess = guess_region("053188888888", "12351", text="我在青岛市一家工地干活")

    assert guess is not None
    assert (guess.region, guess.why) == ("370200", "内容中提到“青岛市”")


def test_a_name_that_two_counties_share_tells_nothing():
    RegionFactory(code="370103", name="市中区", level="county")
    RegionFactory(code="370402", name="市中区", level="county")

    assert guess_region("", "12351", text="在市中区上班") is None


def test_a_known_callers_last_case_tells_the_place():
    place = county()
    case = place.case(phone="13900001111")

    guess = guess_region("+86 139 0000 1111", "12351")

    assert guess is not None
    assert (guess.region, guess.why) == (case.region_id, f"该号码上次的诉求属地为{place.region}")


def test_a_secret_case_does_not_tell_where_its_caller_last_called_from():
    place = county()
    place.case(phone="13900001111", secret=True)

    assert guess_region("13900001111", "12351") is None


@pytest.mark.parametrize(
    ("caller", "called", "region"),
    [
        ("0532-85911111", "12351", "370200"),
        ("13900002222", "0531-12351", "370100"),
        ("anonymous", "12351", None),
    ],
)
def test_an_area_code_tells_the_city(caller: str, called: str, region: str | None):
    guess = guess_region(caller, called)

    assert (guess and guess.region) == region


def test_a_number_is_read_as_dialled_in_the_country():
    assert [digits_of(n) for n in ("+86 139-0000 1111", "0086139", "0531-12351")] == [
        "13900001111", "139", "053112351",
    ]  # fmt: skip
