"""Pages that are the same for everybody who reads one language: kept for seconds by this process, browsers and proxies.

They show no form that is sent by POST and nothing that a cookie chose, so what one visitor gets another may have.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.template.loader import render_to_string
from django.utils.cache import get_conditional_response
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from yanzhen.foundation.scope import EVERYTHING, database_scope

KEPT_SECONDS = 10
"""How long this process shows an answer without asking again."""
MAX_AGE = 30
"""How long a browser or proxy may; together below a minute."""
HTML = "text/html; charset=utf-8"
JSON = "application/json; charset=utf-8"
Made = tuple[bytes, str, int]
"""Content, its type and the status of the answer."""


def kept(make: Callable[..., Made], *, anywhere: bool = False) -> Callable[..., HttpResponseBase]:
    """Serve what `make` gives to anybody, with a digest that spares sending it twice.

    `make` takes the request to count guesses by, and nothing of it goes into the answer. With `anywhere`, what is no page
    may be read by scripts of other sites: keys, issuers, status lists.
    """

    @require_safe
    @wraps(make)
    def view(request: HttpRequest, **given: Any) -> HttpResponseBase:
        key = f"{make.__module__}.{make.__name__}:{get_language()}:{sorted(given.items())}"
        key = hashlib.sha256(key.encode()).hexdigest()
        found: Made | None = cache.get(key)
        if found is None:
            with database_scope({EVERYTHING}):
                found = make(request, **given)
            cache.set(key, found, KEPT_SECONDS)
        content, kind, status = found
        response = HttpResponse(content, content_type=kind, status=status)
        response["Cache-Control"] = f"public, max-age={MAX_AGE}"
        response["ETag"] = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
        if anywhere and kind != HTML:
            response["Access-Control-Allow-Origin"] = "*"
        return get_conditional_response(request, etag=response["ETag"], response=response) or response

    return view


def drawn(template: str, context: dict[str, Any]) -> bytes:
    """Draw a page without a request: light or dark is the device's choice here, and no token stands in it."""
    frame = {"LANGUAGE_CODE": get_language(), "theme": "auto", "demo": settings.DEMO}
    return render_to_string(template, frame | context).encode()
