"""The pages of notices: one's own, and those that leave the house."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.faces.console import browser, text
from tests.factories import AccountFactory, CaseFactory, LineFactory, RegionFactory
from tests.outbox import endpoint_at
from yanzhen.faces import places
from yanzhen.faces.cli import doctor
from yanzhen.foundation import crypto
from yanzhen.foundation.models import Account, Record, Region
from yanzhen.foundation.outbox.declare import NOTICES, Notice
from yanzhen.foundation.outbox.deliveries import deliveries_of
from yanzhen.foundation.outbox.leasing import spread
from yanzhen.foundation.outbox.messages import Telling, notify, notify_many
from yanzhen.foundation.outbox.models import Delivery, Endpoint, Message

pytestmark = pytest.mark.django_db

RIGHTS = "outbox.view outbox.edit case.view"
MOVED = Notice("test.moved", "流转", "工单 {number} 已流转。", urgent=True)
NOTICES_PAGE, OUTBOX, ENDPOINTS = "/console/notices/", "/console/outbox/", "/console/outbox/endpoints/"


@pytest.fixture(autouse=True)
def _kind(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    monkeypatch.setitem(NOTICES._items, MOVED.code, MOVED)
    settings.OUTBOX_HOSTS = frozenset({"127.0.0.1"})


@pytest.fixture
def county() -> Region:
    return RegionFactory(code="370102")


@pytest.fixture
def keeper(county: Region) -> Account:
    return AccountFactory(grants=[(county, None, RIGHTS)])


@pytest.fixture
def endpoint(keeper: Account, county: Region) -> Endpoint:
    return endpoint_at("http://127.0.0.1:9/hook", actor=keeper, region=county, kinds=(MOVED.code,))[0]


def strangers(county: Region) -> list[Account]:
    return [
        AccountFactory(grants=[(RegionFactory(code="370202"), None, RIGHTS)]),
        AccountFactory(grants=[(county, LineFactory(code="court"), RIGHTS)]),
    ]


def dead(endpoint: Endpoint, count: int = 3) -> list[Delivery]:
    notify_many(MOVED, [Telling(CaseFactory(region=endpoint.region)) for _ in range(count)])
    spread(now=timezone.now())
    Delivery.objects.update(state="dead", attempts=90, problem="接收方应答 500，没有接收")
    return list(Delivery.objects.order_by("pk"))


# ---- one's own ----


def test_the_bell_counts_what_is_unread_without_prolonging_the_session(
    keeper, county, django_assert_max_num_queries
):
    notify_many(MOVED, [Telling(CaseFactory(region=county), [keeper]) for _ in range(3)])
    client = browser(keeper)
    client.get(NOTICES_PAGE)

    with django_assert_max_num_queries(7):
        answer = client.get(f"{NOTICES_PAGE}bell/").content.decode()

    assert re.search(r"<b[^>]*>\s*3\s*</b>", answer)
    assert "load" not in answer


def test_a_page_counts_nothing_itself(keeper):
    page = browser(keeper).get(NOTICES_PAGE).content.decode()

    assert 'hx-trigger="load, every 60s"' in page


def test_going_to_a_case_marks_its_notice_read(keeper, county):
    case = CaseFactory(region=county)
    notify(MOVED, subject=case, to=[keeper])
    message = Message.objects.get(account=keeper)
    client = browser(keeper)
    assert f"工单 {case.number} 已流转。" in text(client.get(NOTICES_PAGE))

    answer = client.post(f"{NOTICES_PAGE}{message.pk}/read/", {"open": "1"})

    assert (answer.status_code, answer["location"]) == (303, f"/console/cases/{case.number}/")
    assert "没有未读的通知" in text(client.get(NOTICES_PAGE))
    assert case.number in text(client.get(f"{NOTICES_PAGE}?show=all"))


def test_the_notices_of_another_are_not_to_be_had(keeper, county):
    case = CaseFactory(region=county)
    notify(MOVED, subject=case, to=[keeper])
    message = Message.objects.get(account=keeper)
    colleague = browser(AccountFactory(grants=[(county, None, RIGHTS)]))

    assert case.number not in text(colleague.get(f"{NOTICES_PAGE}?show=all"))
    assert colleague.post(f"{NOTICES_PAGE}{message.pk}/read/").status_code == 404
    colleague.post(f"{NOTICES_PAGE}read/")
    message.refresh_from_db()
    assert message.read_at is None


def test_a_list_of_notices_costs_the_same_however_long(keeper, county):
    client = browser(keeper)
    costs = []
    for count in (1, 30):
        notify_many(MOVED, [Telling(CaseFactory(region=county), [keeper]) for _ in range(count)])
        client.get(NOTICES_PAGE)
        with CaptureQueriesContext(connection) as found:
            client.get(NOTICES_PAGE)
        costs.append(len(found))

    assert costs[0] == costs[1]


# ---- what leaves the house ----


def test_failed_deliveries_are_seen_with_their_reason_and_sent_again_one_by_one(keeper, endpoint):
    first, *_ = dead(endpoint)
    client = browser(keeper)
    page = text(client.get(f"{OUTBOX}?state=dead"))
    assert page.count("接收方应答 500，没有接收") == 3

    answer = client.post(f"{OUTBOX}{first.pk}/resend/", {"query": "state=dead"}, follow=True)

    assert answer.redirect_chain == [(f"{OUTBOX}?state=dead", 303)]
    assert list(Delivery.objects.order_by("pk").values_list("state", "attempts")) == [
        ("pending", 0), ("dead", 90), ("dead", 90),
    ]  # fmt: skip


def test_what_failed_once_is_said_to_be_tried_again_and_waits_no_more(keeper, endpoint):
    """One failed, one is in hand for the first time, and one was sent anew after it had been given up."""
    failed, taken, given_up = dead(endpoint)
    Delivery.objects.update(state="pending", attempts=1, problem="")
    Delivery.objects.filter(pk=failed.pk).update(problem="接收方应答 500，没有接收", status=500)
    Delivery.objects.filter(pk=given_up.pk).update(state="dead", problem="接收方拒绝连接", status=503)
    Endpoint.objects.update(problem="接收方拒绝连接")
    client = browser(keeper)
    client.post(f"{OUTBOX}{given_up.pk}/resend/")

    def listed(state: str) -> str:
        return text(client.get(f"{OUTBOX}?state={state}")).split("操作")[1]

    assert [d.message.number in listed("failing") for d in (failed, taken, given_up)] == [True, False, False]
    assert [d.message.number in listed("waiting") for d in (failed, taken, given_up)] == [False, True, True]
    assert "重试中" in listed("failing")
    assert "待投递" not in listed("failing")
    assert "接收方拒绝连接" not in listed("waiting")
    assert "重试中" in text(client.get(f"{ENDPOINTS}{endpoint.pk}/"))


def test_all_that_wait_for_an_endpoint_that_is_down_are_being_tried_again(keeper, endpoint):
    dead(endpoint)
    Delivery.objects.update(state="pending", attempts=0, problem="")
    Endpoint.objects.update(failures=3, problem="接收方拒绝连接")

    assert [deliveries_of(keeper, state=s).count() for s in ("waiting", "failing")] == [0, 3]
    assert text(browser(keeper).get(OUTBOX)).count("接收方拒绝连接") == 3


def test_all_of_a_filter_is_sent_again_after_a_question_with_the_number(keeper, endpoint):
    dead(endpoint)
    client = browser(keeper)
    asked = client.get(f"{OUTBOX}resend/?state=dead")
    assert "未送达的通知： 3" in text(asked)

    refused = client.post(f"{OUTBOX}resend/?state=dead", {"reason": ""})
    client.post(f"{OUTBOX}resend/?state=dead", {"reason": "接收方已修复"})

    assert refused.status_code == 422
    assert set(Delivery.objects.values_list("state", flat=True)) == {"pending"}
    assert Record.objects.get(verb="outbox.resend").after == {"count": 3}


def test_the_key_of_a_new_endpoint_is_shown_once(keeper, county):
    LineFactory()
    crypto.forget_keys()
    crypto.begin()
    places.forget_regions()
    client = browser(keeper)
    form = {
        "name": "省平台", "url": "http://127.0.0.1:9/hook", "kinds": ["test.moved"], "region": "370102", "line": "union",
    }  # fmt: skip
    answer = client.post(f"{ENDPOINTS}new/", form)

    key = re.search(r"whsec_[\w+/=]+", answer.content.decode())
    endpoint = Endpoint.objects.get()
    assert key
    assert "省平台" in text(client.get(ENDPOINTS))
    assert key[0] not in client.get(f"{ENDPOINTS}{endpoint.pk}/").content.decode()
    assert "no-store" in answer["cache-control"]


@pytest.mark.parametrize(
    "url", ["https://127.0.0.2/", "http://10.0.0.1/", "https://[::1]/", "file:///etc/passwd"]
)
def test_an_address_inside_the_house_is_refused_beside_its_field(keeper, county, url):
    LineFactory()
    places.forget_regions()
    form = {"name": "x", "url": url, "kinds": ["test.moved"], "region": "370102", "line": "union"}

    answer = browser(keeper).post(f"{ENDPOINTS}new/", form)

    assert answer.status_code == 422
    assert "field-error" in answer.content.decode()
    assert not Endpoint.objects.exists()


def test_an_endpoint_is_tried_shut_and_given_a_new_key_on_record(keeper, endpoint):
    client = browser(keeper)
    before = bytes(endpoint.secret_cipher)
    tried = client.post(f"{ENDPOINTS}{endpoint.pk}/test/", follow=True)
    renewed = client.post(f"{ENDPOINTS}{endpoint.pk}/secret/")
    client.post(f"{ENDPOINTS}{endpoint.pk}/switch/", {"reason": "检修"})

    endpoint.refresh_from_db()
    assert "测试通知已发出" in text(tried)
    assert "whsec_" in renewed.content.decode()
    assert (bytes(endpoint.secret_cipher) != before, endpoint.active) == (True, False)
    assert list(Record.objects.filter(verb__startswith="outbox.").order_by("pk").values_list("verb", flat=True)) == [
        "outbox.register", "outbox.test", "outbox.rotate", "outbox.switch",
    ]  # fmt: skip


def test_who_may_look_changes_nothing(county, endpoint):
    viewer = browser(AccountFactory(grants=[(county, None, "outbox.view")]))
    (first,) = dead(endpoint, 1)

    assert viewer.get(f"{ENDPOINTS}{endpoint.pk}/").status_code == 200
    for path in (f"{ENDPOINTS}{endpoint.pk}/test/", f"{ENDPOINTS}{endpoint.pk}/secret/", f"{ENDPOINTS}{endpoint.pk}/switch/",
                 f"{ENDPOINTS}new/", f"{OUTBOX}{first.pk}/resend/"):  # fmt: skip
        assert viewer.post(path, {"reason": "不该发生"}).status_code == 403, path
    first.refresh_from_db()
    endpoint.refresh_from_db()
    assert (first.state, endpoint.active) == ("dead", True)


def test_another_region_and_another_line_see_no_endpoint_and_no_delivery(county, endpoint):
    (first,) = dead(endpoint, 1)
    for stranger in strangers(county):
        client = browser(stranger)

        assert "平台" not in text(client.get(ENDPOINTS))
        assert first.message.number not in text(client.get(OUTBOX))
        for path in ("", "secret/", "switch/"):
            assert client.get(f"{ENDPOINTS}{endpoint.pk}/{path}").status_code == 404
        assert client.post(f"{OUTBOX}{first.pk}/resend/").status_code == 404
        client.post(f"{OUTBOX}resend/?state=dead", {"reason": "不该发生"})
    first.refresh_from_db()
    assert first.state == "dead"


def test_who_has_no_right_finds_no_page(county):
    client = browser(AccountFactory(grants=[(county, None, "case.view")]))

    assert [client.get(path).status_code for path in (OUTBOX, ENDPOINTS, f"{OUTBOX}resend/")] == [404] * 3
    assert client.get(f"{ENDPOINTS}new/").status_code == 403


def test_the_doctor_names_what_waits_too_long_and_what_was_given_up(endpoint):
    assert doctor.delivered() is None
    dead(endpoint, 1)
    assert doctor.delivered() == "有 1 条通知投递失败，请在“通知投递”重新投递"

    Delivery.objects.update(state="pending", created_at=timezone.now() - timedelta(hours=2))

    assert (doctor.delivered() or "").startswith("最早的通知已等待 2:00:")
