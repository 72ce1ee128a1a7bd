"""The worker's part in tests: what was asked for on a page is done at once, in this process."""

from __future__ import annotations

from yanzhen.engines.programmes.works import running
from yanzhen.engines.programmes.works.models import Work


def worked() -> Work:
    """Do what is open, as the worker would, and return it."""
    pk = Work.objects.get(status__in=Work.OPEN).pk
    running.run(pk)
    return Work.objects.get(pk=pk)
