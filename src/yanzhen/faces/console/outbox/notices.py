"""What the account was told: its own list and the bell in the head of the page. Nobody else's notices are to be had."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext

from yanzhen.faces.console.desk import DESKS
from yanzhen.faces.console.lists import with_
from yanzhen.faces.console.pages import detail_url, page, see_other, show
from yanzhen.faces.console.setup.paging import page_by_id
from yanzhen.faces.http import AccountRequest
from yanzhen.faces.login.middleware import unattended
from yanzhen.foundation.outbox.declare import NOTICES
from yanzhen.foundation.outbox.messages import UNREAD_CAP, mark_read, notices_of, unread_count
from yanzhen.foundation.outbox.models import Message


@dataclass(frozen=True, slots=True)
class Line:
    message: Message
    label: str
    url: str
    """The page of what it is about; "" where there is none."""


@page("GET", "HEAD")
def listing(request: AccountRequest) -> HttpResponse:
    everything = request.GET.get("show") == "all"
    found = page_by_id(notices_of(request.user, unread=not everything), request.GET.get("cursor", ""))
    context = {
        "everything": everything,
        "lines": [Line(m, _label(m), url_of(m)) for m in found.rows],
        "any_unread": any(m.read_at is None for m in found.rows),
        "previous": with_(request.GET, cursor=found.previous) if found.previous else "",
        "following": with_(request.GET, cursor=found.following) if found.following else "",
    }
    return show(request, "console/outbox/notices.html", context)


@unattended
@page("GET", "HEAD")
def bell(request: AccountRequest) -> HttpResponse:
    """Return the bell with its count. Pages load it by themselves, so that none of them has to count."""
    context = {"count": unread_count(request.user), "cap": UNREAD_CAP, "counted": True}
    return render(request, "console/outbox/_bell.html", context)


@page("POST")
def reading(request: AccountRequest, pk: int) -> HttpResponse:
    """Mark one read, and where asked go to what it is about."""
    message = notices_of(request.user).filter(pk=pk).first()
    if message is None:
        raise Http404
    mark_read(request.user, pk)
    url = url_of(message) if "open" in request.POST else ""
    return see_other(url or reverse("console:notices"))


@page("POST")
def reading_all(request: AccountRequest) -> HttpResponse:
    count = mark_read(request.user)
    messages.success(request, gettext("已将 %(count)s 条通知标为已读") % {"count": count})
    return see_other(reverse("console:notices"))


def url_of(message: Message) -> str:
    """Return the page of what a message is about, through the desk of its kind; what may be seen there that page says."""
    for desk in DESKS:
        if desk.model._meta.label_lower == message.subject_type and message.number:
            return detail_url(desk, message.number)
    if message.subject_type in LISTS:
        return reverse(LISTS[message.subject_type])
    view = PAGES.get(message.subject_type)
    return reverse(view, args=[message.subject_id]) if view else ""


def _label(message: Message) -> str:
    return gettext(NOTICES[message.kind].label) if message.kind in NOTICES else message.kind


PAGES = {
    "outbox.endpoint": "console:endpoint",
    "reconciliation.report": "console:reconciliation-report",
    "hotspots.alert": "console:hotspot",
}
"""Pages of what no desk shows, by the kind of subject; addressed by its id."""
LISTS = {"rosters.alarm": "console:coverage"}
"""Pages that show all of a kind together."""
