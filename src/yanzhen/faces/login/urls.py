"""The addresses of logging in. Only what staff need: no sign-up, no e-mail, no reset by mail."""

from __future__ import annotations

from allauth.account import views as account
from allauth.mfa.base import views as mfa
from allauth.mfa.recovery_codes import views as codes
from allauth.socialaccount import views as socialaccount
from allauth.socialaccount.providers.openid_connect import views as openid_connect
from django.urls import path
from django.views.decorators.cache import never_cache

from yanzhen.faces.login import views

urlpatterns = [
    path("login/", views.LogIn.as_view(), name="account_login"),
    path("accounts/logout/", account.logout, name="account_logout"),
    path("accounts/inactive/", account.account_inactive, name="account_inactive"),
    path("accounts/password/", views.ChangePassword.as_view(), name="account_change_password"),
    path("accounts/again/", views.PasswordAgain.as_view(), name="account_reauthenticate"),
    path("accounts/2fa/", mfa.index, name="mfa_index"),
    path("accounts/2fa/code/", views.EnterCode.as_view(), name="mfa_authenticate"),
    path("accounts/2fa/again/", views.CodeAgain.as_view(), name="mfa_reauthenticate"),
    path("accounts/2fa/totp/", views.Activate.as_view(), name="mfa_activate_totp"),
    path("accounts/2fa/totp/off/", views.Deactivate.as_view(), name="mfa_deactivate_totp"),
    path(
        "accounts/2fa/recovery-codes/", never_cache(codes.view_recovery_codes), name="mfa_view_recovery_codes"
    ),
    path(
        "accounts/2fa/recovery-codes/renew/", views.RenewCodes.as_view(), name="mfa_generate_recovery_codes"
    ),
    path(
        "accounts/2fa/recovery-codes/file/", codes.download_recovery_codes, name="mfa_download_recovery_codes"
    ),
    path("accounts/oidc/<str:provider_id>/", views.to_provider, name="openid_connect_login"),
    path(
        "accounts/oidc/<str:provider_id>/callback/", openid_connect.callback, name="openid_connect_callback"
    ),
    path("accounts/cancelled/", socialaccount.login_cancelled, name="socialaccount_login_cancelled"),
]
