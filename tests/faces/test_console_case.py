from __future__ import annotations

import re
from datetime import datetime

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.closing import answered, at
from tests.faces.console import browser, fill, hidden, text, url
from tests.factories import AccountFactory, LineFactory, OrganisationFactory, RegionFactory
from tests.hotline import EVERY_RIGHT, REPLY, county, track
from yanzhen.domains.hotline.closing.actions import note_attempt
from yanzhen.domains.hotline.models import Case
from yanzhen.engines.procedures.engine import advance
from yanzhen.engines.procedures.models import Clock, Copy, Party, Stay
from yanzhen.engines.procedures.stays import decide_stay, request_stay
from yanzhen.foundation.models import Attachment
from yanzhen.foundation.records import history

pytestmark = pytest.mark.django_db


def test_the_page_shows_what_may_be_done_and_every_reason_against_the_rest():
    place = county()
    case = place.called_back(solved=False)

    shown = text(browser(place.clerk).get(url("", case.number)))

    assert "退回重办" in shown
    assert "诉求人反映问题未解决，应退回重新办理" in shown


def test_what_can_not_be_done_is_folded_away_and_below_the_appeal_where_nothing_can_be():
    place = county()
    case = place.called_back(solved=False)
    onlooker = AccountFactory(grants=[(place.region, None, "case.view")])

    able, unable = (browser(each).get(f"/console/cases/{case.number}/") for each in (place.clerk, onlooker))

    for page, idle in ((able, False), (unable, True)):
        body = page.content.decode()
        folded = re.search(
            r"<details>\s*<summary>暂不能办（(\d+)）</summary>(.*?)</details>", body, re.DOTALL
        )
        assert folded
        assert folded[2].count('class="shut"') == body.count('class="shut"') == int(folded[1])
        assert ('class="two idle"' in body, "现在没有您能办的步骤" in body) == (idle, idle)


def test_the_page_shows_the_caller_masked():
    place = county()
    case = place.case(name="张建国", phone="13812345678")

    shown = text(browser(place.clerk).get(url("", case.number)))

    assert "张** 138****5678" in shown
    assert "张建国" not in shown
    assert "13812345678" not in shown


def test_a_stay_is_shown_at_its_own_clock_and_round_alone():
    place = county()
    case = place.handling()
    client = browser(place.clerk)
    clock = Clock.objects.get(subject_id=case.pk, stopped_at=None)
    stay = request_stay(clock, actor=place.handler, kind="extension", amount=5, reason="多方取证")
    decide_stay(stay, actor=place.approver, grant=True)

    def shown() -> tuple[str, str]:
        terms = text(client.get(url("", case.number))).partition("时限 ")[2]
        return Clock.objects.get(subject_id=case.pk, stopped_at=None).label, "延期 5 工作日 · 已同意" in terms

    seen = [shown()]
    case = advance(case, "answer", actor=place.handler, reply=REPLY)
    seen.append(shown())
    case = place.call(case, solved=False)
    seen.append(shown())
    case = advance(case, "redo", actor=place.clerk, note="仍未解决")
    seen.append(shown())

    assert seen == [("办理时限", True), ("回访时限", False), ("质检时限", False), ("办理时限", False)]


def test_a_request_that_nobody_decided_on_in_time_can_still_be_refused():
    place = county()
    case = place.handling()
    clock = Clock.objects.get(subject_id=case.pk, stopped_at=None)
    request_stay(clock, actor=place.handler, kind="extension", amount=5, reason="多方取证")
    case = advance(case, "answer", actor=place.handler, reply=REPLY)

    shown = text(browser(place.approver).get(url("", case.number)))

    assert "办理时限（已停止） · 延期 5 工作日 · 待审批" in shown
    assert "不同意" in shown


def test_a_term_of_days_says_that_the_day_it_began_on_is_not_counted():
    with time_machine.travel(datetime.fromisoformat("2026-11-24T06:00:00+08:00"), tick=False) as clock:
        place = county()
        case = place.handling()
        client = browser(place.clerk)

        first = text(client.get(url("", case.number)))
        clock.move_to(datetime.fromisoformat("2026-11-25T06:00:00+08:00"))
        second = text(browser(place.clerk).get(url("", case.number)))

    assert "剩余 16 个工作日" in first
    assert "15 工作日，自次日起算（民法典第 201 条），剩余时间另含今日 · " in first
    assert "剩余 15 个工作日" in second
    assert "15 工作日，自次日起算（民法典第 201 条） · " in second


def test_a_call_noted_as_it_is_made_is_not_called_put_in_afterwards():
    place = county()
    case = answered(place)
    client = browser(place.clerk)

    note_attempt(case, actor=place.caller, outcome="busy")
    live = text(client.get(url("", case.number)))
    note_attempt(case, actor=place.caller, outcome="busy", at=at(2, 10))
    late = text(client.get(url("", case.number)))

    assert ("回访尝试" in live, "补录" in live, "补录" in late) == (True, False, True)


def test_a_case_out_of_reach_looks_like_none():
    case = county().case()
    stranger = AccountFactory(grants=[(RegionFactory(code="370202"), None, EVERY_RIGHT)])

    answers = [browser(stranger).get(url("", number)) for number in (case.number, "GD-0")]

    assert [a.status_code for a in answers] == [404, 404]
    assert text(answers[0]) == text(answers[1])


def test_opening_a_case_costs_the_same_with_a_long_history():
    place = county()
    case = place.called_back()
    client = browser(place.clerk)
    client.get(url("", case.number))

    with CaptureQueriesContext(connection) as context:
        client.get(url("", case.number))

    assert len(context) <= 17, "\n".join(q["sql"][:120] for q in context.captured_queries)


def test_a_case_goes_its_whole_way_by_forms():
    place = county()
    case = place.case()
    clerk, handler = browser(place.clerk), browser(place.handler)
    leaf = place.category.pk

    fill(clerk, url("move/accept/", case.number), category=leaf)
    fill(clerk, url("move/assign/", case.number), organisation=place.union.pk, handler=place.handler.pk)
    fill(handler, url("move/answer/", case.number), reply=REPLY)
    page = browser(place.caller).get(url("move/call_back/", case.number))
    fill(browser(place.caller), page["Location"], solved="true", satisfaction="satisfied")
    done = fill(clerk, url("move/close/", case.number), note="质检合格")

    case.refresh_from_db()
    assert (done.status_code, done["Location"]) == (303, url("", case.number))
    assert (case.state, case.step, case.solved, case.satisfaction) == ("closed", 5, True, "satisfied")
    shown = text(clerk.get(url("", case.number)))
    assert "质检合格并办结" in shown
    assert "已到终点" not in shown


def test_a_refused_move_keeps_what_was_typed_and_says_why():
    place = county()
    case = place.handling()

    response = fill(browser(place.handler), url("move/answer/", case.number), reply="太短", note="先这样")

    case.refresh_from_db()
    assert (response.status_code, case.state) == (409, "handling")
    assert "答复过短" in text(response)
    assert "先这样" in response.content.decode()


def test_of_two_who_have_the_form_open_the_second_is_told():
    place = county()
    case = place.case()
    form = browser(place.clerk)
    page = form.get(url("move/accept/", case.number))
    assert page.status_code == 200
    advance(case, "accept", actor=place.clerk, category=place.category)
    advance(case, "assign", actor=place.clerk, organisation=place.union)

    late = form.post(url("move/accept/", case.number), {"category": place.category.pk, "seen": "0"})

    assert late.status_code == 409
    assert "请刷新" in text(late)


def test_a_move_that_is_not_open_shows_its_reasons_instead_of_a_form():
    place = county()
    case = place.handling()

    response = browser(place.clerk).get(url("move/answer/", case.number))

    assert response.status_code == 409
    assert "只能由承办人办理" in text(response)
    assert "<textarea" not in response.content.decode()


def test_the_full_name_and_phone_need_a_reason_and_leave_a_record():
    place = county()
    case = place.case(name="张建国", phone="13812345678")
    place.handler.grants.all().delete()
    revealer = AccountFactory(grants=[(place.region, None, "case.view case.reveal")])
    client = browser(revealer)

    without = client.post(url("reveal/", case.number), {"reason": ""})
    with_reason = client.post(url("reveal/", case.number), {"reason": "电话核实欠薪情况"})

    assert "13812345678" not in text(without)
    assert "张建国" in text(with_reason)
    assert "13812345678" in text(with_reason)
    assert [(r.verb, r.actor_id, r.reason) for r in history(case) if r.verb == "reveal"] == [
        ("reveal", revealer.pk, "电话核实欠薪情况")
    ]


def test_a_new_check_code_is_shown_once_for_a_reason():
    place = county()
    case = place.case(name="张建国", phone="13812345678")
    client = browser(place.handler)

    assert "补发查询码" in text(client.get(url("", case.number)))
    without = client.post(url("check-code/", case.number), {"reason": ""})
    given = client.post(url("check-code/", case.number), {"reason": "来电号码与登记一致"})
    again = client.get(url("check-code/", case.number))

    (code,) = given.context["codes"]
    assert (without.status_code, without.context["codes"]) == (422, [])
    assert (given.status_code, code in text(given), code in text(again)) == (200, True, False)
    assert track(case.number, code).number == case.number
    assert "补发查询码" in text(client.get(url("", case.number)))


def test_who_may_not_reveal_gives_no_check_code():
    place = county()
    case = place.case()

    response = browser(place.clerk).post(url("check-code/", case.number), {"reason": "来电号码与登记一致"})

    assert (response.status_code, response.context["codes"]) == (403, [])
    assert "补发查询码" not in text(browser(place.clerk).get(url("", case.number)))


def test_who_may_not_reveal_gets_a_refusal():
    place = county()
    case = place.case(name="张建国", phone="13812345678")

    response = browser(place.clerk).post(url("reveal/", case.number), {"reason": "想看看是谁"})

    assert response.status_code == 403
    assert "张建国" not in text(response)


def test_another_organisation_is_asked_in_answers_and_is_seen_to():
    place = county()
    case = place.handling()
    hrss = OrganisationFactory(region=place.region, line=LineFactory(code="hrss"), kind="government")
    officer = AccountFactory(grants=[(place.region, hrss.line, "case.view case.respond")])
    clerk, other = browser(place.clerk), browser(officer)

    fill(clerk, url("refer/", case.number), organisation=hrss.pk, demand="请核实社保缴纳情况")
    party = Party.objects.get()
    orders = text(other.get("/console/cases/orders/"))
    fill(other, url(f"party/{party.pk}/accept/", case.number))
    fill(other, url(f"party/{party.pk}/finish/", case.number), result="已核实，欠缴六个月")

    party.refresh_from_db()
    assert party.number in orders
    assert (party.state, party.result) == ("done", "已核实，欠缴六个月")
    assert "已核实，欠缴六个月" in text(clerk.get(url("", case.number)))


def test_more_time_is_asked_for_by_one_and_granted_by_another():
    place = county()
    case = place.handling()
    clock = Clock.objects.get(subject_id=case.pk, stopped_at=None)
    before = clock.due_at

    fill(
        browser(place.handler), url(f"clock/{clock.pk}/extension/", case.number), amount=3, reason="多方取证"
    )
    stay = Stay.objects.get()
    fill(browser(place.approver), url(f"stay/{stay.pk}/grant/", case.number), opinion="同意")

    clock.refresh_from_db()
    stay.refresh_from_db()
    assert (stay.decision, stay.decided_by) == ("granted", place.approver)
    assert clock.due_at > before


def test_a_copy_lies_in_the_inbox_of_whom_it_is_for():
    place = county()
    case = place.handling()

    fill(browser(place.clerk), url("copy/", case.number), account=place.handler.pk)

    assert Copy.objects.get().account == place.handler
    box = browser(place.handler).get("/console/cases/", {"box": "copied"})
    assert [line.number for line in box.context["lines"]] == [case.number]


def test_a_file_comes_with_the_case_and_is_handed_out_as_a_file():
    place = county()
    case = place.case()
    client = browser(place.clerk)

    client.post(url("files/", case.number), {"file": SimpleUploadedFile("证据.txt", "工资条".encode())})
    got = client.get(url(f"files/{Attachment.objects.get().pk}/", case.number))

    assert b"".join(got.streaming_content).decode() == "工资条"
    assert got["Content-Disposition"].startswith("attachment")
    assert got["Content-Security-Policy"] == "sandbox"


def test_a_file_of_another_case_is_not_handed_out_under_this_one():
    place = county()
    case, other = place.case(), place.case()
    client = browser(place.clerk)
    client.post(url("files/", other.number), {"file": SimpleUploadedFile("证据.txt", "工资条".encode())})

    assert client.get(url(f"files/{Attachment.objects.get().pk}/", case.number)).status_code == 404


def test_who_may_not_move_the_case_adds_no_file():
    place = county()
    case = place.case()
    reader = AccountFactory(grants=[(place.region, None, "case.view")])

    browser(reader).post(url("files/", case.number), {"file": SimpleUploadedFile("证据.txt", b"abc")})

    assert not Attachment.objects.exists()


def test_an_agent_takes_an_appeal_in_and_gets_the_check_code_once():
    place = county()
    client = browser(place.clerk)
    token = hidden(client.get("/console/register/"), "token")
    form = {
        "token": token, "channel": "phone", "name": "张某", "phone": "13800000000", "region": place.region.pk,
        "body": "单位拖欠三个月工资，请求帮助追讨。", "urgency": "normal", "headcount": "1",
    }  # fmt: skip

    first, again = client.post("/console/register/", form), client.post("/console/register/", form)

    case = Case.objects.get()
    assert (case.channel, case.started_by) == ("phone", place.clerk)
    assert case.number in text(first)
    assert text(first) == text(again)


def test_a_wrong_form_of_an_agent_names_every_field():
    place = county()

    response = browser(place.clerk).post("/console/register/", {"channel": "phone", "phone": "12"})

    shown = text(response)
    assert response.status_code == 422
    assert "请填写这一项" in shown


def test_the_unit_in_charge_sees_the_papers_that_came_before_it_was_charged():
    place = county()
    case = place.case()
    browser(place.clerk).post(
        url("files/", case.number), {"file": SimpleUploadedFile("证据.txt", "工资条".encode())}
    )
    hrss = OrganisationFactory(region=place.region, line=LineFactory(code="hrss"), kind="government")
    officer = AccountFactory(grants=[(place.region, hrss.line, "case.view case.handle")], organisation=hrss)
    advance(case, "accept", actor=place.clerk, category=place.category)
    advance(case, "assign", actor=place.clerk, organisation=hrss)
    client = browser(officer)

    page = client.get(url("", case.number))
    got = client.get(url(f"files/{Attachment.objects.get().pk}/", case.number))

    assert "证据.txt" in text(page)
    assert b"".join(got.streaming_content).decode() == "工资条"


def test_the_history_of_a_case_tells_of_its_parts_too():
    place = county()
    case = place.handling()
    hrss = OrganisationFactory(region=place.region, line=LineFactory(code="hrss"), kind="government")
    officer = AccountFactory(grants=[(place.region, hrss.line, "case.view case.respond")], organisation=hrss)
    fill(browser(place.clerk), url("refer/", case.number), organisation=hrss.pk, demand="请核实社保缴纳情况")
    party = Party.objects.get()

    fill(browser(officer), url(f"party/{party.pk}/reject/", case.number), reason="不属本局管辖")

    shown = text(browser(place.clerk).get(url("", case.number)))
    assert [word in shown for word in ("转办协办", "协办：退回", "不属本局管辖")] == [True] * 3


def test_who_gives_a_part_back_and_sees_the_case_no_more_is_led_home():
    place = county()
    case = place.handling()
    hrss = OrganisationFactory(region=place.region, line=LineFactory(code="hrss"), kind="government")
    officer = AccountFactory(grants=[(place.region, hrss.line, "case.view case.respond")], organisation=hrss)
    fill(browser(place.clerk), url("refer/", case.number), organisation=hrss.pk, demand="请核实社保缴纳情况")

    answer = fill(
        browser(officer), url(f"party/{Party.objects.get().pk}/reject/", case.number), reason="不属本局管辖"
    )

    assert (answer.status_code, answer["Location"]) == (303, "/console/")
