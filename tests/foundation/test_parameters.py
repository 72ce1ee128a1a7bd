from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from tests.factories import AccountFactory, RegionFactory
from yanzhen.foundation import parameters
from yanzhen.foundation.calendar import Span, Unit
from yanzhen.foundation.errors import Invalid, NotAllowed
from yanzhen.foundation.models import Parameter, Record
from yanzhen.foundation.parameters import (
    ParameterMissing,
    ParameterRefused,
    get,
    load_defaults,
    set_parameter,
)

pytestmark = pytest.mark.django_db
DAY = date(2026, 11, 24)


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
    assert (Decimal(line.before["value"]), line.before["ends_on"]) == (15, "2026-07-01")
    assert (Decimal(line.after["value"]), line.after["article"]) == (10, "第12条")
    assert Parameter.objects.get(pk=former.pk).ends_on == date(2026, 7, 1)


def test_history_is_not_rewritten():
    put(15)

    with pytest.raises(ParameterRefused, match="不得改写历史"):
        put(16)

    assert Parameter.objects.get().value == 15


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
