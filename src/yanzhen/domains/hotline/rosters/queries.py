"""What is asked of seats and rosters."""

from __future__ import annotations

from yanzhen.domains.hotline.rosters.models import Seat
from yanzhen.foundation.models import Account


def account_by(answering: str) -> Account | None:
    """Return the account that a telephone system means by `answering`: its extension, else its login, else its id.

    That is the order of Zammad's generic CTI contract.
    """
    seat = Seat.objects.filter(extension=answering).select_related("account").first()
    if seat:
        return seat.account
    found = Account.objects.filter(username=answering).first()
    if found is None and answering.isdecimal() and len(answering) < 10:
        found = Account.objects.filter(pk=int(answering)).first()
    return found
