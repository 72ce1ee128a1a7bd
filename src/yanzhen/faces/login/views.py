"""allauth's pages where they need more than a template: the status of a refusal, and the other way in."""

from __future__ import annotations

from typing import Any, ClassVar

from allauth.account import views as account
from allauth.mfa.base import views as mfa
from allauth.mfa.recovery_codes import views as recovery_codes
from allauth.mfa.totp import views as totp
from allauth.socialaccount.providers.openid_connect import views as openid_connect
from django import forms
from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache

from yanzhen.faces.http import AccountRequest
from yanzhen.faces.login import devices, tries
from yanzhen.faces.login.forms import (
    ActivateForm,
    ChangePasswordForm,
    CodeAgainForm,
    CodeForm,
    LoginForm,
    PasswordAgainForm,
)
from yanzhen.foundation.errors import NotAllowed
from yanzhen.foundation.models import Account
from yanzhen.foundation.records import record


class Answered:
    """Answers a wrong form by 422, and one that came too often by 429."""

    def form_invalid(self, form: forms.BaseForm) -> HttpResponse:
        response: HttpResponse = super().form_invalid(form)  # type: ignore[misc]  # the view beside it has it
        seconds = tries.patience_of(form)
        response.status_code = 422 if seconds is None else 429
        if seconds is not None:
            response["Retry-After"] = str(seconds)
        return response


class LogIn(Answered, account.LoginView):  # type: ignore[misc]  # allauth ships no types
    form_class = LoginForm

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        context["providers"] = [
            {
                "name": app["name"],
                "url": self.passthrough_next_url(reverse("openid_connect_login", args=[app["provider_id"]])),
            }
            for app in settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"]
        ]
        return context


class EnterCode(Answered, mfa.AuthenticateView):  # type: ignore[misc]
    form_class = CodeForm


class CodeAgain(Answered, mfa.ReauthenticateView):  # type: ignore[misc]
    form_class = CodeAgainForm


class PasswordAgain(Answered, account.ReauthenticateView):  # type: ignore[misc]
    form_class = PasswordAgainForm


class Recorded:
    """Writes down, in the same transaction, what an account changed about itself."""

    verb: ClassVar[str]

    @transaction.atomic
    def form_valid(self, form: forms.BaseForm) -> HttpResponse:
        response: HttpResponse = super().form_valid(form)  # type: ignore[misc]  # the view beside it has it
        account: Account = self.request.user  # type: ignore[attr-defined]
        record(self.verb, account, actor=account)
        return response


@method_decorator(never_cache, name="dispatch")
class Activate(Answered, Recorded, totp.ActivateTOTPView):  # type: ignore[misc]
    form_class = ActivateForm
    verb = "second_factor.on"


class Deactivate(Recorded, totp.DeactivateTOTPView):  # type: ignore[misc]
    verb = "second_factor.off"


class RenewCodes(Recorded, recovery_codes.GenerateRecoveryCodesView):  # type: ignore[misc]
    verb = "recovery_codes.renew"


@method_decorator(login_required, name="dispatch")
class ChangePassword(Answered, Recorded, account.PasswordChangeView):  # type: ignore[misc]
    form_class = ChangePasswordForm
    verb = "password.change"

    def dispatch(self, request: AccountRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.has_usable_password():
            raise NotAllowed(gettext("您的账号没有密码，只能从统一身份认证登录；密码请在那里修改。"))
        response: HttpResponse = super().dispatch(request, *args, **kwargs)
        return response

    def form_valid(self, form: forms.BaseForm) -> HttpResponse:
        """The new password makes all browsers unknown; this one has just given it."""
        response: HttpResponse = super().form_valid(form)
        devices.remember(self.request, response, self.request.user)
        return response


def to_provider(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Send the browser to the identity provider; when that can not be reached, say so and leave the other way in."""
    try:
        response: HttpResponse = openid_connect.login(request, provider_id)
    except OSError:  # what requests raises is one
        return render(request, "socialaccount/authentication_error.html", status=502)
    return response
