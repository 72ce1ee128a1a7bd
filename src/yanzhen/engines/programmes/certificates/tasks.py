"""What the worker does for certificates, with everything in reach."""

from __future__ import annotations

from yanzhen.foundation.jobs import job
from yanzhen.foundation.scope import EVERYTHING, database_scope


@job()
def print_certificates(pk: int) -> None:
    """Print a run part by part; each commits with how far it came, so that one that was cut off goes on from there."""
    from yanzhen.engines.programmes.certificates.actions import print_part  # noqa: PLC0415  # it defers this job

    with database_scope({EVERYTHING}):
        while print_part(pk):
            pass
