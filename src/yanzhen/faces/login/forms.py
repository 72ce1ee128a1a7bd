"""allauth's forms with our words, and each guess in them counted."""

from __future__ import annotations

from typing import Any, ClassVar

from allauth.account import forms as account
from allauth.core import context
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base import forms as mfa
from allauth.mfa.models import Authenticator
from allauth.mfa.totp import forms as totp
from django import forms
from django.utils.translation import gettext_lazy as _

from yanzhen.faces.login import tries

SIX_DIGITS = _("打开手机上的验证器，输入“雁阵”一行正在显示的 6 位数字。")


class Worded(forms.Form):
    """Gives the fields of the form beside it our labels; a placeholder that repeats the label goes."""

    labels: ClassVar[dict[str, Any]] = {}
    help_texts: ClassVar[dict[str, Any]] = {}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, label in self.labels.items():
            field = self.fields[name]
            field.label = label
            field.help_text = self.help_texts.get(name, "")
            field.widget.attrs.pop("placeholder", None)


class CountedCode(Worded):
    """A code from the phone or from the list; it is worth nothing a second time."""

    labels = {"code": _("验证码")}
    help_texts = {
        "code": _("打开手机上的验证器，输入“雁阵”一行正在显示的 6 位数字；手机不在身边，输入一个恢复码。")
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].widget.attrs |= {"inputmode": "numeric", "autofocus": True}

    def clean_code(self) -> str:
        with tries.counted(context.request, self.user.get_username(), "code") as guess:  # type: ignore[attr-defined]
            code: str = super().clean_code()  # type: ignore[misc]  # the form beside it has it
            kind = self.authenticator.type  # type: ignore[attr-defined]
            if kind == Authenticator.Type.TOTP and tries.used_up(self.user, code):  # type: ignore[attr-defined]
                raise get_adapter().validation_error("incorrect_code")
            guess.right = True
        return code


class LoginForm(Worded, account.LoginForm):  # type: ignore[misc]  # allauth ships no types
    labels = {"login": _("用户名"), "password": _("密码")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].widget.attrs |= {
            "autofocus": True,
            "autocapitalize": "none",
            "spellcheck": "false",
        }


class CodeForm(CountedCode, mfa.AuthenticateForm):  # type: ignore[misc]
    pass


class CodeAgainForm(CountedCode, mfa.ReauthenticateForm):  # type: ignore[misc]
    pass


class PasswordAgainForm(Worded, account.ReauthenticateForm):  # type: ignore[misc]
    labels = {"password": _("密码")}


class ActivateForm(Worded, totp.ActivateTOTPForm):  # type: ignore[misc]
    labels = {"code": _("6 位数字")}
    help_texts = {"code": SIX_DIGITS}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].widget.attrs["inputmode"] = "numeric"


class ChangePasswordForm(Worded, account.ChangePasswordForm):  # type: ignore[misc]
    labels = {"oldpassword": _("当前密码"), "password1": _("新密码"), "password2": _("再输一遍新密码")}
    help_texts = {
        "password1": _("至少 10 个字符，不能太常见，也不能与用户名相近。几个不相干的词连起来，好记又难猜。")
    }

    def clean_oldpassword(self) -> str:
        with tries.counted(context.request, self.user.get_username(), "password") as guess:
            password: str = super().clean_oldpassword()
            guess.right = True
        return password
