"""Jobs of the hotspots, with everything in reach."""

from __future__ import annotations

from django.utils import timezone

from yanzhen.domains.hotline.hotspots import actions
from yanzhen.domains.hotline.hotspots.sources import KIND
from yanzhen.engines.similarity import index
from yanzhen.foundation.jobs import job
from yanzhen.foundation.scope import EVERYTHING, database_scope


@job(cron="* * * * *")
def join_missed() -> None:
    """Find the like of the cases that came in: intake waits for nothing, and no door can forget it."""
    with database_scope({EVERYTHING}):
        actions.join_missed()


@job(cron="20 3 * * *")
def sweep_surges() -> None:
    """Look at the seven days up to last midnight."""
    with database_scope({EVERYTHING}):
        actions.sweep_surges(timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0))


@job(cron="10 * * * *")
def sweep_silences() -> None:
    """Look at the twenty-four hours up to the last full hour."""
    with database_scope({EVERYTHING}):
        actions.sweep_silences(timezone.now().replace(minute=0, second=0, microsecond=0))


@job(cron="40 3 * * *")
def tidy() -> None:
    with database_scope({EVERYTHING}):
        actions.tidy(timezone.now())


@job(cron="50 4 1 * *")
def renew_index() -> None:
    """Once a month learn anew which words everybody writes, and leave out the texts of cases that were taken back."""
    with database_scope({EVERYTHING}):
        index.renew(KIND)
