from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
import time_machine
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from tests.factories import AccountFactory, RegionFactory
from yanzhen.engines.procedures.models import Clock
from yanzhen.foundation import parameters
from yanzhen.foundation.calendar import Span, Unit, load_calendar
from yanzhen.foundation.calendar.days import OFFICE_HOURS, SHANGHAI
from yanzhen.foundation.errors import Invalid, NotAllowed
from yanzhen.foundation.models import Parameter, Record
from yanzhen.foundation.parameters import (
    ParameterMissing,
    ParameterRefused,
    get,
    load_defaults,
    set_parameter,
)
from yanzhen.foundation.records import history
from yanzhen.foundation.scope import database_scope

pytestmark = pytest.mark.django_db
DAY = date(2026, 11, 24)
NOON = datetime(2026, 11, 24, 12, tzinfo=SHANGHAI)


def put(
    value: int | str, *, code: str = "hotline.handling", starts_on: date = date(2020, 1, 1), **given: object
) -> Parameter:
    values = {
        "unit": "working_days",
        "source": "试行办法",
        "grade": "B",
        "reason": "更新",
        "actor": None,
        **given,
    }
    return set_parameter(code, value, starts_on=starts_on, **values)


def test_the_most_local_value_holds():
    for code in ("370000", "370100", "370102", "370200"):
        RegionFactory(code=code)
    everywhere, province = put(15), put(14, region="370000")
    city, county = put(13, region="370100"), put(12, region="370102")

    found = [
        get("hotline.handling", on=DAY, region=r)
        for r in ("370102001", "370102", "370103", "370203", "410100", None)
    ]

    assert found == [county, county, city, province, everywhere, everywhere]


def test_the_value_of_the_day_holds_and_its_last_day_is_not_included():
    first, second = put(15), put(10, starts_on=date(2026, 7, 1))

    found = [
        get("hotline.handling", on=d) for d in (date(2020, 1, 1), date(2026, 6, 30), date(2026, 7, 1), DAY)
    ]

    assert found == [first, first, second, second]
    assert [row.ends_on for row in Parameter.objects.order_by("starts_on")] == [date(2026, 7, 1), None]


def test_a_value_set_for_the_time_before_another_ends_where_that_begins():
    later, earlier = put(10, starts_on=date(2026, 7, 1)), put(15, starts_on=date(2025, 1, 1))

    assert earlier.ends_on == date(2026, 7, 1)
    assert later.ends_on is None
    assert get("hotline.handling", on=date(2026, 6, 30)) == earlier


def test_where_the_local_value_ended_the_wider_one_holds():
    RegionFactory(code="370100")
    everywhere, _local = put(15), put(12, region="370100")
    Parameter.objects.filter(region="370100").update(ends_on=date(2026, 1, 1))
    parameters.forget_parameters()

    assert get("hotline.handling", on=DAY, region="370100") == everywhere


def test_a_missing_value_is_a_refusal_that_says_what_to_do():
    put(15)

    with pytest.raises(ParameterMissing) as nothing_yet:
        get("hotline.handling", on=date(2019, 12, 31), region="370100")
    with pytest.raises(ParameterMissing):
        get("hotline.unheard_of", on=DAY)

    assert nothing_yet.value.message == (
        "缺少参数“办理时限”（hotline.handling）：2019-12-31 （区划 370100）没有生效的数值。请在参数维护中补录，并注明来源和条款"
    )


def test_a_warm_look_up_costs_no_statement():
    load_defaults()
    get("hotline.handling", on=DAY)

    with CaptureQueriesContext(connection) as queries, transaction.atomic():
        for _ in range(50):
            get("hotline.handling", on=DAY, region="370102")

    assert [q["sql"] for q in queries if "SAVEPOINT" not in q["sql"]] == []


def test_a_change_is_seen_at_once_where_it_was_made():
    put(15)
    before = get("hotline.handling", on=DAY).value

    put(9, starts_on=date(2026, 11, 1))

    assert (before, get("hotline.handling", on=DAY).value) == (15, 9)


def test_setting_a_value_records_both_with_the_reason():
    RegionFactory(code="370000")
    former = put(15)

    row = put(10, starts_on=date(2026, 7, 1), reason="省热线办法修订", article="第12条")

    line = Record.objects.get(subject_type="foundation.parameter", subject_id=str(row.pk))
    assert (line.verb, line.reason) == ("parameter.set", "省热线办法修订")
    assert (Decimal(line.before["value"]), line.before["ends_on"]) == (15, None)
    assert (Decimal(line.after["value"]), line.after["article"]) == (10, "第12条")
    assert Parameter.objects.get(pk=former.pk).ends_on == date(2026, 7, 1)


def test_history_is_not_rewritten():
    put(15)

    with pytest.raises(ParameterRefused, match="不得改写历史"):
        put(16)

    assert Parameter.objects.get().value == 15


@time_machine.travel("2026-11-24 10:00 +0800")
@pytest.mark.parametrize("starts_on", [DAY, DAY + timedelta(days=1)])
def test_a_value_that_begins_today_or_later_is_corrected_with_both_on_record(starts_on):
    former, mistyped = put(15), put(510, starts_on=starts_on)

    row = put(10, starts_on=starts_on, reason="录入有误", source="省热线办法")

    assert [(r.pk, r.value, r.ends_on) for r in Parameter.objects.order_by("starts_on")] == [
        (former.pk, 15, starts_on),
        (mistyped.pk, 10, None),
    ]
    line = history(row).last()
    assert (line.verb, line.reason) == ("parameter.correct", "录入有误")
    assert [(Decimal(side["value"]), side["source"]) for side in (line.before, line.after)] == [
        (510, "试行办法"),
        (10, "省热线办法"),
    ]
    with pytest.raises(Invalid):
        put(11, starts_on=starts_on, reason=" ")


@time_machine.travel("2026-11-24 10:00 +0800")
def test_a_value_that_a_term_runs_on_is_not_corrected():
    row = put(15, starts_on=DAY)
    Clock.objects.create(
        procedure="hotline.case", subject_id=1, label="办理", parameter=row, started_at=NOON, due_at=NOON
    )

    with database_scope(set()), pytest.raises(ParameterRefused, match="另选生效日期"):
        put(16, starts_on=DAY)

    assert (Parameter.objects.get().value, put(16, starts_on=DAY + timedelta(days=1)).value) == (15, 16)


@pytest.mark.parametrize(
    ("code", "value", "unit", "field"),
    [
        ("hotline.accept", 24, "yuan", "unit"),
        ("hotline.accept", 24, "working_hours", "unit"),
        ("hotline.accept", 0, "hours", "value"),
        ("hotline.handling", 0, "working_days", "value"),
        ("hotline.handling", 99_999, "working_days", "value"),
        ("hotline.connection_rate", 101, "percent", "value"),
        ("calendar.hours.2", 25, "hours", "value"),
        ("calendar.hours.2", 24, "hours", "value"),
        ("calendar.hours.2", 14, "hours", "value"),
        ("calendar.hours.3", "11.5", "hours", "value"),
        ("calendar.hours.5", 19, "hours", "value"),
    ],
)
def test_a_value_that_can_not_be_used_is_refused_with_a_sentence(code, value, unit, field):
    load_defaults()

    with pytest.raises(Invalid) as refusal:
        put(value, code=code, unit=unit)

    assert list(refusal.value.data["fields"]) == [field]
    assert not Parameter.objects.filter(starts_on=date(2020, 1, 1), code=code).exists()
    assert load_calendar().hours == OFFICE_HOURS


def test_office_hours_that_would_overlap_with_later_ones_are_refused():
    load_defaults()
    put("11", code="calendar.hours.2", unit="hours", starts_on=date(2026, 7, 1))
    put("11.5", code="calendar.hours.3", unit="hours", starts_on=date(2026, 7, 1))

    with pytest.raises(Invalid, match="2026-08-01"):
        put("12", code="calendar.hours.2", unit="hours", starts_on=date(2026, 8, 1))

    assert put("12", code="calendar.hours.2", unit="hours").ends_on == date(2026, 7, 1)


def test_office_hours_are_set_for_all_regions_alone():
    RegionFactory(code="370100")
    load_defaults()

    with pytest.raises(Invalid) as refusal:
        put(8, code="calendar.hours.1", unit="hours", region="370100")

    assert list(refusal.value.data["fields"]) == ["region"]


def test_what_may_be_granted_may_be_none():
    assert put(0, code="hotline.handling_extension").value == 0


def test_a_code_that_is_not_shipped_keeps_the_unit_of_its_first_value():
    put(15, code="local.term")

    with pytest.raises(Invalid, match="以工作日计"):
        put(15, code="local.term", unit="calendar_days", starts_on=DAY)

    assert put(16, code="local.term", starts_on=DAY).unit == "working_days"


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"value": "1.5"}, "value"),
        ({"value": "-1"}, "value"),
        ({"value": "十五"}, "value"),
        ({"value": "NaN"}, "value"),
        ({"value": "1e30"}, "value"),
        ({"unit": "weeks"}, "unit"),
        ({"grade": "E"}, "grade"),
        ({"source": " "}, "source"),
        ({"reason": ""}, "reason"),
    ],
)
def test_a_value_that_can_not_be_meant_is_refused(given, field):
    with pytest.raises(Invalid) as refusal:
        put(**{"value": 15, **given})

    assert list(refusal.value.data["fields"]) == [field]
    assert not Parameter.objects.exists()


def test_a_value_is_set_by_who_holds_the_right_over_its_region():
    province, city, other = (RegionFactory(code=c) for c in ("370000", "370100", "370200"))
    keeper = AccountFactory(grants=[(city, None, "parameter.edit")])

    for region in (None, province.code, other.code):
        with pytest.raises(NotAllowed, match="维护参数"):
            put(12, region=region, actor=keeper)

    assert put(12, region=city.code, actor=keeper).region_id == "370100"


def test_the_shipped_numbers_load_once_and_leave_what_staff_set():
    own = put(5, code="hotline.handling")

    first, again = load_defaults(), load_defaults()

    assert first == len(parameters.shipped()) - 1
    assert again == 0
    assert get("hotline.handling", on=DAY) == own
    assert Record.objects.filter(verb="parameter.set").count() == first + 1


def test_every_shipped_number_says_where_it_comes_from():
    lines = parameters.shipped()

    assert len({line["code"] for line in lines}) == len(lines)
    assert [line for line in lines if not (line["label"] and line["source"])] == []
    assert [line["code"] for line in lines if line["grade"] == "A" and not line["article"]] == []
    assert [
        line["code"] for line in lines if (line["grade"] == "D") != line["source"].startswith("产品默认")
    ] == []


def test_the_page_of_the_rules_lists_every_shipped_number():
    page = (Path(__file__).parents[2] / "docs" / "rules" / "parameters.md").read_text(encoding="utf-8")
    listed = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in page.splitlines()
        if line.startswith("| `")
    ]

    assert [(c[0].strip("`"), c[1], c[2].split()[0], *c[3:]) for c in listed] == [
        (p["code"], p["label"], p["value"], p["starts_on"], p["source"], p["article"] or "—", p["grade"])
        for p in parameters.shipped()
    ]


def test_the_numbers_that_the_brief_of_the_field_gives_are_shipped_as_given():
    load_defaults()

    def shipped(code: str) -> tuple[int, str, str]:
        row = get(code, on=DAY)
        return int(row.value), row.unit, row.grade

    assert {
        code: shipped(code) for code in ("hotline.handling", "hotline.handling_extension", "hotline.warning")
    } == {
        "hotline.handling": (15, "working_days", "B"),
        "hotline.handling_extension": (7, "working_days", "B"),
        "hotline.warning": (1, "working_days", "B"),
    }
    assert shipped("hotline.group_threshold") == (10, "count", "A")
    assert shipped("arbitration.award") == (45, "calendar_days", "A")
    assert shipped("arbitration.award_extension") == (15, "calendar_days", "A")
    assert shipped("inspection.investigation") == (60, "working_days", "A")


def test_a_parameter_of_time_becomes_a_span_and_another_does_not():
    load_defaults()

    assert parameters.span_of(get("hotline.handling", on=DAY)) == Span(Decimal(15), Unit.WORKING_DAYS)
    with pytest.raises(ValueError, match="no unit of time"):
        parameters.span_of(get("hotline.group_threshold", on=DAY))
