from __future__ import annotations

import json
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.factories import AccountFactory, CaseFactory, RegionFactory
from tests.hotline import EVERY_RIGHT, County, county
from yanzhen.domains.hotline.models import Case
from yanzhen.foundation.accounts import issue_token
from yanzhen.foundation.models import Account, Record, Replay

pytestmark = pytest.mark.django_db

BODY = "工地自八月起没有发工资，班组二十人，找项目部多次没有结果。"
PHONE = "13812345678"
NAME = "王建设"


class Caller:
    """A program with a key."""

    def __init__(self, account: Account) -> None:
        self.client = Client()
        self.key = {"Authorization": f"Bearer {issue_token(account, 'test', actor=None)}"}

    def get(self, path: str, **query: Any) -> Any:
        return self.client.get(f"/api{path}", query, headers=self.key)

    def post(self, path: str, body: Any, key: str = "") -> Any:
        headers = self.key | ({"Idempotency-Key": key} if key else {})
        return self.client.post(f"/api{path}", json.dumps(body), "application/json", headers=headers)


def problem_of(response: Any) -> tuple[int, str, str]:
    return response.status_code, response["Content-Type"], response.json()["type"].rpartition(":")[2]


def appeal(place: County, **more: Any) -> dict[str, Any]:
    return {"body": BODY, "region": place.region.code, "phone": PHONE, "name": NAME} | more


def test_an_appeal_is_filed_and_its_receipt_has_number_check_code_state_and_term():
    place = county()

    response = Caller(place.clerk).post(
        "/appeals", appeal(place, headcount=20, amount_yuan="88000.50"), key="k1"
    )

    case = Case.objects.get()
    receipt = response.json()
    assert response.status_code == 201
    assert {"number": case.number, "state": "received"}.items() <= receipt.items()
    assert receipt["check_code"]
    assert receipt["due_at"].endswith("+08:00")
    assert (case.channel, case.headcount, str(case.amount_yuan), case.started_by) == (
        "api",
        20,
        "88000.50",
        place.clerk,
    )


def test_the_same_key_gives_the_same_answer_and_no_second_case():
    place = county()
    caller = Caller(place.clerk)

    first, again = (caller.post("/appeals", appeal(place), key="k1") for _ in range(2))

    assert (again.status_code, again.json()) == (first.status_code, first.json())
    assert Case.objects.count() == 1


def test_the_kept_answer_does_not_hold_the_check_code():
    place = county()

    receipt = Caller(place.clerk).post("/appeals", appeal(place), key="k1").json()

    assert receipt["check_code"] not in json.dumps(Replay.objects.get().answer)


def test_the_same_key_with_another_appeal_is_refused():
    place = county()
    caller = Caller(place.clerk)
    caller.post("/appeals", appeal(place), key="k1")

    response = caller.post("/appeals", appeal(place, body=BODY + "已报警。"), key="k1")

    assert (response.status_code // 100, response["Content-Type"]) == (4, "application/problem+json")
    assert Case.objects.count() == 1


def test_two_callers_may_use_the_same_key():
    place = county()
    other = AccountFactory(grants=[(place.region, None, EVERY_RIGHT)])

    for account in (place.clerk, other):
        Caller(account).post("/appeals", appeal(place), key="k1")

    assert Case.objects.count() == 2


def test_a_refused_appeal_writes_nothing_and_may_be_sent_again_mended():
    place = county()
    caller = Caller(place.clerk)

    refused = caller.post("/appeals", appeal(place, body="欠薪"), key="k1")
    mended = caller.post("/appeals", appeal(place), key="k1")

    assert problem_of(refused) == (422, "application/problem+json", "invalid")
    assert refused.json()["fields"].keys() == {"body"}
    assert mended.status_code == 201
    assert Case.objects.count() == 1


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"headcount": "many"}, "headcount"),
        ({"phone": "12345"}, "phone"),
        ({"region": "999999"}, "region"),
        ({"hedcount": 3}, "hedcount"),
        ({"urgency": "now"}, "urgency"),
        ({"anonymous": True}, "phone"),
    ],
)
def test_a_wrong_field_is_named(change, field):
    place = county()

    response = Caller(place.clerk).post("/appeals", appeal(place, **change), key="k1")

    assert problem_of(response) == (422, "application/problem+json", "invalid")
    assert field in response.json()["fields"]
    assert PHONE not in response.content.decode()


def test_a_text_that_is_too_long_is_told_its_length_and_the_most_that_is_taken():
    place = county()

    response = Caller(place.clerk).post("/appeals", appeal(place, body="长" * 50_000), key="k")

    assert (response.status_code, response.json()["fields"]) == (
        422,
        {"body": "过长：最多 5000 字，现有 50000 字"},
    )


def test_an_appeal_without_a_key_of_its_own_is_not_taken():
    place = county()

    response = Caller(place.clerk).post("/appeals", appeal(place))

    assert problem_of(response) == (400, "application/problem+json", "malformed")
    assert response.json()["fields"] == {"Idempotency-Key": "必填"}
    assert not Case.objects.exists()


def test_an_appeal_for_a_place_out_of_reach_is_refused():
    place = county()
    elsewhere = AccountFactory(grants=[(RegionFactory(code="370202"), None, EVERY_RIGHT)])

    response = Caller(elsewhere).post("/appeals", appeal(place), key="k1")

    assert problem_of(response) == (403, "application/problem+json", "not_allowed")
    assert not Case.objects.exists()


@pytest.mark.parametrize("key", [None, "Bearer nothing", "Basic eDp5"])
@pytest.mark.parametrize(
    "path", ["/cases", "/cases/GD-1", "/cases/GD-1/options", "/indicators", "/indicators/x/records"]
)
def test_without_a_valid_key_there_is_nothing_to_read(path, key):
    response = Client().get(f"/api{path}", headers={"Authorization": key} if key else {})

    assert problem_of(response) == (401, "application/problem+json", "unauthenticated")
    assert response["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize(
    ("body", "media_type", "expected"),
    [
        ("x" * (2 * 2**20 + 1), "application/json", (413, "too_large")),
        ("body=x", "application/x-www-form-urlencoded", (415, "wrong_media_type")),
        ("{", "application/json", (400, "malformed")),
        ("[]", "application/json", (422, "invalid")),
    ],
)
def test_a_body_that_can_not_be_read_is_a_problem(body, media_type, expected):
    headers = Caller(county().clerk).key | {"Idempotency-Key": "k1"}

    response = Client().post("/api/appeals", body, media_type, headers=headers)

    assert problem_of(response) == (expected[0], "application/problem+json", expected[1])


def test_an_unknown_address_is_a_problem_too():
    assert problem_of(Client().get("/api/nothing/here")) == (404, "application/problem+json", "not_found")


def test_the_list_shows_what_the_key_may_see_and_nothing_else():
    place = county()
    mine = place.case()
    CaseFactory(region=RegionFactory(code="370202"))

    items = Caller(place.clerk).get("/cases").json()["items"]

    assert [item["number"] for item in items] == [mine.number]


def test_a_case_of_another_region_is_not_found_whatever_is_asked_of_it():
    case = county().case()
    stranger = Caller(AccountFactory(grants=[(RegionFactory(code="370202"), None, EVERY_RIGHT)]))

    answers = [
        stranger.get(f"/cases/{case.number}"),
        stranger.get(f"/cases/{case.number}/options"),
        stranger.post(f"/cases/{case.number}/moves", {"transition": "accept"}),
    ]

    assert [problem_of(answer) for answer in answers] == [(404, "application/problem+json", "not_found")] * 3


def test_a_party_sees_what_was_opened_to_it_and_loses_it_again():
    place = county()
    case = place.case()
    party = AccountFactory(grants=[(RegionFactory(code="370202"), None, "case.view")])
    before = Caller(party).get(f"/cases/{case.number}").status_code

    Case.objects.filter(pk=case.pk).update(shared_with=["*:370202"])

    assert (before, Caller(party).get(f"/cases/{case.number}").status_code) == (404, 200)


def test_the_list_is_filtered_by_state_place_and_half_open_days():
    place = county()
    noon = timezone.now().replace(hour=4, minute=0)
    other = RegionFactory(code="370103")
    rows = {
        "a": CaseFactory(region=place.region, received_at=noon - timedelta(days=2)),
        "b": CaseFactory(region=place.region, received_at=noon - timedelta(days=1), state="handling"),
        "c": CaseFactory(region=other, received_at=noon),
    }
    names = {row.number: name for name, row in rows.items()}
    caller = Caller(place.clerk)
    day = timezone.localdate(noon)

    def found(**query: Any) -> str:
        return "".join(names[item["number"]] for item in caller.get("/cases", **query).json()["items"])

    assert found() == "cba"
    assert found(state="handling") == "b"
    assert found(region="370102") == "ba"
    assert found(region="370100") == "cba"
    assert found(received_from=day - timedelta(days=1), received_to=day) == "b"


@pytest.mark.parametrize(
    "query",
    [{"state": "gone"}, {"limit": 201}, {"cursor": "x"}, {"received_from": "soon"}, {"sate": "received"}],
)
def test_a_filter_that_means_nothing_is_refused_and_not_passed_over(query):
    response = Caller(county().clerk).get("/cases", **query)

    assert problem_of(response) == (422, "application/problem+json", "invalid")
    assert response.json()["fields"].keys() == query.keys()


def test_pages_follow_each_other_without_gap_or_repeat_even_at_one_instant():
    place = county()
    at = timezone.now()
    numbers = {CaseFactory(region=place.region, received_at=at).number for _ in range(7)}
    caller = Caller(place.clerk)

    seen, cursor = [], ""
    while cursor is not None:
        page = caller.get("/cases", limit=3, cursor=cursor).json()
        seen += [item["number"] for item in page["items"]]
        cursor = page["next"]

    assert len(seen) == 7
    assert set(seen) == numbers


def test_the_number_of_statements_does_not_depend_on_the_rows():
    place = county()
    caller = Caller(place.clerk)

    def statements() -> int:
        with CaptureQueriesContext(connection) as context:
            caller.get("/cases", limit=100)
        return len(context)

    CaseFactory(region=place.region)
    few = statements()
    CaseFactory.create_batch(10, region=place.region)

    assert statements() == few
    assert few <= 7


def test_personal_data_leaves_masked():
    place = county()
    caller = Caller(place.clerk)
    number = caller.post("/appeals", appeal(place), key="k1").json()["number"]

    pages = [caller.get(path) for path in ("/cases", f"/cases/{number}", f"/cases/{number}/options")]

    assert [PHONE in page.content.decode() or NAME in page.content.decode() for page in pages] == [False] * 3
    assert pages[1].json()["caller"] == "（保密）"
    place.clerk = AccountFactory(grants=[(place.region, None, "case.view case.reveal")])
    assert Caller(place.clerk).get(f"/cases/{number}").json()["caller"] == Case.objects.get().caller_mask


def test_a_case_moves_by_the_api_as_it_does_on_the_pages():
    place = county()
    caller = Caller(place.clerk)
    number = caller.post("/appeals", appeal(place), key="k1").json()["number"]

    accepted = caller.post(
        f"/cases/{number}/moves",
        {"transition": "accept", "seen": 0, "fields": {"category": place.category.code}},
    )
    assigned = caller.post(
        f"/cases/{number}/moves",
        {
            "transition": "assign",
            "seen": 1,
            "fields": {"organisation": place.union.pk, "handler": place.handler.username},
        },
    )

    assert (accepted.status_code, accepted.json()["state"]) == (200, "accepted")
    assert (assigned.status_code, assigned.json()["state"], assigned.json()["handler"]) == (
        200,
        "handling",
        place.handler.username,
    )


def test_a_refused_move_tells_every_reason_and_writes_nothing():
    place = county()
    case = place.case()
    caller = Caller(place.clerk)
    records = Record.objects.count()

    cases = [
        ({"transition": "close"}, (409, "no_such_move")),
        ({"transition": "accept", "seen": 4, "fields": {"category": "020101"}}, (409, "moved_meanwhile")),
        ({"transition": "accept"}, (422, "invalid")),
        ({"transition": "accept", "fields": {"category": "02"}}, (409, "move_refused")),
        ({"transition": "accept", "fields": {"category": "999999"}}, (422, "invalid")),
        ({"transition": "accept", "fields": {"reply": "x"}}, (422, "invalid")),
        ({"transition": "accept", "fields": {"category": ["02"]}}, (422, "invalid")),
    ]

    for move, (status, code) in cases:
        answer = caller.post(f"/cases/{case.number}/moves", move)
        assert problem_of(answer) == (status, "application/problem+json", code), move
    case.refresh_from_db()
    assert (case.state, case.step, Record.objects.count()) == ("received", 0, records)


def test_options_show_the_open_moves_and_the_reasons_against_the_others():
    place = county()
    case = place.case()
    onlooker = AccountFactory(grants=[(place.region, None, "case.view")])

    mine = Caller(place.clerk).get(f"/cases/{case.number}/options").json()
    theirs = Caller(onlooker).get(f"/cases/{case.number}/options").json()

    assert [(o["transition"], o["open"]) for o in mine] == [
        ("accept", True),
        ("prioritise", True),
        ("relocate", True),
        ("decline", True),
    ]
    assert mine[0]["fields"] == ["category"]
    assert [(o["open"], len(o["reasons"])) for o in theirs] == [(False, 1)] * 4


def test_filing_an_appeal_costs_few_statements():
    place = county()
    caller = Caller(place.clerk)
    caller.post("/appeals", appeal(place), key=str(uuid.uuid4()))

    with CaptureQueriesContext(connection) as context:
        response = caller.post("/appeals", appeal(place), key=str(uuid.uuid4()))

    assert response.status_code == 201
    statements = [q["sql"][:90] for q in context.captured_queries if "SAVEPOINT" not in q["sql"]]
    assert len(statements) <= 13, "\n".join(statements)


def test_the_description_is_openapi_3_1_and_names_key_and_problems():
    described = Client().get("/api/openapi.json").json()

    assert described["openapi"].startswith("3.1")
    assert next(iter(described["components"]["securitySchemes"].values()))["scheme"] == "bearer"
    assert described["paths"]["/api/appeals"]["post"]["responses"].keys() >= {"201", "401", "409", "422"}
