"""What all faces over HTTP share: what is not read at all, the account's scope in the database, refusals as answers."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import render

from yanzhen.faces.preferences import theme_of
from yanzhen.faces.staff import demo_accounts
from yanzhen.foundation.errors import Refusal, TooMany
from yanzhen.foundation.scope import database_scope

if TYPE_CHECKING:
    from yanzhen.foundation.models import Account

GetResponse = Callable[[HttpRequest], HttpResponse]
NUL = "\0"
IPV6_SITE = 64
"""Bits of an IPv6 address that one customer holds; the rest they choose as they like."""


class AccountRequest(HttpRequest):
    """A request past `login_required`. For annotations only; never built."""

    user: Account


class Malformed(Refusal):
    """The request as such can not be read: a header is missing, the body is no JSON, a text holds U+0000."""

    code = "malformed"
    status = 400


class PlainTextMiddleware:
    """Refuse U+0000 in path, query, cookies and forms: no text holds it, and PostgreSQL can not. JSON: faces.api.schemas."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if any(NUL in text for text in _sent(request)):
            return refused(request, Malformed("请求中含有空字符（U+0000），请去掉后重新提交"))
        return self.get_response(request)


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
        return refused(request, exception) if isinstance(exception, Refusal) else None


def refused(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    """Return the refusal as the page or the problem document that the request asks for."""
    if "text/html" in request.headers.get("Accept", ""):
        back = request.path if request.method == "POST" else "/"
        context = {"refusal": refusal, "back": back}
        response = render(request, "refusal.html", context, status=refusal.status)
    else:
        response = problem(refusal)
    if isinstance(refusal, TooMany):
        response["Retry-After"] = str(refusal.data.get("retry_after_seconds", 60))
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


def site_of(request: HttpRequest) -> str:
    """Return the part of the visitor's address that its holder can not change at will: all of IPv4, /64 of IPv6."""
    address = ipaddress.ip_address(get_adapter().get_client_ip(request))
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    free = 128 - IPV6_SITE
    return str(ipaddress.IPv6Address(int(address) >> free << free))


def chrome(request: HttpRequest) -> dict[str, Any]:
    """Give every template what the frame of the page shows. No statement: the list of accounts is read when drawn."""
    shown: dict[str, Any] = {"demo": settings.DEMO, "theme": theme_of(request)}
    if settings.DEMO:
        shown["demo_accounts"] = demo_accounts
    return shown


def _sent(request: HttpRequest) -> Iterator[str]:
    """Yield every text of the request but its headers; the API's bodies are JSON, which their schemas read."""
    yield request.path
    yield from request.COOKIES.values()
    for query in (request.GET, QueryDict() if request.path.startswith("/api/") else request.POST):
        for name, values in query.lists():
            yield name
            yield from map(str, values)
