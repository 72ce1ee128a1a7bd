"""Known browsers: a signed cookie tells which accounts have logged in here, so that strangers can not lock them out.

It opens nothing: without the right password it is worth OF_ONE_DEVICE guesses a window. It dies with the password.
"""

from __future__ import annotations

import secrets

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import salted_hmac

from yanzhen.foundation.models import Account

COOKIE = "known_device"
SALT = "yanzhen.login.device"
SECONDS = 180 * 24 * 3600
MOST = 12
"""Accounts of one browser: the desk that several shifts share. The one that logged in longest ago goes first."""


def known(request: HttpRequest, account: Account) -> str | None:
    """Return the id of the browser, if `account` has logged in on it with its present password."""
    device, marks = _read(request)
    return device if marks.get(str(account.pk)) == _mark(account) else None


def remember(request: HttpRequest, response: HttpResponse, account: Account) -> None:
    """Have the browser keep that `account` logged in on it."""
    device, marks = _read(request)
    marks.pop(str(account.pk), None)
    marks[str(account.pk)] = _mark(account)
    newest = dict(list(marks.items())[-MOST:])
    response.set_cookie(
        COOKIE,
        signing.dumps([device or secrets.token_hex(8), newest], salt=SALT),
        max_age=SECONDS,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def _read(request: HttpRequest) -> tuple[str, dict[str, str]]:
    try:
        device, marks = signing.loads(request.COOKIES.get(COOKIE, ""), salt=SALT, max_age=SECONDS)
    except signing.BadSignature:
        return "", {}
    return device, marks


def _mark(account: Account) -> str:
    """Return what changes with the password and tells nothing of it."""
    return salted_hmac(SALT, account.password, algorithm="sha256").hexdigest()[:16]
