"""Who may change what everybody's terms rest on."""

from __future__ import annotations

from django.conf import settings

from yanzhen.foundation.errors import NotAllowed
from yanzhen.foundation.models import Account
from yanzhen.foundation.rights import RIGHTS
from yanzhen.foundation.scope import prefix_of


def demand_right(actor: Account, right: str, region: str | None) -> None:
    """Raise NotAllowed unless `actor` holds `right` on all lines of `region`, or (None) of the whole province."""
    place = prefix_of(region or settings.PROVINCE)
    if not any(reach.line is None and place.startswith(reach.prefix) for reach in actor.reaches(right)):
        where = "该区划" if region else "全省"
        raise NotAllowed(f"须在{where}所有条线拥有“{RIGHTS[right].label}”权限")
