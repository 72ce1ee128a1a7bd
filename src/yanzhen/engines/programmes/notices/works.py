"""Lists that the worker changes: an objection upheld, a list made to follow its rules again. Each by what was shown before."""

from __future__ import annotations

from typing import Any

from yanzhen.engines.programmes.models import Round
from yanzhen.engines.programmes.notices import actions
from yanzhen.engines.programmes.notices.models import Objection
from yanzhen.engines.programmes.results.actions import DECIDE
from yanzhen.engines.programmes.works.kinds import KINDS, Done, Kind
from yanzhen.foundation.models import Account

OBJECTION_UPHOLD, LIST_RENEW = "objection.uphold", "list.renew"


def _uphold(round_: Round, *, actor: Account, objection: int, finding: str, seen_mark: str) -> Done:
    row = Objection.objects.get(round=round_, pk=objection)
    actions.uphold(row, finding=finding, seen_mark=seen_mark, actor=actor)
    return Done("异议成立，名单已按预览更换", {"objection": objection})


def _renew(round_: Round, *, actor: Account, why: str, seen_mark: str) -> Done:
    notice = actions.renew(round_, why=why, seen_mark=seen_mark, actor=actor)
    return Done("已更新名单并重新公示", {"notice": notice.pk})


def _refuse_upholding(round_: Round, *, actor: Account, objection: int, finding: str, **_given: Any) -> None:
    actions.against_upholding(Objection.objects.get(round=round_, pk=objection), actor, finding)


def _refuse_renewing(round_: Round, *, actor: Account, why: str, **_given: Any) -> None:
    actions.against_renewing(round_, actor, why)


KINDS.add(Kind(OBJECTION_UPHOLD, "异议成立，更换名单", DECIDE, _uphold, _refuse_upholding))
KINDS.add(Kind(LIST_RENEW, "按规则重算并更新", DECIDE, _renew, _refuse_renewing))
