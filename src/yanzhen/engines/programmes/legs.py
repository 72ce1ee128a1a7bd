"""The legs of a selection: each shortlist ends one, as a preliminary and a final do.

A shortlist says what counts for its total; who is left out of an earlier one takes no part in a later; and what was
given up to a shortlist is fixed once that is adopted.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet

from yanzhen.engines.programmes.models import Application, Round

REVIEWED = ("review", "noticed", "awarded", "not_awarded", "left_out")
"""States of those who came as far as the review, whatever became of them."""
CORRECTING: list[Callable[[Round], bool]] = []
"""Tell whether what the present list rests on is being put right: who hears objections adds its own."""


def taking_part(round_: Round, code: str) -> QuerySet[Application]:
    """Return who competes in the leg of the stage `code`: who was reviewed, and not left out of an earlier shortlist."""
    rows: QuerySet[Application] = Application.objects.filter(round=round_, state__in=REVIEWED)
    earlier = _earlier(round_, code)
    if not earlier:
        return rows
    adopted = round_.shortlists.filter(stage__in=earlier, adopted_at__isnull=False)
    return rows.exclude(pk__in=adopted.filter(seats__chosen=False).values("seats__application"))


def carried(round_: Round, code: str) -> dict[int, Decimal]:
    """Return by application what it had at the shortlist before; empty in the first leg."""
    earlier = _earlier(round_, code)
    if not earlier:
        return {}
    adopted = round_.shortlists.filter(stage=earlier[-1], adopted_at__isnull=False)
    found = adopted.values_list("seats__application", "seats__score")
    return {application: score for application, score in found if score is not None}


def is_fixed(round_: Round, code: str) -> bool:
    """Whether the shortlist that the stage `code` leads to was adopted: what was given for it changes no more, unless
    it is being put right."""
    ends = round_.programme.leads_to(code)
    if ends is None or not round_.shortlists.filter(stage=ends.code, adopted_at__isnull=False).exists():
        return False
    present = ends == round_.programme.leads_to(round_.stage)
    return not (present and any(ask(round_) for ask in CORRECTING))


def _earlier(round_: Round, code: str) -> list[str]:
    """Return the codes of the shortlists before the one that the stage leads to, the first first."""
    codes: list[Any] = [stage.code for stage in round_.programme.of_kind("shortlist")]
    ends = round_.programme.leads_to(code)
    return codes[: codes.index(ends.code)] if ends else []
