"""A round in its vote for tests: who stands for it, verified members who vote, the vote closed."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone

from tests.factories import AccountFactory
from tests.panels import NAME, UNIT, at
from tests.selection import applied, enterprise, open_round, programme, worker
from yanzhen.engines.programmes.models import Application, Round, Window
from yanzhen.engines.programmes.stages import Apply, Assign, Decide, Inspect, Mark, Shortlist, Vote
from yanzhen.engines.programmes.visits import actions
from yanzhen.engines.programmes.visits.models import Visit
from yanzhen.foundation.models import Account, Organisation, Person


def voting_round(actor: Account, *, inspect: dict[str, Any] | None = None) -> Round:
    """Return a round that marks, votes and inspects, still taking applications."""
    made = programme(
        stages=(
            Apply(code="apply", label="申报"),
            Assign(code="assign", label="分配评委"),
            Mark(code="mark", label="打分", weight=Decimal(90)),
            Vote(code="vote", label="网络投票", weight=Decimal(10)),
            Inspect(code="inspect", label="实地考察", **(inspect or {})),
            Shortlist(code="shortlist", label="入围"),
            Decide(code="decide", label="认定"),
        ),
    )
    return open_round(actor, made, label=f"投票轮次{Round.objects.count()}")


def under_review(round_: Round) -> Application:
    row, _account = applied(at(round_, "apply"))
    Application.objects.filter(pk=row.pk).update(state="review", title="三十年零返工")
    return Application.objects.get(pk=row.pk)


def member(key: str, county: str = "370103") -> Account:
    """Return a worker with a verified ID number."""
    person, account = worker(enterprise(county), name=f"投票人{key}")
    person.id_number_hash = key.encode()
    person.save()
    return account


def visited_round(actor: Account) -> tuple[Round, Application, Visit]:
    """Return a round in its inspection, an application whose texts tell who it is, and a visit planned to it."""
    round_ = voting_round(actor)
    row = under_review(round_)
    unit = enterprise("370103")
    Organisation.objects.filter(pk=unit.pk).update(name=UNIT)
    Person.objects.filter(pk=row.person_id).update(name=NAME)
    Application.objects.filter(pk=row.pk).update(organisation=unit, title=f"{NAME}的申报")
    round_ = at(round_, "inspect")
    (visit,) = actions.plan(
        round_, [row.number], on=timezone.localdate(), inspectors=[AccountFactory()], actor=actor, note=UNIT
    )
    return round_, row, visit


def closed(round_: Round, stage: str) -> Round:
    Window.objects.filter(round=round_, stage=stage).update(closes_at=timezone.now() - timedelta(minutes=1))
    return Round.objects.get(pk=round_.pk)
