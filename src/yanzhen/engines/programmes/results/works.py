"""Shortlists that the worker runs and adopts, and the award of a list."""

from __future__ import annotations

from typing import Any

from yanzhen.engines.programmes.models import Round
from yanzhen.engines.programmes.results import actions
from yanzhen.engines.programmes.results.models import ShortlistRun
from yanzhen.engines.programmes.works.kinds import KINDS, Done, Kind
from yanzhen.foundation.models import Account

SHORTLIST_RUN, SHORTLIST_ADOPT = "shortlist.run", "shortlist.adopt"
LIST_AWARD = "list.award"


def _run(round_: Round, *, actor: Account) -> Done:
    run = actions.run_shortlist(round_, actor=actor)
    return Done(f"已求得最优名单，共 {run.places} 人入围；核对后采用", {"run": run.pk})


def _adopt(round_: Round, *, actor: Account, run: int, note: str) -> Done:
    made = ShortlistRun.objects.get(round=round_, pk=run)
    actions.adopt_shortlist(made, actor=actor, note=note)
    return Done("已采用入围名单", {"run": run})


def _award(round_: Round, *, actor: Account, note: str) -> Done:
    outcome = actions.award(round_, actor=actor, note=note)
    return Done(f"已认定 {outcome.moved} 件", {"awarded": outcome.moved})


def _refuse_award(round_: Round, *, actor: Account, **_given: Any) -> None:
    actions.against_awarding(round_, actor)


def _refuse(round_: Round, *, actor: Account, run: int | None = None, **_given: Any) -> None:
    made = ShortlistRun.objects.get(round=round_, pk=run) if run else None
    actions.against_running(round_, actor, made)


KINDS.add(Kind(SHORTLIST_RUN, "运行入围名单", actions.RUN, _run, _refuse))
KINDS.add(Kind(SHORTLIST_ADOPT, "采用入围名单", actions.RUN, _adopt, _refuse))
KINDS.add(Kind(LIST_AWARD, "认定", actions.DECIDE, _award, _refuse_award))
