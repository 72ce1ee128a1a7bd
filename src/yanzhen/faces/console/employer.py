"""Putting right which unit a case is against."""

from __future__ import annotations

from typing import cast

from django import forms
from django.http import Http404, HttpResponse
from django.utils.translation import gettext

from yanzhen.domains.hotline.actions import correct_employer
from yanzhen.domains.hotline.models import Case
from yanzhen.domains.hotline.names import LONGEST_NAME
from yanzhen.faces.console.desks import CASES
from yanzhen.faces.console.forms import act_form, text_field
from yanzhen.faces.console.pages import act_page, page, sent, subject_or_404
from yanzhen.faces.http import AccountRequest


@page("GET", "HEAD", "POST")
def correcting(request: AccountRequest, number: str) -> HttpResponse:
    row = cast("Case", subject_or_404(request, CASES, number))
    if not CASES.tells(request.user, row):
        raise Http404
    help_text = gettext("写单位全称；该单位（按名称、别名或曾用名）的人员随即看不到本件")
    fields = {
        "employer": forms.CharField(
            label=gettext("涉事单位"),
            help_text=help_text,
            max_length=LONGEST_NAME,
            required=False,
            initial=row.employer,
        ),
        "reason": text_field(gettext("更正理由"), help_text=gettext("会记入办理记录")),
    }
    form = act_form(fields, sent(request))
    return act_page(
        request, CASES, row, form, lambda given: correct_employer(row, actor=request.user, **given),
        label=gettext("更正涉事单位"), done=gettext("已更正涉事单位"),
    )  # fmt: skip
