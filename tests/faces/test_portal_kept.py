"""Pages that are kept: what one visitor gets another may have, and a change shows within a minute wherever it is asked for."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core.cache.backends.locmem import LocMemCache
from django.test import Client
from django.utils import timezone

from tests.engines.programmes.test_notices import accepted
from tests.factories import AccountFactory
from tests.honours import CAUSE, Ladder
from tests.results import jury, published
from yanzhen.engines.procedures.engine import advance
from yanzhen.engines.programmes.notices import actions
from yanzhen.faces.portal import kept
from yanzhen.foundation import calendar, crypto, parameters

pytestmark = pytest.mark.django_db
START = timezone.localtime().replace(hour=9, minute=0, second=0, microsecond=0) + timedelta(days=1)
"""Tomorrow: the posts of the tests are held from the day on which they are made."""
CHANGED_AT = 6
"""Seconds after the first look at which what is shown changes."""


class Processes:
    """Two web processes, each with what it keeps, behind a proxy that keeps answers as long as they allow."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.own = [LocMemCache(f"process {n}", {}) for n in range(2)]
        for each in self.own:
            each.clear()
        self.patch = monkeypatch
        self.proxy: dict[tuple[int, str], tuple[datetime, str]] = {}

    def ask(self, process: int, path: str) -> str:
        self.patch.setattr(kept, "cache", self.own[process])
        return Client().get(path, headers={"accept": "text/html"}).content.decode()

    def through(self, process: int, path: str, now: datetime) -> str:
        """Return what the proxy of this process has, or has fetched now."""
        until, page = self.proxy.get((process, path), (now, ""))
        if now >= until:
            self.patch.setattr(kept, "cache", self.own[process])
            answer = Client().get(path, headers={"accept": "text/html"})
            age = re.fullmatch(r"public, max-age=(\d+)", answer["Cache-Control"])
            assert age
            page = answer.content.decode()
            self.proxy[process, path] = now + timedelta(seconds=int(age[1])), page
        return page


def seconds_until_shown(web: Processes, path: str, change: Callable[[], Any], shown: str) -> list[int]:
    """Look every three seconds, at each process directly and through its proxy; return how long the change took at each."""
    found: dict[str, int] = {}
    for second in range(0, CHANGED_AT + 60, 3):
        now = START + timedelta(seconds=second)
        with time_machine.travel(now, tick=False):
            if second == CHANGED_AT:
                change()
            for process in range(2):
                if second < 3 * process:
                    continue  # one process was asked first
                for name, page in (
                    (f"direct {process}", web.ask(process, path)),
                    (f"proxy {process}", web.through(process, path, now)),
                ):
                    if shown in page:
                        found.setdefault(name, second - CHANGED_AT)
                    else:
                        assert name not in found, f"{name} showed the former state again"
    assert len(found) == 4, found
    return sorted(found.values())


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> Processes:
    return Processes(monkeypatch)


@pytest.mark.parametrize("move", ["suspend", "withdraw"])
def test_a_measure_shows_within_a_minute_at_every_process_and_through_proxies(
    ladder: Ladder, web: Processes, move: str
):
    with time_machine.travel(START, tick=False):
        honour = ladder.honour()
        proposal = {"suspend": "propose_suspension", "withdraw": "propose_withdrawal"}[move]
        honour = advance(honour, proposal, actor=ladder.awarder, cause=CAUSE)
    shown = {"suspend": "已暂停：", "withdraw": "已撤销：证书"}[move]

    took = seconds_until_shown(
        web,
        f"/check/{honour.number}/",
        lambda: advance(honour, move, actor=ladder.approver, note="情况属实"),
        shown,
    )

    assert took[0] <= kept.KEPT_SECONDS
    assert took[-1] < 60


def test_a_list_that_is_replaced_is_gone_within_a_minute_at_every_process_and_through_proxies(web: Processes):
    calendar.seed()
    parameters.load_defaults()
    crypto.begin()
    with time_machine.travel(START, tick=False):
        _made, notice = published()
        handler = jury()
        row = accepted(notice, handler)

    def uphold() -> None:
        actions.uphold(row, finding="经查属实", seen_mark=actions.preview(row).mark, actor=handler)

    took = seconds_until_shown(web, f"/notices/{notice.pk}/", uphold, "第 2 版")

    assert took[-1] < 60


def test_what_somebody_signed_in_gets_holds_nothing_of_them_and_is_what_everybody_gets(
    ladder: Ladder, web: Processes
):
    path = f"/check/{ladder.honour().number}/"
    account = AccountFactory(name="张三丰之名", grants=[(ladder.region, None, "honour.view")])
    inside = Client()
    inside.force_login(account)
    inside.cookies["theme"] = "dark"
    web.ask(0, "/check/")

    first = inside.get(path)  # what it fills, everybody is given
    others = Client().get(path)

    assert first.content == others.content
    assert account.name not in first.content.decode()
    for answer in (first, others):
        assert (answer.cookies, "csrfmiddlewaretoken" in answer.content.decode()) == ({}, False)
        assert answer["Cache-Control"] == f"public, max-age={kept.MAX_AGE}"
        assert set(answer["Vary"].split(", ")) == {
            "Cookie",
            "Accept-Language",
        }  # the language is a cookie's choice
    again = inside.get(path, headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert not again.cookies


def test_a_language_that_a_cookie_chose_is_kept_apart(ladder: Ladder, web: Processes):
    path = f"/check/{ladder.honour().number}/"
    english = Client()
    english.cookies["django_language"] = "en"
    web.ask(0, path)

    pages = [client.get(path) for client in (english, Client())]

    assert [b'lang="en"' in page.content for page in pages] == [True, False]
    assert pages[0]["ETag"] != pages[1]["ETag"]
