"""The supervisor's page: every number is that of the list behind it, of the reader's own reach, at a fixed price."""

from __future__ import annotations

import re
from copy import copy
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.calls import AGENT, Board
from tests.faces.console import browser, text
from tests.factories import AccountFactory, CaseFactory, LineFactory, RegionFactory
from tests.hotline import EVERY_RIGHT
from tests.rosters import seated, shift
from yanzhen.domains.hotline.calls.models import CallBack
from yanzhen.domains.hotline.hotspots.models import Alert
from yanzhen.domains.hotline.models import Case
from yanzhen.domains.hotline.rosters import skills
from yanzhen.domains.hotline.rosters.models import Alarm, Presence
from yanzhen.engines.procedures.models import Escalation
from yanzhen.faces.console.keys import CAP, count_of, counts_of
from yanzhen.faces.console.live.board import Tile, board_of
from yanzhen.foundation.models import Account, Region

pytestmark = pytest.mark.django_db

RIGHTS = f"{AGENT} {EVERY_RIGHT} case.supervise roster.view hotspot.view outbox.view"
STATEMENTS = 12


def supervisor(code: str = "370100", line: str | None = None) -> Account:
    return AccountFactory(grants=[(RegionFactory(code=code), line and LineFactory(code=line), RIGHTS)])


def tiles(account: Account) -> dict[str, Tile]:
    board = board_of(account, timezone.now())
    return {tile.code: tile for _label, group in board.groups for tile in group}


def counts(account: Account) -> dict[str, int]:
    return {code: tile.count for code, tile in tiles(account).items() if tile.figure is None and tile.count}


def hole(region: Region) -> Alarm:
    now = timezone.now()
    return Alarm.objects.create(
        region=region, line=LineFactory(), skill_id="general", whole=True, opened_at=now,
        starts_at=now + timedelta(hours=3), ends_at=now + timedelta(hours=4),
    )  # fmt: skip


def alert(region: Region, **more: Any) -> Alert:
    now = timezone.now()
    given = {
        "kind": "surge",
        "dimension": "county",
        "value": region.code,
        "label": "历下区",
        "line": LineFactory(),
    }
    seen = {"opened_at": now, "seen_at": now, "count": 9, "mean": 1.0, "bound": 4, "chance": 0.001}
    return Alert.objects.create(region=region, **(given | seen | more))


def busy_city() -> Board:
    """One of everything: a call that rings, one that is answered, one that was missed, cases of every sort."""
    skills.load()
    board, now = Board(), timezone.now()
    board.ring("r"), board.answered("a")
    board.ring("t")
    board.send("answer", "t", answeringNumber="8001")
    board.missed("m", **{"from": "13700000000"})
    here = {"region": board.place.region, "line": LineFactory()}
    CaseFactory(**here, due_at=now - timedelta(hours=1))
    late = CaseFactory(**here, state="handling", due_at=now - timedelta(hours=1))
    CaseFactory(**here, state="handling", due_at=now + timedelta(hours=5))
    CaseFactory(**here, state="closed", ended_at=now, quality_passed=True)
    for at in (now, now - timedelta(days=2)):
        Escalation.objects.create(
            procedure="hotline.case", subject_id=late.pk, rung=f"r{at.day}", label="县级督办", reason="届满",
            region=board.place.region, at=at,
        )  # fmt: skip
    hole(board.place.region), alert(board.place.region)
    return board


EXPECTED = {
    "ringing": 1, "talking": 1, "waiting": 1, "state-received": 1, "state-handling": 2, "soon": 1, "escalated": 1,
    "alerts": 1, "holes": 1,
}  # fmt: skip


def test_every_number_is_that_of_the_city_and_late_ones_are_told_apart():
    busy_city()

    found = tiles(supervisor())

    assert {code: t.count for code, t in found.items() if t.figure is None and t.count} == EXPECTED
    assert {code: t.late for code, t in found.items() if t.late} == {"state-received": 1, "state-handling": 1}
    rates = {code: (str(t.figure.value), t.figure.n) for code, t in found.items() if t.figure}
    assert rates == {"connection_rate": ("50.00", 2), "service_level": ("100.00", 1)}
    assert found["waiting"].since == CallBack.objects.get().started_at


@pytest.mark.parametrize(
    "stranger", [("370200", None), ("370100", "court")], ids=["other region", "other line"]
)
def test_from_another_region_or_line_there_is_nothing(stranger):
    busy_city()

    found = tiles(supervisor(*stranger))

    assert {code for code, t in found.items() if t.count or t.late or t.since} == set()
    assert {t.figure.value for t in found.values() if t.figure} == {None}


def test_each_number_opens_the_list_it_counts():
    busy_city()
    account = supervisor()
    page, found = browser(account), tiles(account)

    for code, tile in found.items():
        shown = page.get(tile.url)
        assert shown.status_code == 200
        assert code not in EXPECTED or page.get(tile.late_url or tile.url).status_code == 200
        if tile.url.startswith(("/console/cases/", "/console/call-backs/", "/console/calls/all/")):
            assert shown.context["count"] == tile.count
            assert not tile.late or page.get(tile.late_url).context["count"] == tile.late


def test_a_number_without_the_right_to_its_list_is_left_out():
    busy_city()
    city = RegionFactory(code="370100")
    listener = AccountFactory(grants=[(city, None, "call.view")])
    watcher = AccountFactory(grants=[(city, None, "case.supervise case.view")])

    assert set(tiles(listener)) == {"ringing", "talking", "waiting", "connection_rate", "service_level"}
    assert {code for code in tiles(watcher) if not code.startswith("state-")} == {"soon", "escalated"}
    assert board_of(watcher, timezone.now()).agents is None


def test_who_may_do_neither_is_refused_and_has_no_entry():
    nobody = browser(AccountFactory(grants=[(RegionFactory(), None, "case.view")]))
    somebody = browser(supervisor())

    assert [nobody.get(f"/console/live/{rest}").status_code for rest in ("", "now/")] == [403, 403]
    assert "值班台" not in nobody.get("/console/").content.decode()
    assert "/console/live/" in somebody.get("/console/").content.decode()


def test_who_is_on_duty_is_shown_with_whether_they_talk_or_are_away():
    board = busy_city()
    city, now = RegionFactory(code="370100"), timezone.now()
    span = (now - timedelta(hours=1), now + timedelta(hours=1))
    free, away, elsewhere, later = (seated(city, extension=f"90{n:02}") for n in range(4))
    Presence.objects.create(account=away, away=True)
    for account in (board.agent, free, away):
        shift(account, city, *span)
    shift(elsewhere, RegionFactory(code="370200"), *span)
    shift(later, city, span[1], span[1] + timedelta(hours=1))

    agents = board_of(supervisor(), now).agents

    assert {a.shift.account: a.label for a in agents or ()} == {
        board.agent: "通话中", free: "空闲", away: "暂离",
    }  # fmt: skip


def test_the_fragment_asks_for_itself_anew_and_the_page_stands_without_scripts():
    busy_city()
    page = browser(supervisor())

    whole, part = page.get("/console/live/"), page.get("/console/live/now/")

    assert 'hx-trigger="every 10s"' in part.content.decode()
    assert "<html" not in part.content.decode()
    for shown in ("正在振铃", "待回拨", "今日接通率", "n=2", "24 小时内到期", "超期"):
        assert shown in text(whole)
    assert re.search(r'href="/console/live/"[^>]*>\s*<svg', whole.content.decode())


@pytest.mark.parametrize("times", [1, 3])
def test_it_costs_the_same_statements_however_much_there_is(times):
    board = busy_city()
    account, city, now = supervisor(), RegionFactory(code="370100"), timezone.now()
    for n in range(times):
        shift(seated(city, extension=f"91{n:02}"), city, now - timedelta(hours=1), now + timedelta(hours=1))
        CaseFactory(region=board.place.region, state="handling", due_at=now)
        board.ring(f"x{n}")
    page = browser(account)
    page.get("/console/live/now/")

    with CaptureQueriesContext(connection) as board_alone:
        board_of(Account.objects.get(pk=account.pk), now)
    with CaptureQueriesContext(connection) as whole:
        page.get("/console/live/now/")

    assert len(board_alone.captured_queries) <= STATEMENTS
    assert len(whole.captured_queries) <= STATEMENTS + 8


def test_many_counts_are_one_statement_capped_and_equal_to_single_ones(django_assert_num_queries):
    for _ in range(3):
        CaseFactory()
    named = {
        "all": Case.objects.all(),
        "none": Case.objects.none(),
        "open": Case.objects.filter(state="received"),
    }

    with django_assert_num_queries(1):
        found = counts_of(named, cap=1)

    assert found == {"all": 2, "none": 0, "open": 2}
    assert counts_of(named) == {name: count_of(rows, CAP) for name, rows in named.items()}
    assert counts_of({"none": Case.objects.none()}) == {"none": 0}


def test_a_box_counts_beyond_where_a_list_stops():
    row = CaseFactory(region=RegionFactory(code="370102"), state="handling")
    made = [copy(row) for _ in range(CAP + 1)]
    for n, each in enumerate(made):
        each.pk, each.number = None, f"GD-more-{n}"
    Case.objects.bulk_create(made)
    account = supervisor()

    shown = text(browser(account).get("/console/live/"))

    assert tiles(account)["state-handling"].count == CAP + 2
    assert str(CAP + 2) in shown
    assert f"{CAP}+" not in shown
