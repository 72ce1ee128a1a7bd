"""The demo's role switcher. Its address exists only where the demo runs, on this machine."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth import login
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_POST

from yanzhen.faces.staff import demo_accounts


@require_POST
def switch(request: HttpRequest) -> HttpResponse:
    """Go on as another of the demo's accounts."""
    account = demo_accounts().filter(username=request.POST.get("username", "")).first()
    if not settings.DEMO or account is None:
        raise Http404
    login(request, account, backend=settings.AUTHENTICATION_BACKENDS[0])
    return HttpResponseRedirect("/console/", status=303)
