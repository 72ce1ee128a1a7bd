"""Rules of the hotline: one fact each, the reason as the user reads it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.factories import AccountFactory, OrganisationFactory
from yanzhen.domains.hotline import rules
from yanzhen.domains.hotline.models import Case, Category
from yanzhen.domains.hotline.rules import Appeal

texts = st.text(max_size=200)


def appeal(**given: Any) -> Appeal:
    return Appeal(**({"body": "单位拖欠三个月工资，请求帮助。", "region": "370102"} | given))


def reasons(given: Appeal) -> list[str]:
    return [name for name, rule in rules.APPEAL_RULES if rule(given)]


@given(body=texts)
def test_an_appeal_says_at_least_ten_characters(body):
    assert (rules.body_says_something(appeal(body=body)) is None) == (len(body.strip()) >= 10)


@given(
    anonymous=st.booleans(),
    phone=st.sampled_from(["", "13812342046", "123"]),
    name=st.sampled_from(["", "王某"]),
)
def test_an_appeal_names_its_caller_or_is_anonymous(anonymous, phone, name):
    wrong = []
    if phone == "123":
        wrong.append("phone")
    if bool(phone) == anonymous:
        wrong.append("phone")
    if anonymous and name:
        wrong.append("name")

    assert reasons(appeal(anonymous=anonymous, phone=phone, name=name)) == wrong


@given(body=texts)
def test_a_title_is_the_first_sentence_and_fits_its_column(body):
    title = rules.title_from(body)

    assert len(title) <= 40
    assert title.removesuffix("…") in body
    words = re.sub(r"[。！？!?\n]", "", body).strip()
    assert not words or not set(title) & set("。！？!?\n")


@pytest.mark.parametrize(
    ("body", "title"),
    [
        ("工资没发。已三个月", "工资没发"),
        ("工资没发！", "工资没发"),
        ("第一行\n第二行", "第一行"),
        ("长" * 41, "长" * 39 + "…"),
        ("长" * 40, "长" * 40),
    ],
)
def test_a_title_ends_where_the_sentence_does(body, title):
    assert rules.title_from(body) == title


@pytest.mark.parametrize(
    ("category", "reason"),
    [
        (None, "尚未选择诉求类别"),
        (Category(code="02", name="保险"), "诉求类别“保险”须选到第三级"),
        (Category(code="0201", name="养老"), "诉求类别“养老”须选到第三级"),
        (Category(code="020101", name="欠缴", active=False), "诉求类别“欠缴”已停用，请改选在用的类别"),
        (Category(code="020101", name="欠缴"), None),
    ],
)
def test_a_case_is_accepted_under_a_leaf_in_force(category, reason):
    assert rules.has_third_level_category(Case(category=category)) == reason


@pytest.mark.django_db
def test_a_handler_is_of_the_organisation_in_charge():
    unit = OrganisationFactory(name="历下区总工会")
    ours, theirs = (
        AccountFactory(organisation=unit),
        AccountFactory(organisation=OrganisationFactory(), name="外人"),
    )

    assert [
        rules.handler_is_of_the_organisation(Case(handler=handler, organisation=organisation))
        for handler, organisation in ((ours, unit), (theirs, unit), (None, unit), (theirs, None))
    ] == [None, "所选承办人不属于承办单位 历下区总工会", None, None]


@given(reply=texts)
def test_a_reply_says_at_least_ten_characters(reply):
    assert (rules.reply_says_something(Case(reply=reply)) is None) == (len(reply.strip()) >= 10)


@given(
    reached=st.sampled_from([None, True, False]),
    solved=st.sampled_from([None, True, False]),
    satisfaction=st.sampled_from(["", *Case.Satisfaction.values]),
)
def test_nobody_answers_for_a_caller_who_was_not_reached(reached, solved, satisfaction):
    problem = rules.reached_before_rated(Case(reached=reached, solved=solved, satisfaction=satisfaction))

    if reached is False and (solved is not None or satisfaction):
        assert problem == "未联系到诉求人，不能代填“是否解决”和满意度"
    elif reached and solved is None:
        assert problem == "已联系到诉求人的，须填写问题是否解决"
    else:
        assert problem is None


@given(
    solved=st.sampled_from([None, True, False]), satisfaction=st.sampled_from(["", *Case.Satisfaction.values])
)
def test_what_is_known_unsolved_is_redone_and_never_closed(solved, satisfaction):
    case = Case(solved=solved, satisfaction=satisfaction)

    assert (rules.was_not_left_unsolved(case) is None) == (solved is not False)
    assert (rules.is_known_unsolved_or_dissatisfied(case) is None) == (
        solved is False or satisfaction == "dissatisfied"
    )


@pytest.mark.parametrize("rule", [rule for _, rule in rules.APPEAL_RULES], ids=lambda rule: rule.__name__)
def test_every_rule_says_in_its_docstring_what_has_to_be_true(rule):
    assert rule.__doc__
