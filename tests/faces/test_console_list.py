from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from io import BytesIO

import pytest
from django.db import connection
from django.http import HttpRequest, QueryDict
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from openpyxl import load_workbook

from tests.calls import Board
from tests.faces.console import browser, text
from tests.factories import AccountFactory, CaseFactory, LineFactory, RegionFactory
from tests.hotline import county
from yanzhen.domains.hotline.models import Category
from yanzhen.faces.console.desk import DESKS, Column
from yanzhen.faces.console.desks import CASES
from yanzhen.faces.console.keys import SIZE, Order, page_of
from yanzhen.faces.console.lists import exported_cell
from yanzhen.faces.console.models import SavedView
from yanzhen.foundation import calendar
from yanzhen.foundation.models import Account, Region

pytestmark = pytest.mark.django_db

LIST = "/console/cases/"


def clerk(region: Region | None = None) -> Account:
    place = region or RegionFactory(code="370102")
    return AccountFactory(grants=[(place, LineFactory(), "case.view case.accept case.assign")])


def test_the_list_shows_the_own_county_and_line_and_nothing_else():
    home = RegionFactory(code="370102")
    CaseFactory(region=home, title="本区本线")
    CaseFactory(region=home, line=LineFactory(code="court"), title="本区他线")
    CaseFactory(region=RegionFactory(code="370202"), title="他区本线")

    shown = text(browser(clerk(home)).get(LIST))

    assert [t for t in ("本区本线", "本区他线", "他区本线") if t in shown] == ["本区本线"]


@pytest.mark.parametrize("desk", list(DESKS), ids=lambda desk: desk.name)
def test_the_list_of_every_desk_opens_and_can_be_searched(desk):
    account = AccountFactory(grants=[(RegionFactory(), None, desk.procedure.view_right)])
    page = browser(account)

    assert [page.get(f"/console/{desk.name}/{query}").status_code for query in ("", "?q=工资")] == [200, 200]


def test_a_short_list_is_searched_by_a_part_of_number_or_title():
    board = Board()
    waiting = [board.missed("a").call_back, board.missed("b", **{"from": "13700000000"}).call_back]
    page = browser(board.agent)

    def found(words: str) -> list[str]:
        shown = page.get("/console/call-backs/", {"q": words})
        return [task.number for task in waiting if task.number in text(shown)]

    assert found("137****") == [waiting[1].number]
    assert found(waiting[0].number.lower()) == [waiting[0].number]


def test_who_is_not_logged_in_is_asked_to_and_comes_back():
    response = Client().get(LIST)

    assert (response.status_code, response["Location"]) == (302, f"/login/?next={LIST}")


def test_pages_follow_each_other_without_gap_or_repeat():
    home = RegionFactory(code="370102")
    at = timezone.now()
    numbers = [
        CaseFactory(region=home, started_at=at, number=f"GD-{n:03}").number for n in range(2 * SIZE + 7)
    ]
    client = browser(clerk(home))
    seen: list[str] = []
    address = LIST

    while address:
        page = client.get(address)
        seen += [line.number for line in page.context["lines"]]
        address = f"{LIST}?{page.context['following']}" if page.context["following"] else ""

    assert seen == sorted(numbers, reverse=True)


def test_back_leads_to_the_page_before():
    home = RegionFactory(code="370102")
    for n in range(SIZE + 5):
        CaseFactory(region=home, number=f"GD-{n:03}")
    client = browser(clerk(home))
    first = client.get(LIST)

    second = client.get(f"{LIST}?{first.context['following']}")
    again = client.get(f"{LIST}?{second.context['previous']}")

    assert [x.number for x in again.context["lines"]] == [x.number for x in first.context["lines"]]
    assert again.context["previous"] == ""


def test_a_cursor_that_is_none_of_ours_is_refused_in_a_sentence():
    response = browser(clerk()).get(LIST, {"cursor": "zzz"})

    assert response.status_code == 422
    assert "翻页位置无效" in text(response)


@pytest.mark.parametrize("many", [1, 20])
def test_the_number_of_statements_does_not_depend_on_the_rows(many):
    home = RegionFactory(code="370102")
    for _ in range(many):
        CaseFactory(region=home)
    client = browser(clerk(home))
    client.get(LIST)

    with CaptureQueriesContext(connection) as context:
        client.get(LIST)

    assert len(context) <= 11, "\n".join(q["sql"][:120] for q in context.captured_queries)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"q": "GD-1"}, ["GD-1"]),
        ({"q": "欠薪"}, ["GD-2"]),
        ({"q": "某某机械"}, ["GD-3"]),
        ({"state": "handling"}, ["GD-3"]),
        ({"state": "open"}, ["GD-1", "GD-2", "GD-3"]),
        ({"urgency": "urgent"}, ["GD-2"]),
        ({"due": "overdue"}, ["GD-3"]),
        ({"due": "none"}, ["GD-1", "GD-2", "GD-4"]),
        ({"handler": "未指定"}, ["GD-1", "GD-2", "GD-3", "GD-4"]),
        ({"region": "370102"}, ["GD-1", "GD-2", "GD-3"]),
        ({"received_from": "2026-01-02"}, ["GD-1", "GD-2", "GD-3"]),
        ({"received_to": "2026-01-01"}, ["GD-4"]),
    ],
)
def test_the_list_is_narrowed(query, found):
    city, home = RegionFactory(code="370100", level="city"), RegionFactory(code="370102")
    home.parent = city
    home.save()
    RegionFactory(code="370103", parent=city)
    calendar.seed()
    now = timezone.now()
    CaseFactory(region=home, number="GD-1")
    CaseFactory(region=home, number="GD-2", title="欠薪三月", urgency="urgent")
    CaseFactory(
        region=home, number="GD-3", state="handling", employer="某某机械厂", due_at=now - timedelta(days=1)
    )
    new_year = datetime(2026, 1, 1, 12, tzinfo=timezone.get_default_timezone())
    CaseFactory(
        region=RegionFactory(code="370103"),
        number="GD-4",
        state="declined",
        ended_at=now,
        received_at=new_year,
    )

    response = browser(clerk(city)).get(LIST, query)

    assert sorted(line.number for line in response.context["lines"]) == found


def test_what_is_typed_into_a_filter_is_not_shown_to_who_comes_next():
    home = RegionFactory(code="370102")
    one, other = browser(clerk(home)), browser(clerk(home))

    typed = {"q": "只有我找的词", "organisation": "只有我找的单位", "region": "370102"}
    marks = ["只有我找的词", "只有我找的单位", 'value="370102" selected']

    seen = [
        client.get(LIST, query).content.decode() for client, query in ((other, {}), (one, typed), (other, {}))
    ]

    assert [[mark in page for mark in marks] for page in seen] == [[False] * 3, [True] * 3, [False] * 3]


def test_who_filters_by_me_at_the_same_time_as_somebody_else_finds_the_own():
    home = RegionFactory(code="370102")
    people = [clerk(home), clerk(home)]
    for account in people:
        CaseFactory(region=home, title=f"由{account.name}承办", handler=account)

    sets = [
        CASES.filters(QueryDict("handler=我"), queryset=CASES.query(a), request=_asked_by(a)) for a in people
    ]

    assert [[row.handler for row in each.qs] for each in sets] == [[account] for account in people]


def _asked_by(account: Account) -> HttpRequest:
    request = RequestFactory().get(LIST)
    request.user = account
    return request


def test_a_place_that_is_renamed_is_shown_under_its_new_name():
    home = RegionFactory(code="370102", name="旧名区")
    CaseFactory(region=home)
    page = browser(clerk(home))
    assert "旧名区" in text(page.get(LIST))

    home.name = "新名区"
    home.save()

    shown = text(page.get(LIST))
    assert [name in shown for name in ("旧名区", "新名区")] == [False, True]


def test_places_and_categories_of_the_rows_cost_no_statement_and_new_ones_are_found():
    home = RegionFactory(code="370102", name="历下区")
    page = browser(clerk(home))
    CaseFactory(region=home)
    page.get(LIST)
    Category.objects.bulk_create([Category(code="990101", name="新设的类别")])
    CaseFactory(region=home, category_id="990101")

    with CaptureQueriesContext(connection) as asked:
        shown = text(page.get(LIST))

    assert "新设的类别" in shown
    assert [q["sql"] for q in asked if 'FROM "foundation_region"' in q["sql"]] == []
    assert len([q for q in asked if 'FROM "hotline_category"' in q["sql"]]) <= 1


def test_rows_without_a_date_follow_those_with_one_on_the_first_page_and_after():
    board = Board()
    calls = [board.missed(name).call_back for name in "abcde"]
    for call, days in zip(calls, (3, 1, None, 2, None), strict=True):
        call.due_at = days and timezone.now() + timedelta(days=days)
        call.save()
    wanted = [calls[n].pk for n in (1, 3, 0, 2, 4)]
    order = Order("due_at", "", nullable=True)

    for size in (1, 2, 3, 5):
        found, cursor = [], ""
        while len(found) < len(wanted):
            page = page_of(type(calls[0]).objects.all(), order, cursor=cursor, size=size)
            found += [row.pk for row in page.rows]
            cursor = page.following
        assert (found, cursor) == (wanted, "")


def test_a_filter_that_can_not_be_read_shows_nothing_and_says_so():
    CaseFactory(region=RegionFactory(code="370102"))

    response = browser(clerk()).get(LIST, {"state": "nowhere"})

    assert (response.status_code, response.context["lines"]) == (422, [])


def test_the_four_boxes_hold_what_they_say():
    place = county()
    waiting, mine = place.case(), place.accepted()
    client = browser(place.clerk)

    boxes = {
        box: {line.number for line in client.get(LIST, {"box": box}).context["lines"]}
        for box in ("to-do", "done", "started", "copied", "all")
    }

    both = {waiting.number, mine.number}
    assert boxes == {"to-do": both, "done": {mine.number}, "started": set(), "copied": set(), "all": both}


def test_a_filter_is_kept_as_a_tab_and_put_away_again():
    account = clerk()
    client = browser(account)

    client.post(f"{LIST}views/", {"query": "box=all&state=handling&cursor=x", "name": "在办的"})

    view = SavedView.objects.get()
    page = client.get(f"{LIST}?{view.query}")
    assert (view.query, view.account) == ("box=all&state=handling", account)
    assert [tab.label for tab in page.context["tabs"] if tab.active] == ["在办的"]

    client.post(f"{LIST}views/{view.pk}/drop/")

    assert not SavedView.objects.exists()


def test_nobody_puts_away_a_view_of_somebody_else():
    view = SavedView.objects.create(account=clerk(), desk="cases", name="她的", query="box=all")

    browser(clerk()).post(f"{LIST}views/{view.pk}/drop/")

    assert SavedView.objects.filter(pk=view.pk).exists()


def test_what_is_exported_is_what_is_filtered():
    home = RegionFactory(code="370102")
    case = CaseFactory(region=home, title="=cmd()", state="handling")
    CaseFactory(region=home, title="不在其中")

    response = browser(clerk(home)).get(f"{LIST}export/", {"state": "handling"})

    rows = list(
        load_workbook(BytesIO(b"".join(response.streaming_content))).active.iter_rows(values_only=True)
    )
    assert response["Content-Disposition"].startswith("attachment")
    assert (len(rows), rows[0][:3]) == (2, ("编号", "诉求", "状态"))
    assert rows[1][:3] == (case.number, "'=cmd()", "办理中")


def test_dates_go_out_as_dates_of_our_clock_and_what_is_unknown_stays_empty():
    home = RegionFactory(code="370102")
    at = datetime(2026, 11, 24, 9, 30, tzinfo=timezone.get_default_timezone())
    CaseFactory(region=home, received_at=at.astimezone(UTC), due_at=None)

    response = browser(clerk(home)).get(f"{LIST}export/")

    heads, row = load_workbook(BytesIO(b"".join(response.streaming_content))).active.iter_rows(
        values_only=True
    )
    cells = dict(zip(heads, row, strict=True))
    assert (cells["来件"], row[3]) == (at.replace(tzinfo=None), None)


def test_money_and_counts_go_out_as_numbers():
    case = CaseFactory(region=RegionFactory(code="370102"), amount_yuan=Decimal("88000.50"), headcount=20)

    assert [
        exported_cell(case, Column(name)) for name in ("amount_yuan", "headcount", "anonymous", "channel")
    ] == [
        Decimal("88000.50"),
        20,
        "否",
        case.get_channel_display(),
    ]


def test_a_filter_that_can_not_be_read_is_not_exported_as_an_empty_sheet():
    CaseFactory(region=RegionFactory(code="370102"))

    response = browser(clerk()).get(f"{LIST}export/", {"state": "nowhere"})

    assert (response.status_code, response["Content-Type"]) == (422, "text/html; charset=utf-8")
    assert response.context["lines"] == []


def test_a_number_leads_straight_to_its_page_and_words_to_the_list():
    case = CaseFactory(region=RegionFactory(code="370102"), number="GD370102-20261124-00001-X")
    client = browser(clerk())

    straight = client.get("/console/find/", {"number": case.number.lower()})
    words = client.get("/console/find/", {"number": "欠薪"})

    assert straight["Location"] == f"/console/cases/{case.number}/"
    assert words["Location"].startswith(f"{LIST}?q=")


def test_the_first_page_counts_what_waits_and_shows_what_is_due_next():
    place = county()
    case = place.case()

    shown = text(browser(place.clerk).get("/console/"))

    assert "待我办理 1" in shown
    assert case.number in shown


def test_an_account_without_any_right_is_told_so():
    shown = text(browser(AccountFactory()).get("/console/"))

    assert "您还没有任何权限" in shown


def test_who_has_no_desk_finds_the_pages_that_are_open_on_the_first_page():
    judge = AccountFactory(grants=[(RegionFactory(code="370000"), LineFactory(), "application.mark")])

    shown = text(browser(judge).get("/console/"))

    assert "您还没有任何权限" not in shown
    assert "请打开要用的页面： 我的评审 我的考察" in shown
