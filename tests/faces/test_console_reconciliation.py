"""The pages of reconciliation: days, their differences with what they lead to, and another run."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.calls import Board
from tests.domains.test_reconciliation import filed, lose
from tests.faces.console import browser, text
from tests.factories import AccountFactory, LineFactory, RegionFactory
from tests.hotline import County, county
from yanzhen.domains.hotline.calls.actions import end_with_reason
from yanzhen.domains.hotline.reconciliation.actions import reconcile
from yanzhen.domains.hotline.reconciliation.models import Report
from yanzhen.foundation.outbox.models import Message

pytestmark = pytest.mark.django_db

PAGE = "/console/reconciliation/"
RIGHTS = "reconciliation.view case.view record.view"


@pytest.fixture
def place() -> County:
    return county()


@pytest.fixture
def yesterday(place: County) -> date:
    """A day with one case that is gone and one that came by no request."""
    with time_machine.travel(timezone.now() - timedelta(days=1)):
        lost = filed(place)
        filed(place)
        place.case()
    lose(lost)
    day = timezone.localdate() - timedelta(days=1)
    reconcile(day)
    return day


def test_each_day_shows_each_source_in_words_and_leads_to_its_differences(place, yesterday):
    client = browser(AccountFactory(grants=[(place.region.parent.parent, None, RIGHTS)]))
    listing = text(client.get(PAGE))
    report = Report.objects.get(source="web")
    page = client.get(f"{PAGE}{report.pk}/")

    assert f"{yesterday} 2 处不符 收件 2，工单 2 相符 收件 0，工单 0" in listing
    assert "已答复收件，工单不存在" in text(page)
    (difference,) = [d for d in report.differences if d["page"] == "case"]
    assert f'href="/console/cases/{difference["which"]}/"' in page.content.decode()


def test_the_sum_of_the_calls_can_be_checked_on_the_page(place):
    board = Board(place)
    with time_machine.travel(timezone.now() - timedelta(days=1)):
        asked = board.answered("asked")
        board.missed("to be called back", **{"from": "13900000001"})
    end_with_reason(asked, "wrong", actor=board.agent)
    reconcile(timezone.localdate() - timedelta(days=1))
    client = browser(AccountFactory(grants=[(place.region.parent.parent, None, RIGHTS)]))
    page = text(client.get(f"{PAGE}{Report.objects.get(source='calls').pk}/"))

    sum_ = "收件 2 = 工单 0 + 有小结 1 + 未了结 1"
    assert sum_ in text(client.get(PAGE))
    assert sum_ in page
    assert "未了结的有些还没有到期" in page


def test_the_notice_of_a_difference_leads_to_its_report(place):
    keeper = AccountFactory(grants=[(place.region.parent.parent, None, RIGHTS)])
    with time_machine.travel(timezone.now() - timedelta(days=1)):
        lost = filed(place)
    lose(lost)
    reconcile(timezone.localdate() - timedelta(days=1))
    message = Message.objects.filter(account=keeper).first()
    Message.objects.update(shown_at=timezone.now())

    answer = browser(keeper).post(f"/console/notices/{message.pk}/read/", {"open": "1"})

    assert answer["location"] == f"{PAGE}{Report.objects.get(source='web').pk}/"


def test_another_run_shows_beside_the_former(place, yesterday):
    client = browser(AccountFactory(grants=[(place.region.parent.parent, None, RIGHTS)]))
    done = client.post(f"{PAGE}run/", {"day": yesterday.isoformat()}, follow=True)
    refused = client.post(f"{PAGE}run/", {"day": timezone.localdate().isoformat()})

    assert "已重新对账" in text(done)
    assert "历次对账" in text(client.get(f"{PAGE}{Report.objects.get(source='web', version=2).pk}/"))
    assert (refused.status_code, "只能对最近" in text(refused)) == (422, True)


def test_another_region_and_another_line_see_no_difference_and_no_right_no_page(place, yesterday):
    report = Report.objects.get(source="web")
    for region, line in ((RegionFactory(code="370202"), None), (place.region, LineFactory(code="court"))):
        page = text(browser(AccountFactory(grants=[(region, line, RIGHTS)])).get(f"{PAGE}{report.pk}/"))
        assert [d["which"] for d in report.differences if d["which"] in page] == []
    without = browser(AccountFactory(grants=[(place.region, None, "case.view")]))

    assert [without.get(p).status_code for p in (PAGE, f"{PAGE}{report.pk}/", f"{PAGE}run/")] == [404] * 3


def test_the_list_costs_the_same_however_many_days(place, yesterday):
    client = browser(AccountFactory(grants=[(place.region.parent.parent, None, RIGHTS)]))
    costs = []
    for ago in (2, 3, 4, 5):
        client.get(PAGE)
        with CaptureQueriesContext(connection) as asked:
            client.get(PAGE)
        costs.append(len(asked))
        reconcile(timezone.localdate() - timedelta(days=ago))

    assert len(set(costs)) == 1
