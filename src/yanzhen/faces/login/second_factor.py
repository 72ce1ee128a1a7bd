"""The second factor: who must have one, how its secrets are kept, and what allauth says about it."""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Mapping
from typing import Any

from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from yanzhen.foundation import crypto, keys
from yanzhen.foundation.accounts import AccountRefused, demand_charge, demand_reason
from yanzhen.foundation.models import Account
from yanzhen.foundation.records import record

CONTEXT = "second-factor"
SEALED = ("secret", "seed")
"""Where allauth keeps what it has encrypted: of the phone, and of the recovery codes."""


def must_have(account: Account) -> bool:
    """Tell whether a password alone is too little for what this account may do (SECOND_FACTOR_RIGHTS)."""
    return not settings.DEMO and any(account.reaches(right) for right in settings.SECOND_FACTOR_RIGHTS)


def has(account: Account) -> bool:
    return bool(Authenticator.objects.filter(user=account, type=Authenticator.Type.TOTP).exists())


@transaction.atomic
def remove_second_factor(account: Account, *, actor: Account, reason: str) -> None:
    """Take a lost phone and its recovery codes off somebody else's account; who must have one sets it up anew."""
    demand_charge(actor, account)
    demand_reason(reason)
    if not Authenticator.objects.filter(user=account).delete()[0]:
        raise AccountRefused(f"{account}没有启用动态验证码")
    record("second_factor.off", account, actor=actor, reason=reason)


class SecondFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # allauth ships no types
    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": _(
            "验证码不对或已过期。请输入验证器上正在显示的 6 位数字；一直不对，请核对手机时间。"
        ),
        "cannot_delete_authenticator": _("您的权限要求使用动态验证码，不能停用。"),
    }

    def encrypt(self, text: str) -> str:
        return base64.b64encode(crypto.seal(text, context=CONTEXT)).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return crypto.open_(base64.b64decode(encrypted_text), context=CONTEXT)

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        return not must_have(authenticator.user)


def _count() -> Mapping[int, int]:
    data = Authenticator.objects.values_list("data", flat=True)
    return Counter(crypto.key_of(base64.b64decode(text)) for row in data for text in _sealed(row).values())


@transaction.atomic
def _seal_again(limit: int) -> int:
    """Do it in the program: of these there are no more than accounts, and what is sealed lies inside of JSON."""
    old = [row.pk for row in Authenticator.objects.order_by("pk") if _is_old(row)][:limit]
    adapter = SecondFactorAdapter()
    rows = Authenticator.objects.select_for_update(skip_locked=True).filter(pk__in=old).order_by("pk")
    for row in rows:
        row.data |= {name: adapter.encrypt(adapter.decrypt(text)) for name, text in _sealed(row.data).items()}
        row.save(update_fields=["data"])
    return len(rows)


def _is_old(row: Authenticator) -> bool:
    numbers = (crypto.key_of(base64.b64decode(text)) for text in _sealed(row.data).values())
    return any(number < crypto.newest_key() for number in numbers)


def _sealed(data: Mapping[str, Any]) -> dict[str, str]:
    return {name: data[name] for name in SEALED if name in data}


keys.STORES.add(keys.Store("login.second_factor", "动态验证码密钥", _count, _seal_again))
