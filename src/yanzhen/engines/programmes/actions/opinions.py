"""Departments are asked of an application all at once; each answers within its term, and one veto ends it."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Count, Q
from django.utils import timezone

from yanzhen.engines.procedures.parties import beyond_the_wall
from yanzhen.engines.programmes.models import Application, Opinion, Round
from yanzhen.foundation import parameters
from yanzhen.foundation.calendar import end_of, load_calendar
from yanzhen.foundation.errors import Invalid, NotAllowed, Refusal
from yanzhen.foundation.models import Account, Person
from yanzhen.foundation.records import record
from yanzhen.foundation.scope import Reach, audience_of


class OpinionRefused(Refusal):
    code = "opinion_refused"


@beyond_the_wall
def ask(application: Application, *, actor: Account) -> list[Opinion]:
    """Ask the departments that the round names and that were not asked yet."""
    row = _locked(application)
    if not actor.has_right("round.run", row):
        raise NotAllowed("您在该区划和条线没有“组织评选轮次”权限")
    if row.state != "opinion":
        raise OpinionRefused(f"{row.number} 现为“{row.stage.label}”，不在征求部门意见的环节")
    (stage,) = row.programme.of_kind("opinion")
    asked = set(row.opinions.values_list("line_id", flat=True))
    now = timezone.now()
    due = due_of(row.round, now, row.region_id)
    made = [
        Opinion(application=row, line_id=line, asked_at=now, due_at=due)
        for line in stage.lines
        if line not in asked
    ]
    Opinion.objects.bulk_create(made)
    _let_see(row, stage.lines)
    _count(row)
    record(
        "opinion.ask",
        row,
        actor=actor,
        right="round.run",
        after={"lines": [opinion.line_id for opinion in made], "due_at": due},
    )
    return made


@transaction.atomic
def give(opinion: Opinion, verdict: str, *, text: str, actor: Account) -> Opinion:
    """Answer for a department. A veto says why. An answer may be changed while the application still waits for others."""
    row = _locked(opinion.application)
    opinion = row.opinions.select_for_update().get(pk=opinion.pk)
    if not speaks_for(opinion, row, actor):
        raise NotAllowed(f"您没有在“{opinion.line}”条线出具意见的权限")
    if row.state != "opinion":
        raise OpinionRefused(
            f"{row.number} 现为“{row.stage.label}”，已不在征求意见；有新情况的，请在公示期提出异议"
        )
    if verdict not in (Opinion.Verdict.AGREED, Opinion.Verdict.VETOED):
        raise Invalid("请选择无意见或不同意", fields={"verdict": "请选择"})
    if verdict == Opinion.Verdict.VETOED and len(text.strip()) < 4:
        raise Invalid("不同意须写明理由：一票否决要有据可查", fields={"text": "请写明理由"})
    before = opinion.verdict
    now = timezone.now()
    (stage,) = row.programme.of_kind("opinion")
    valid = parameters.get(stage.valid, on=timezone.localdate(now), region=row.region_id)
    opinion.verdict, opinion.text = verdict, text.strip()
    opinion.answered_by, opinion.answered_at = actor, now
    opinion.valid_until = end_of(now, parameters.span_of(valid), calendar=load_calendar()).due_at
    opinion.save()
    _count(row)
    record("opinion.give", row, actor=actor, right="application.opinion", before={"line": opinion.line_id, "verdict": before},
           after={"line": opinion.line_id, "verdict": verdict}, reason=text)  # fmt: skip
    return opinion


def due_of(round_: Round, asked_at: datetime, region: str) -> datetime:
    """Return until when departments answer that were asked at `asked_at`; days on which the round stood still do not count."""
    (stage,) = round_.programme.of_kind("opinion")
    term = parameters.get(stage.term, on=timezone.localdate(asked_at), region=region)
    span = parameters.span_of(term)
    return end_of(asked_at, span, calendar=load_calendar(), pauses=round_.still_days).due_at


def speaks_for(opinion: Opinion, application: Application, actor: Account) -> bool:
    """Tell whether the account holds the right on the department's line, over the application's place."""
    here = Reach(application.region_id, opinion.line_id)
    return any(reach.covers(here.prefix, here.line or "") for reach in actor.reaches("application.opinion"))


def _let_see(row: Application, lines: tuple[str, ...]) -> None:
    """Who is asked sees what it is asked of, and of whom, then and afterwards, and has no other say in it."""
    asked = {key for line in lines for key in audience_of(row.region_id, line)}
    own = set(audience_of(row.region_id, row.line_id))
    row.party_keys = sorted({*row.party_keys, *asked})
    row.shared_with = sorted({*row.shared_with, *asked} - own)
    row.save(update_fields=["party_keys", "shared_with"])
    if row.person_id:
        person = Person.objects.select_for_update(of=("self",)).get(pk=row.person_id)
        person.shared_with = sorted({*person.shared_with, *asked})
        person.save(update_fields=["shared_with"])


def _locked(application: Application) -> Application:
    row: Application = (
        Application.objects.select_for_update(of=("self",)).select_related("round").get(pk=application.pk)
    )
    if row.round.standstill:
        raise OpinionRefused(row.round.standstill)
    return row


def _count(row: Application) -> None:
    counted = row.opinions.aggregate(
        open=Count("pk", filter=Q(verdict=Opinion.Verdict.OPEN)),
        vetoes=Count("pk", filter=Q(verdict=Opinion.Verdict.VETOED)),
    )
    row.open_opinions, row.vetoes = counted["open"], counted["vetoes"]
    row.save(update_fields=["open_opinions", "vetoes"])
