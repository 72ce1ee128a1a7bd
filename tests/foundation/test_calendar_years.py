from __future__ import annotations

from datetime import date

import pytest
from chinese_calendar import constants as known
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from tests.factories import AccountFactory, LineFactory, RegionFactory
from yanzhen.foundation.calendar import Day, YearRefused, concerns, load_calendar, load_year, read_year, seed
from yanzhen.foundation.calendar.years import statutory_days
from yanzhen.foundation.errors import Invalid, NotAllowed
from yanzhen.foundation.models import CalendarDay, CalendarYear, Parameter, Record

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 24)


def test_the_shipped_holidays_are_days_off_in_every_published_year():
    """2012-06-23, Dragon Boat Festival, a Saturday, is not in chinesecalendar's own list of holidays."""
    years = sorted({day.year for day in known.holidays})

    missing = [d.day for year in years for d in statutory_days(year) if d.day not in known.holidays]

    assert missing == [date(2012, 6, 23)]
    assert [len(statutory_days(year)) for year in (2007, 2008, 2024, 2025, 2027)] == [10, 11, 11, 13, 13]


def test_a_seeded_year_has_the_working_days_of_the_notice():
    seed(today=TODAY)
    calendar = load_calendar()

    for year in (2004, 2015, 2020, 2026):
        first, last = date(year, 1, 1).toordinal(), date(year, 12, 31).toordinal()
        days = [date.fromordinal(n) for n in range(first, last + 1)]
        expected = [d for d in days if d in known.workdays or (d.weekday() < 5 and d not in known.holidays)]
        assert [d for d in days if calendar.is_working(d)] == expected


def test_seeding_loads_published_years_presumes_five_ahead_and_repeats_without_effect():
    changed = seed(today=TODAY)
    again = seed(today=TODAY)
    later = seed(today=date(2027, 1, 1))

    assert changed == list(range(2004, 2032))
    assert again == []
    assert later == [2032]
    assert set(CalendarYear.objects.filter(status="presumed").values_list("year", flat=True)) == set(
        range(2027, 2033)
    )
    assert Record.objects.filter(verb="calendar.load_year").count() == 29
    assert CalendarDay.objects.get(day="2026-10-01").kind == "statutory"
    assert CalendarDay.objects.get(day="2026-10-06").kind == "off"
    assert CalendarDay.objects.get(day="2026-10-10").kind == "work"


def test_seeding_leaves_what_staff_loaded_from_the_notice():
    load_year(
        2026,
        [Day(date(2026, 1, 1), "statutory", "元旦")],
        "国办发明电",
        status="published",
        actor=None,
    )

    changed = seed(today=TODAY)

    assert 2026 not in changed
    assert CalendarDay.objects.filter(year=2026).count() == 1


def test_a_loaded_year_is_seen_at_once_and_costs_nothing_afterwards():
    seed(today=TODAY)
    before = load_calendar()

    load_year(
        2027,
        [*statutory_days(2027), Day(date(2027, 2, 9), "off", "春节")],
        "通知",
        status="published",
        actor=None,
    )
    after = load_calendar()
    with CaptureQueriesContext(
        connection,
    ) as queries:
        for _ in range(100):
            load_calendar()
        with transaction.atomic():
            load_calendar()

    assert (before.is_working(date(2027, 2, 9)), after.is_working(date(2027, 2, 9))) == (True, False)
    assert 2027 in after.published
    assert [q["sql"] for q in queries if "SAVEPOINT" not in q["sql"]] == []


def test_the_calendar_is_read_in_four_statements_however_many_days_it_has():
    seed(today=TODAY)

    with CaptureQueriesContext(connection) as queries:
        load_calendar()

    assert len(queries) == 4


def test_a_load_that_is_rolled_back_leaves_nothing_behind():
    seed(today=TODAY)
    load_calendar()

    savepoint = transaction.atomic()
    savepoint.__enter__()
    load_year(2027, [Day(date(2027, 2, 9), "off", "春节")], "通知", status="published", actor=None)
    inside = 2027 in load_calendar().published
    savepoint.__exit__(RuntimeError, RuntimeError(), None)

    assert inside
    assert 2027 not in load_calendar().published


def test_loading_the_same_again_changes_nothing():
    days = [*statutory_days(2027), Day(date(2027, 1, 4), "off", "元旦")]
    load_year(2027, days, "通知", status="published", actor=None)
    first = CalendarYear.objects.get(pk=2027).loaded_at

    load_year(2027, reversed(days), "通知", status="published", actor=None)

    assert CalendarYear.objects.get(pk=2027).loaded_at == first
    assert Record.objects.filter(subject_type="foundation.calendaryear", subject_id="2027").count() == 1


def test_a_published_year_is_not_made_presumed_again():
    load_year(2027, statutory_days(2027), "通知", status="published", actor=None)

    with pytest.raises(YearRefused, match="已公布"):
        load_year(2027, statutory_days(2027), "推定", status="presumed", actor=None)


def test_a_later_notice_speaks_for_the_last_days_of_the_year_before():
    load_year(
        2028,
        [Day(date(2027, 12, 31), "off", "元旦"), *statutory_days(2028)],
        "通知",
        status="published",
        actor=None,
    )
    load_year(
        2027,
        [*statutory_days(2027), Day(date(2027, 12, 31), "off", "别的")],
        "通知",
        status="published",
        actor=None,
    )

    assert CalendarDay.objects.get(day="2027-12-31").name == "元旦"
    assert not load_calendar().is_working(date(2027, 12, 31))


@pytest.mark.parametrize(
    ("day", "kind", "problem"),
    [
        (date(2026, 12, 28), "off", "不在 2026-12-29 至 2027-12-31 之间"),
        (date(2027, 1, 4), "work", "本是工作日"),
        (date(2027, 1, 2), "off", "本是周末"),
        (date(2027, 1, 4), "holiday", "无法识别"),
    ],
)
def test_a_day_that_can_not_be_meant_is_refused(day, kind, problem):
    with pytest.raises(Invalid, match=problem):
        load_year(2027, [Day(day, kind)], "通知", status="published", actor=None)

    assert not CalendarYear.objects.exists()


def test_an_empty_year_a_double_day_and_a_missing_source_are_refused():
    twice = [Day(date(2027, 1, 1), "statutory"), Day(date(2027, 1, 1), "off")]
    for days, source, problem in (
        ([], "通知", "没有任何日期"),
        (twice, "通知", "两次"),
        (twice[:1], " ", "来源"),
    ):
        with pytest.raises(Invalid, match=problem):
            load_year(2027, days, source, status="published", actor=None)


def test_only_who_holds_the_right_for_the_whole_province_loads_a_year():
    province, city = RegionFactory(code="370000"), RegionFactory(code="370100")
    days = statutory_days(2027)
    keeper = AccountFactory(grants=[(province, None, "calendar.edit")])
    others = [
        AccountFactory(grants=[(city, None, "calendar.edit")]),
        AccountFactory(grants=[(province, LineFactory(), "calendar.edit")]),
        AccountFactory(grants=[(province, None, "parameter.edit")]),
    ]

    for other in others:
        with pytest.raises(NotAllowed, match="维护工作日历"):
            load_year(2027, days, "通知", status="published", actor=other)
    load_year(2027, days, "通知", status="published", actor=keeper)

    assert Record.objects.get(verb="calendar.load_year").actor_id == keeper.pk


def test_a_year_is_read_from_csv():
    days = read_year(
        [
            "日期,性质,名称\n",
            "2027-01-01,法定节假日,元旦\n",
            "2027-01-04,调休放假,\n",
            "2027-01-09,调休上班,元旦\n",
        ]
    )

    assert days == [
        Day(date(2027, 1, 1), "statutory", "元旦"),
        Day(date(2027, 1, 4), "off", ""),
        Day(date(2027, 1, 9), "work", "元旦"),
    ]


def test_csv_that_can_not_be_read_names_its_lines():
    with pytest.raises(Invalid) as refusal:
        read_year(["日期,性质,名称\n", "2027/1/1,法定节假日,元旦\n", "2027-01-04,放假,\n"])

    assert list(refusal.value.data["fields"]) == ["第 2 行", "第 3 行"]


def test_the_first_of_december_asks_for_next_years_notice():
    seed(today=TODAY)

    assert concerns(TODAY) == []
    assert concerns(date(2026, 12, 1)) == [
        "2027 年放假安排尚未载入（通知一般在 11 月公布），跨年时限均为暂定"
    ]
    assert len(concerns(date(2027, 3, 1))) == 2
    CalendarYear.objects.all().delete()
    assert len(concerns(TODAY)) == 2


def test_office_hours_are_parameters():
    seed(today=TODAY)
    for number, hours in enumerate(("8.5", "12", "14", "18"), start=1):
        Parameter.objects.create(
            code=f"calendar.hours.{number}",
            value=hours,
            unit="hours",
            starts_on=date(2020, 1, 1),
            source="本地作息",
            grade="D",
        )

    assert [[str(edge) for edge in window] for window in load_calendar().hours] == [
        ["08:30:00", "12:00:00"],
        ["14:00:00", "18:00:00"],
    ]
