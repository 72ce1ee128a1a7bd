"""Inspections on site: planned without conflicts, filed by those who went, seen by nobody else."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.faces.console import browser, text
from tests.factories import AccountFactory, LineFactory, RegionFactory
from tests.panels import at
from tests.selection import organiser
from tests.votes import under_review, voting_round
from yanzhen.engines.programmes.actions import rounds
from yanzhen.engines.programmes.actions.inspecting import not_inspected
from yanzhen.engines.programmes.models import Application, Inspection, Round
from yanzhen.engines.programmes.totals import PARTS
from yanzhen.engines.programmes.visits.models import Visit
from yanzhen.foundation import parameters
from yanzhen.foundation.models import Account, Attachment, Record

pytestmark = pytest.mark.django_db
LIST = ("工位与申报一致", "徒弟在岗")
FOUND = {
    "visited_on": "", "check-0": "yes", "note-0": "", "check-1": "no", "note-1": "只有一名徒弟在岗",
    "seen": "现场看了工位和台账，与申报一致", "passed": "yes",
}  # fmt: skip


@pytest.fixture
def actor() -> Account:
    parameters.load_defaults()
    return organiser()


def _inspector(**fields: Any) -> Account:
    return AccountFactory(
        grants=[(RegionFactory(code="370200", level="city"), LineFactory(), "application.mark")], **fields
    )


def _round(actor: Account, n: int = 1) -> tuple[Round, list[Application]]:
    round_ = voting_round(actor, inspect={"checklist": LIST})
    rows = [under_review(round_) for _n in range(n)]
    return at(round_, "inspect"), rows


def _plan(actor: Account, round_: Round, rows: list[Application], *going: Account) -> Any:
    given = dict(zip(("first", "second", "third"), (a.pk for a in going), strict=False))
    on = (timezone.localdate() + timedelta(days=2)).isoformat()
    return browser(actor).post(
        f"/console/rounds/{round_.pk}/inspections/plan/",
        {"number": [row.number for row in rows], "on": on, **given, "note": "东门集合"},
    )


def _planned(actor: Account, n: int = 1) -> tuple[Round, list[Application], Account, Visit]:
    round_, rows = _round(actor, n)
    going = _inspector()
    assert _plan(actor, round_, rows, going).status_code == 303
    return round_, rows, going, Visit.objects.earliest("pk")


def _found(**changes: str) -> dict[str, str]:
    return FOUND | {"visited_on": timezone.localdate().isoformat()} | changes


def test_a_visit_is_planned_for_a_tour_and_stands_on_the_inspectors_phone(actor: Account) -> None:
    round_, rows, going, visit = _planned(actor, 2)
    shown = browser(going).get("/console/inspections/")

    assert Visit.objects.filter(inspectors=going).count() == 2
    assert all(row.number in text(shown) for row in rows)
    assert "东门集合" in text(shown)
    assert Record.objects.filter(verb="visit.plan").count() == 2
    assert "待考察 2" in text(browser(actor).get(f"/console/rounds/{round_.pk}/inspections/"))
    again = _plan(actor, round_, rows[:1], going)
    assert (again.status_code, "已有待考察的安排" in text(again)) == (409, True)
    assert visit.region_id == rows[0].region_id


def test_whoever_is_tied_to_the_applicant_is_not_sent_and_nothing_is_planned(actor: Account) -> None:
    round_, rows = _round(actor, 2)
    colleague = _inspector(organisation=rows[0].organisation)
    assert rows[0].person
    Account.objects.filter(person=rows[0].person).update(person=None)
    himself = _inspector(person=rows[0].person)

    first = _plan(actor, round_, rows, colleague)
    second = _plan(actor, round_, rows, himself)

    assert first.status_code == 409
    assert f"{colleague} 不能考察 {rows[0].number}：与申报人同单位" in text(first)
    assert (second.status_code, "是申报人本人" in text(second)) == (409, True)
    assert not Visit.objects.exists()


def test_photographs_are_kept_at_once_and_findings_filed_after_them(actor: Account) -> None:
    round_, rows, going, visit = _planned(actor)
    client = browser(going)
    url = f"/console/inspections/{visit.pk}/"
    assert "测试事迹" in text(client.get(url))
    png = bytes.fromhex("89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489")

    wrong = client.post(f"{url}files/", {"file": SimpleUploadedFile("x.html", b"<script>")})
    kept = client.post(f"{url}files/", {"file": SimpleUploadedFile("工位.png", png)})
    filed = client.post(url, _found())

    assert (wrong.status_code, kept.status_code, filed.status_code) == (422, 303, 303)
    assert Attachment.objects.get().name == "工位.png"
    visit.refresh_from_db()
    made = Inspection.objects.get()
    assert (visit.status, visit.inspection, made.passed, made.members) == ("filed", made, True, str(going))
    assert visit.checks == [["工位与申报一致", "yes", ""], ["徒弟在岗", "no", "只有一名徒弟在岗"]]
    read = browser(actor).get(f"/console/rounds/{round_.pk}/inspections/{visit.pk}/")
    assert all(said in text(read) for said in ("工位.png", "只有一名徒弟在岗", "通过"))
    paper = Attachment.objects.get().pk
    assert client.get(f"{url}files/{paper}/").status_code == 200
    assert (
        browser(actor).get(f"/console/rounds/{round_.pk}/inspections/{visit.pk}/files/{paper}/").status_code
        == 200
    )
    assert list(not_inspected(Round.objects.get(pk=round_.pk))) == []
    assert client.post(url, _found()).status_code == 409
    assert rows[0].inspections.count() == 1


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"check-1": ""}, "还没有核查结论"),
        ({"note-1": ""}, "请写明情况"),
        ({"seen": "看过"}, "至少 10 个字"),
        ({"visited_on": "2099-01-01"}, "不能晚于今天"),
        ({"visited_on": "2001-01-01"}, "不能早于本轮启动之日"),
        ({"passed": ""}, "field-error"),
        ({"check-0": "maybe"}, "field-error"),
    ],
)
def test_findings_that_lack_something_are_refused_at_their_field(
    actor: Account, changes: dict[str, str], said: str
) -> None:
    *_made, going, visit = _planned(actor)

    answer = browser(going).post(f"/console/inspections/{visit.pk}/", _found(**changes))

    body = answer.content.decode()
    assert (answer.status_code, said in body, "field-error" in body) == (422, True, True)
    assert not Inspection.objects.exists()


def test_nobody_who_does_not_go_reads_or_files(actor: Account) -> None:
    round_, rows, _going, visit = _planned(actor)
    elsewhere = AccountFactory(
        grants=[(RegionFactory(code="370300", level="city"), LineFactory(), "round.run application.view")]
    )
    line = AccountFactory(grants=[(round_.region, LineFactory(code="court"), "round.run application.view")])
    assert rows[0].person

    for account in (rows[0].person.account, _inspector(), actor, elsewhere, line):
        client = browser(account)
        assert client.get(f"/console/inspections/{visit.pk}/").status_code == 404
        assert client.post(f"/console/inspections/{visit.pk}/", _found()).status_code == 404
        assert rows[0].number not in client.get("/console/inspections/").content.decode()
    for account in (rows[0].person.account, elsewhere, line):
        client = browser(account)
        for path in ("", "plan/", f"{visit.pk}/", f"{visit.pk}/change/", f"{visit.pk}/call-off/"):
            assert client.get(f"/console/rounds/{round_.pk}/inspections/{path}").status_code == 404
    assert not Inspection.objects.exists()


def test_a_tie_learned_since_shuts_the_errand(actor: Account) -> None:
    _made, rows, going, visit = _planned(actor)
    going.organisation = rows[0].organisation
    going.save()
    client = browser(going)

    for answer in (
        client.get(f"/console/inspections/{visit.pk}/"),
        client.post(f"/console/inspections/{visit.pk}/", _found()),
    ):
        assert (answer.status_code, "与申报人同单位" in text(answer)) == (403, True)
        assert "测试事迹" not in text(answer)
    assert not Inspection.objects.exists()


def test_a_visit_is_moved_or_called_off_for_a_reason(actor: Account) -> None:
    round_, _rows, going, visit = _planned(actor)
    other = _inspector()
    url = f"/console/rounds/{round_.pk}/inspections/{visit.pk}/"
    on = timezone.localdate() + timedelta(days=5)
    bare = browser(actor).post(f"{url}change/", {"on": on.isoformat(), "first": other.pk, "why": "改"})
    moved = browser(actor).post(
        f"{url}change/", {"on": on.isoformat(), "first": other.pk, "why": "原考察人出差"}
    )
    visit.refresh_from_db()

    assert (bare.status_code, moved.status_code, visit.on) == (422, 303, on)
    assert list(visit.inspectors.all()) == [other]
    assert browser(going).get(f"/console/inspections/{visit.pk}/").status_code == 404
    assert browser(actor).post(f"{url}call-off/", {"why": "企业当日停产"}).status_code == 303
    assert browser(other).get(f"/console/inspections/{visit.pk}/").status_code == 404
    assert "未安排 1" in text(browser(actor).get(f"/console/rounds/{round_.pk}/inspections/"))


def test_what_an_inspection_did_not_pass_has_no_place(
    actor: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    round_, rows, going, visit = _planned(actor, 2)
    monkeypatch.setitem(PARTS, "mark", lambda _r, _s: {row.pk: Decimal(80) for row in rows})
    for one, passed in zip(Visit.objects.order_by("pk"), ("no", "yes"), strict=True):
        browser(going).post(f"/console/inspections/{one.pk}/", _found(passed=passed))
    assert visit.application == rows[0]

    rounds.turn(round_, actor=actor)

    for row in rows:
        row.refresh_from_db()
    assert [row.place for row in rows] == [None, 1]


def test_the_list_costs_the_same_for_one_and_for_many(actor: Account) -> None:
    round_, _rows, going, _visit = _planned(actor)
    more = [under_review(round_) for _n in range(5)]
    round_ = at(round_, "inspect")
    pages = [
        (browser(actor), f"/console/rounds/{round_.pk}/inspections/?box=planned"),
        (browser(going), "/console/inspections/"),
    ]
    costs = []
    for planned in ([], more):
        if planned:
            _plan(actor, round_, planned, going)
        for client, url in pages:
            client.get(url)
            with CaptureQueriesContext(connection) as seen:
                client.get(url)
            costs.append(len(seen))

    assert costs[:2] == costs[2:]
    assert costs[1] <= 8
