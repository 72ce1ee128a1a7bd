"""The bar below every page of an agent: who rings or talks at the seat, for who looks at another page than the pop's."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse

from yanzhen.domains.hotline.calls import queries
from yanzhen.domains.hotline.calls.models import Call
from yanzhen.faces.console.calls.lines import state_of
from yanzhen.faces.console.pages import page
from yanzhen.faces.http import AccountRequest
from yanzhen.faces.login.middleware import unattended

SHOWN = 3


@page("GET", "HEAD")
@unattended
def bar(request: AccountRequest) -> HttpResponse:
    """Return the calls that ring or run at the seat, 204 where nothing changed since `seen`; that costs one statement.

    A page asks first without `seen`. Who takes no calls or has no seat is answered 204 then, and their page asks no more.
    """
    account, seen = request.user, request.GET.get("seen")
    if not account.reaches("call.take") or (seen is None and not queries.has_seat(account)):
        return HttpResponse(status=204)
    calls = list(queries.on_the_line(account)[:SHOWN])
    version = queries.version_of(calls)
    if version == seen:
        return HttpResponse(status=204)
    context = {
        "calls": [(call, *state_of(call)) for call in calls],
        "seen": version,
        "registers": bool(calls) and bool(account.reaches("case.register")) and _is_open(request, calls[0]),
    }
    return render(request, "console/calls/_bar_now.html", context)


def _is_open(request: AccountRequest, call: Call) -> bool:
    """Tell whether the call is still to be registered, and the page that asks is not the form for that: it would be lost."""
    at = urlsplit(request.htmx.current_url_abs_path or "")  # type: ignore[attr-defined]  # django_htmx's
    here = at.path == reverse("console:register") and parse_qs(at.query).get("call") == [str(call.pk)]
    return not (call.case_id or call.outcome or here)
