from __future__ import annotations

import json
import re
import uuid

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.faces.console import browser, fill, text, url
from tests.factories import AccountFactory, LineFactory, RegionFactory
from tests.hotline import EVERY_RIGHT, REPLY, county
from yanzhen.domains.hotline.models import Case
from yanzhen.domains.hotline.repeats.actions import assign_along, join, leave
from yanzhen.domains.hotline.repeats.models import Group, Member
from yanzhen.domains.hotline.repeats.traces import index
from yanzhen.foundation.accounts import issue_token
from yanzhen.foundation.models import Record
from yanzhen.foundation.records import history

pytestmark = pytest.mark.django_db

ALIKE = "/console/register/alike/"
BODY = "今年三月起在泉城路工地做木工，<b>班组</b>二十多人的工资一直没有发，请求帮助追讨。"
WHY = "同一工地同一批工资"


@pytest.fixture
def place():
    return county()


def pair(place, **given) -> tuple[Case, Case]:
    lead, case = place.handling(), place.case(**{"body": BODY, "phone": "13900000000"} | given)
    other = place.case(body=BODY + "以上属实。", title="另一标题")
    for row in (lead, case, other):
        index(row)
    return other, case


def group(place) -> tuple[Case, Case]:
    lead, case = place.handling(), place.accepted()
    join(case, lead, actor=place.clerk, kind="callers", reason=WHY)
    assign_along(lead, actor=place.clerk, note="随主件")
    return lead, case


def test_who_types_an_appeal_is_shown_what_it_may_repeat(place):
    other, _case = pair(place)

    shown = text(
        browser(place.clerk).post(ALIKE, {"phone": "13800000000", "body": BODY, "title": "另一标题"})
    )

    assert "可能重复" in shown
    assert other.number in shown
    assert "来电号码相同" in shown
    assert "内容几乎相同" in shown or "内容有一半以上重合" in shown


def test_the_form_of_an_appeal_asks_while_it_is_typed_and_by_a_button_without_scripts(place):
    page = browser(place.clerk).get("/console/register/").content.decode()

    assert f'hx-post="{ALIKE}"' in page
    assert f'formaction="{ALIKE}"' in page


def test_an_unfinished_form_is_asked_without_harm(place):
    client = browser(place.clerk)

    for form in ({}, {"phone": "1"}, {"body": "x" * 9000, "headcount": "many"}):
        assert "没有发现可能重复的工单" in text(client.post(ALIKE, form))


def test_only_who_registers_asks_and_sees_its_own_reach_alone(place):
    pair(place)
    viewer = AccountFactory(grants=[(place.region, None, "case.view")])
    elsewhere = AccountFactory(grants=[(RegionFactory(code="370202"), None, EVERY_RIGHT)])
    court = AccountFactory(grants=[(place.region, LineFactory(code="court"), EVERY_RIGHT)])
    form = {"phone": "13800000000", "body": BODY}

    assert browser(viewer).post(ALIKE, form).status_code == 403
    for stranger in (elsewhere, court):
        assert "没有发现可能重复的工单" in text(browser(stranger).post(ALIKE, form))
    assert Client().post(ALIKE, form).status_code == 302


def test_a_case_leads_to_what_it_may_repeat_with_the_reasons_and_the_weights(place):
    other, case = pair(place)
    client = browser(place.clerk)

    assert f'href="{url("repeats/", case.number)}"' in client.get(url("", case.number)).content.decode()
    shown = text(client.get(url("repeats/", case.number)))
    assert other.number in shown
    assert "内容有一半以上重合" in shown or "内容几乎相同" in shown
    assert "来电号码相同：40" in shown


def test_two_are_compared_with_the_common_passages_marked_and_nothing_typed_is_markup(place):
    other, case = pair(place)

    page = (
        browser(place.clerk)
        .get(url("repeats/compare/", case.number), {"with": other.number})
        .content.decode()
    )

    marked = re.findall(r"<mark>(.*?)</mark>", page, re.DOTALL)
    assert len(marked) >= 2
    assert any("&lt;b&gt;班组&lt;/b&gt;" in passage for passage in marked)
    assert "<b>班组" not in page


def test_two_are_joined_from_the_comparison_and_set_apart_again(place):
    other, case = pair(place)
    client = browser(place.clerk)
    address = f"{url('repeats/compare/', case.number)}?with={other.number}"

    refused = client.post(address, {"lead": other.number, "kind": "callers", "reason": "同"})
    assert (refused.status_code, "须说明理由" in text(refused) or "请说明理由" in text(refused)) == (
        422,
        True,
    )
    done = client.post(address, {"lead": other.number, "kind": "callers", "reason": WHY}, follow=True)
    assert "已合并办理" in text(done)
    assert "本件随主件办理" in text(done)
    assert Member.objects.get(case=case).leads is False
    again = client.post(address, {"lead": other.number, "kind": "callers", "reason": WHY})
    assert (again.status_code, "已在同一合并组" in text(again)) == (409, True)

    left = fill(client, url("repeats/leave/", case.number), reason="不是同一批人")
    assert left.status_code == 303
    assert Group.objects.get().ended_at is not None


def test_who_may_not_join_is_offered_nothing_and_refused(place):
    other, case = pair(place)
    viewer = AccountFactory(grants=[(place.region, None, "case.view case.handle")])
    address = f"{url('repeats/compare/', case.number)}?with={other.number}"
    client = browser(viewer)

    assert "确认合并" not in text(client.get(address))
    assert client.post(address, {"lead": other.number, "kind": "callers", "reason": WHY}).status_code == 403
    assert Member.objects.count() == 0


def test_a_group_shows_its_members_and_is_answered_and_dissolved_from_its_page(place):
    lead, case = group(place)
    client = browser(place.clerk)
    shown = text(client.get(url("repeats/", lead.number)))
    for word in (
        "本件是主件",
        case.number,
        "同一事项，不同诉求人",
        "办理中",
        "统一答复",
        "解散合并",
        "退出合并",
    ):
        assert word in shown

    answered = fill(
        browser(place.handler), url("repeats/answer/", lead.number), reply=REPLY, seen=str(lead.step)
    )
    assert answered.status_code == 303
    assert [Case.objects.get(pk=c.pk).state for c in (lead, case)] == ["answered", "answered"]
    assert "本件已随主件答复" in text(client.get(url("repeats/", case.number)))
    assert fill(client, url("repeats/dissolve/", lead.number), reason="不是同一事项").status_code == 303
    assert Member.objects.filter(left_at=None).count() == 0


def test_a_form_filled_in_before_somebody_else_moved_the_lead_is_refused(place):
    lead, case = group(place)

    late = browser(place.handler).post(
        url("repeats/answer/", lead.number), {"reply": REPLY, "seen": lead.step - 1}
    )

    assert (late.status_code, Case.objects.get(pk=case.pk).state) == (409, "handling")


def test_members_follow_the_lead_into_handling_again_only_where_ticked(place):
    lead, case = group(place)
    fill(browser(place.handler), url("repeats/answer/", lead.number), reply=REPLY)
    client = browser(place.clerk)
    for row in (lead, case):
        place.call(row, solved=False)
    fill(client, url("move/redo/", lead.number), note="工资仍未发")

    assert "随主件重新办理" in text(client.get(url("repeats/", lead.number)))
    none = client.post(url("repeats/again/", lead.number), {"note": "一并重办"})
    assert none.status_code == 422
    assert (
        fill(client, url("repeats/again/", lead.number), cases=[case.number], note="一并重办").status_code
        == 303
    )
    assert Case.objects.get(pk=case.pk).state == "handling"


def test_members_out_of_reach_are_counted_and_not_shown(place):
    lead, case = place.handling(), place.accepted()
    join(case, lead, actor=place.clerk, kind="again", reason=WHY)
    Case.objects.filter(pk=case.pk).update(region=RegionFactory(code="370202"))

    shown = text(browser(place.handler).get(url("repeats/", lead.number)))

    assert (case.number in shown, "另有 1 件不在您的权限范围内" in shown) == (False, True)


def test_what_happened_names_the_other_case_to_those_who_may_see_it(place):
    lead, case = place.case(headcount=2), place.case(headcount=9)
    join(case, lead, actor=place.clerk, kind="callers", reason=WHY)
    leave(case, actor=place.clerk, reason="不是同一批人")
    client = browser(place.clerk)

    on_case, on_lead = (client.get(url("", row.number)).content.decode() for row in (case, lead))

    assert f'<a href="{url("", lead.number)}">{lead.number}</a>' in on_case
    assert f'<a href="{url("", case.number)}">{case.number}</a>' in on_lead
    assert ("因合并升为特急" in on_lead, "退出合并，恢复紧急程度" in on_lead, "case." in on_lead) == (
        True,
        True,
        False,
    )

    Case.objects.filter(pk=lead.pk).update(region=RegionFactory(code="370202"))
    county_alone = browser(AccountFactory(grants=[(place.region, None, EVERY_RIGHT)]))
    shown = text(county_alone.get(url("", case.number)))
    assert ("并入其他工单合并办理" in shown, lead.number in shown) == (True, False)


def test_a_look_at_a_secret_story_is_on_record(place):
    other, case = pair(place, secret=True)

    browser(place.clerk).get(url("repeats/compare/", case.number), {"with": other.number})

    assert history(case).get(verb="read").actor_id == place.clerk.pk


def test_the_page_costs_the_same_for_one_candidate_as_for_ten(place):
    _other, case = pair(place)
    client = browser(place.clerk)

    def statements() -> int:
        client.get(url("repeats/", case.number))
        with CaptureQueriesContext(connection) as queries:
            client.get(url("repeats/", case.number))
        return len(queries)

    few = statements()
    for n in range(9):
        index(place.case(body=f"{BODY}第{n}次反映。"))

    assert statements() == few


OURS = ("另一标题", "可能重复", "重复与合并", "合并", "主件", "相似")
CHANGING = re.compile(r'(csrfmiddlewaretoken" value|nonce)="[^"]*"')


def test_outside_nobody_learns_that_anything_matches(place):
    """The story of another is filed and followed outside: nothing tells of it, and joining the two changes no word."""
    other, _case = pair(place)
    visitor = Client(headers={"accept": "text/html"})
    appeal = {"body": BODY, "region": place.region.code, "name": "李某", "phone": "13800000000"}
    filed = visitor.post("/submit/", appeal | {"token": str(uuid.uuid4())}, follow=True)
    key = issue_token(place.clerk, "k", actor=None)
    sent = Client().post(
        "/api/appeals", json.dumps(appeal), "application/json",
        headers={"authorization": f"Bearer {key}", "idempotency-key": "k1"},
    )  # fmt: skip
    assert (filed.status_code, sent.status_code) == (200, 201)
    case = Case.objects.get(number=sent.json()["number"])
    index(case)

    def followed() -> str:
        page = visitor.post("/track/", {"number": case.number, "secret": "0000"}, follow=True)
        return CHANGING.sub("", page.content.decode())

    before = followed()
    assert case.number in before
    join(case, other, actor=place.clerk, kind="callers", reason=WHY)

    assert followed() == before
    told = [filed.content.decode(), sent.content.decode(), before]
    assert [word for word in (other.number, *OURS) if any(word in each for each in told)] == []
    assert Record.objects.filter(verb="case.join").count() == 1
