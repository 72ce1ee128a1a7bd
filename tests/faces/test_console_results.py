"""The organiser's and the jury's pages: places, shortlist, notice, objections, decision."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from tests.engines.programmes.test_notices import accepted
from tests.faces.console import browser, hidden, text
from tests.factories import AccountFactory, LineFactory
from tests.results import adopted, at_stage, cities, dealt, jury, over, published, ready
from tests.selection import open_round, organiser, programme, province
from tests.works import worked
from yanzhen.engines.programmes.declare import Quota, Ratio
from yanzhen.engines.programmes.models import Application, QuotaCell
from yanzhen.engines.programmes.notices import publishing, queries
from yanzhen.engines.programmes.notices.models import Objection
from yanzhen.foundation import attachments, calendar, crypto, parameters
from yanzhen.foundation.models import Account

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _rules() -> None:
    calendar.seed()
    parameters.load_defaults()
    crypto.begin()


def where(name: str, *arguments: object) -> str:
    return reverse(f"console:{name}", args=arguments)


def both() -> Account:
    return AccountFactory(
        grants=[
            (
                province(),
                LineFactory(),
                "programme.view application.view application.decide objection.handle round.run",
            )
        ]
    )


def test_places_are_dealt_and_a_tie_is_asked_for_an_order() -> None:
    cities()
    actor = organiser()
    round_ = open_round(actor, programme(quota=Quota(places=3, basis="even")))
    client = browser(actor)
    address = where("results-places", round_.pk)

    assert "济南市" in text(client.get(address))
    refused = client.post(address, {"order": ""})
    assert "济南市、青岛市余数相同，只剩 1 个名额" in text(refused)
    assert "没有名额单元 烟台市" in text(client.post(address, {"order": "烟台市"}))
    assert client.post(address, {"order": "青岛市、济南市"}).status_code == 303
    assert dict(QuotaCell.objects.filter(round=round_).values_list("code", "places")) == {
        "": 0,
        "3701": 1,
        "3702": 2,
    }


def test_places_move_with_a_reason_and_the_letter_tells_of_it() -> None:
    round_, actor = dealt()
    client = browser(actor)
    cells = {cell.code: cell.pk for cell in round_.cells.all()}
    address = where("results-move", round_.pk)
    client.get(address)

    refused = client.post(
        address, {"giver": cells["3701"], "taker": cells["3702"], "places": 9, "why": "青岛申报多"}
    )
    assert (refused.status_code, "调出须在 1 至 2 之间" in text(refused)) == (409, True)
    done = client.post(
        address, {"giver": cells["3701"], "taker": cells["3702"], "places": 1, "why": "青岛申报多"}
    )

    assert done.status_code == 303
    assert "青岛申报多" in text(client.get(where("results-letter", round_.pk, "3702")))
    assert "济南市 → 青岛市" not in text(client.get(where("results-places", round_.pk)))


def test_a_shortlist_is_run_read_and_adopted() -> None:
    made = ready()
    client = browser(made.organiser)
    address = where("results-shortlist", made.round.pk)

    assert client.post(where("results-run", made.round.pk)).status_code == 303
    assert "排队中" in text(client.get(address))
    worked()
    assert "4 人入围" in text(client.get(address))
    left = text(client.get(f"{address}?left=1"))
    assert "济南市的 2 个名额由排在前面的入围" in left
    assert "2 件未入围并各自读到理由" in text(client.get(where("results-adopt", made.round.pk)))
    assert client.post(where("results-adopt", made.round.pk), {"note": ""}).status_code == 303
    worked()

    assert Application.objects.filter(round=made.round, state="noticed").count() == 4
    assert "已采用" in text(client.get(address))


def test_rules_that_contradict_each_other_are_said_on_the_page() -> None:
    share = Ratio(code="front", label="一线职工", trait="front_line", least=Decimal(75))
    made = ready(made=programme(ratios=(share,), per_employer=0), traits=[[]] * 6)
    client = browser(made.organiser)

    client.post(where("results-run", made.round.pk))
    worked()
    page = client.get(where("results-shortlist", made.round.pk))

    assert "一线职工不低于 75%（3 人），参加排名的有 0 人" in text(page)


def test_a_notice_is_seen_before_it_is_published_and_its_evidence_after() -> None:
    made = adopted()
    client = browser(made.organiser)
    page = where("results-notice", made.round.pk)

    assert "测试人0" in text(client.get(page))
    assert "测试人0" in text(client.get(where("results-publish", made.round.pk)))
    assert client.post(where("results-publish", made.round.pk), {"why": ""}).status_code == 303
    photo = SimpleUploadedFile("公告栏.png", bytes.fromhex("89504e470d0a1a0a0000000d49484452") + b"\0" * 64)
    sent = client.post(
        where("results-posting", made.round.pk),
        {"venue": "province", "where": "总工会一楼公告栏", "posted_on": "2026-11-26", "photo": photo},
    )

    assert sent.status_code == 303
    assert "总工会一楼公告栏" in text(client.get(page))
    newest = publishing.newest(made.round)
    assert newest is not None
    (evidence,) = queries.postings(newest)
    assert [file.name for file in attachments.of(evidence)] == ["公告栏.png"]


@pytest.mark.parametrize("anonymous", [False, True])
def test_who_objected_can_be_asked_for_where_somebody_said_who_it_is(anonymous: bool) -> None:
    _made, notice = published()
    handler = jury()
    row = accepted(notice, handler, anonymous=anonymous)

    page = browser(handler).get(f"/console/objection/{row.number}/")

    assert ("查看完整信息" in text(page)) is not anonymous


def test_an_objection_goes_from_the_desk_through_the_preview_to_another_list() -> None:
    made, notice = published()
    handler = jury()
    row = accepted(notice, handler)
    client = browser(handler)
    assert row.application.number in text(client.get("/console/objection/?box=all"))
    assert "影响预览" in text(client.get(f"/console/objection/{row.number}/"))
    address = where("objection-preview", row.number)

    page = client.get(address)
    assert ("退出名单" in text(page), "递补" in text(page)) == (True, True)
    done = client.post(address, {"finding": "经查属实", "seen_mark": hidden(page, "seen_mark")})

    assert done.status_code == 303
    assert "已交后台运行" in text(client.get(address))
    assert worked().status == "done"
    assert "异议成立，名单已按预览更换" in text(client.get(address))
    assert Objection.objects.get().state == "upheld"
    assert Application.objects.get(pk=made.rows[2].pk).state == "noticed"


def test_what_is_upheld_is_what_was_seen() -> None:
    _made, notice = published()
    handler = jury()
    row = accepted(notice, handler)

    client, address = browser(handler), where("objection-preview", row.number)
    client.post(address, {"finding": "经查属实", "seen_mark": "0" * 64})

    assert (worked().status, "重新核对预览" in text(client.get(address))) == ("failed", True)
    assert Objection.objects.get().state == "accepted"


def test_who_only_looks_upholds_nothing_from_the_preview() -> None:
    _made, notice = published()
    row = accepted(notice, jury())

    page = browser(jury()).get(where("objection-preview", row.number))

    assert ("<form" in page.content.decode().partition("<main")[2], "只有已受理并由您承办" in text(page)) == (
        False,
        True,
    )


def test_the_list_is_awarded_from_its_page_once_nothing_stands_against_it() -> None:
    made, _notice = published()
    actor = both()
    client = browser(actor)
    round_ = at_stage(made.round, "decide")
    assert "期满后方可认定" in text(client.get(where("results-notice", round_.pk)))

    over(round_)
    assert "认定" in text(client.get(where("results-notice", round_.pk)))
    assert client.post(where("results-award", round_.pk), {"note": ""}).status_code == 303
    assert "已交后台运行" in text(client.get(where("results-notice", round_.pk)))
    assert worked().status == "done"
    assert "已认定 4 件" in text(client.get(where("results-notice", round_.pk)))
    assert Application.objects.filter(round=round_, state="awarded").count() == 4


@pytest.mark.parametrize("name", ["results-places", "results-shortlist", "results-notice"])
def test_a_round_of_another_line_is_not_there(name: str) -> None:
    made, _notice = published()
    stranger = AccountFactory(grants=[(province(), LineFactory(code="justice"), "programme.view round.run")])

    assert browser(stranger).get(where(name, made.round.pk)).status_code == 404


def test_a_list_of_any_length_takes_the_same_statements(django_assert_max_num_queries) -> None:  # type: ignore[no-untyped-def]
    made = ready(("3701", "3702") * 30)
    client = browser(made.organiser)
    client.post(where("results-run", made.round.pk))
    worked()
    client.get(where("results-shortlist", made.round.pk))

    with django_assert_max_num_queries(15):
        page = client.get(f"{where('results-shortlist', made.round.pk)}?left=1")
    assert page.content.decode().count("SB-") == 50
    assert "下一页" in text(page)
