"""Selection on the portal: what everybody sees, what a worker and a unit do, and what stays theirs."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.faces.console import browser, text
from tests.factories import AccountFactory
from tests.selection import applied, enterprise, open_round, organiser, programme, unit_account, worker
from tests.walled import PARTS
from yanzhen.domains.craftsmen.titles import LADDER
from yanzhen.engines.honours.models import Honour
from yanzhen.engines.procedures.engine import advance
from yanzhen.engines.programmes.actions import applying
from yanzhen.engines.programmes.models import Application, Round, Window
from yanzhen.foundation import crypto

pytestmark = pytest.mark.django_db
ANSWERS = {"q-deeds": "三十年零返工", "q-front_line": "yes", "q-leader": "no"}


def closed(round_: Round) -> Round:
    now = timezone.now()
    Window.objects.filter(round=round_, stage="apply").update(
        opens_at=now - timedelta(days=9), closes_at=now - timedelta(days=1)
    )
    return round_


def begun(client: Client, round_: Round, **given: Any) -> Any:
    return client.post(f"/apply/{round_.pk}/begin/", {"title": "", **given})


def test_everybody_sees_open_coming_closed_and_ended_rounds():
    actor = organiser()
    now = timezone.now()
    open_round(actor, label="正在申报的")
    closed(open_round(actor, programme(code="b"), label="截止了的"))
    later = open_round(actor, programme(code="c"), label="还没开始的")
    Window.objects.filter(round=later, stage="apply").update(
        opens_at=now + timedelta(days=1), closes_at=now + timedelta(days=2)
    )
    cancelled = open_round(actor, programme(code="d"), label="取消了的")
    Round.objects.filter(pk=cancelled.pk).update(status="cancelled")

    shown = text(Client().get("/apply/"))

    places = [shown.find(name) for name in ("正在申报的", "还没开始的", "截止了的", "取消了的")]
    assert places == [*sorted(places[:3]), -1]
    assert "登录后申报" in text(Client().get(f"/apply/{Round.objects.get(label='正在申报的').pk}/"))


def test_a_worker_applies_saves_a_draft_and_hands_it_in():
    round_ = open_round(organiser())
    person, account = worker(enterprise())
    client = browser(account)

    began = begun(client, round_, title="焊接班组长")
    row = Application.objects.get(person=person)
    page = client.get(began["Location"])
    code = re.search(r"receipt-code\">([^<]+)<", page.content.decode())
    saved = client.post(began["Location"], {"q-deeds": "写了一半", "do": "save"})
    handed = client.post(began["Location"], {**ANSWERS, "do": "submit", "seen": row.step})

    row.refresh_from_db()
    assert (began.status_code, saved.status_code, handed.status_code) == (303, 303, 303)
    assert (row.state, row.title, row.answers["front_line"]) == ("recommend_unit", "焊接班组长", True)
    assert code
    assert bytes(row.check_hash) == applying.check_hash(row.number, code[1])
    assert code[1] not in client.get(began["Location"]).content.decode()
    assert "等所在单位推荐" in text(client.get("/me/"))


def test_what_is_missing_is_named_and_what_was_typed_is_kept():
    round_ = open_round(organiser())
    row, account = applied(round_)
    client = browser(account)
    page = f"/me/applications/{row.number}/"

    missing = client.post(page, {"q-deeds": "只写了事迹", "do": "submit", "seen": row.step})
    too_long = client.post(page, {"q-deeds": "长" * 501, "do": "save"})

    assert (missing.status_code, too_long.status_code) == (409, 422)
    assert "还有 2 项没有填写：一线职工、单位负责人" in text(missing)
    assert "“主要事迹”最长 500 个字，现为 501 个字" in text(too_long)
    assert "长" * 501 in too_long.content.decode()


def test_names_with_rare_characters_and_astral_ones_survive():
    round_ = open_round(organiser())
    unit = enterprise()
    person, account = worker(unit, name="𠮷㑇")
    client = browser(account)

    began = begun(client, round_, title="𠮷㑇的绝活𫠊")
    client.post(began["Location"], {**ANSWERS, "q-deeds": "䶮𬍛", "do": "save"})

    row = Application.objects.get(person=person)
    assert (row.title, row.answers["deeds"]) == ("𠮷㑇的绝活𫠊", "䶮𬍛")
    assert "䶮𬍛" in text(client.get(began["Location"]))


def test_a_second_application_names_the_first_and_after_the_term_the_day_is_said():
    actor = organiser()
    round_ = open_round(actor)
    row, account = applied(round_)
    late = closed(open_round(actor, programme(code="late"), label="截止了的"))
    client = browser(account)

    again, after = begun(client, round_), begun(client, late)

    assert (again.status_code, after.status_code) == (409, 409)
    assert row.number in text(again)
    assert Application.objects.count() == 1
    shown = client.get(f"/apply/{round_.pk}/")
    assert f'href="/me/applications/{row.number}/"' in shown.content.decode()
    assert "开始填报" not in text(shown)


def test_each_condition_that_does_not_hold_says_why_and_what_would_mend_it():
    round_ = open_round(organiser())
    unit = enterprise()
    person, account = worker(unit, born_on=date(1950, 1, 1))
    client = browser(account)
    began = begun(client, round_)

    shown = text(client.get(began["Location"]))

    assert "周岁，要求 18 至 60 周岁" in shown
    assert "请本单位或当地工会更正人员记录" in shown
    type(person).objects.filter(pk=person.pk).update(born_on=date(1990, 1, 1))
    assert client.post(f"{began['Location']}examine/").status_code == 303
    assert Application.objects.get(person=person).eligible is True


def test_nobody_else_reads_or_changes_an_application():
    round_ = open_round(organiser())
    row, _account = applied(round_)
    _other, colleague = worker(row.organisation)
    strangers = [colleague, unit_account(enterprise("370103")), AccountFactory()]
    page = f"/me/applications/{row.number}/"

    seen = [browser(one).get(page).status_code for one in strangers]
    sent = [browser(one).post(page, {**ANSWERS, "do": "submit"}).status_code for one in strangers]
    moved = [
        browser(one).post(f"{page}move/withdraw/", {"note": "替你撤了"}).status_code for one in strangers
    ]

    row.refresh_from_db()
    assert (seen, sent, moved, row.state) == ([404] * 3, [404] * 3, [404] * 3, "draft")
    assert row.number not in text(browser(colleague).get("/me/"))


def test_who_is_not_logged_in_is_sent_to_the_log_in():
    assert [Client().get(page).status_code for page in ("/me/", "/unit/", "/me/applications/x/")] == [302] * 3


def test_a_unit_recommends_its_worker_and_withdrawing_asks_for_a_reason():
    round_ = open_round(organiser())
    unit = enterprise()
    row, account = applied(round_, unit=unit)
    applying.submit(row, actor=account)
    client = browser(unit_account(unit))
    page = f"/me/applications/{row.number}/move"

    assert row.number in text(client.get("/unit/"))
    bare = client.post(f"{page}/recommend_unit/", {"note": "", "seen": 1})
    done = client.post(f"{page}/recommend_unit/", {"note": "同意推荐", "seen": 1})
    taken_back = browser(account).post(f"{page}/withdraw/", {"note": "家中有事", "seen": 2})

    row.refresh_from_db()
    assert (bare.status_code, done.status_code, taken_back.status_code, row.state) == (
        422,
        303,
        303,
        "withdrawn",
    )


def test_a_unit_fills_in_for_a_worker_of_its_own_and_for_nobody_elses():
    round_ = open_round(organiser())
    unit = enterprise()
    person, _account = worker(unit, phone_hash=crypto.keyed_hash("13800000001", purpose="phone"))
    worker(enterprise("370103"), phone_hash=crypto.keyed_hash("13800000002", purpose="phone"))
    client = browser(unit_account(unit))

    other, own = begun(client, round_, worker="13800000002"), begun(client, round_, worker="138 0000 0001")

    assert (other.status_code, own.status_code) == (422, 303)
    assert [row.person for row in Application.objects.all()] == [person]


def test_what_was_given_back_comes_with_its_reason_and_is_supplemented():
    actor = organiser()
    round_ = open_round(
        actor, programme(stages=tuple(s for s in programme().stages if s.kind != "recommend"))
    )
    row, account = applied(round_)
    row = applying.submit(row, actor=account)
    from yanzhen.foundation import calendar, parameters  # only here a term runs

    calendar.seed()
    parameters.load_defaults()
    row = advance(row, "ask_more", actor=actor, note="请补获奖证书的日期")
    client = browser(account)
    page = f"/me/applications/{row.number}/"

    assert "请补获奖证书的日期" in text(client.get(page))
    client.post(page, {**ANSWERS, "q-deeds": "2019 年获奖", "do": "submit", "seen": row.step})

    row.refresh_from_db()
    assert row.state == "screen"


def test_number_and_check_code_follow_it_without_a_log_in_and_one_wrong_digit_is_named():
    round_ = open_round(organiser())
    person, account = worker(enterprise())
    opened = applying.apply(
        round_, person=person, organisation=enterprise(), title="不外传的题目", actor=organiser()
    )
    number = opened.application.number
    wrong = number[:-1] + ("A" if number[-1] != "A" else "B")
    client = Client()

    right = client.post("/track/", {"number": number, "secret": opened.check_code})
    answers = [
        client.post("/track/", {"number": number, "secret": "AAAA-BBBB"}),
        client.post("/track/", {"number": wrong, "secret": opened.check_code}),
    ]

    assert (right.status_code, [a.status_code for a in answers]) == (200, [404, 404])
    assert "填报中" in text(right)
    assert "不外传的题目" not in text(right)
    assert "校验位不符" in text(answers[1])
    assert account.person == person


@pytest.mark.parametrize("many", [1, 8])
def test_a_record_asks_as_much_for_one_application_as_for_many(many):
    actor = organiser()
    unit = enterprise()
    person, account = worker(unit)
    for n in range(many):
        round_ = open_round(actor, programme(code=f"p{n}"), label=f"第{n}轮")
        applying.apply(round_, person=person, organisation=unit, title="", actor=account)
    client = browser(account)
    client.get("/me/")

    with CaptureQueriesContext(connection) as asked:
        client.get("/me/")

    assert len(asked) <= 20, "\n".join(q["sql"][:140] for q in asked.captured_queries)


def test_a_worker_who_logs_in_is_led_to_the_own_record():
    _person, account = worker(enterprise())

    assert browser(account).get("/console/")["Location"] == "/me/"


def test_a_worker_sees_the_own_titles_and_nobody_elses():
    unit = enterprise()
    person, account = worker(unit)
    _other, colleague = worker(unit)
    own = PARTS[Honour](region=unit.region, line=unit.line)
    Honour.objects.filter(pk=own.pk).update(person=person, title=LADDER[0].code)

    assert own.number in browser(account).get("/me/").content.decode()
    assert own.number not in browser(colleague).get("/me/").content.decode()
