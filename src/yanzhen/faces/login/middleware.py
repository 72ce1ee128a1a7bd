"""For those who are logged in: work keeps the session open, and some may work only with a second factor."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import ResolverMatch, reverse
from django.utils.http import urlencode
from django_htmx.http import HttpResponseClientRedirect

from yanzhen.faces.login import second_factor

View = TypeVar("View", bound=Callable[..., Any])
OPEN = {
    "account_logout",
    "account_reauthenticate",
    "mfa_reauthenticate",
    "mfa_activate_totp",
    "preferences",
}
"""Names of the pages that lead to a second factor, or away."""


def unattended(view: View) -> View:
    """Mark a view that pages call by themselves, such as a poll: it does not keep a session open."""
    view.unattended = True  # type: ignore[attr-defined]
    return view


class StaffMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if getattr(request, "htmx", False) and _leads_to_login(response):
            back = urlencode({"next": request.htmx.current_url_abs_path or "/"})  # type: ignore[attr-defined]
            return HttpResponseClientRedirect(f"{settings.LOGIN_URL}?{back}")
        return response

    def process_view(self, request: HttpRequest, view: Any, *_: Any) -> HttpResponse | None:
        if not request.user.is_authenticated:
            return None
        if not getattr(view, "unattended", False):
            request.session.prolong()  # type: ignore[attr-defined]  # ours (SESSION_ENGINE)
        if _is_open(request.resolver_match) or not second_factor.must_have(request.user):
            return None
        if second_factor.has(request.user):
            return None
        return HttpResponseRedirect(f"{reverse('mfa_activate_totp')}?required=1")


def _is_open(match: ResolverMatch | None) -> bool:
    return match is not None and match.view_name in OPEN


def _leads_to_login(response: HttpResponse) -> bool:
    return response.status_code == 302 and response.headers["Location"].startswith(settings.LOGIN_URL)
