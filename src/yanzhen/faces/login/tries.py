"""How often one may guess a password or a code. A guess is counted before it is looked at: a refused one costs no hash.

A browser that has logged in to the account before has a count of its own, so that nobody else can use it up: OWASP,
"Slow Down Online Guessing Attacks with Device Cookies"; ASVS 5.0, 6.1.1 and 6.3.1.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

from django import forms
from django.db.models import F
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from yanzhen.faces.http import site_of
from yanzhen.faces.login import devices
from yanzhen.foundation import crypto, limits
from yanzhen.foundation.errors import TooMany
from yanzhen.foundation.models import Account, Tally
from yanzhen.foundation.records import record

logger = logging.getLogger(__name__)

WINDOW = 15 * 60
FROM_ONE_ADDRESS = 5
"""Wrong guesses at one account from one address: who mistypes is helped by then, or asks for a new password."""
FROM_ALL = 20
"""Wrong guesses at one account from all unknown browsers: 80 an hour, where ASVS 4.0.3, 2.2.1 allows 100."""
OF_ONE_ADDRESS = 60
"""Wrong guesses from one address at whatever account: a whole office may share one address."""
OF_ONE_DEVICE = 10
"""Wrong guesses at one account from a browser known to it: whoever took the browser may not guess for ever."""

Kind = Literal["password", "code"]
TOO_MANY = "too_many"

ADDRESS = _(
    "您所在的网络登录出错过多，请 %(minutes)d 分钟后再试。"
    "在登录过的常用浏览器上现在就能登录；急用请联系本单位系统管理员。"
)
PAIR = _(
    "这个用户名在您这里连续出错 %(most)d 次，请 %(minutes)d 分钟后再试。"
    "在登录过的常用浏览器上现在就能登录；忘记密码请联系本单位系统管理员重设。"
)
TOGETHER = _(
    "这个用户名被多次试错，没有登录过的设备请 %(minutes)d 分钟后再试。"
    "在登录过的常用浏览器上现在就能登录；急用请联系本单位系统管理员。"
)
DEVICE = _(
    "这个浏览器上连续出错 %(most)d 次，请 %(minutes)d 分钟后再试。忘记密码请联系本单位系统管理员重设。"
)


@dataclass(slots=True)
class Guess:
    right: bool = False


@dataclass(frozen=True, slots=True)
class Limit:
    key: str
    most: int
    message: str


@contextmanager
def counted(request: HttpRequest, username: str, kind: Kind) -> Iterator[Guess]:
    """Count a guess at an account before it is looked at; one that the block finds `right` is taken back.

    Names that no account has are counted alike. Raises ValidationError with code TOO_MANY instead of running the block.
    """
    account = Account.objects.filter(username__iexact=username).first()
    keys = _count(_limits(request, username, account, kind), account)
    guess = Guess()
    try:
        yield guess
    finally:
        if guess.right:
            _take_back(keys)
        else:
            _note(account, kind)


def patience_of(form: forms.BaseForm) -> int | None:
    """Return after how many seconds to come back, if that is why the form was refused."""
    errors = (error for found in form.errors.as_data().values() for error in found)
    waits = ((error.params or {})["retry_after_seconds"] for error in errors if error.code == TOO_MANY)
    return next(waits, None)


def used_up(account: Account, code: str) -> bool:
    """Note that a right one-time code was used; return whether it had been before, in whatever process."""
    digits = "".join(filter(str.isdigit, code))
    return not _first(f"login:used:{_hashed(f'{account.pk}|{digits}')}")


def _limits(request: HttpRequest, username: str, account: Account | None, kind: Kind) -> list[Limit]:
    device = account and devices.known(request, account)
    if account and device:
        return [Limit(f"login:{kind}:device:{account.pk}:{device}", OF_ONE_DEVICE, str(DEVICE))]
    name, where = username.lower(), site_of(request)
    return [
        Limit(f"login:{kind}:address:{_hashed(where)}", OF_ONE_ADDRESS, str(ADDRESS)),
        Limit(f"login:{kind}:pair:{_hashed(f'{where}|{name}')}", FROM_ONE_ADDRESS, str(PAIR)),
        Limit(f"login:{kind}:name:{_hashed(name)}", FROM_ALL, str(TOGETHER)),
    ]


def _count(wanted: Sequence[Limit], account: Account | None) -> list[str]:
    """Count under each key in turn; when one is used up, the guess is not made and those before it are given back."""
    keys: list[str] = []
    for limit in wanted:
        try:
            limits.hit(limit.key, limit=limit.most, seconds=WINDOW, message="")
        except TooMany as refusal:
            _take_back(keys)
            if _first(f"{limit.key}:noted"):
                _note(account, "limit")
            raise _refusal(limit, refusal.data["retry_after_seconds"]) from None
        keys.append(limit.key)
    return keys


def _refusal(limit: Limit, seconds: int) -> forms.ValidationError:
    shown = {"minutes": math.ceil(seconds / 60), "most": limit.most, "retry_after_seconds": seconds}
    return forms.ValidationError(limit.message, code=TOO_MANY, params=shown)


def _take_back(keys: Sequence[str]) -> None:
    """Undo one count under each key: what was right, or was not looked at, is no wrong guess."""
    Tally.objects.filter(key__in=keys, count__gt=0).update(count=F("count") - 1)


def _first(key: str) -> bool:
    """Tell whether this is the first time within WINDOW that `key` comes up."""
    try:
        limits.hit(key, limit=1, seconds=WINDOW, message="")
    except TooMany:
        return False
    return True


def _note(account: Account | None, cause: str) -> None:
    """Write down that somebody was not let in. Of a name that no account has, nothing is kept."""
    logger.warning("log-in refused: %s, account %s", cause, account.pk if account else None)
    if account:
        record("login.refused", account, actor=None, after={"cause": cause})


def _hashed(text: str) -> str:
    return crypto.keyed_hash(text, purpose="login").hex()
