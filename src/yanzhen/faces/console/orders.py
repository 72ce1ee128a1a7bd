"""Work orders: the parts that organisations in the account's reach were asked to take."""

from __future__ import annotations

from django.http import HttpResponse
from django.utils import timezone

from yanzhen.engines.procedures.queries import work_orders
from yanzhen.faces.console.cells import due_of
from yanzhen.faces.console.desk import Desk
from yanzhen.faces.console.keys import Order, page_of
from yanzhen.faces.console.lists import with_
from yanzhen.faces.console.pages import page, show
from yanzhen.faces.http import AccountRequest

BY_TERM = Order("due_at", "时限近的在前", nullable=True)


@page("GET", "HEAD")
def orders(request: AccountRequest, desk: Desk) -> HttpResponse:
    referral = desk.procedure.referral
    rows = work_orders(request.user, referral.respond_right if referral else "").filter(
        procedure=desk.procedure.code
    )
    found = page_of(rows, BY_TERM, cursor=request.GET.get("cursor", ""))
    subjects = desk.query(request.user).filter(pk__in=[party.subject_id for party in found.rows])
    by_id = {subject.pk: subject for subject in subjects}
    now = timezone.now()
    context = {
        "desk": desk,
        "orders": [
            (party, by_id.get(party.subject_id), due_of(party.due_at, party.warn_at, now=now))
            for party in found.rows
        ],
        "previous": with_(request.GET, cursor=found.previous) if found.previous else "",
        "following": with_(request.GET, cursor=found.following) if found.following else "",
    }
    return show(request, "console/orders.html", context)
