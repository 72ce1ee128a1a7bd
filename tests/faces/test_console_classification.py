"""The page of the classifier, and the suggestions that a form asks for."""

from __future__ import annotations

import pytest

from tests.faces.console import browser, text
from tests.factories import AccountFactory, CaseFactory, LineFactory, RegionFactory
from yanzhen.domains.hotline import categories
from yanzhen.domains.hotline.classification import queries
from yanzhen.foundation import parameters


@pytest.fixture
def place(db):
    parameters.load_defaults()
    categories.load()
    queries._CATEGORIES.forget()
    LineFactory()
    return RegionFactory(code="370000", level="province")


def test_the_page_says_that_nothing_was_trained_yet(place):
    page = browser(AccountFactory(grants=[(place, None, "case.train")])).get("/console/classification/")

    assert "还没有训练过" in text(page)


def test_a_training_of_too_few_cases_is_refused_on_the_page(place):
    page = browser(AccountFactory(grants=[(place, None, "case.train")])).post("/console/classification/")

    assert page.status_code == 409
    assert "至少要 300 件" in text(page)


def test_the_page_is_not_there_for_others(place):
    clerk = browser(AccountFactory(grants=[(place, None, "case.view")]))

    assert clerk.get("/console/classification/").status_code == 404
    assert clerk.post("/console/classify/", {"body": "拖欠工资"}).status_code == 403


def test_an_agent_gets_suggestions_with_their_words(place):
    agent = browser(AccountFactory(grants=[(place, None, "case.register")]))

    part = agent.post("/console/classify/", {"title": "求助", "body": "老板拖欠工资三个月"})

    assert part.status_code == 200
    body = part.content.decode()
    assert 'data-choose="category"' in body
    assert 'value="010101"' in body
    assert "拖欠工资" in body


@pytest.mark.parametrize(
    ("body", "said"),
    [("", "请先填写诉求内容"), ("😀", "没有把握的建议"), ("拖欠工资" * 12_500, "只按前 5000 字建议")],
)
def test_every_text_gets_a_clear_answer(place, body, said):
    agent = browser(AccountFactory(grants=[(place, None, "case.register")]))

    assert said in agent.post("/console/classify/", {"body": body}).content.decode()


def test_the_register_page_offers_suggestions(place):
    agent = browser(AccountFactory(grants=[(place, None, "case.register")]))

    assert 'hx-post="/console/classify/"' in agent.get("/console/register/").content.decode()


@pytest.mark.parametrize("channel", ["web", "api", "sheet"])
def test_whoever_accepts_sees_the_likely_categories_and_their_words(place, channel):
    case = CaseFactory(region=RegionFactory(code="370102"), channel=channel, body="老板拖欠工资三个月")
    clerk = browser(AccountFactory(grants=[(place, None, "case.view case.accept")]))

    page = clerk.get(f"/console/cases/{case.number}/move/accept/")
    other = clerk.get(f"/console/cases/{case.number}/move/relocate/")

    form = page.content.decode().partition('<form class="surface"')[2].partition("</form>")[0]
    assert ('data-choose="category"' in form, 'value="010101"' in form) == (True, True)
    assert "拖欠工资" in form
    assert "data-choose" not in other.content.decode()
