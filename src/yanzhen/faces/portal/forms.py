"""The two forms of the portal. They read what was typed; what is right and wrong about it the domain says."""

from __future__ import annotations

import unicodedata
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from yanzhen.domains.hotline.rules import Appeal
from yanzhen.faces.portal.choices import category_choices, region_choices
from yanzhen.foundation.errors import Invalid

MOST_FILES = 3
TAKEN = "image/jpeg,image/png,.pdf,.doc,.docx,.xls,.xlsx,.txt,.mp3,.wav,.amr,.mp4"
"""What the file picker offers. A phone that sees JPEG here sends its own formats as JPEG; the rule is in
`foundation.attachments`."""


class FilesInput(forms.FileInput):
    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Up to MOST_FILES files. What may be in them `foundation.attachments` decides."""

    widget = FilesInput

    def clean(self, data: Any, initial: Any = None) -> list[UploadedFile]:
        given = data if isinstance(data, Sequence) else [data] if data else []
        if len(given) > MOST_FILES:
            raise forms.ValidationError(gettext("最多上传 %(most)s 个文件") % {"most": MOST_FILES})
        return [super(FilesField, self).clean(one, initial) for one in given]


class PlainNumber(forms.DecimalField):
    """A number as people type it on a phone: full-width digits, thousands commas, 元 at the end."""

    def to_python(self, value: Any) -> Any:
        text = unicodedata.normalize("NFKC", str(value or ""))
        return super().to_python(text.replace(",", "").replace(" ", "").removesuffix("元"))


class AppealForm(forms.Form):
    token = forms.CharField(required=False, widget=forms.HiddenInput)
    """Made with the empty form: the same form sent twice is one appeal."""
    body = forms.CharField(
        label=_("您遇到了什么事"),
        help_text=_("什么时间、在哪个单位、发生了什么、希望怎样解决。不用讲究格式，照实说就行。"),
        max_length=5000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 7}),
    )
    region = forms.CharField(
        label=_("事情发生在哪里"),
        help_text=_("选到县（市、区）；不清楚的选到市。"),
        max_length=9,
        required=False,
        widget=forms.Select(
            choices=region_choices,  # type: ignore[arg-type]  # the stubs know no callable
            attrs={"data-split": True, "data-city-label": _("市")},
        ),
    )
    employer = forms.CharField(label=_("单位名称"), max_length=128, required=False)
    place = forms.CharField(
        label=_("具体地点"), help_text=_("如工地、厂区、街道"), max_length=128, required=False
    )
    category = forms.CharField(
        label=_("哪一类问题"),
        max_length=6,
        required=False,
        widget=forms.Select(choices=category_choices),  # type: ignore[arg-type]  # as above
    )
    headcount = PlainNumber(
        label=_("涉及几个人"),
        min_value=1,
        max_value=2_147_483_647,
        decimal_places=0,
        required=False,
        localize=True,
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
    )
    amount_yuan = PlainNumber(
        label=_("涉及金额（元）"),
        min_value=0,
        max_digits=14,
        decimal_places=2,
        required=False,
        localize=True,
        widget=forms.TextInput(attrs={"inputmode": "decimal"}),
    )
    evidence = FilesField(
        label=_("照片或文件"),
        help_text=_("合同、工资条、聊天记录截图等，最多 3 个。"),
        required=False,
        widget=FilesInput(attrs={"multiple": True, "accept": TAKEN}),
    )
    anonymous = forms.BooleanField(label=_("我要匿名（不留姓名和手机号，凭查询码查看结果）"), required=False)
    name = forms.CharField(
        label=_("怎么称呼您"),
        max_length=64,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    phone = forms.CharField(
        label=_("手机号"),
        help_text=_("用来答复您，也可凭后四位查询进度。加密保存。"),
        max_length=32,
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "tel"}),
    )
    secret = forms.BooleanField(label=_("请为我保密，不要让单位知道是我反映的"), required=False)
    website = forms.CharField(
        label=_("请留空"),
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs={"tabindex": "-1", "autocomplete": "off"}),
    )
    """Nobody sees it; a program that fills in every field gives itself away."""

    def clean_token(self) -> str:
        """Who spoils the token gives up its protection, not the appeal."""
        try:
            return str(uuid.UUID(self.cleaned_data["token"]))
        except ValueError:
            return str(uuid.uuid4())

    def clean_website(self) -> str:
        if self.cleaned_data["website"]:
            raise forms.ValidationError(gettext("这一栏是防自动提交用的，请清空后再提交"))
        return ""

    def appeal(self) -> Appeal:
        """Return what was typed as the domain reads it. Only after `is_valid`."""
        data = self.cleaned_data
        same = (
            "body",
            "region",
            "category",
            "employer",
            "place",
            "amount_yuan",
            "anonymous",
            "secret",
            "name",
            "phone",
        )
        return Appeal(**{name: data[name] for name in same}, headcount=int(data["headcount"] or 1))

    def show(self, refusal: Invalid) -> None:
        """Put the reasons of `refusal` beside the fields they are about."""
        fields: Mapping[str, str] = refusal.data.get("fields") or {}
        for name, reason in fields.items():
            shown = "evidence" if name == "file" else name
            self.add_error(shown if shown in self.fields else None, reason)
        if not fields:
            self.add_error(None, refusal.message)

    def renew(self) -> None:
        """Give a form that is shown again a token of its own, so that sending it once more is a new appeal."""
        self.data = {name: self.data.get(name) for name in self.data} | {"token": str(uuid.uuid4())}


class TrackForm(forms.Form):
    number = forms.CharField(
        label=_("受理编号"),
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters"}),
    )
    secret = forms.CharField(
        label=_("查询码，或手机号后四位"),
        max_length=32,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters"}),
    )

    def clean_number(self) -> str:
        return _compact(self.cleaned_data["number"])

    def clean_secret(self) -> str:
        """A check code is taken without its hyphen too."""
        text = _compact(self.cleaned_data["secret"])
        return f"{text[:4]}-{text[4:]}" if len(text) == 8 and "-" not in text else text


def _compact(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).upper().split())
