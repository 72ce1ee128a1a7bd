"""From an awarded application to the honour: the ladder's rule is checked once more, at the award itself."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone

from yanzhen.domains.craftsmen.titles import LADDER
from yanzhen.engines.honours.actions import Award, award_many
from yanzhen.engines.honours.models import Honour
from yanzhen.engines.procedures.parties import beyond_the_wall
from yanzhen.engines.programmes.models import Application, Round
from yanzhen.foundation.errors import Refusal
from yanzhen.foundation.models import Account

OURS = tuple(title.code for title in LADDER)


class ConferRefused(Refusal):
    code = "confer_refused"


def confer(application: Application, *, actor: Account, document: str = "") -> Honour:
    """Make the honour of one awarded application; raises what `confer_all` raises."""
    return confer_all(application.round, [application.pk], actor, document=document)[0]


@beyond_the_wall
def confer_all(round_: Round, ids: Sequence[int], actor: Account, *, document: str = "") -> list[Honour]:
    """Make honours of a round's awarded applications: all of them, or none. What is no title of the ladder is left alone.

    Raises ConferRefused, Invalid with a reason for each who can not hold the title, or NotAllowed.
    """
    title = round_.programme.title
    if title not in OURS:
        return []
    rows = list(
        Application.objects.select_for_update(of=("self",))
        .select_related("person", "organisation")
        .filter(round=round_, pk__in=ids)
        .order_by("number")
    )
    _demand_awarded(rows, len(set(ids)))
    return award_many(
        [
            Award(
                person=row.person, title=title, organisation=row.organisation, document=document,
                awarded_on=timezone.localdate(row.awarded_at), source_kind=row.procedure_code, source_id=row.pk,
            )
            for row in rows
        ],
        actor=actor, note=round_.label,
    )  # fmt: skip


def _demand_awarded(rows: Sequence[Application], asked: int) -> None:
    if len(rows) != asked:
        raise ConferRefused("有申报不在这一轮次之中，请刷新后重试")
    if wrong := [row.number for row in rows if row.state != "awarded"]:
        raise ConferRefused(f"{'、'.join(wrong[:5])} 还没有认定，不能授予称号", numbers=wrong)
    done = Honour.objects.filter(
        source_kind=Application.procedure_code, source_id__in=[row.pk for row in rows]
    )
    if made := list(done.values_list("number", flat=True)):
        raise ConferRefused(f"已经授予，编号 {'、'.join(made[:5])}，不能重复授予", numbers=made)


@transaction.atomic
def on_award(round_: Round, ids: Sequence[int], actor: Account) -> None:
    """What the engine calls when a round has awarded: in the transaction of the decision."""
    confer_all(round_, ids, actor)
