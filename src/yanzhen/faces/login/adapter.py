"""What allauth asks about accounts: nobody signs up, guesses are counted, and who came in is written down."""

from __future__ import annotations

import time
from typing import Any

from allauth.account import app_settings
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.authentication import get_authentication_records
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _

from yanzhen.faces.login import devices, tries
from yanzhen.faces.preferences import YEAR
from yanzhen.foundation.models import Account
from yanzhen.foundation.records import record


class StaffAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth ships no types
    error_messages = DefaultAccountAdapter.error_messages | {
        "username_password_mismatch": _(
            "用户名或密码不对。请检查大小写和输入法；忘记密码请联系本单位系统管理员重设。"
        ),
        "enter_current_password": _("当前密码不对。"),
        "incorrect_password": _("密码不对。"),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def is_safe_url(self, url: str | None) -> bool:
        """Go back to the host that was asked for and to no other, not even another of our names."""
        own = self.request.get_host()
        return url_has_allowed_host_and_scheme(url, {own}, require_https=self.request.is_secure())

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Guesses are counted around the whole of `authenticate`."""

    def authenticate(self, request: HttpRequest, **credentials: Any) -> Account | None:
        """Return the account if password and account are in order: a closed one gets the answer of a wrong password."""
        with tries.counted(request, credentials["username"], "password") as guess:
            account: Account | None = super().authenticate(request, **credentials)
            guess.right = account is not None and account.is_active
        return account if guess.right else None

    def login(self, request: HttpRequest, user: Account) -> None:
        """Log in and write it down in one transaction."""
        steps = get_authentication_records(request, user)
        with transaction.atomic():
            super().login(request, user)
            methods = [step.get("type") or step["method"] for step in steps]
            record("login", user, actor=user, after={"methods": methods})

    def post_login(self, request: HttpRequest, user: Account, **kwargs: Any) -> HttpResponse:
        response: HttpResponse = super().post_login(request, user, **kwargs)
        devices.remember(request, response, user)
        _keep_language(response, user)
        return response

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Ask for the password again, unless it was given within REAUTHENTICATION_TIMEOUT: also at log-in."""
        steps = get_authentication_records(self.request, self.request.user)
        given = [step["at"] for step in steps if step["method"] == "password"]
        fresh = bool(given) and time.time() - given[-1] < app_settings.REAUTHENTICATION_TIMEOUT
        return not fresh and super().is_reauthentication_required(app=app, **kwargs)

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return settings.LOGIN_REDIRECT_URL


def _keep_language(response: HttpResponse, account: Account) -> None:
    if account.language in dict(settings.LANGUAGES):
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME,
            account.language,
            max_age=YEAR,
            secure=settings.SESSION_COOKIE_SECURE,
            httponly=True,
            samesite="Lax",
        )
