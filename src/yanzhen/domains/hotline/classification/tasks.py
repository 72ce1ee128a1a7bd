"""What the worker does for the classifier."""

from __future__ import annotations

from yanzhen.domains.hotline.classification import actions
from yanzhen.domains.hotline.models import Case
from yanzhen.foundation.jobs import job
from yanzhen.foundation.models import Account
from yanzhen.foundation.scope import EVERYTHING, database_scope


@job(attempts=1)
def train(account_id: int) -> None:
    """Train once as the account; run again it makes one more version of the same data, which is no harm."""
    actions.train_version(Account.objects.get(pk=account_id))


@job()
def suggest(case_id: int) -> None:
    """Keep what is suggested for a case, with everything in reach: whoever filed it may not see it."""
    with database_scope({EVERYTHING}):
        actions.suggest(Case.objects.get(pk=case_id))
