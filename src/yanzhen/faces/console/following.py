"""From one subject to the next that waits for the account, without the way back over the list."""

from __future__ import annotations

from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.urls import reverse
from django.utils.translation import gettext

from yanzhen.engines.procedures.queries import INBOXES
from yanzhen.faces.console.desk import Desk
from yanzhen.faces.console.keys import page_of
from yanzhen.faces.console.lists import ORDERS
from yanzhen.faces.console.pages import detail_url, page, see_other
from yanzhen.faces.http import AccountRequest
from yanzhen.foundation.numbering import SHAPE

LONGEST = 50
"""Subjects passed over in one go; who passes over more sees the first of them again."""
TO_DO = INBOXES[0]


@page("GET", "HEAD")
def following(request: AccountRequest, desk: Desk) -> HttpResponse:
    """Go to what is due first of all that waits, but for what was passed over (`skip`); to the list where none is left."""
    passed = _passed(request.GET)
    rows = TO_DO.query(desk.model, request.user).exclude(number__in=passed)
    found = page_of(rows, ORDERS["due"], size=1).rows
    if found:
        return see_other(f"{detail_url(desk, found[0].number)}?{urlencode({'skip': ','.join(passed)})}")
    messages.info(request, gettext("没有其他待办了"))
    return see_other(f"{reverse('console:list', args=[desk])}?box={TO_DO.code}")


def next_url(desk: Desk, number: str, query: QueryDict) -> str:
    """Return the way on from a subject that was itself come to by passing over others.

    Whoever acts comes back to the subject without them: what is due first is then offered anew.
    """
    passed = [*(n for n in _passed(query) if n != number), number][-LONGEST:]
    return f"{reverse('console:next', args=[desk])}?{urlencode({'skip': ','.join(passed)})}"


def _passed(query: QueryDict) -> list[str]:
    numbers = query.get("skip", "")[: LONGEST * 32].split(",")
    return [number for number in numbers if SHAPE.fullmatch(number)][-LONGEST:]
