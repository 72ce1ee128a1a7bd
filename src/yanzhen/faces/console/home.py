"""The first page: what waits for this account, what is due next."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from yanzhen.engines.procedures.queries import INBOXES, work_orders
from yanzhen.faces.console import table
from yanzhen.faces.console.desk import DESKS, Desk
from yanzhen.faces.console.keys import CAP, counts_of, page_of
from yanzhen.faces.console.lists import ORDERS
from yanzhen.faces.console.navigation import ORDERS_LABEL, navigation
from yanzhen.faces.console.pages import detail_url, page, see_other, show
from yanzhen.faces.http import AccountRequest

NEXT = 8


@dataclass(frozen=True, slots=True)
class Tally:
    """A box with how much lies in it; `count` is CAP + 1 where there is more."""

    label: str
    url: str
    count: int


@dataclass(frozen=True, slots=True)
class Waiting:
    desk: Desk
    tallies: list[Tally]
    rows: SafeString
    """What is due first; "" where nothing is."""


@page("GET", "HEAD")
def home(request: AccountRequest) -> HttpResponse:
    """What waits for the account; a worker or a unit, to whom no other page is open, goes to its own record."""
    account = request.user
    menu = navigation(request)
    if (account.person_id or account.organisation_id) and len(menu) == 1:
        return see_other(reverse("portal:me"))
    desks = [_waiting(request, d) for d in DESKS if account.reaches(d.procedure.view_right)]
    return show(request, "console/home.html", {"desks": desks, "cap": CAP, "places": menu[1:]})


@page("GET", "HEAD")
def find(request: AccountRequest) -> HttpResponse:
    """Go straight to the subject of a number; anything else is looked for in the first list."""
    text = request.GET.get("number", "").strip()
    desks = [d for d in DESKS if request.user.reaches(d.procedure.view_right)]
    for desk in desks:
        if desk.query(request.user).filter(number=text.upper()).exists():
            return see_other(detail_url(desk, text.upper()))
    if not desks:
        raise Http404
    return see_other(f"{reverse('console:list', args=[desks[0]])}?{urlencode({'q': text[:80]})}")


def _waiting(request: AccountRequest, desk: Desk) -> Waiting:
    account = request.user
    home = reverse("console:list", args=[desk])
    boxes = [(i.label, f"{home}?box={i.code}", i.query(desk.model, account)) for i in INBOXES]
    due = boxes[0][2]
    referral = desk.procedure.referral
    if referral and account.reaches(referral.respond_right):
        orders = work_orders(account, referral.respond_right)
        boxes.append((ORDERS_LABEL, reverse("console:orders", args=[desk]), orders))
    found = page_of(due, ORDERS["due"], size=NEXT, counted=True)
    others = counts_of({label: rows for label, _, rows in boxes[1:]})
    return Waiting(
        desk,
        [Tally(gettext(label), url, others.get(label, found.count or 0)) for label, url, _ in boxes],
        table.rows(desk, table.lines(desk, found.rows, account)),
    )
