"""The desk of applications and the pages of rounds and programmes: who sees, who may, and what is said."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.faces.console import browser, fill, hidden, text
from tests.factories import AccountFactory, LineFactory, RegionFactory
from tests.results import dealt
from tests.selection import applied, enterprise, open_round, organiser, programme, province, unit_account
from yanzhen.engines.procedures.engine import advance
from yanzhen.engines.programmes.actions import applying, opinions
from yanzhen.engines.programmes.declare import Quota
from yanzhen.engines.programmes.models import Application, Finding, Round, Window
from yanzhen.engines.programmes.stages import Apply, Decide, Screen
from yanzhen.engines.programmes.stages import Opinion as OpinionStage
from yanzhen.faces.console.programmes.evidence import evidence
from yanzhen.foundation import calendar, parameters
from yanzhen.foundation.models import Account, Record

pytestmark = pytest.mark.django_db
STAFF = (
    "programme.view application.view application.recommend_city application.screen round.run programme.edit"
)


@pytest.fixture
def terms() -> None:
    calendar.seed()
    parameters.load_defaults()


def recommended(round_: Round, county: str = "370102") -> Application:
    """Return an application that its unit has recommended."""
    unit = enterprise(county)
    row, account = applied(round_, unit=unit)
    row = applying.submit(row, actor=account)
    return applying.move_own(row, "recommend_unit", actor=unit_account(unit), note="同意推荐")


def city(code: str = "370100", rights: str = STAFF) -> Account:
    return AccountFactory(grants=[(RegionFactory(code=code, level="city"), LineFactory(), rights)])


def with_departments() -> Any:
    return programme(
        stages=(
            Apply(code="apply", label="申报"),
            Screen(code="screen", label="资格审查"),
            OpinionStage(code="opinion", label="部门意见", lines=("hrss",)),
            Decide(code="decide", label="认定"),
        ),
        aspects=(),
        quota=programme().quota,
    )


def test_the_desk_shows_the_own_city_and_no_other():
    round_ = open_round(organiser())
    own, other = recommended(round_), recommended(round_, "370202")

    shown = text(browser(city()).get("/console/applications/"))

    assert [row.number in shown for row in (own, other)] == [True, False]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"state": "recommend_city"}, 2),
        ({"state": "screen"}, 0),
        ({"region": "370102"}, 1),
        ({"industry": "C"}, 2),
        ({"industry": "E"}, 0),
        ({"eligible": "true"}, 2),
        ({"eligible": "open"}, 0),
        ({"q": "测试"}, 2),
        ({"q": "𠮷野"}, 0),
    ],
)
def test_the_desk_is_narrowed_by_state_place_industry_and_conditions(query, found):
    actor = organiser()
    round_ = open_round(actor)
    recommended(round_)
    recommended(round_, "370202")

    page = browser(actor).get("/console/applications/", query)

    assert (page.status_code, len(page.context["lines"])) == (200, found)


def test_the_desk_is_narrowed_by_the_round_and_offers_only_rounds_in_reach():
    actor = organiser()
    first, second = (
        open_round(actor, label="甲轮"),
        open_round(actor, label="乙轮", made=programme(code="other")),
    )
    row = recommended(first)
    client = browser(actor)

    assert [
        line.number for line in client.get("/console/applications/", {"round": first.pk}).context["lines"]
    ] == [row.number]
    assert client.get("/console/applications/", {"round": second.pk}).context["lines"] == []


@pytest.mark.parametrize("many", [1, 12])
def test_the_list_and_the_page_ask_as_much_for_one_as_for_many(many):
    actor = organiser()
    round_ = open_round(actor)
    rows = [recommended(round_, f"3701{n + 2:02}") for n in range(many)]
    client = browser(actor)
    client.get("/console/applications/")
    client.get(f"/console/applications/{rows[0].number}/")

    with CaptureQueriesContext(connection) as listed:
        client.get("/console/applications/")
    with CaptureQueriesContext(connection) as opened:
        client.get(f"/console/applications/{rows[0].number}/")

    assert len(listed) <= 13, "\n".join(q["sql"][:140] for q in listed.captured_queries)
    assert len(opened) <= 30, "\n".join(q["sql"][:140] for q in opened.captured_queries)


def test_the_page_tells_answers_conditions_recommendations_and_composition():
    round_ = open_round(organiser())
    row = recommended(round_)

    shown = text(browser(city()).get(f"/console/applications/{row.number}/"))

    assert [
        word
        for word in ("测试事迹", "在所填单位任职", "同意推荐", "一线职工至少", "市级推荐", "测**")
        if word not in shown
    ] == []


def test_the_page_names_the_cell_and_the_trade_and_leads_to_the_records_that_the_reader_may_see():
    round_, _actor = dealt()
    row = recommended(round_)
    assert row.organisation is not None
    sees = city(rights=f"{STAFF} person.view organisation.view")
    page = f"/console/applications/{row.number}/"

    shown, bare = browser(sees).get(page).content.decode(), browser(city()).get(page).content.decode()

    person, unit = f"/console/people/{row.person_id}/", f"/console/organisations/{row.organisation_id}/"
    assert [f'<a href="{way}">' in shown for way in (person, unit)] == [True, True]
    assert [f'<a href="{way}">' in bare for way in (person, unit)] == [False, False]
    assert ("人员记录 测**" in shown, "人员记录" in bare, "foundation." in shown + bare) == (
        True,
        True,
        False,
    )
    assert ("济南市" in text(browser(sees).get(page)), "制造业（C3670）" in shown) == (True, True)


def test_what_a_person_wrote_as_evidence_stays_as_it_is():
    assert [evidence(said, AccountFactory()).text for said in ("劳动合同第 3 页", "unknown.model#3", "")] == [
        "劳动合同第 3 页", "unknown.model#3", "",
    ]  # fmt: skip


def test_a_recommendation_is_made_on_the_generic_page_of_a_move():
    round_ = open_round(organiser())
    row = recommended(round_)

    answer = fill(
        browser(city()), f"/console/applications/{row.number}/move/recommend_city/", note="同意，排名第一"
    )

    row.refresh_from_db()
    assert (answer.status_code, row.state) == (303, "screen")


def test_a_recommendation_over_the_quota_says_how_many_there_are_and_what_to_do():
    round_, _actor = dealt(programme(quota=Quota(places=2, by="city", nominees=1), ratios=(), per_employer=0))
    first, second = recommended(round_), recommended(round_)
    client = browser(city())
    move = f"/console/applications/{second.number}/move/recommend_city/"
    seen = hidden(client.get(move), "seen")  # opened while there was a place

    taken = fill(client, f"/console/applications/{first.number}/move/recommend_city/", note="同意，排名第一")
    over = client.post(move, {"seen": seen, "note": "同意，排名第二"})

    told = "济南市 可推荐 1 人，已推荐 1 人：请先撤下一人，或申请调剂名额"
    second.refresh_from_db()
    assert (taken.status_code, over.status_code, second.state) == (303, 409, "recommend_city")
    assert text(over).count(told) == 1
    for page in (client.get(move), client.get(f"/console/applications/{second.number}/")):
        assert told in text(page)


def test_an_open_condition_is_settled_on_its_page_and_a_refusal_stays_in_the_form():
    round_ = open_round(organiser())
    row = recommended(round_)
    row.person.employments.all().delete()
    applying.examine_again(row, actor=organiser())
    client = browser(city())
    address = f"/console/applications/{row.number}/conditions/1/"

    short = client.post(address, {"answer": "yes", "reason": "是"})
    done = client.post(address, {"answer": "yes", "reason": "已核对劳动合同", "evidence": "合同"})

    assert (short.status_code, done.status_code) == (422, 303)
    assert row.findings.get(order=1).answer == Finding.Answer.YES


def test_a_department_that_is_asked_sees_the_application_and_gives_its_opinion(terms):
    actor = organiser()
    round_ = open_round(actor, with_departments())
    LineFactory(code="hrss")
    row, account = applied(round_)
    row = advance(applying.submit(row, actor=account), "pass_screen", actor=actor)
    hrss = AccountFactory(
        grants=[
            (
                RegionFactory(code="370100", level="city"),
                LineFactory(code="hrss"),
                "application.view application.opinion programme.view",
            )
        ]
    )
    client = browser(hrss)
    page = f"/console/applications/{row.number}/"
    assert client.get(page).status_code == 404

    browser(actor).post(f"{page}opinions/ask/")

    assert row.number in text(client.get("/console/applications/?box=to-do"))
    shown = client.get(page)
    assert "None" not in text(shown)
    assert f"/console/rounds/{round_.pk}/" not in shown.content.decode(), (
        "a round of the other line is not open to it"
    )
    bare = client.post(f"{page}opinions/hrss/", {"verdict": "vetoed", "text": ""})
    done = client.post(f"{page}opinions/hrss/", {"verdict": "agreed", "text": ""})
    assert (bare.status_code, done.status_code) == (422, 303)
    assert row.number not in text(client.get("/console/applications/?box=to-do"))
    assert [o.verdict for o in row.opinions.all()] == ["agreed"]


def test_a_department_that_is_asked_learns_who_it_is_asked_about_and_the_look_is_on_record(terms):
    actor = organiser()
    round_ = open_round(actor, with_departments())
    row, account = applied(round_)
    row = advance(applying.submit(row, actor=account), "pass_screen", actor=actor)
    rights = "application.view application.opinion person.reveal"
    hrss, court = (
        AccountFactory(grants=[(RegionFactory(code="370100", level="city"), LineFactory(code=line), rights)])
        for line in ("hrss", "court")
    )
    page = f"/console/applications/{row.number}/"
    opinions.ask(row, actor=actor)

    shown = browser(hrss).get(page)
    told = browser(hrss).post(f"{page}reveal/", {"reason": "核查有无未解除的处分"})

    assert str(row.person) in text(shown)
    assert f"{page}reveal/" in shown.content.decode()
    assert row.person.name not in text(shown)
    assert row.person.name in text(told)
    looks = Record.objects.filter(verb="reveal", subject_id=str(row.person_id), actor_id=hrss.pk)
    assert {look.after["field"] for look in looks} == {"name", "id_number"}
    assert browser(court).post(f"{page}reveal/", {"reason": "核查有无未解除的处分"}).status_code == 404


def test_a_department_of_another_line_or_city_is_not_let_in(terms):
    actor = organiser()
    round_ = open_round(actor, with_departments())
    LineFactory(code="hrss")
    row, account = applied(round_)
    row = advance(applying.submit(row, actor=account), "pass_screen", actor=actor)
    opinions.ask(row, actor=actor)
    rights = "application.view application.opinion"
    others = [
        AccountFactory(
            grants=[(RegionFactory(code="370200", level="city"), LineFactory(code="hrss"), rights)]
        ),
        AccountFactory(
            grants=[(RegionFactory(code="370100", level="city"), LineFactory(code="court"), rights)]
        ),
    ]

    answers = [
        browser(one).get(f"/console/applications/{row.number}/opinions/hrss/").status_code for one in others
    ]

    assert answers == [404, 404]


def test_drafts_lie_in_no_officials_inbox():
    actor = organiser()
    row, _account = applied(open_round(actor))

    shown = text(browser(actor).get("/console/applications/?box=to-do"))

    assert row.number not in shown


def test_the_rounds_page_says_what_waits_and_turns_when_nothing_does():
    actor = organiser()
    round_ = open_round(actor)
    client = browser(actor)
    page = f"/console/rounds/{round_.pk}/"
    assert "截止" in text(client.get(page))
    assert "现在不能办理" in text(client.get(f"{page}turn/"))

    early = client.post(f"{page}turn/", {"note": ""})
    Window.objects.filter(round=round_, stage="apply").update(closes_at=timezone.now())
    turned = client.post(f"{page}turn/", {"note": "申报截止"})

    assert (early.status_code, turned.status_code) == (409, 303)
    assert Round.objects.get(pk=round_.pk).stage == "recommend"


def test_dates_are_moved_for_a_reason_and_a_round_is_cancelled_for_one():
    actor = organiser()
    round_ = open_round(actor)
    client = browser(actor)
    page = f"/console/rounds/{round_.pk}/"
    moved = {"opens_at": "2026-11-01T00:00", "closes_at": "2026-12-31T00:00"}

    bare = client.post(f"{page}stages/apply/", {**moved, "why": ""})
    backwards = client.post(
        f"{page}stages/apply/",
        {"opens_at": "2026-12-31T00:00", "closes_at": "2026-11-01T00:00", "why": "疫情"},
    )
    done = client.post(f"{page}stages/apply/", {**moved, "why": "应各市要求延长"})
    cancelled = client.post(f"{page}cancel/", {"why": "经费未落实"})

    assert [a.status_code for a in (bare, backwards, done, cancelled)] == [422, 422, 303, 303]
    round_.refresh_from_db()
    assert round_.status == Round.Status.CANCELLED


def test_a_city_opens_the_provinces_round_and_changes_nothing_of_it():
    round_ = open_round(organiser())
    client = browser(city())
    page = f"/console/rounds/{round_.pk}/"

    assert client.get(page).status_code == 200
    assert "取消轮次" not in text(client.get(page))
    assert client.post(f"{page}cancel/", {"why": "不想办了"}).status_code == 403


def test_another_line_does_not_find_the_round():
    round_ = open_round(organiser())
    other = AccountFactory(grants=[(province(), LineFactory(code="court"), STAFF)])

    assert browser(other).get(f"/console/rounds/{round_.pk}/").status_code == 404


def test_a_round_is_opened_from_its_programme_and_twice_is_refused():
    actor = organiser()
    round_ = open_round(actor)
    client = browser(actor)
    page = f"/console/programmes/{round_.definition_id}/"
    given = {"label": "", "year": "2027", "region": "370000", "starts_at": "2027-03-01T00:00"}

    opened, again = client.post(f"{page}open/", given), client.post(f"{page}open/", given)

    made = Round.objects.get(year=2027)
    assert (opened.status_code, again.status_code) == (303, 409)
    assert [timezone.localtime(w.opens_at).date().isoformat() for w in made.windows.all()[:2]] == [
        "2027-03-01",
        "2027-03-11",
    ]
    assert made.windows.all()[0].closes_at - made.windows.all()[0].opens_at == timedelta(days=10)
    assert (
        client.get(page).status_code
        == client.get("/console/programmes/").status_code
        == client.get("/console/rounds/").status_code
        == 200
    )
