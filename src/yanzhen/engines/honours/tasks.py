"""What the worker does for honours, with everything in reach."""

from __future__ import annotations

from django.utils import timezone

from yanzhen.engines.honours import actions
from yanzhen.foundation.jobs import job
from yanzhen.foundation.scope import EVERYTHING, database_scope


@job(cron="10 0 * * *")
def end_terms() -> None:
    with database_scope({EVERYTHING}):
        actions.end_terms(timezone.localdate())
