"""What of a case that is kept secret is hidden from whom.

Jinan 12345 regulation art. 32 (A, local law) and the labour inspection regulation art. 9 (A): whoever reported is kept
secret, and is never made known to the unit that was reported.
"""

from __future__ import annotations

from django.db.models import Q, QuerySet

from yanzhen.domains.hotline.models import Case
from yanzhen.engines.procedures.queries import lies_in
from yanzhen.foundation.models import Account

STORY = frozenset({"title", "body", "place", "employer", "headcount", "amount_yuan", "started_by", "reply"})
"""What may tell who reported: an organisation that was asked to do a part of the work does not see it."""
CALLER = frozenset({"caller_mask"})


def hidden_from(account: Account, case: Case) -> frozenset[str]:
    """Return the fields of the case that a page hides from the account: none but of one that is kept secret."""
    return withheld(account, case) if case.secret else frozenset()


def withheld(account: Account, case: Case) -> frozenset[str]:
    """Return the fields that a secret case hides from the account, and that no program is given of any case.

    The caller is seen under "case.reveal" alone, the story by those whose place or unit the case itself is in; an
    organisation that was only asked in sees its work order.
    """
    hidden = frozenset() if account.has_right("case.reveal", case) else CALLER
    return hidden if account.has_right("case.view", case) else hidden | STORY


def caller_told(account: Account) -> Q:
    """Return the condition of the cases whose caller may be told apart by the account: by the phone, or by a call."""
    reaches = account.reaches("case.reveal")
    return Q(secret=False) | lies_in(reaches) | lies_in(reaches, "organisation__")


def told_openly(rows: QuerySet[Case], account: Account) -> QuerySet[Case]:
    """Keep the cases whose story the account sees: words may be looked for in these alone, as a match tells them."""
    reaches = account.reaches("case.view")
    return rows.filter(Q(secret=False) | lies_in(reaches) | lies_in(reaches, "organisation__"))
