from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yanzhen.engines.programmes.scoring.criteria import (
    Aspect,
    Criteria,
    Discrepancy,
    Kind,
    Mark,
    check,
    compare,
)
from yanzhen.foundation.errors import DeclarationError, Invalid

D = Decimal
LEVELS = ("不合要求", "达到行业标准", "优于行业标准", "出类拔萃")
SIZE = Aspect("size", "尺寸", Kind.MEASUREMENT, D(60), high=D(10), step=D("0.5"))
LOOK = Aspect("look", "外观", Kind.JUDGEMENT, D(40), levels=LEVELS)
SAFE = Aspect("safe", "安全", Kind.MEASUREMENT, D(20), only_for=("welding",), required=False)
NOTE = Aspect("note", "用时", Kind.MEASUREMENT, D(0), informational=True, required=False)
SHEET = Criteria((SIZE, LOOK, SAFE, NOTE))


def test_a_mark_set_is_measured_against_what_applies():
    marks = [Mark("size", D("7.5")), Mark("look", D(2)), Mark("note", D(90))]

    assert SHEET.total(marks) == (D("0.75") * 60 + D(2) / 3 * 40).quantize(D("1e-26"))
    assert SHEET.total([*marks[:2], Mark("safe", D(100))], "welding") == D(
        "76.38888888888888888888888889"
    )  # (45 + 80/3 + 20) / 120


def test_full_marks_are_a_hundred_on_every_track():
    full = [Mark("size", D(10)), Mark("look", D(3))]

    assert SHEET.total(full) == SHEET.total([*full, Mark("safe", D(100))], "welding") == 100


def test_what_does_not_apply_is_left_out_and_needs_a_reason():
    away = Mark("look", None, "设备故障，未能制作")

    assert SHEET.total([Mark("size", D(5)), away]) == 50
    assert SHEET.total([Mark("size", None, "弃项"), away]) is None
    assert SHEET.faults([Mark("size", D(5)), Mark("look", None)]) == {
        "look": "“外观”标为不适用，请写明原因。"
    }


def test_a_required_aspect_without_a_mark_keeps_the_set_from_being_filed_but_not_from_being_a_draft():
    sentence = "“外观”还没有打分；请打分，或者写明不适用的原因。"

    assert SHEET.faults([Mark("size", D(5))]) == {"look": sentence}
    assert SHEET.faults([Mark("size", D(5))], complete=False) == {}
    with pytest.raises(Invalid) as refused:
        SHEET.total([Mark("size", D(5))])
    assert refused.value.data == {"fields": {"look": sentence}}


@pytest.mark.parametrize(
    ("aspect", "value", "sentence"),
    [
        (SIZE, "10.5", "“尺寸”的量程是 0 至 10、每档 0.5；填的是 10.5，请填量程以内、落在档上的数。"),
        (SIZE, "7.3", "“尺寸”的量程是 0 至 10、每档 0.5；填的是 7.3，请填量程以内、落在档上的数。"),
        (SIZE, "NaN", "“尺寸”的量程是 0 至 10、每档 0.5；填的是 NaN，请填量程以内、落在档上的数。"),
        (SIZE, "1E-99999", "“尺寸”的量程是 0 至 10、每档 0.5；填的是 1E-99999，请填量程以内、落在档上的数。"),
        (LOOK, "4", "“外观”是评判项，分 0、1、2、3 四级；填的是 4，请从四级中选一级。"),
        (LOOK, "1.5", "“外观”是评判项，分 0、1、2、3 四级；填的是 1.5，请从四级中选一级。"),
        (SIZE, "7.50", None),
        (LOOK, "0", None),
    ],
)
def test_a_mark_outside_its_scale_is_told_the_scale(aspect, value, sentence):
    assert check(aspect, Mark(aspect.code, D(value))) == sentence


def test_an_aspect_of_another_track_or_marked_twice_is_refused():
    marks = [Mark("size", D(5)), Mark("size", D(6)), Mark("look", D(1)), Mark("safe", D(3))]

    assert SHEET.faults(marks) == {
        "size": "“尺寸”打了两次分，请只留一次。",
        "safe": "评分项 safe 不适用于本组别，请删去这一项。",
    }


def test_two_entries_of_a_sheet_are_compared_by_value():
    first = [Mark("size", D("7.5")), Mark("look", None, "弃权"), Mark("note", D(1))]
    second = [Mark("size", D("7.50")), Mark("look", D(0)), Mark("safe", D(2))]

    assert compare(first, second) == (
        Discrepancy("look", first[1], second[1]),
        Discrepancy("note", first[2], None),
        Discrepancy("safe", None, second[2]),
    )
    assert compare([Mark("look", None, "弃权")], [Mark("look", None, "放弃")]) == ()


def test_criteria_survive_their_stored_form():
    assert Criteria.from_json(SHEET.to_json()) == SHEET


GOOD = {"code": "a", "label": "甲", "kind": "measurement", "weight": "10"}


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ("", "须是评分项的列表"),
        ([{**GOOD, "colour": "红"}], "字段不对"),
        ([{**GOOD, "weight": 0.1}], "weight"),
        ([{**GOOD, "weight": "很多"}], "weight"),
        ([{**GOOD, "weight": "1e999999"}], "十亿"),
        ([{**GOOD, "kind": ["x"]}], "kind"),
        ([{**GOOD, "levels": [1]}], "levels"),
        ([{**GOOD, "required": "是"}], "required"),
        ([{**GOOD, "weight": "0"}], "权重须大于 0"),
        ([{**GOOD, "informational": True}], "权重须为 0"),
        ([{**GOOD, "kind": "judgement", "levels": ["好"]}], "四个等级"),
        ([{**GOOD, "levels": ["好"]}], "不设等级"),
        ([{**GOOD, "low": "5", "high": "5"}], "下限须小于上限"),
        ([{**GOOD, "step": "3"}], "整分量程"),
        ([GOOD, GOOD], "代码相同"),
        ([], "至少要有一个计分项"),
    ],
)
def test_a_stored_form_that_says_nothing_sensible_is_refused_with_a_sentence(data, words):
    with pytest.raises(Invalid) as refused:
        Criteria.from_json(data)
    assert words in refused.value.message


def test_a_broken_declaration_fails_at_import():
    with pytest.raises(DeclarationError):
        Aspect("", "", Kind.MEASUREMENT, D(1))


steps = st.integers(0, 20).map(lambda n: Mark("size", D(n) / 2))
levels = st.integers(0, 3).map(lambda n: Mark("look", D(n)))


@given(steps, levels, st.integers(0, 3))
def test_a_total_lies_between_nothing_and_a_hundred_and_never_falls_with_a_mark(size, look, more):
    total = SHEET.total([size, look])
    better = SHEET.total([size, Mark("look", D(max(more, int(look.value))))])

    assert 0 <= total <= better <= 100
