"""Numbers of honours: in order, never twice, every gap found or explained, every typing error named."""

from __future__ import annotations

import string
from datetime import date

import pytest
from django.db import connection, transaction
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.factories import AccountFactory
from tests.honours import Ladder
from yanzhen.engines.honours import numbers
from yanzhen.engines.honours.declare import TITLES
from yanzhen.engines.honours.numbers import SeriesAudit
from yanzhen.engines.honours.queries import Answer, check
from yanzhen.engines.honours.templates import Template, bare
from yanzhen.foundation.errors import Invalid, NotAllowed

pytestmark = pytest.mark.django_db
TEMPLATE = Template("QLGJ-{year}-{serial:04}{check}")
serials = st.integers(1, 99_999)
years = st.integers(2000, 2099)


@given(years, serials)
def test_a_number_reads_back_however_it_is_typed(year: int, serial: int):
    number = TEMPLATE.written(year, serial)
    forms = (
        number,
        number.lower(),
        number.replace("-", ""),
        number.replace("-", "—"),
        f" {number[:6]} {number[6:]} ",
    )
    wide = "".join(chr(ord(c) + 0xFEE0) if c.isalnum() else c for c in number)

    for typed in (*forms, wide):
        found = TEMPLATE.parsed(bare(typed))
        assert found is not None
        assert (found.year, found.serial, found.check) == (year, serial, found.expected)


@given(years, serials, st.data())
def test_every_single_wrong_character_is_found(year: int, serial: int, data: st.DataObject):
    number = bare(TEMPLATE.written(year, serial))
    place = data.draw(st.integers(len(TEMPLATE.prefix), len(number) - 1))
    wrong = data.draw(st.sampled_from(string.digits + string.ascii_uppercase))
    assume(wrong != number[place])

    found = TEMPLATE.parsed(number[:place] + wrong + number[place + 1 :])

    assert found is None or found.check != found.expected


def test_which_check_failed_is_said(ladder: Ladder):
    number = ladder.honour().number
    ladder.honour(person=ladder.person("李四"))
    assert number == "QLGJ-2026-0001L"

    answers = {
        typed: check(typed).problem
        for typed in (number, "qlgj20260001l", "QLGJ-2026-0007L", "QLGJ-2026-0001M", "QLGJ-2O26-0001L", "12345", "", "ABCD-2026-0001L",
                      TEMPLATE.written(2026, 3), TEMPLATE.written(2025, 1))
    }  # fmt: skip

    assert answers == {
        number: "", "qlgj20260001l": "", "QLGJ-2026-0007L": "check", "QLGJ-2026-0001M": "check", "QLGJ-2O26-0001L": "form",
        "12345": "form", "": "form", "ABCD-2026-0001L": "form", TEMPLATE.written(2026, 3): "unknown", TEMPLATE.written(2025, 1): "unknown",
    }  # fmt: skip
    assert check("QLGJ-2026-001").told == "格式不符：编号应形如 QLGJ-2026-00175，请对照证书逐位核对"
    assert "一位抄错" in check("QLGJ-2026-0007L").told


def test_anybody_is_told_status_title_masked_name_and_dates_and_no_more(ladder: Ladder):
    honour = ladder.honour(person=ladder.person("欧阳修远"))

    assert check(honour.number) == Answer(
        number="QLGJ-2026-0001L", status="good", title="称号craftsman", level="province", issuer="山东省总工会",
        holder="欧***", awarded_on=date(2026, 3, 2), term_until=date(2030, 3, 1),
    )  # fmt: skip


def test_a_term_that_is_over_counts_from_its_day_on(ladder: Ladder, time_machine_at):
    number = ladder.honour().number

    time_machine_at("2030-03-01 23:59")
    last = check(number).status
    time_machine_at("2030-03-02 00:00")

    assert (last, check(number).status) == ("good", "ended")


def test_what_others_awarded_is_not_answered_for(ladder: Ladder):
    honour = ladder.honour("hero", document="总工发 2026 年 3 号")

    assert check(honour.number).problem == "unknown"


def test_a_number_of_a_transaction_that_came_to_nothing_is_given_again(ladder: Ladder):
    with transaction.atomic():
        first = ladder.honour().number
        transaction.set_rollback(True)

    assert ladder.honour(person=ladder.person("李四")).number == first


def test_an_audit_finds_the_gap_and_a_reason_closes_it(ladder: Ladder, settings):
    for name in ("甲乙", "丙丁", "戊己"):
        ladder.honour(person=ladder.person(name))
    with connection.cursor() as cursor:
        cursor.execute(
            "reset role; delete from honours_credential; delete from honours_honour where serial = 2"
        )
        cursor.execute(f"set role {settings.WEB_ROLE}")
    lost = TEMPLATE.written(2026, 2)
    assert numbers.audit() == [SeriesAudit("craftsman", 2026, 3, 2, 0, (lost,), 1)]

    numbers.void(TITLES["craftsman"], 2026, 2, actor=ladder.approver, reason="系统迁移时丢失，证书未发出")

    assert numbers.audit() == [SeriesAudit("craftsman", 2026, 3, 2, 1, (), 0)]
    assert check(lost).problem == "void"
    assert ladder.honour(person=ladder.person("庚辛")).serial == 4


@pytest.mark.parametrize(
    ("serial", "reason", "field"),
    [(1, "证书污损", "serial"), (2, "证书污损", "serial"), (0, "证书污损", "serial"), (1, "", "reason")],
)
def test_a_number_that_was_given_or_never_taken_can_not_be_voided(
    ladder: Ladder, serial: int, reason: str, field: str
):
    ladder.honour()

    with pytest.raises(Invalid) as caught:
        numbers.void(TITLES["craftsman"], 2026, serial, actor=ladder.approver, reason=reason)

    assert field in caught.value.data["fields"]


def test_numbers_are_the_provinces_so_a_county_voids_none(ladder: Ladder):
    county = AccountFactory(grants=[(ladder.region, None, "honour.approve")])

    with pytest.raises(NotAllowed, match="全省"):
        numbers.void(TITLES["craftsman"], 2026, 1, actor=county, reason="证书污损")
