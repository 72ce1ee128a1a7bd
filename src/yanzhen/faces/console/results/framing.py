"""What all pages of results share: the round in reach, the tabs, a form that acts and goes back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from yanzhen.engines.programmes.models import Round
from yanzhen.engines.programmes.results import queries
from yanzhen.engines.programmes.results.shadow import Shadow
from yanzhen.faces.console.forms import act_form
from yanzhen.faces.console.pages import attempt, see_other, sent, show
from yanzhen.faces.http import AccountRequest
from yanzhen.foundation.errors import Refusal

WAYS = ("GET", "HEAD", "POST")
TABS = (
    ("console:results-places", _("名额")),
    ("console:results-shortlist", _("入围名单")),
    ("console:results-notice", _("公示与认定")),
    ("console:results-certificates", _("证书")),
)


class Look:
    """What a list would be, solved when a page shows it and not when its form is sent."""

    def __init__(self, solve: Callable[[], Shadow]) -> None:
        self._solve = solve
        self.refused = ""

    @cached_property
    def seen(self) -> Shadow | None:
        """The shadow; None where there is none, and `refused` says why."""
        try:
            return self._solve()
        except Refusal as refusal:
            self.refused = refusal.message
            return None

    def field(self) -> forms.CharField:
        """Return the hidden field by which a form says what was seen."""
        return forms.CharField(
            max_length=64, widget=forms.HiddenInput, initial=lambda: self.seen.mark if self.seen else ""
        )


def round_or_404(request: AccountRequest, pk: int) -> Round:
    found = queries.rounds(request.user).filter(pk=pk).first()
    if found is None:
        raise Http404(gettext("没有这一轮评选，或不在您的权限范围内"))
    return found


def framed(request: AccountRequest, round_: Round, tab: str, template: str, **context: Any) -> HttpResponse:
    """Show a page of a round under its tabs."""
    shown = {
        "round": round_, "tabs": TABS, "tab": tab, "may_run": request.user.has_right("round.run", round_),
        "may_decide": request.user.has_right("application.decide", round_),
    }  # fmt: skip
    return show(request, template, shown | context)


def form_page(
    request: AccountRequest,
    fields: Mapping[str, forms.Field],
    act: Callable[[dict[str, Any]], object],
    *,
    label: str,
    done: str,
    back: str,
    template: str = "console/setup/form.html",
    **context: Any,
) -> HttpResponse:
    """Show the form of an act with what it will do; when it is sent, act and go back."""
    form = act_form(fields, sent(request))
    form.files = request.FILES
    status = 200
    if form.is_bound:
        refusal = attempt(form, act)
        if refusal is None:
            messages.success(request, done)
            return see_other(back)
        status = refusal.status
    return show(request, template, {"form": form, "label": label, "back": back, **context}, status=status)
