"""The second factor: who must have one, how its secrets are kept, and what allauth says about it."""

from __future__ import annotations

import base64

from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from yanzhen.foundation import crypto
from yanzhen.foundation.models import Account

CONTEXT = "second-factor"


def must_have(account: Account) -> bool:
    """Tell whether a password alone is too little for what this account may do (SECOND_FACTOR_RIGHTS)."""
    return not settings.DEMO and any(account.reaches(right) for right in settings.SECOND_FACTOR_RIGHTS)


def has(account: Account) -> bool:
    return bool(Authenticator.objects.filter(user=account, type=Authenticator.Type.TOTP).exists())


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
