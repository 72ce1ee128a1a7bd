"""Visitors nobody knows: their reach in the database, and how often they may try."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.views.decorators.cache import never_cache

from yanzhen.faces.http import site_of
from yanzhen.foundation import crypto, limits
from yanzhen.foundation.scope import EVERYTHING, database_scope

View = Callable[..., HttpResponse]

SUBMIT = 30
"""Appeals from one address within WINDOW: a whole building site may share one address."""
TRACK = 60
"""Looks from one address within WINDOW."""
TAIL = 4
GUESSES = 10
"""Tries at one number within an hour: the last four digits of a phone are 10,000 possibilities."""
CHECKS = 120
"""Numbers that nobody was given, and pasted credentials, from one address within WINDOW."""
WINDOW = 600


def public(view: View) -> View:
    """Let what a visitor sends reach what it needs: there the secret that is shown is the right.

    A page that is only opened reads nothing behind the wall. Nothing of the answer is kept by a browser or a proxy.
    """

    @wraps(view)
    def reaching(request: HttpRequest, **given: Any) -> HttpResponse:
        if request.method != "POST":
            return view(request, **given)
        with database_scope({EVERYTHING}):
            return view(request, **given)

    return never_cache(reaching)


def mine(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Let a page about the account's own matters reach them: a worker has no grants, and a unit none for all it put in.

    Every read of such a page begins at what is the account's own (`queries.own`) or at what is public.
    """

    @wraps(view)
    def reaching(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        with database_scope({EVERYTHING}):
            return view(request, *args, **kwargs)

    return never_cache(reaching)


def address_of(request: HttpRequest) -> str:
    """Return a keyed hash of where the visitor is; the address itself is kept nowhere."""
    return crypto.keyed_hash(site_of(request), purpose="ip").hex()


def count_submission(request: HttpRequest) -> None:
    """Raise TooMany after SUBMIT appeals from one address."""
    message = "您所在网络提交过于频繁，请稍后再试；紧急情况请直接拨打 12351"
    limits.hit(f"submit:{address_of(request)}", limit=SUBMIT, seconds=WINDOW, message=message)


def count_look(request: HttpRequest, number: str, *, secret: str = "") -> str:
    """Raise TooMany after TRACK looks from one address, or GUESSES at one number by `secret`; return the number's key.

    Only four digits can be guessed. Whoever has the check code gets in whatever others tried: numbers follow each other, and
    ten wrong tries at each would lock out everybody.
    """
    message = "您所在网络查询过于频繁，请稍后再试"
    limits.hit(f"track:{address_of(request)}", limit=TRACK, seconds=WINDOW, message=message)
    key = f"number:{crypto.keyed_hash(number.strip().upper(), purpose='track').hex()}"
    if len(secret.strip()) <= TAIL:
        message = "用手机号后四位查询这个编号的次数过多，请一小时后再试；有查询码的可立即查询，也可拨打 12351"
        limits.hit(key, limit=GUESSES, seconds=3600, message=message)
    return key


def count_guess(request: HttpRequest) -> None:
    """Raise TooMany after CHECKS numbers that do not exist, or credentials, from one address."""
    message = "您所在网络查验过于频繁，请稍后再试"
    limits.hit(f"check:{address_of(request)}", limit=CHECKS, seconds=WINDOW, message=message)
