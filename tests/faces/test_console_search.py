"""The words of the worklist: what they find, what is marked, and what they say to what can not be found."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.faces.console import browser, text
from tests.factories import AccountFactory, CaseFactory, LineFactory, RegionFactory
from tests.hotline import county
from yanzhen.engines.search import finding
from yanzhen.faces.console.keys import SIZE
from yanzhen.foundation.models import Account

pytestmark = pytest.mark.django_db

LIST = "/console/cases/"


def clerk() -> Account:
    return AccountFactory(grants=[(RegionFactory(code="370102"), LineFactory(), "case.view")])


def test_words_are_marked_in_the_title_and_in_a_line_of_the_text_and_nothing_is_markup():
    CaseFactory(
        region=RegionFactory(code="370102"),
        title="要<b>高温</b>津贴",
        body="<script>工地高温天也没有发</script>",
    )

    page = browser(clerk()).get(LIST, {"q": "高溫 工地"}).content.decode()

    assert "要&lt;b&gt;<mark>高温</mark>&lt;/b&gt;津贴" in page
    assert "&lt;script&gt;<mark>工地高温</mark>天也没有发" in page


def test_a_text_out_of_reach_is_neither_found_nor_shown():
    CaseFactory(region=RegionFactory(code="370202"), title="他区", body="高温津贴没有发")
    CaseFactory(
        region=RegionFactory(code="370102"),
        line=LineFactory(code="court"),
        title="他线",
        body="高温津贴没有发",
    )

    shown = [text(browser(clerk()).get(LIST, {"q": words})) for words in ("高温津贴", "高温补贴没有发")]

    assert [t for t in ("他区", "他线", "相近结果") for page in shown if t in page] == []


def test_near_results_are_called_so():
    CaseFactory(region=RegionFactory(code="370102"), body="高温津贴没有发")
    client = browser(clerk())

    exact, near = (text(client.get(LIST, {"q": words})) for words in ("高温津贴", "高温补贴没有发"))

    assert ("相近结果" in exact, "相近结果" in near, "高温津贴没有发" in near) == (False, True, True)


def test_of_short_words_that_find_nothing_it_says_that_they_are_looked_for_as_they_stand():
    CaseFactory(region=RegionFactory(code="370102"), body="高温津贴没有发")
    client = browser(clerk())

    short, long = (text(client.get(LIST, {"q": words})) for words in ("高温津帖", "没有这样的件"))

    said = "少于 5 个字的检索词只查一字不差的"
    assert ("没有符合条件的件" in short, said in short) == (True, True)
    assert ("没有符合条件的件" in long, said in long) == (True, False)


def test_words_narrow_together_with_the_other_filters():
    home = RegionFactory(code="370102")
    CaseFactory(region=home, title="待受理一", body="高温津贴没有发")
    CaseFactory(region=home, title="已受理一", body="高温津贴没有发", state="accepted")

    shown = text(browser(clerk()).get(LIST, {"q": "津贴", "state": "accepted"}))

    assert ("已受理一" in shown, "待受理一" in shown) == (True, False)


@pytest.mark.parametrize("words", ["工", "字" * 50_000, "\0", "工\0"])
def test_what_can_not_be_looked_for_is_answered_with_a_sentence(words):
    assert browser(clerk()).get(LIST, {"q": words}).status_code in {400, 422}


@pytest.mark.parametrize("words", ["%%", "__", "\\", "😀😀", "'';--", "（）", "1 2 3 45"])
def test_signs_are_looked_for_like_words(words):
    response = browser(clerk()).get(LIST, {"q": words})

    assert response.status_code == (422 if len(words) < 2 else 200)


def test_phone_and_number_find_in_the_head_and_in_the_list():
    place = county()
    case = place.case(phone="13812345678")
    client = browser(place.clerk)

    for words in ("13812345678", "5678", case.number[:16]):
        assert case.number in text(client.get("/console/find/", {"number": words}, follow=True))


@pytest.mark.parametrize(
    "written", ["139 0531 9876", "139-0531-9876", "+8613905319876", "8613905319876", "+86 139 0531 9876"]
)
def test_a_phone_is_found_as_people_write_it(written):
    place = county()
    case = place.case(phone="13905319876")
    other = place.case(phone="13905319877")

    shown = text(browser(place.clerk).get(LIST, {"q": written}))

    assert (case.number in shown, other.number in shown) == (True, False)


def test_the_number_of_statements_does_not_depend_on_what_is_found():
    home = RegionFactory(code="370102")
    client = browser(clerk())

    def statements() -> int:
        with CaptureQueriesContext(connection) as context:
            client.get(LIST, {"q": "高温津贴"})
        return len(context)

    def more() -> None:
        for _ in range(SIZE + 1):
            CaseFactory(region=home, body="高温津贴没有发")

    more()
    statements()  # what is read once and held
    before = statements()
    more()

    assert statements() == before


def test_a_case_is_found_by_the_digits_with_which_its_number_ends():
    place = county()
    cases = [place.case(title=f"第{n}件") for n in range(3)]
    number = cases[1].number
    day, serial, check = number.split("-")[1:]
    page = browser(place.clerk)

    for words in (f"{day}-{serial}", f"{day}{serial}", f"{day[-1]}{serial}", f"{day}-{serial}-{check}",
                  f"370102{day}{serial}", f"370102-{day}-{serial}"):  # fmt: skip
        shown = text(page.get(LIST, {"q": words}))
        assert [f"第{n}件" in shown for n in range(3)] == [False, True, False], words
    for words in (f"{(int(day[-1]) + 1) % 10}{serial}", f"{day}99999", serial, f"370202{day}{serial}"):
        assert "第1件" not in text(page.get(LIST, {"q": words})), words
    assert number not in text(browser(clerk_elsewhere()).get(LIST, {"q": f"{day}{serial}"}))


def clerk_elsewhere() -> Account:
    return AccountFactory(grants=[(RegionFactory(code="370202"), None, "case.view")])


@pytest.mark.parametrize("many", [1, 1000])
def test_many_that_are_looked_up_and_few_that_are_fetched_make_the_same_list(many, monkeypatch):
    monkeypatch.setattr(finding, "MANY", many)
    home = RegionFactory(code="370102")
    numbers = [CaseFactory(region=home, body="高温津贴没有发").number for _ in range(3)]
    CaseFactory(region=home, body="工伤待遇")
    CaseFactory(region=RegionFactory(code="370202"), body="高温津贴没有发")

    found = browser(clerk()).get(LIST, {"q": "高温津贴"})

    assert [line.number for line in found.context["lines"]] == numbers[::-1]


@pytest.mark.parametrize(("words", "walks"), [("高温津贴", True), ("5678", False), ("13812345678", False)])
def test_no_list_is_walked_for_what_an_index_of_its_own_finds(words, walks):
    client = browser(clerk())
    CaseFactory(region=RegionFactory(code="370102"), body="高温津贴没有发")

    with CaptureQueriesContext(connection) as context:
        client.get(LIST, {"q": words})

    assert any("enable_bitmapscan = off" in q["sql"] for q in context.captured_queries) == walks
