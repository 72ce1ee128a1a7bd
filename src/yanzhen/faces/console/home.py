"""The first page: what waits for this account, what is due next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet
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
from yanzhen.foundation.models import Account

NEXT = 8


@dataclass(frozen=True, slots=True)
class Box:
    label: str
    url: str
    rows: QuerySet[Any]


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
    desks = [desk for desk in DESKS if account.reaches(desk.procedure.view_right)]
    boxes = {desk.name: _boxes(account, desk) for desk in desks}
    # what is to do is counted where its list is read: the rest in one statement for all desks
    others = {(name, box.label): box.rows for name, found in boxes.items() for box in found[1:]}
    counts = counts_of(others)
    waiting = [_waiting(account, desk, boxes[desk.name], counts) for desk in desks]
    return show(request, "console/home.html", {"desks": waiting, "cap": CAP, "places": menu[1:]})


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


def _boxes(account: Account, desk: Desk) -> list[Box]:
    home = reverse("console:list", args=[desk])
    boxes = [Box(i.label, f"{home}?box={i.code}", i.query(desk.model, account)) for i in INBOXES]
    referral = desk.procedure.referral
    if referral and account.reaches(referral.respond_right):
        orders = work_orders(account, referral.respond_right)
        boxes.append(Box(ORDERS_LABEL, reverse("console:orders", args=[desk]), orders))
    return boxes


def _waiting(
    account: Account, desk: Desk, boxes: Sequence[Box], counts: Mapping[tuple[str, str], int]
) -> Waiting:
    due = page_of(boxes[0].rows, ORDERS["due"], size=NEXT, counted=True)
    return Waiting(
        desk,
        [
            Tally(gettext(box.label), box.url, counts.get((desk.name, box.label), due.count or 0))
            for box in boxes
        ],
        table.rows(desk, table.lines(desk, due.rows, account)),
    )
