"""What all faces over HTTP share: the account's scope in the database, and refusals as answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

from yanzhen.faces.preferences import theme_of
from yanzhen.faces.staff import demo_accounts
from yanzhen.foundation.errors import Refusal, TooMany
from yanzhen.foundation.scope import database_scope

if TYPE_CHECKING:
    from yanzhen.foundation.models import Account

GetResponse = Callable[[HttpRequest], HttpResponse]


class AccountRequest(HttpRequest):
    """A request past `login_required`. For annotations only; never built."""

    user: Account


class ScopeMiddleware:
    """Set the second wall to what the account may see, for the length of the request."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.user.is_authenticated:
            return self.get_response(request)
        with database_scope(request.user.audience_keys()):
            return self.get_response(request)


class RefusalMiddleware:
    """Answer a refusal that no view caught: a problem document (RFC 9457) or a page."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, Refusal):
            return None
        if "text/html" in request.headers.get("Accept", ""):
            back = request.path if request.method == "POST" else "/"
            context = {"refusal": exception, "back": back}
            response = render(request, "refusal.html", context, status=exception.status)
        else:
            response = problem(exception)
        if isinstance(exception, TooMany):
            response["Retry-After"] = str(exception.data.get("retry_after_seconds", 60))
        return response


def problem(refusal: Refusal) -> JsonResponse:
    """Return the refusal as an RFC 9457 problem document."""
    body: dict[str, Any] = {
        "type": f"urn:yanzhen:problem:{refusal.code}",
        "title": refusal.message,
        "status": refusal.status,
        **refusal.data,
    }
    return JsonResponse(
        body,
        status=refusal.status,
        content_type="application/problem+json",
        json_dumps_params={"ensure_ascii": False},
    )


def chrome(request: HttpRequest) -> dict[str, Any]:
    """Give every template what the frame of the page shows. No statement: the list of accounts is read when drawn."""
    shown: dict[str, Any] = {"demo": settings.DEMO, "theme": theme_of(request)}
    if settings.DEMO:
        shown["demo_accounts"] = demo_accounts
    return shown
