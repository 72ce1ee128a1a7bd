"""The vote on the portal and at the organiser's desk: one a day, secret, counted when it is over."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.faces.console import browser, text
from tests.factories import AccountFactory, LineFactory, RegionFactory
from tests.panels import at
from tests.selection import organiser, worker
from tests.votes import closed, member, under_review, voting_round
from yanzhen.engines.programmes.actions import rounds, voting
from yanzhen.engines.programmes.models import Application, Ballot, Round
from yanzhen.engines.programmes.totals import PARTS
from yanzhen.foundation import parameters
from yanzhen.foundation.models import Account, Record

pytestmark = pytest.mark.django_db


@pytest.fixture
def actor() -> Account:
    parameters.load_defaults()
    return organiser()


def _two(actor: Account) -> tuple[Round, Application, Application]:
    round_ = voting_round(actor)
    one, other = under_review(round_), under_review(round_)
    return at(round_, "vote"), one, other


def test_a_member_votes_on_a_phone_once_a_day_and_is_told_so(actor: Account) -> None:
    round_, row, other = _two(actor)
    client = browser(member("1"))
    own = client.get("/me/").content.decode()
    assert f'<a href="/apply/{round_.pk}/vote/">{round_.label}</a>' in own
    listed = client.get(f"/apply/{round_.pk}/vote/")
    assert "每人每天一票" in text(listed)
    assert "测试工人" in text(listed)
    shown = client.get(f"/apply/{round_.pk}/vote/{row.number}/")
    assert ("测试事迹" in text(shown), "投这一票" in text(shown)) == (True, True)

    answer = client.post(f"/apply/{round_.pk}/vote/{row.number}/")
    again = client.post(f"/apply/{round_.pk}/vote/{other.number}/")

    assert (answer.status_code, answer.url) == (303, f"/apply/{round_.pk}/vote/")
    assert (again.status_code, "今天已经投过" in text(again)) == (409, True)
    assert [b.application for b in Ballot.objects.all()] == [row]
    assert "投这一票" not in text(client.get(f"/apply/{round_.pk}/vote/{other.number}/"))


def test_who_is_not_verified_and_who_is_not_logged_in_reads_no_names(actor: Account) -> None:
    round_, row, _other = _two(actor)
    _person, account = worker(row.organisation)
    client = browser(account)

    shown = client.get(f"/apply/{round_.pk}/vote/")

    assert "投票须实名" in text(shown)
    assert "三十年零返工" not in text(shown)
    assert client.get(f"/apply/{round_.pk}/vote/{row.number}/").status_code == 404
    refused = client.post(f"/apply/{round_.pk}/vote/{row.number}/")
    assert (refused.status_code, Ballot.objects.count()) == (409, 0)
    assert "测试事迹" not in text(refused)
    assert Client().get(f"/apply/{round_.pk}/vote/").status_code == 302


def test_before_and_after_its_term_and_in_a_round_called_off_no_vote_is_taken(actor: Account) -> None:
    round_, row, _other = _two(actor)
    voter = member("1")
    url = f"/apply/{round_.pk}/vote/"
    Round.objects.filter(pk=round_.pk).update(status="ended")
    assert "现在不接受投票" in text(browser(voter).get(url))
    Round.objects.filter(pk=round_.pk).update(status="running")
    closed(round_, "vote")

    assert "截止" in text(browser(voter).get(url))
    with pytest.raises(voting.VoteRefused, match="截止"):
        voting.vote(row, actor=voter)
    assert not Ballot.objects.exists()


def test_nobody_votes_for_the_own_application(actor: Account) -> None:
    round_, row, _other = _two(actor)
    assert row.person
    row.person.id_number_hash = b"own"
    row.person.save()
    client = browser(row.person.account)

    shown = client.get(f"/apply/{round_.pk}/vote/{row.number}/")
    answer = client.post(f"/apply/{round_.pk}/vote/{row.number}/")

    assert "不能给自己投票" in text(shown)
    assert (answer.status_code, Ballot.objects.count()) == (409, 0)


def test_each_voter_has_an_order_of_the_own_and_pages_cost_the_same(actor: Account) -> None:
    round_ = voting_round(actor)
    rows = [under_review(round_) for _n in range(8)]
    round_ = at(round_, "vote")
    orders = set()
    for key in "abcd":
        with CaptureQueriesContext(connection) as seen:
            page = browser(member(key)).get(f"/apply/{round_.pk}/vote/").content.decode()
        orders.add(tuple(sorted((row.number for row in rows), key=page.index)))

    assert len(orders) > 1
    assert sum("programmes_" in q["sql"] for q in seen) <= 4


def test_the_organiser_sees_turnout_and_the_result_only_when_it_is_over(actor: Account) -> None:
    round_, row, other = _two(actor)
    voting.vote(row, actor=member("1"))
    voting.vote(row, actor=member("2"))
    voting.vote(other, actor=member("3"))
    client = browser(actor)
    url = f"/console/rounds/{round_.pk}/votes/"

    during = client.get(url)
    closed(round_, "vote")
    after = client.get(url)

    assert "3 选票 3 投票人" in text(during)
    assert row.number not in during.content.decode()
    assert "投票截止后显示" in text(during)
    assert f"{row.number} 三十年零返工 2 66.67%" in text(after)
    assert "投票人1" not in after.content.decode()


def test_an_anomaly_shows_its_ballots_and_void_ones_leave_the_count(actor: Account) -> None:
    round_, row, _other = _two(actor)
    for n in range(60):
        person, account = worker(row.organisation, name=f"同事{n}")
        person.id_number_hash = f"own{n}".encode()
        person.save()
        voting.vote(row, actor=account)
    closed(round_, "vote")
    client = browser(actor)
    assert "本单位职工投票占比偏高 100% 60% 60" in text(client.get(f"/console/rounds/{round_.pk}/votes/"))
    url = f"/console/rounds/{round_.pk}/votes/{row.number}/own/"
    shown = client.get(url)
    ids = [str(pk) for pk in Ballot.objects.values_list("pk", flat=True)[:50]]
    assert "60 张选票" in text(shown)
    assert "同事" not in text(shown)

    bare = client.post(url, {"ballot": ids, "why": "刷"})
    none = client.post(url, {"ballot": [], "why": "查实为单位组织投票"})
    done = client.post(url, {"ballot": ids, "why": "查实为单位组织投票"})

    assert (bare.status_code, none.status_code, done.status_code) == (422, 409, 303)
    assert Ballot.objects.filter(void_reason="").count() == 10
    made = Record.objects.get(verb="vote.void")
    assert (made.reason, len(made.after["ballots"])) == ("查实为单位组织投票", 50)


def test_another_region_another_line_and_the_voter_open_no_desk_of_the_vote(actor: Account) -> None:
    round_, _row, _other = _two(actor)
    elsewhere = AccountFactory(
        grants=[(RegionFactory(code="370300", level="city"), LineFactory(), "round.run")]
    )
    line = AccountFactory(grants=[(round_.region, LineFactory(code="court"), "round.run")])

    for account in (elsewhere, line, member("1"), AccountFactory()):
        assert browser(account).get(f"/console/rounds/{round_.pk}/votes/").status_code == 404


def test_votes_come_into_the_total_when_the_vote_is_over(
    actor: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    round_, row, other = _two(actor)
    monkeypatch.setitem(PARTS, "mark", lambda _round, _stage: {row.pk: Decimal(80), other.pk: Decimal(80)})
    voting.vote(other, actor=member("1"))
    round_ = closed(round_, "vote")

    rounds.turn(round_, actor=actor)

    row.refresh_from_db()
    other.refresh_from_db()
    assert [(a.score, a.place) for a in (other, row)] == [(Decimal(82), 1), (Decimal(72), 2)]
