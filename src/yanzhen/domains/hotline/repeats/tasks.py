"""Jobs of the repeats, with everything in reach."""

from __future__ import annotations

from yanzhen.domains.hotline.models import Case
from yanzhen.domains.hotline.repeats import traces
from yanzhen.foundation.jobs import job
from yanzhen.foundation.scope import EVERYTHING, database_scope


@job()
def index_case(case_id: int) -> None:
    """Make a case that came in findable."""
    with database_scope({EVERYTHING}):
        case = Case.objects.filter(pk=case_id).first()
        if case:
            traces.index(case)


@job(cron="2,12,22,32,42,52 * * * *")
def index_missed() -> None:
    """Go on with what came in by list, or was there before."""
    with database_scope({EVERYTHING}):
        traces.index_missed()
