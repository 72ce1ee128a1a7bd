"""What a visitor chooses for this browser: language and light or dark. Plain cookies, nothing of it is stored with us."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

THEMES = ("light", "dark")
YEAR = 365 * 24 * 3600


def theme_of(request: HttpRequest) -> str:
    """Return light or dark as chosen, else "auto": the device decides."""
    theme = request.COOKIES.get("theme", "")
    return theme if theme in THEMES else "auto"


@require_POST
def preferences(request: HttpRequest) -> HttpResponse:
    """Keep what was chosen and go back to where the visitor was."""
    response = HttpResponseRedirect(back_of(request), status=303)
    if request.POST.get("theme") in THEMES:
        _keep(response, "theme", request.POST["theme"])
    if request.POST.get("language") in dict(settings.LANGUAGES):
        _keep(response, settings.LANGUAGE_COOKIE_NAME, request.POST["language"])
    return response


def back_of(request: HttpRequest) -> str:
    """Return the address that the form names, if it is one of ours."""
    target = request.POST.get("next", "")
    ours = url_has_allowed_host_and_scheme(target, allowed_hosts=None)
    return target if ours else "/"


def _keep(response: HttpResponse, name: str, value: str) -> None:
    response.set_cookie(
        name, value, max_age=YEAR, secure=settings.SESSION_COOKIE_SECURE, httponly=True, samesite="Lax"
    )
