"""What the worker does for the classifier."""

from __future__ import annotations

from yanzhen.domains.hotline.classification import actions
from yanzhen.foundation.jobs import job
from yanzhen.foundation.models import Account
from yanzhen.foundation.scope import EVERYTHING, database_scope


@job(attempts=1)
def train(account_id: int) -> None:
    """Train once as the account; run again it makes one more version of the same data, which is no harm."""
    actions.train_version(Account.objects.get(pk=account_id))


@job(cron="* * * * *")
def suggest_missed() -> None:
    """Keep what is suggested for new cases: intake itself waits for nothing, and no door can forget it."""
    with database_scope({EVERYTHING}):
        actions.suggest_missed()


@job(cron="35 * * * *")
def settle_choices() -> None:
    with database_scope({EVERYTHING}):
        actions.settle_choices()
