"""The rules of knowledge and wordings, over their arguments alone."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yanzhen.domains.hotline.knowledge import rules
from yanzhen.domains.hotline.models import Case

DAYS = st.dates(date(2000, 1, 1), date(2099, 1, 1))
VALUES = {"编号": "GD1", "诉求标题": "拖欠工资"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("编号 {编号}，请查收。", "编号 GD1，请查收。"),
        ("{编号}{诉求标题}", "GD1拖欠工资"),
        ("到期 {到期日}", "到期 【到期日】"),
        ("没有占位符", "没有占位符"),
    ],
)
def test_a_placeholder_becomes_the_cases_value_and_an_unknown_value_a_blank(text, expected):
    assert rules.filled(text, VALUES) == expected


def test_what_a_value_holds_is_not_filled_again():
    assert rules.filled("{诉求标题}", {"诉求标题": "{编号}", "编号": "GD1"}) == "{编号}"


@given(st.text())
def test_a_text_without_braces_stays_as_it_is(text):
    plain = text.replace("{", "").replace("}", "")

    assert rules.filled(plain, VALUES) == plain
    assert rules.placeholder_problem(plain) is None


@pytest.mark.parametrize("text", ["{姓名}", "{编号 }", "{", "编号}", "{{编号}}", "{}"])
def test_an_unknown_or_broken_placeholder_is_refused_with_a_sentence(text):
    assert rules.placeholder_problem(text)


def test_the_refusal_names_the_placeholder_and_those_there_are():
    assert rules.placeholder_problem("{姓名}您好") == (
        "没有占位符 {姓名}：只能用 {编号}{诉求标题}{承办单位}{今天}{到期日}；要由人填写的内容写作【…】"
    )


@pytest.mark.parametrize(
    ("shortcut", "good"),
    [("/qx", True), ("/a1", True), ("/abcdefghijkl", True), ("/abcdefghijklm", False), ("qx", False), ("/", False),
     ("/QX", False), ("/清晰", False), ("/q x", False), ("//qx", False), ("/qx\n", False)],
)  # fmt: skip
def test_a_shortcut_is_a_slash_and_small_letters_or_digits(shortcut, good):
    assert (rules.shortcut_problem(shortcut) is None) is good


@given(DAYS, st.integers(1, 4000))
def test_a_period_holds_its_first_day_and_not_its_last(first, length):
    last = first + timedelta(days=length)

    assert rules.holds(first, last, on=first)
    assert rules.holds(first, last, on=last - timedelta(days=1))
    assert not rules.holds(first, last, on=last)
    assert not rules.holds(first, last, on=first - timedelta(days=1))
    assert rules.holds(first, None, on=last)


@pytest.mark.parametrize(
    ("reply", "named"),
    [
        ("单位已支付 3000 元。", ""),
        ("鲁工发〔2023〕5号", ""),  # noqa: RUF001  # the brackets of document numbers
        ("单位已支付【金额】元。", "【金额】"),
        ("【金额】【日期】【金额】", "【金额】、【日期】"),
        ("【】", "【】"),
    ],
)
def test_an_answer_with_a_blank_is_refused_and_the_blanks_are_named(reply, named):
    problem = rules.has_no_blanks(Case(reply=reply))

    assert (problem or "").partition("：")[0] == (f"答复中还有未填写的 {named}" if named else "")
