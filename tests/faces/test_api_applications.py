"""Applications over the API: what the key's account may see and do, and no more."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.faces.test_api_cases import Caller, problem_of
from tests.factories import AccountFactory, LineFactory, RegionFactory
from tests.selection import applied, open_round, organiser, programme
from yanzhen.engines.programmes.actions import applying
from yanzhen.engines.programmes.models import Application, Round

pytestmark = pytest.mark.django_db


def screened(round_: Round) -> Application:
    """Return an application that waits for its screening."""
    row, account = applied(round_)
    return applying.submit(row, actor=account)


def straight() -> Round:
    return open_round(
        organiser(), programme(stages=tuple(s for s in programme().stages if s.kind != "recommend"))
    )


def test_a_key_lists_shows_and_moves_what_its_account_may():
    row = screened(straight())
    caller = Caller(
        AccountFactory(
            grants=[
                (
                    RegionFactory(code="370100", level="city"),
                    LineFactory(),
                    "application.view application.screen",
                )
            ]
        )
    )

    listed = caller.get("/applications", state="screen", region="370102", round=row.round_id).json()
    shown = caller.get(f"/applications/{row.number}").json()
    moved = caller.post(
        f"/applications/{row.number}/moves", {"transition": "pass_screen", "seen": shown["step"]}
    ).json()

    assert [item["number"] for item in listed["items"]] == [row.number]
    assert (shown["person"], shown["answers"]["front_line"], [f["answer"] for f in shown["findings"]]) == (
        "测**",
        True,
        ["yes", "yes"],
    )
    assert moved["state"] == "review"


def test_another_city_and_another_line_find_nothing():
    row = screened(straight())
    rights = "application.view application.screen"
    strangers = [
        AccountFactory(grants=[(RegionFactory(code="370200", level="city"), LineFactory(), rights)]),
        AccountFactory(
            grants=[(RegionFactory(code="370100", level="city"), LineFactory(code="court"), rights)]
        ),
    ]

    answers = [Caller(one).get(f"/applications/{row.number}") for one in strangers]

    assert [problem_of(answer)[0] for answer in answers] == [404, 404]
    assert [Caller(one).get("/applications").json()["items"] for one in strangers] == [[], []]


def test_a_state_that_is_none_and_a_field_that_is_not_taken_are_named():
    row = screened(straight())
    caller = Caller(organiser())

    state = caller.get("/applications", state="nowhere")
    field = caller.post(
        f"/applications/{row.number}/moves", {"transition": "pass_screen", "fields": {"score": 99}}
    )

    assert (state.status_code, field.status_code) == (422, 422)
    assert "fields.score" in field.json()["fields"]


def test_a_page_asks_the_same_for_one_as_for_many():
    round_ = straight()
    screened(round_)
    caller = Caller(organiser())
    counts = []
    for _ in range(2):
        caller.get("/applications")
        with CaptureQueriesContext(connection) as asked:
            caller.get("/applications")
        counts.append(len(asked))
        for _more in range(4):
            screened(round_)

    assert counts[0] == counts[1]
