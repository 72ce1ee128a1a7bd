"""The demo's clock: what is done inside `moment` is done at that time, as far as the product asks its own clock.

A round takes half a year, and its actions ask what time it is. Records keep the time at which they were written: the
chain is honest in the demo too.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.utils import timezone


@contextmanager
def moment(at: datetime) -> Iterator[None]:
    real = timezone.now
    timezone.now = lambda: at
    try:
        yield
    finally:
        timezone.now = real
