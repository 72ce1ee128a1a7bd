"""What the worker does to close the loop, with everything in reach."""

from __future__ import annotations

from django.utils import timezone

from yanzhen.domains.hotline.closing import sampling
from yanzhen.foundation.jobs import job
from yanzhen.foundation.scope import EVERYTHING, database_scope


@job(cron="20 3 * * *")
def draw_samples() -> None:
    with database_scope({EVERYTHING}):
        sampling.draw_days(timezone.localdate())
