"""A list read by its place holds what the walls show, once each, in one order."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction
from django.db.models import F
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.factories import AccountFactory, CaseFactory, LineFactory, RegionFactory
from yanzhen.domains.hotline.models import Case
from yanzhen.faces.console.keys import Order, page_of
from yanzhen.foundation.placed import walking
from yanzhen.foundation.scope import audience_of

pytestmark = pytest.mark.django_db

RIGHT = "case.view"
NEWEST = Order("started_at", "最新", descending=True)
NEXT_DUE = Order("due_at", "时限", nullable=True)
START = datetime(2026, 3, 2, tzinfo=UTC)
codes = st.sampled_from(["370000", "370100", "370102", "370102001", "370103", "370200", "370202", "990101"])
lines = st.sampled_from(["union", "court"])
cells = st.tuples(codes, lines | st.none())


def settings_now() -> tuple[str, str]:
    with connection.cursor() as cursor:
        cursor.execute("select current_setting('enable_bitmapscan'), current_setting('random_page_cost')")
        found: tuple[str, str] = cursor.fetchone()
    return found


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    cases=st.lists(st.tuples(codes, lines, st.none() | cells, st.integers(0, 3)), min_size=1, max_size=8),
    grants=st.lists(cells, min_size=1, max_size=2, unique=True),
    size=st.integers(1, 4),
    order=st.sampled_from([NEWEST, NEXT_DUE]),
)
def test_the_pages_of_the_parts_are_the_pages_of_the_whole(cases, grants, size, order):
    with transaction.atomic():
        for code, line, guest, hour in cases:
            CaseFactory(
                region=RegionFactory(code=code),
                line=LineFactory(code=line),
                shared_with=audience_of(guest[0], guest[1] or "union")[1:] if guest else [],
                started_at=START + timedelta(hours=hour),
                due_at=START + timedelta(hours=hour) if hour else None,
            )
        account = AccountFactory(
            grants=[(RegionFactory(code=c), LineFactory(code=of) if of else None, RIGHT) for c, of in grants]
        )
        rows = Case.objects.visible_to(account, RIGHT)
        by = F("due_at").asc(nulls_last=True) if order.nullable else F("started_at").desc()
        whole = list(rows.order_by(by, "pk" if order.nullable else "-pk").values_list("pk", flat=True))
        parts = [set(part.values_list("pk", flat=True)) for part in rows.parts(order.field)]
        forward, cursor, last = [], "", None
        while page := page_of(rows, order, cursor=cursor, size=size, counted=True):
            forward += [row.pk for row in page.rows]
            assert page.count == len(whole)
            last, cursor = page, page.following
            if not cursor:
                break
        back = [row.pk for row in last.rows]
        while last.previous:
            last = page_of(rows, order, cursor=last.previous, size=size)
            back = [*(row.pk for row in last.rows), *back]
        transaction.set_rollback(True)

    assert sum(map(len, parts)) == len(whole) == len(set().union(*parts))
    assert forward == whole == back


@pytest.mark.parametrize(("code", "parts"), [("370000", 1), ("370100", 2), ("370102", 2)])
def test_a_city_and_a_county_are_read_by_their_column_and_a_province_is_not(code, parts):
    account = AccountFactory(grants=[(RegionFactory(code=code), LineFactory(), RIGHT)])
    CaseFactory(region=RegionFactory(code="370202"), shared_with=audience_of(code, "union")[1:])

    rows = Case.objects.visible_to(account, RIGHT)

    assert len(rows.parts("started_at")) == parts
    assert len(rows.parts("due_at")) == parts
    assert len(rows.parts("received_at")) == 1


def test_who_was_asked_into_nothing_elsewhere_reads_no_part_for_it():
    account = AccountFactory(grants=[(RegionFactory(code="370102"), LineFactory(), RIGHT)])
    CaseFactory(region=RegionFactory(code="370202"), shared_with=audience_of("370103", "union")[1:])
    own = CaseFactory(region=RegionFactory(code="370102"))

    assert [list(part) for part in Case.objects.visible_to(account, RIGHT).parts("due_at")] == [[own]]


def test_what_was_set_for_a_walk_is_put_back_whatever_happens():
    before = settings_now()

    def fail() -> None:
        with walking(few=True):
            raise LookupError(*settings_now())

    with pytest.raises(LookupError, match=r"off.*1\.1"):
        fail()

    assert settings_now() == before
