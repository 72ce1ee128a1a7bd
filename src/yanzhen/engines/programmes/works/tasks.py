"""What the worker does for rounds, as the one who asked for it."""

from __future__ import annotations

from yanzhen.engines.programmes.works import running
from yanzhen.foundation.jobs import job


@job()
def run_work(pk: int) -> None:
    running.run(pk)
