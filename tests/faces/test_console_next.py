"""The way from one case to the next that waits."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from tests.factories import AccountFactory
from tests.hotline import County, county
from yanzhen.domains.hotline.models import Case

pytestmark = pytest.mark.django_db
NEXT = "/console/cases/next/"


@pytest.fixture
def place() -> County:
    return county()


def waiting(place: County, *hours: int) -> list[Case]:
    """Cases to accept, due in so many hours."""
    cases = [place.case() for _ in hours]
    for case, due in zip(cases, hours, strict=True):
        Case.objects.filter(pk=case.pk).update(due_at=timezone.now() + timedelta(hours=due))
    return cases


def client_of(place: County, rights: str = "case.view case.accept") -> Client:
    client = Client()
    client.force_login(AccountFactory(grants=[(place.region, None, rights)]))
    return client


def goes_to(client: Client, *skipped: Case) -> str:
    answer = client.get(NEXT, {"skip": ",".join(case.number for case in skipped)})
    assert answer.status_code == 303
    return str(answer["Location"])


def test_the_next_is_what_is_due_first_but_for_what_was_passed_over(place):
    later, first = waiting(place, 9, 2)
    client = client_of(place)

    assert goes_to(client) == f"/console/cases/{first.number}/?skip="
    assert goes_to(client, first) == f"/console/cases/{later.number}/?skip={first.number}"
    assert goes_to(client, first, later) == "/console/cases/?box=to-do"


def test_a_case_passes_over_itself_and_what_was_passed_over_before_it(place):
    first, second = waiting(place, 2, 9)

    shown = client_of(place).get(f"/console/cases/{second.number}/?skip={first.number},{second.number},x")

    assert f'href="{NEXT}?skip={first.number}%2C{second.number}"' in shown.content.decode()


def test_what_waits_for_others_or_lies_elsewhere_is_not_next(place):
    waiting(place, 2)
    elsewhere = AccountFactory(grants=[(county("370202").region, None, "case.view case.accept")])
    client = Client()
    client.force_login(elsewhere)

    assert goes_to(client_of(place, "case.view")) == "/console/cases/?box=to-do"
    assert goes_to(client) == "/console/cases/?box=to-do"


def test_the_next_costs_the_statements_of_a_page_and_those_of_the_log_in(
    place, django_assert_max_num_queries
):
    waiting(place, *range(1, 8))
    client = client_of(place)
    client.get(NEXT)

    with django_assert_max_num_queries(10):
        client.get(NEXT)
