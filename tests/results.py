"""A round in which everybody was marked: dealt, ranked, ready for its shortlist. All names are made up."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from django.utils import timezone

from tests.factories import AccountFactory, LineFactory, RegionFactory
from tests.selection import enterprise, open_round, organiser, programme, province
from yanzhen.engines.programmes import quotas
from yanzhen.engines.programmes.models import Application, Round
from yanzhen.engines.programmes.notices import publishing
from yanzhen.engines.programmes.notices.models import Notice, Objection, Posting
from yanzhen.engines.programmes.results import actions
from yanzhen.foundation.models import Account, Person

JURY = "programme.view application.view application.decide objection.handle"
CITIES = {"3701": ("370102", "济南市"), "3702": ("370202", "青岛市")}
ODD = 97
"""Spreads the scores so that no two are equal."""


class Ready(NamedTuple):
    round: Round
    organiser: Account
    rows: list[Application]


def jury() -> Account:
    return AccountFactory(grants=[(province(), LineFactory(), JURY)])


def cities() -> None:
    for code, (_county, name) in CITIES.items():
        RegionFactory(code=f"{code}00", level="city", name=name)


def dealt(made: Any = None, *, weights: dict[str, int] | None = None) -> tuple[Round, Account]:
    """Return a round whose places are dealt to two cities, and its organiser."""
    cities()
    actor = organiser()
    round_ = open_round(actor, made or programme(ratios=(), per_employer=0))
    quotas.deal(round_, weights or {"3701": 1, "3702": 1}, actor=actor)
    return round_, actor


def ranked(
    round_: Round, cells: Sequence[str], *, traits: Sequence[Sequence[str]] = (), units: Sequence[Any] = ()
) -> list[Application]:
    """Put one application for each of `cells` into the review, the first with the best mark."""
    rows = []
    for n, cell in enumerate(cells):
        county = CITIES[cell][0]
        unit = units[n] if units else enterprise(county)
        person = Person.objects.create(
            name=f"测试人{n}", sex="m", born_on=date(1985, 1, 1), region=unit.region, line=unit.line
        )
        rows.append(
            Application.objects.create(
                round=round_, person=person, organisation=unit, region=unit.region, line_id="union", title=f"事迹{n}",
                number=f"SB-{round_.pk}-{n:05}", state="review", procedure_version=round_.pk, started_at=timezone.now(),
                submitted_at=timezone.now(), cell=cell, industry="C", check_hash=b"0" * 32, eligible=True,
                traits=list(traits[n]) if traits else ["front_line"], score=Decimal(95) - Decimal(n * ODD) / 100,
                place=n + 1,
            )
        )  # fmt: skip
    return rows


def at_stage(round_: Round, stage: str) -> Round:
    Round.objects.filter(pk=round_.pk).update(stage=stage)
    return Round.objects.get(pk=round_.pk)


def ready(cells: Sequence[str] = ("3701", "3701", "3701", "3702", "3702", "3702"), **given: Any) -> Ready:
    """Return a round at its shortlist with 2 places for each of two cities and six applications."""
    round_, actor = dealt(given.pop("made", None))
    rows = ranked(round_, cells, **given)
    return Ready(at_stage(round_, "shortlist"), actor, rows)


def adopted(**given: Any) -> Ready:
    made = ready(**given)
    run = actions.run_shortlist(made.round, actor=made.organiser)
    actions.adopt_shortlist(run, actor=made.organiser)
    return Ready(at_stage(made.round, "notice"), made.organiser, made.rows)


def published(**given: Any) -> tuple[Ready, Notice]:
    made = adopted(**given)
    notice = publishing.publish(made.round, actor=made.organiser)
    return Ready(Round.objects.get(pk=made.round.pk), made.organiser, made.rows), notice


def over(round_: Round) -> Round:
    """Let the notice of the round have run its days: as if it had been published long ago."""
    past = timezone.now() - timedelta(days=30)
    ends = past + timedelta(days=7)
    newest = publishing.newest(round_)
    assert newest is not None
    # the row is never changed by the product; a test makes it older the only way there is
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("reset role; set session_replication_role = replica")
        cursor.execute(
            "update notices_notice set published_at = %s, ends_at = %s where id = %s", [past, ends, newest.pk]
        )
        cursor.execute("set session_replication_role = origin; set role yanzhen_web")
    Round.objects.filter(pk=round_.pk).update(notice_ends_at=ends)
    return Round.objects.get(pk=round_.pk)


def bare_notice(**place: Any) -> tuple[Notice, Application]:
    """Return a notice, and an application at `place`, without the walk that leads there."""
    from yanzhen.engines.programmes.results.models import ShortlistRun

    actor, now = organiser(), timezone.now()
    code = place["region"].pk
    round_ = open_round(actor, programme(code=f"p{code}"), label=f"轮次{code}-{Round.objects.count()}")
    run = ShortlistRun.objects.create(
        round=round_, stage="shortlist", places=1, input_hash="0" * 64, result_hash="0" * 64, objective=1, solver="x", at=now,
        by=actor,
    )  # fmt: skip
    row = Application.objects.create(
        round=round_, title="不该外传的标题", number=f"SB-{code}-{round_.pk}", state="noticed", procedure_version=round_.pk,
        started_at=now, check_hash=b"0" * 32, **place,
    )  # fmt: skip
    notice = Notice.objects.create(
        round=round_, run=run, version=1, content='{"rows":[]}', digest="0" * 64, applications=[row.pk], venues=["province"],
        published_at=now, ends_at=now + timedelta(days=7), down_at=now + timedelta(days=30), published_by=actor,
    )  # fmt: skip
    return notice, row


def objection(**place: Any) -> Objection:
    notice, row = bare_notice(**place)
    return Objection.objects.create(
        number=f"YY-{place['region'].pk}", state="filed", procedure_version=1, started_at=timezone.now(), notice=notice,
        round=notice.round, application=row, ground="untrue", text="不该外传的要求", check_hash=b"0" * 32, **place,
    )  # fmt: skip


def posting(**place: Any) -> Posting:
    notice, _row = bare_notice(**place)
    return Posting.objects.create(
        notice=notice, venue="unit", where="公告栏", posted_on=date(2026, 1, 1), by=AccountFactory(), at=timezone.now(), **place
    )  # fmt: skip


def application(**place: Any) -> Application:
    return bare_notice(**place)[1]
