"""Identities from another provider: one may vouch for an account that exists, none opens one.

The first time, `preferred_username` must be the account's user name, or else a verified e-mail address be that of one
account; from then on the provider's own subject number decides. The provider must be one that gives out user names
itself: who can choose them there can choose whose account to enter (OpenID Connect Core 1.0, 5.7).
"""

from __future__ import annotations

import logging
from typing import Any

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialAccount, SocialLogin
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest
from django.shortcuts import render

from yanzhen.foundation.models import Account
from yanzhen.foundation.records import record

logger = logging.getLogger(__name__)


class OidcAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]  # allauth ships no types
    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        return False

    def populate_user(self, request: HttpRequest, sociallogin: SocialLogin, data: dict[str, Any]) -> Account:
        """Take name and address for the match, and keep nothing of what the provider tells about the person."""
        account: Account = super().populate_user(request, sociallogin, data)
        told = sociallogin.account.extra_data
        subjects = {claims["sub"] for claims in told.values() if "sub" in claims}
        if len(subjects) != 1:  # OpenID Connect Core 1.0, 5.3.2
            raise PermissionDenied
        sociallogin.account.extra_data = {}
        return account

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Connect the identity to its account, or refuse. Nothing else than logging in is asked of a provider."""
        if sociallogin.state.get("process") == "login" and (
            sociallogin.is_existing or _connect(sociallogin, _account_for(sociallogin))
        ):
            return
        logger.warning("log-in refused: no account for an identity of %s", sociallogin.account.provider)
        raise ImmediateHttpResponse(render(request, "socialaccount/no_account.html", status=403))


def _account_for(login: SocialLogin) -> Account | None:
    """Return the one active account that the identity names, by user name before verified e-mail address."""
    addresses = [address.email for address in login.email_addresses if address.verified is True]
    active = Account.objects.filter(is_active=True)
    by_name = active.filter(username__iexact=login.user.username) if login.user.username else active.none()
    by_address = active.filter(email__iexact=addresses[0]) if addresses else active.none()
    found = list(by_name) or list(by_address)
    return found[0] if len(found) == 1 else None


@transaction.atomic
def _connect(login: SocialLogin, account: Account | None) -> bool:
    """Connect the identity to the account for good; an account has one identity of a provider."""
    if (
        account is None
        or SocialAccount.objects.filter(user=account, provider=login.account.provider).exists()
    ):
        return False
    login.user = login.account.user = account
    login.account.save()
    record("login.connect", account, actor=account, after={"provider": login.account.provider})
    return True
