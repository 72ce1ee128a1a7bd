"""`yanzhen report`: the declared figures in the reader's own reach, as a table and as JSON."""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner, Result
from django.db import connection

from tests.factories import AccountFactory, CaseFactory, RegionFactory
from yanzhen.engines.indicators.declare import INDICATORS, Period
from yanzhen.faces.cli.report import account_named, period_of, report_command
from yanzhen.foundation import parameters
from yanzhen.foundation.errors import Invalid

pytestmark = pytest.mark.django_db

SHANGHAI = ZoneInfo("Asia/Shanghai")


def run(*arguments: str) -> Result:
    return CliRunner().invoke(report_command, arguments)


def figures(*arguments: str) -> dict[str, Any]:
    done = run(*arguments, "--json")
    assert done.exit_code == 0, done.output
    return {row["code"]: (row["value"], row["n"], row["total"]) for row in json.loads(done.output)}


@pytest.fixture
def leader():
    parameters.load_defaults()
    province = RegionFactory(code="370000", name="山东省")
    for code, month, solved in (("370102", 3, True), ("370202", 3, False), ("370202", 11, True)):
        at = datetime(2026, month, 15, 9, tzinfo=SHANGHAI)
        CaseFactory(
            region=RegionFactory(code=code),
            received_at=at,
            state="closed",
            ended_at=at,
            quality_passed=True,
            solved=solved,
        )
    return AccountFactory(username="leader", name="王某", grants=[(province, None, "case.view")])


def test_every_declared_figure_is_printed_for_the_province_and_the_year(leader):
    done = run("--as", "leader", "--period", "2026")

    assert done.exit_code == 0
    assert done.output.splitlines()[0] == "山东省 2026年（王某 的权限范围）"
    shown = [line.split() for line in done.output.splitlines()[2:]]
    assert len(shown) == len(INDICATORS)
    assert shown[:7] == [
        ["收到诉求", "3", "件", "n=3"],
        ["派单准确率", "100.00", "%", "n=3"],
        ["办结诉求", "3", "件", "n=3"],
        ["按期办结率", "100.00", "%", "n=3"],
        ["问题解决率", "66.67", "%", "n=3"],
        ["一次解决率", "66.67", "%", "n=3"],
        ["满意度", "—", "n=0"],
    ]


def test_the_columns_stand_under_each_other_with_wide_characters(leader):
    lines = run("--as", "leader", "--period", "2026").output.splitlines()[2:]

    figures_end_at = {len(line[: line.index("n=")].encode("gbk")) for line in lines if "—" not in line}
    assert figures_end_at == {46}


def test_as_json_what_is_unknown_is_null_and_numbers_are_text(leader):
    found = figures("--as", "leader", "--period", "2026")

    assert set(found) == {indicator.code for indicator in INDICATORS}
    assert {code: each for code, each in found.items() if code.startswith("hotline.")} == {
        "hotline.received": ("3", 3, 3),
        "hotline.dispatch_accuracy": ("100.00", 3, 3),
        "hotline.closed": ("3", 3, 3),
        "hotline.closed_on_time": ("100.00", 3, 3),
        "hotline.resolved": ("66.67", 3, 3),
        "hotline.first_contact": ("66.67", 3, 3),
        "hotline.satisfied": (None, 0, 3),
    }


def test_the_figures_are_parted_in_the_table_and_in_json(leader):
    table = run("--as", "leader", "--period", "2026-03-15", "--by", "channel").output.splitlines()
    asked = ("--as", "leader", "--period", "2026", "--by", "hour", "--json")
    parted = {each["code"]: each.get("parts") for each in json.loads(run(*asked).output)}

    assert next(line.split() for line in table if line.startswith("  ")) == ["网上", "2", "件", "n=2"]
    assert parted["hotline.resolved"] == [
        {"key": "09", "name": "09:00–09:59", "value": "66.67", "n": 3, "total": 3}
    ]
    assert parted["calls.offered"] == []


def test_a_region_and_a_month_narrow_the_figures(leader):
    RegionFactory(code="370200")

    assert figures("--as", "leader", "--region", "370200", "--period", "2026-03")["hotline.resolved"] == (
        "0.00",
        1,
        1,
    )


def test_a_reader_gets_what_their_own_reach_holds_and_the_reach_is_put_back(leader):
    AccountFactory(username="clerk", grants=[(RegionFactory(code="370102"), None, "case.view")])

    counted = figures("--as", "clerk", "--period", "2026")["hotline.received"]

    with connection.cursor() as cursor:
        cursor.execute("select current_setting('yanzhen.reach')")
        assert (counted, cursor.fetchone()) == (("1", 1, 1), ("{*:}",))


@pytest.mark.parametrize(
    "arguments",
    [
        ("--as", "nobody"),
        ("--as", "leader", "--region", "990000"),
        ("--as", "leader", "--period", "2026-13"),
        ("--as", "leader", "--period", "2026-02-30"),
        ("--as", "leader", "--period", "今年"),
    ],
)
def test_what_can_not_be_asked_is_refused_with_a_sentence(leader, arguments):
    done = run(*arguments)

    assert isinstance(done.exception, Invalid)
    assert done.output == ""


def test_a_closed_account_reads_nothing(leader):
    leader.is_active = False
    leader.save()

    with pytest.raises(Invalid, match="leader"):
        account_named("leader")


def test_a_year_a_month_and_a_day_are_half_open_periods():
    assert [period_of(text) for text in ("2026", "2026-12", "2026-12-31")] == [
        Period.year(2026),
        Period.month(2026, 12),
        Period.day(date(2026, 12, 31)),
    ]
