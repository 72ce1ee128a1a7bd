from __future__ import annotations

import unicodedata
from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yanzhen.engines.similarity.fingerprint import (
    KEYS,
    Answer,
    compare,
    containment,
    grams,
    resemblance,
    shingles,
    sketch,
)
from yanzhen.engines.similarity.text import (
    firm_normal,
    name_normal,
    same_firm,
    text_normal,
    text_places,
    without_names,
)
from yanzhen.foundation.letters import simplified

PAIRS = [old + new for old, new in simplified().items()]
STORY = "我在宏达建筑公司的工地干了三个月，老板一直拖欠工资不发，多次讨要无果，请工会帮助追讨。"
texts = st.text(alphabet=st.characters(codec="utf-8"), max_size=60)


@given(texts)
def test_the_normal_form_is_its_own_normal_form(text):
    assert text_normal(text_normal(text)) == text_normal(text)


@given(texts)
def test_nothing_but_letters_and_digits_is_left(text):
    assert all(c.isalnum() for c in text_normal(text))


@given(st.lists(st.sampled_from(PAIRS)))
def test_a_text_in_traditional_characters_is_the_same_text(pairs):
    assert text_normal("".join(p[0] for p in pairs)) == text_normal("".join(p[1] for p in pairs))


@given(texts)
def test_a_character_is_shown_where_it_was_written(text):
    normal, places = text_places(text)

    assert normal == text_normal(text)
    assert all(normal[i] in text_normal(text[at]) for i, at in enumerate(places))


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("\uff21\uff22\uff23\u3000拖欠工資，\uff13個月！", "abc拖欠工资3个月"),
        ("Café №\uff15", "cafeno5"),
        ("——……", ""),
        (unicodedata.normalize("NFD", "é"), "e"),
    ],
)
def test_compatible_forms_marks_and_spaces_make_no_difference(written, normal):
    assert text_normal(written) == normal


@pytest.mark.parametrize(
    ("name", "core"),
    [
        ("山东省济南市历下区宏达建筑有限公司", "宏达建筑"),
        ("宏达建筑集团股份有限公司", "宏达建筑"),
        ("大润发超市历下店", "大润发超市历下"),
        ("阳光小区物业", "阳光小区物业"),
        ("海爾集團公司", "海尔"),
        ("公司", "公司"),
        ("济南市", "济南市"),
    ],
)
def test_a_name_is_known_by_its_core(name, core):
    assert name_normal(name) == core


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("山东省济南市历下区宏达建筑有限公司", "历下区宏达建筑"),
        ("济宁市邹城市宏达建筑公司", "邹城市宏达建筑"),
        ("济南市宏达建筑有限公司", "宏达建筑"),
        ("广西壮族自治区宏达建筑有限公司", "宏达建筑"),
        ("阳光小区物业", "阳光小区物业"),
    ],
)
def test_a_firm_is_known_by_its_core_in_the_county_that_it_names(name, known):
    assert firm_normal(name) == known


@given(texts, texts)
def test_likeness_is_mutual_and_between_nothing_and_all(a, b):
    left, right = grams(text_normal(a)), grams(text_normal(b))

    assert resemblance(left, right) == resemblance(right, left)
    assert containment(left, right) == containment(right, left)
    assert 0 <= resemblance(left, right) <= containment(left, right) <= 1


@given(texts)
def test_a_sketch_keeps_few_keys_of_the_text_in_order(text):
    normal = text_normal(text)
    keys = sketch(normal)

    assert keys == sorted(shingles(normal))[:KEYS]
    assert all(-(2**31) <= key < 2**31 for key in keys)


def test_everyday_shingles_are_no_keys():
    normal = text_normal(STORY)
    stops = array("i", sketch(normal)[:5])

    assert sketch(normal, stops) == sorted(shingles(normal))[5 : 5 + KEYS]


@pytest.mark.parametrize(
    ("other", "answer"),
    [
        (STORY.replace("三个月", "3个月"), Answer.SAME),
        (
            "我在宏達建築公司的工地干了三個月，老闆一直拖欠工資不發，多次討要無果，請工會幫助追討。",
            Answer.SAME,
        ),
        (STORY[:22] + "现在过年没钱回家，孩子的学费也交不上了。", Answer.OVERLAPS),
        ("你好，" + "单位没有给我们缴纳社会保险，也没有签劳动合同。" + STORY[14:27], Answer.RELATED),
        ("小区门口的路灯坏了半年没有人来修，晚上出行很危险。", None),
    ],
)
def test_the_three_answers(other, answer):
    found = compare(STORY, other)

    assert (found and found.answer) == answer


def test_common_passages_are_shown_as_they_were_written():
    left, right = "来信：公司拖欠工资三个月，请帮助。", "單位（公司）拖欠工資三個月，尽快处理"

    found = compare(left, right)

    assert found is not None
    assert [left[s.start : s.end] for s in found.left] == ["公司拖欠工资三个月"]
    assert [right[s.start : s.end] for s in found.right] == ["公司）拖欠工資三個月"]


@given(texts, texts)
def test_passages_lie_in_the_text_in_order_without_overlap(a, b):
    found = compare(a, b)
    for text, passages in ((a, found.left), (b, found.right)) if found else ():
        flat = [edge for passage in passages for edge in passage]
        assert flat == sorted(flat)
        assert all(0 <= edge <= len(text) for edge in flat)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("历下区宏达建筑有限公司", "济南市历下区宏达建筑公司", True),
        ("宏达建筑公司", "山东省济南市宏达建筑有限公司", True),
        ("历下区宏达建筑有限公司", "淄川区宏达建筑有限公司", False),
        ("济南市历下区宏达建筑公司", "济南市市中区宏达建筑公司", False),
        ("宏达建筑公司", "宏达装饰公司", False),
    ],
)
def test_names_are_of_one_firm_unless_their_divisions_differ(one, other, same):
    assert (same_firm(one, other), same_firm(other, one)) == (same, same)


def test_a_text_is_read_without_the_names_however_much_of_them_it_says():
    names = ("历下区宏达建筑有限公司", "")
    text = "历下区宏达建筑有限公司的工地，宏达建筑公司不发钱；宏达建筑推诿。"

    assert without_names(text, names) == "的工地不发钱推诿"
    assert without_names(text, ("", "某")) == text_normal(text)
