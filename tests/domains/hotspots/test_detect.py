from __future__ import annotations

from yanzhen.domains.hotline.hotspots.detect import Cause, Series, causes, quiet_causes, silences, surges

QUIET = (1, 0, 0, 1, 0, 0, 0, 0) * 3
NONE = frozenset[int]()


def series(dimension: str, value: str, cases: range | set[int], past: tuple[int, ...] = QUIET) -> Series:
    return Series(dimension, value, value, "3701", past, frozenset(cases))


def found(*many: Series) -> list[Cause]:
    return causes(surges(many, false_alarms=1, sweeps_a_week=7, least=3), NONE, least=3)


def names(many: list[Cause]) -> list[tuple[str, list[str]]]:
    return [(c.signal.series.value, [s.series.value for s in c.also]) for c in many]


def test_one_employer_in_one_county_with_one_topic_is_one_cause():
    employer = series("employer", "宏达", range(20))
    topic = series("category", "3701:020101", range(22), (1, 2, 1, 2) * 6)
    county = series("county", "370102", range(24), (3, 4, 2, 5) * 6)

    assert names(found(county, topic, employer)) == [("宏达", ["3701:020101", "370102"])]


def test_a_county_that_surges_beyond_its_loudest_employer_is_a_cause_of_its_own():
    employer = series("employer", "宏达", range(12))
    county = series("county", "370102", range(60), (3, 4, 2, 5) * 6)

    assert names(found(county, employer)) == [("宏达", []), ("370102", [])]


def test_what_an_earlier_alert_has_is_no_new_cause():
    signals = surges([series("employer", "宏达", range(20))], false_alarms=1, sweeps_a_week=7, least=3)

    assert causes(signals, frozenset(range(19)), least=3) == []
    assert len(causes(signals, frozenset(range(5)), least=3)) == 1


def test_fewer_than_the_least_cases_are_no_alarm():
    assert found(series("employer", "宏达", range(2), (0,) * 24)) == []


def quiet(*many: Series, total: float) -> list[tuple[str, list[str]]]:
    return names(quiet_causes(silences(many, false_alarms=1, sweeps_a_week=168), total))


def test_a_silent_city_explains_its_silent_counties_and_no_others():
    busy = (30, 32, 28, 31) * 6
    city, inside = series("city", "3701", NONE, (60,) * 24), series("county", "370102", NONE, busy)
    elsewhere = series("county", "370202", NONE, busy)

    assert quiet(inside, elsewhere, city, total=200) == [("3701", ["370102"]), ("370202", [])]


def test_silent_telephones_explain_silent_places_and_a_silent_side_line_does_not():
    county = series("county", "370102", NONE, (30,) * 24)
    phone, visit = series("channel", "phone", NONE, (90,) * 24), series("channel", "visit", NONE, (20,) * 24)

    assert quiet(county, phone, total=110) == [("phone", ["370102"])]
    assert quiet(county, visit, total=110) == [("visit", []), ("370102", [])]


def test_a_place_that_seldom_calls_is_not_silent():
    assert quiet(series("county", "370102", NONE, QUIET), total=1) == []
