"""Whistle-blowers: who reported is kept secret, and every look at a secret case is on record."""

from __future__ import annotations

from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from openpyxl import load_workbook

from tests.faces.console import browser
from tests.factories import AccountFactory, LineFactory, OrganisationFactory
from tests.hotline import County, county
from yanzhen.domains.hotline.hotspots.models import Alert, AlertCase
from yanzhen.domains.hotline.knowledge.queries import values_of
from yanzhen.domains.hotline.models import Case
from yanzhen.domains.hotline.repeats import traces
from yanzhen.domains.hotline.repeats.candidates import candidates
from yanzhen.domains.hotline.repeats.queries import same_caller
from yanzhen.domains.hotline.secrecy import CALLER, STORY, hidden_from
from yanzhen.engines.procedures import parties
from yanzhen.engines.procedures.engine import advance
from yanzhen.engines.procedures.ladder import tell_at_once
from yanzhen.engines.procedures.models import Party
from yanzhen.faces.api.schemas import CaseOut
from yanzhen.foundation.attachments import store
from yanzhen.foundation.models import Account, Record
from yanzhen.foundation.records import record

pytestmark = pytest.mark.django_db
TOLD = "车间主任王某扣发夜班补贴，只有我一个人知道。"


def shared(place: County) -> tuple[Case, Account]:
    """A secret case with a party of another line that was asked in, and an account of that party."""
    hrss = OrganisationFactory(region=place.region, line=LineFactory(code="hrss"))
    outsider = AccountFactory(grants=[(place.region, hrss.line, "case.view case.respond")], organisation=hrss)
    case = place.case(secret=True, body=TOLD)
    case = advance(case, "accept", actor=place.clerk, category=place.category)
    case = advance(case, "assign", actor=place.clerk, organisation=place.union, handler=place.handler)
    parties.refer(case, hrss, actor=place.clerk, demand="请核实该单位夜班补贴的发放情况")
    case.refresh_from_db()
    return case, outsider


def test_a_party_of_a_secret_case_sees_its_work_order_and_not_the_story():
    place = county()
    case, outsider = shared(place)

    assert hidden_from(outsider, case) == STORY | CALLER
    assert hidden_from(place.handler, case) == frozenset()
    assert hidden_from(place.approver, case) == CALLER


def test_no_page_export_or_answer_shows_a_party_who_reported_in_secret():
    place = county()
    case, outsider = shared(place)
    client = Client()
    client.force_login(outsider)

    pages = [f"/console/cases/{case.number}/", "/console/cases/", "/console/cases/orders/"]
    for page in pages:
        text = client.get(page).content.decode()
        assert case.number in text, page
        assert "夜班补贴，" not in text, page
        assert case.caller_mask not in text, page
    sheet = load_workbook(BytesIO(client.get("/console/cases/export/").getvalue())).active
    cells = [str(cell.value) for line in sheet.iter_rows() for cell in line]
    assert case.number in cells
    assert not [cell for cell in cells if "夜班补贴，" in cell]
    answer = CaseOut.of(case, outsider)
    assert (answer.title, answer.body, answer.caller, answer.headcount) == (*["（保密）"] * 3, None)


PDF = b"%PDF-1.4\n1 0 obj\n<< /Type /Catalog >>\nendobj\n%%EOF\n"
NOTE = "来电人是夜班唯一的质检员"


def test_a_party_of_a_secret_case_gets_its_own_work_order_and_nothing_that_hangs_on_the_case():
    place = county()
    case, outsider = shared(place)
    justice = OrganisationFactory(region=place.region, line=LineFactory(code="justice"))
    parties.refer(case, justice, actor=place.clerk, demand="请约谈举报人反映的车间")
    file = store(SimpleUploadedFile("举报材料.pdf", PDF), subject=case, actor=place.clerk)
    record("move.claim", case, actor=place.clerk, after={"state": "handling"}, reason=NOTE)
    tell_at_once({case: NOTE}, "city")
    case.reply = "已查实夜班补贴问题"
    case.save()
    mine, theirs = Party.objects.order_by("pk")
    kept = ("举报材料.pdf", NOTE, theirs.demand, theirs.number, case.reply)
    home = f"/console/cases/{case.number}/"

    outside, inside = browser(outsider), browser(place.clerk)

    for client, seen in ((outside, False), (inside, True)):
        page = client.get(home).content.decode()
        assert [text in page for text in kept] == [seen] * len(kept)
        assert mine.demand in page
        assert client.get(f"{home}files/{file.pk}/").status_code == (200 if seen else 404)
        assert client.get(f"/console/closing/cases/{case.number}/").status_code == (200 if seen else 404)
        act = client.get(f"{home}party/{theirs.pk}/accept/")
        assert act.status_code == (200 if seen else 404)
    assert outside.get(f"{home}party/{mine.pk}/accept/").status_code == 200
    assert CaseOut.of(case, outsider).reply == "（保密）"


def test_no_title_of_a_secret_case_is_drawn_for_a_party():
    place = county()
    case, outsider = shared(place)
    role = outsider.grants.get().role
    role.rights = [*role.rights, "hotspot.view", "knowledge.view"]
    role.save()
    now = timezone.now()
    alert = Alert.objects.create(
        kind="surge", dimension="category", value="3701:020101", label="类别", region=place.region, line_id="hrss",
        opened_at=now, seen_at=now, count=9, mean=1, bound=4, chance=0.001,
    )  # fmt: skip
    AlertCase.objects.create(alert=alert, case=case)
    client = browser(outsider)

    pages = [f"/console/hotspots/{alert.pk}/", f"/console/cases/{case.number}/knowledge/"]

    for page in pages:
        answer = client.get(page)
        assert answer.status_code == 200, page
        assert case.title not in answer.content.decode(), page
    assert "诉求标题" not in values_of(case, outsider)
    assert values_of(case, place.handler)["诉求标题"] == case.title


def test_what_is_like_a_secret_case_is_not_told_to_a_party():
    place = county()
    case, outsider = shared(place)
    twin = place.case(body=TOLD, phone="13800000000")
    traces.index(case)
    traces.index(twin)

    assert candidates(case, outsider) == []
    assert [found.case for found in candidates(case, place.handler)] == [twin]
    assert not same_caller(case, twin, outsider)
    assert same_caller(case, twin, place.handler)


def test_a_look_by_any_page_of_a_secret_case_is_on_record_once_a_request():
    place = county()
    case, _outsider = shared(place)
    client = browser(place.handler)
    home = f"/console/cases/{case.number}/"

    for number, path in enumerate(("", "move/claim/", "repeats/", "copy/"), 1):
        assert client.get(home + path).status_code == 200
        assert Record.objects.filter(verb="read", subject_id=case.pk).count() == number, path
    client.post(f"{home}move/claim/", {"handler": ""})
    assert Record.objects.filter(verb="read", subject_id=case.pk).count() == 5


def test_an_export_and_an_excerpt_of_secret_cases_leave_one_record_with_the_ids():
    place = county()
    case, outsider = shared(place)
    Case.objects.filter(pk=case.pk).update(title="补贴问题")

    for account in (place.clerk, outsider):
        client = browser(account)
        b"".join(client.get("/console/cases/export/").streaming_content)
        client.get("/console/cases/?q=只有我一个人")

    told = Record.objects.filter(verb="read", subject_type="foundation.account")
    assert [(r.actor_id, r.after) for r in told.order_by("pk")] == [
        (place.clerk.pk, {"desk": "cases", "by": "export", "ids": [case.pk]}),
        (place.clerk.pk, {"desk": "cases", "by": "excerpt", "ids": [case.pk]}),
    ]


def test_each_look_at_a_secret_case_is_on_record_and_a_look_at_another_is_not():
    place = county()
    case, _outsider = shared(place)
    plain = place.case()
    client = Client()
    client.force_login(place.clerk)

    for number in (case.number, case.number, plain.number):
        assert client.get(f"/console/cases/{number}/").status_code == 200

    assert list(Record.objects.filter(verb="read").values_list("actor_id", "subject_id")) == [
        (place.clerk.pk, str(case.pk)),
        (place.clerk.pk, str(case.pk)),
    ]


def test_a_party_finds_no_secret_case_by_the_words_of_its_story():
    place = county()
    case, outsider = shared(place)
    client = Client()

    found = {}
    for account in (outsider, place.clerk):
        client.force_login(account)
        found[account] = case.number in client.get("/console/cases/?q=夜班补贴").content.decode()

    assert found == {outsider: False, place.clerk: True}


def test_no_banner_tells_a_party_that_a_hidden_case_has_nearly_its_words():
    place = county()
    case, outsider = shared(place)
    wrong = "车间主任王某扣发夜间补贴"

    pages = {who: browser(who).get(f"/console/cases/?q={wrong}") for who in (outsider, place.clerk)}

    assert {who: "相近结果" in page.content.decode() for who, page in pages.items()} == {
        outsider: False,
        place.clerk: True,
    }
    assert case.number not in pages[outsider].content.decode()
