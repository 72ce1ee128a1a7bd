"""The nightly comparison."""

from __future__ import annotations

from yanzhen.domains.hotline.reconciliation.actions import catch_up
from yanzhen.foundation.jobs import job


@job(cron="20 2 * * *")
def reconcile_yesterday() -> None:
    """Compare the day before with its cases, and any day that was missed; before the sweeps of the small hours."""
    catch_up()
