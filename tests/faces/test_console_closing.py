"""The pages of closing the loop, as a browser without scripts uses them."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.closing import ALL_PASS, WHY, answered, at, checker, sample_of
from tests.faces.console import browser, fill, text
from tests.factories import AccountFactory, RegionFactory
from tests.hotline import County, county
from yanzhen.domains.hotline.closing.actions import Answer, answer_online, finish_by_phone, note_attempt
from yanzhen.domains.hotline.closing.models import Attempt, Draw, Sampled, Survey, Unreasonable
from yanzhen.engines.procedures.engine import advance
from yanzhen.foundation.models import Account
from yanzhen.foundation.records import history

pytestmark = pytest.mark.django_db
LIST = "/console/closing/call-backs/"


def caller_back(place: County) -> Account:
    return AccountFactory(grants=[(place.region, None, "case.view case.call_back case.reveal")])


def note(client: Client, number: str, outcome: str) -> str:
    return text(client.post(f"{LIST}{number}/noted/", {"outcome": outcome}, follow=True))


def test_a_call_is_noted_with_one_click_and_taken_back_with_another():
    place = county()
    case = answered(place)
    client = browser(caller_back(place))

    said = note(client, case.number, "busy")
    attempt = Attempt.objects.get()
    back = client.post(f"{LIST}{case.number}/attempts/{attempt.pk}/take-back/", follow=True)

    assert f"已记录 {case.number}：占线；记错了可在下方更正" in said
    assert "还须换一天" in said
    assert "已更正" in text(back)
    assert "占线 20" not in text(back)
    assert [a.outcome for a in Attempt.objects.order_by("pk")] == ["busy", "mistake"]


def test_after_two_calls_a_day_the_list_offers_no_third():
    place = county()
    case = answered(place)
    client = browser(caller_back(place))
    for outcome in ("busy", "no_answer"):
        note(client, case.number, outcome)

    assert "当天已拨打 2 次" in text(client.get(LIST))
    assert "当天已拨打 2 次" in note(client, case.number, "busy")
    assert Attempt.objects.count() == 2


def test_a_time_that_was_agreed_on_is_asked_for():
    place = county()
    case = answered(place)
    client = browser(caller_back(place))
    address = f"{LIST}{case.number}/noted/later/"

    refused = fill(client, address, again_at="2020-01-01T10:00", note="")
    done = fill(client, address, again_at=f"{at(-2, 10):%Y-%m-%dT%H:%M}", note="")

    assert (refused.status_code, "晚于现在" in text(refused)) == (422, True)
    assert done.status_code == 303
    assert f"约定 {at(-2, 10):%m月%d日 %H:%M} 再联系" in text(client.get(LIST))


def test_the_callers_answer_moves_the_case_on():
    place = county()
    case = answered(place)
    client = browser(caller_back(place))
    values = {"solved": "true", "satisfaction": "fair", "service": "satisfied", "words": "等得久"}

    response = fill(client, f"{LIST}{case.number}/reached/", **values)

    case.refresh_from_db()
    assert (response.status_code, case.state, case.satisfaction) == (303, "called_back", "fair")
    assert Survey.objects.get().service == "satisfied"
    assert client.get(f"{LIST}{case.number}/reached/").status_code == 404
    assert "等得久" in text(client.get(f"/console/closing/cases/{case.number}/"))


def test_what_the_caller_said_online_is_shown_and_can_not_be_overwritten():
    place = county()
    case = answered(place)
    answer_online(case, Answer(False, "dissatisfied", words="还差一个月"))
    client = browser(caller_back(place))

    refused = fill(client, f"{LIST}{case.number}/reached/", solved="true")
    done = fill(client, f"{LIST}{case.number}/answered-online/")

    assert "还差一个月" in text(refused)
    assert (refused.status_code, "不得记为已解决" in text(refused)) == (422, True)
    case.refresh_from_db()
    assert (done.status_code, case.state, case.handler, case.former_handler) == (
        303,
        "handling",
        None,
        place.handler,
    )
    assert [s.solved for s in Survey.objects.all()] == [False]


@pytest.mark.parametrize(
    ("then", "state"), [("again", "handling"), ("", "handling"), ("check", "called_back")]
)
def test_what_was_not_solved_is_handled_again_unless_somebody_says_that_nothing_can_be_done(then, state):
    place = county()
    case = answered(place)

    done = fill(
        browser(caller_back(place)),
        f"{LIST}{case.number}/reached/",
        solved="false",
        words="还差一个月",
        **({"then": then} if then else {}),
    )

    case.refresh_from_db()
    assert (done.status_code, case.state, case.handler) == (
        303,
        state,
        None if state == "handling" else place.handler,
    )
    if state == "handling":
        assert history(case).last().reason == "诉求人反映未解决：还差一个月"


def test_what_was_solved_is_not_handled_again_whatever_stands_below():
    place = county()
    case = answered(place)

    fill(browser(caller_back(place)), f"{LIST}{case.number}/reached/", solved="true", then="again")

    case.refresh_from_db()
    assert (case.state, case.solved) == ("called_back", True)


def test_giving_up_too_early_is_refused_with_what_is_missing():
    place = county()
    case = answered(place)
    client = browser(caller_back(place))

    refused = fill(client, f"{LIST}{case.number}/given-up/", note="")

    assert (refused.status_code, "还须在上午或下午或晚间再拨 3 次" in text(refused)) == (409, True)


@pytest.mark.parametrize("who", ["elsewhere", "handler", "viewer"])
def test_call_backs_of_others_are_not_there(who):
    place = county()
    case = answered(place)
    away = [(RegionFactory(code="370202"), None, "case.view case.call_back")]
    account = {
        "elsewhere": lambda: AccountFactory(grants=away),
        "handler": lambda: place.handler,
        "viewer": lambda: AccountFactory(grants=[(place.region, None, "case.view")]),
    }[who]()
    client = browser(account)

    assert case.number not in text(client.get(LIST))
    assert client.post(f"{LIST}{case.number}/noted/", {"outcome": "busy"}).status_code == 404
    assert Attempt.objects.count() == 0


def count(client: Client, address: str) -> int:
    client.get(address)
    with CaptureQueriesContext(connection) as context:
        client.get(address)
    return len(context)


def test_the_lists_cost_the_same_for_one_as_for_many():
    place = county()
    client = browser(place.clerk)
    first = answered(place)
    note_attempt(first, actor=place.clerk, outcome="busy", at=at(2, 9))
    sample_of(place)
    addresses = (LIST, "/console/closing/samples/", "/console/unreasonable/")
    before = [count(client, address) for address in addresses]

    for _ in range(3):
        note_attempt(answered(place), actor=place.clerk, outcome="busy", at=at(2, 9))
    draw = Draw.objects.get()
    for _ in range(3):
        case = place.closed()
        Sampled.objects.create(
            draw=draw, case=case, region=place.region, line_id="union", due_at=case.ended_at
        )

    assert [count(client, address) for address in addresses] == before
    assert max(before) <= 14


def test_a_second_look_is_filled_in_and_leads_to_handling_again():
    place = county()
    sampled = sample_of(place)
    reviewer = AccountFactory(grants=[(place.region, None, "case.view case.check case.reopen")])
    client = browser(reviewer)
    address = f"/console/closing/samples/{sampled.pk}/"

    refused = client.post(address, {**ALL_PASS, "passed": "false", "opinion": ""})
    done = client.post(address, {**ALL_PASS, "facts": "fail", "passed": "false", "opinion": WHY}, follow=True)

    assert (refused.status_code, "至少有一项不符合" in text(refused)) == (422, True)
    assert f"/console/cases/{sampled.case.number}/move/reopen/" in done.content.decode()
    assert "近 90 天抽取 1 已复核 1 不合格率 100% n = 1" in text(
        client.get("/console/closing/samples/?box=done")
    )


def test_whoever_had_a_hand_sees_why_they_do_not_look():
    place = county()
    sampled = sample_of(place)

    shown = text(browser(place.clerk).get(f"/console/closing/samples/{sampled.pk}/"))

    assert "须由他人复核" in shown
    assert "提交复核" not in shown


def test_the_draw_says_whether_it_comes_out_again():
    place = county()
    sampled = sample_of(place)
    client = browser(checker(place))
    address = f"/console/closing/draws/{sampled.draw_id}/"

    fair = text(client.get(address))
    Draw.objects.filter(pk=sampled.draw_id).update(population=[1, 2])
    steered = text(client.get(address))

    assert ("结果一致" in fair, "结果不一致" in steered) == (True, True)
    elsewhere = AccountFactory(grants=[(RegionFactory(code="370103"), None, "case.view case.check")])
    assert browser(elsewhere).get(address).status_code == 404


def test_a_mark_is_proposed_decided_and_shown():
    place = county()
    case = place.answered()
    client = browser(place.handler)
    address = f"/console/closing/unreasonable/propose/?case={case.number}"

    wrong = fill(client, address, number="GD000000-0", ground="repeated", reason=WHY)
    made = fill(client, address, number=case.number, ground="repeated", reason=WHY)
    mark = Unreasonable.objects.get()
    advance(mark, "confirm", actor=checker(place), opinion=WHY)

    assert (wrong.status_code, made.status_code) == (422, 303)
    shown = text(client.get(f"/console/unreasonable/{mark.number}/"))
    assert "已认定" in shown
    assert WHY in shown
    assert "提出异议" in shown


def test_quality_control_adopts_on_the_page_what_was_said_online_against_the_telephone():
    place = county()
    case = finish_by_phone(answered(place), Answer(False, "dissatisfied"), actor=place.clerk)
    answer_online(case, Answer(True, "satisfied"))
    home = f"/console/closing/cases/{case.number}/"
    checker_, handler = browser(place.clerk), browser(place.handler)

    offered = [home + "adopt/" in client.get(home).content.decode() for client in (checker_, handler)]
    done = checker_.post(home + "adopt/")

    case.refresh_from_db()
    assert (offered, done.status_code, case.solved) == ([True, False], 303, True)
    assert "须由工作人员采用" not in checker_.get(home).content.decode()
