"""From an awarded application to the honour: the ladder's rule is checked once more, at the award itself."""

from __future__ import annotations

from collections.abc import Sequence

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


@beyond_the_wall
def on_award(round_: Round, ids: Sequence[int], actor: Account) -> None:
    """Make honours of a round's awarded applications: all of them, or none. What is no title of the ladder is left alone.

    The engine calls it in the transaction of the decision. Raises ConferRefused, Invalid with a reason for each who can not
    hold the title, or NotAllowed.
    """
    title = round_.programme.title
    if title not in OURS:
        return
    rows = list(
        Application.objects.select_for_update(of=("self",))
        .select_related("person", "organisation")
        .filter(round=round_, pk__in=ids)
        .order_by("number")
    )
    _demand_awarded(rows, len(set(ids)))
    award_many(
        [
            Award(
                person=row.person, title=title, organisation=row.organisation,
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
