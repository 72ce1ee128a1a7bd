"""What the pages of honours share: the honour in reach, and a form that acts and goes on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse

from yanzhen.engines.honours import queries
from yanzhen.engines.honours.models import Honour
from yanzhen.faces.console.pages import attempt, see_other, show
from yanzhen.faces.http import AccountRequest

WAYS = ("GET", "HEAD", "POST")


def honour_or_404(request: AccountRequest, number: str) -> Honour:
    """Return the honour, if the account may see it: what lies out of reach and what is not there look alike."""
    row = queries.register(request.user).filter(number=number).first()
    if row is None:
        raise Http404
    return row


def acting(
    request: AccountRequest,
    form: forms.Form,
    act: Callable[[dict[str, Any]], object],
    *,
    label: str,
    done: str,
    back: Callable[[], str],
) -> HttpResponse:
    """Show a form; when it is sent, act and go to where `back` says by then."""
    status = 200
    if form.is_bound:
        refusal = attempt(form, act)
        if refusal is None:
            messages.success(request, done)
            return see_other(back())
        status = refusal.status
    return show(
        request, "console/setup/form.html", {"form": form, "label": label, "back": back()}, status=status
    )
