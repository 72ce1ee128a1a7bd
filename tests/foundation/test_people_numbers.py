"""Resident numbers by our own check: length, date, check character; the place is only a hint."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from stdnum.cn import ric
from stdnum.iso7064 import mod_11_2

from yanzhen.foundation.people import (
    IdNumber,
    id_number_problem,
    mask_id_number,
    mask_name,
    mask_phone,
    phone_problem,
    plain_phone,
    read_id_number,
)
from yanzhen.foundation.people.numbers import check_digit

TODAY = date(2026, 11, 24)
places = st.from_regex(r"[1-9][0-9]{5}", fullmatch=True)
days = st.dates(date(1900, 1, 1), TODAY)
serials = st.integers(0, 999)


def number(place: str, born: date, serial: int) -> str:
    body = f"{place}{born:%Y%m%d}{serial:03}"
    return body + mod_11_2.calc_check_digit(body)


@given(place=places, born=days, serial=serials)
def test_what_a_number_says_comes_back_from_it(place, born, serial):
    whole = number(place, born, serial)

    assert read_id_number(whole, today=TODAY) == IdNumber(whole, born, "m" if serial % 2 else "f")
    assert id_number_problem(whole, today=TODAY) is None


@given(place=places, born=days, serial=serials)
def test_the_check_character_is_that_of_iso_7064(place, born, serial):
    body = f"{place}{born:%Y%m%d}{serial:03}"

    assert check_digit(body) == mod_11_2.calc_check_digit(body)


@given(place=places, born=days, serial=serials, at=st.integers(0, 17), wrong=st.sampled_from("0123456789X"))
def test_one_wrong_character_is_always_caught(place, born, serial, at, wrong):
    whole = number(place, born, serial)
    slip = whole[:at] + wrong + whole[at + 1 :]
    assume(slip != whole)

    assert id_number_problem(slip, today=TODAY) is not None


@pytest.mark.parametrize(
    ("place", "born"),
    [
        ("370102", date(1975, 1, 1)),
        ("371202", date(1990, 5, 4)),
        ("830000", date(1988, 8, 8)),
        ("911156", date(1980, 2, 29)),
    ],
    ids=["an old number", "a merged county", "a permit for Taiwan", "a foreigner"],
)
def test_a_place_that_the_library_refuses_is_taken(place, born):
    whole = number(place, born, 7)

    assert not ric.is_valid(whole)
    assert read_id_number(whole, today=TODAY) == IdNumber(whole, born, "m")


@given(place=places, born=days, serial=serials)
def test_full_width_digits_blanks_and_a_small_x_are_the_same_number(place, born, serial):
    whole = number(place, born, serial)
    wide = "".join(chr(ord(c) + 0xFEE0) for c in whole)

    spellings = (wide, f" {whole[:6]} {whole[6:14]}-{whole[14:]}\u3000", whole.lower())
    assert [read_id_number(text, today=TODAY) for text in spellings] == [
        read_id_number(whole, today=TODAY)
    ] * 3


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("370102750101001", "15 位的旧身份证号已停用，请填写 18 位号码"),
        ("", "身份证号应为 18 位（前 17 位数字，末位数字或 X），现为 0 位"),
        ("37010219900101123", "身份证号应为 18 位（前 17 位数字，末位数字或 X），现为 17 位"),
        ("3701021990010112X4", "身份证号应为 18 位（前 17 位数字，末位数字或 X），现为 18 位"),
        ("370102199002301234", "身份证号第 7 至 14 位“19900230”不是一个日期"),
        (number("370102", date(2026, 11, 25), 1), "身份证号中的出生日期 2026-11-25 不合理"),
        (number("370102", date(1899, 12, 31), 1), "身份证号中的出生日期 1899-12-31 不合理"),
        ("370102199001011234", "身份证号校验位不符，请逐位核对"),
    ],
)
def test_a_wrong_number_is_refused_with_what_is_wrong(text, problem):
    assert read_id_number(text, today=TODAY) == problem


def test_someone_born_today_may_be_registered():
    assert id_number_problem(number("370102", TODAY, 1), today=TODAY) is None


@pytest.mark.parametrize(
    "phone", ["13812342046", "19912342046", "0531-12345678", "053112345678", "0634-1234567"]
)
def test_mobile_and_fixed_phones_are_taken(phone):
    assert phone_problem(phone) is None


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("139 0531 9876", "13905319876"),
        ("139-0531-9876", "13905319876"),
        ("+8613905319876", "13905319876"),
        ("8613905319876", "13905319876"),
        ("0086 139 0531 9876", "13905319876"),
        ("\uff0b86\u3000139\u20130531\u20139876", "13905319876"),
        ("0531-12345678", "0531-12345678"),
        ("0531 1234 5678", "053112345678"),
        ("(0531)12345678", "053112345678"),
        ("+86 531 1234 5678", "053112345678"),
        ("", ""),
        ("12 345", "12345"),
        ("138a0531 9876", "138a05319876"),
    ],
)
def test_a_phone_is_read_as_people_write_it(written, number):
    assert plain_phone(written) == number


@given(st.text(max_size=20))
def test_what_is_no_phone_stays_none(text):
    assert (phone_problem(plain_phone(text)) is None) <= any(c.isdigit() for c in text)
    assert plain_phone(plain_phone(text)) == plain_phone(text)


@pytest.mark.parametrize(
    "phone",
    ["", "12812342046", "1381234204", "138123420467", "12345678", "1381234204\uff16", "138 1234 2046"],
)
def test_what_is_no_phone_is_refused(phone):
    assert phone_problem(phone) == "手机号应为 11 位数字（固定电话请带区号，如 0531-12345678）"


@pytest.mark.parametrize(
    ("mask", "text", "shown"),
    [
        (mask_name, "张三", "张*"),
        (mask_name, "欧阳修远", "欧***"),
        (mask_name, "张", "*"),
        (mask_name, "", ""),
        (mask_phone, "13812342046", "138****2046"),
        (mask_phone, "0531-12345678", "***********78"),
        (mask_phone, "", ""),
        (mask_id_number, "370102199001011234", "3701**********1234"),
        (mask_id_number, "12345678", "********"),
    ],
)
def test_masks_show_what_they_say_and_no_more(mask, text, shown):
    assert mask(text) == shown
