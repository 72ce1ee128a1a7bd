"""What terms rest on: parameters with their source, and the working-day calendar."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from yanzhen.engines.procedures.declare import PROCEDURES
from yanzhen.faces import registers
from yanzhen.faces.console import choices
from yanzhen.faces.console.forms import text_field
from yanzhen.faces.console.pages import attempt, page, see_other, sent, show
from yanzhen.faces.http import AccountRequest
from yanzhen.foundation import calendar, parameters
from yanzhen.foundation.models import CalendarYear, Parameter

WAYS = ("GET", "HEAD", "POST")
LARGEST_CSV = 100_000
OFFICE_HOURS = "calendar.hours."


class ParameterForm(forms.Form):
    region = forms.ChoiceField(label=_("行政区划（不选为全部）"), required=False)
    value = forms.DecimalField(label=_("数值"), max_digits=14, decimal_places=4)
    unit = forms.ChoiceField(label=_("计量单位"), choices=Parameter.Unit.choices)
    starts_on = forms.DateField(label=_("生效日期"), widget=forms.DateInput(attrs={"type": "date"}))
    source = forms.CharField(label=_("来源（文件名称、文号）"), max_length=200)
    article = forms.CharField(label=_("条款（选填）"), max_length=64, required=False)
    grade = forms.ChoiceField(label=_("证据等级"), choices=Parameter.Grade.choices)
    reason = text_field(_("设定理由"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        everywhere = ("", gettext("全部"))
        self.fields["region"].choices = [everywhere, choices.province(), *choices.regions()]  # type: ignore[attr-defined]


class YearForm(forms.Form):
    year = forms.IntegerField(label=_("年份"), min_value=2000, max_value=2100)
    source = forms.CharField(label=_("来源（通知名称、文号）"), max_length=200)
    file = forms.FileField(
        label=_("放假安排（CSV）"),
        help_text=_("列：日期、性质（法定节假日、调休放假、调休上班）、名称；UTF-8 编码"),
    )

    def clean_file(self) -> list[str]:
        try:
            text: str = self.cleaned_data["file"].read(LARGEST_CSV).decode("utf-8-sig")
        except UnicodeDecodeError:
            raise forms.ValidationError(
                gettext("文件不是 UTF-8 编码的 CSV，请另存为 CSV UTF-8 后再传")
            ) from None
        return text.splitlines()


@page("GET", "HEAD")
def listing(request: AccountRequest) -> HttpResponse:
    read = set().union(*(p.parameters() for p in PROCEDURES))
    rows = [
        (row, parameters.label_of(row.code), row.code in read or row.code.startswith(OFFICE_HOURS))
        for row in registers.parameters_in_force()
    ]
    return show(request, "console/setup/parameters.html", {"parameters": rows})


@page(*WAYS)
def one(request: AccountRequest, code: str) -> HttpResponse:
    """Show all values of a parameter; the form sets another from a day on, nothing is overwritten."""
    history = list(registers.parameter_history(code))
    if not history:
        raise Http404
    initial = {"unit": history[0].unit, "starts_on": timezone.localdate()}
    form = ParameterForm(sent(request), initial=initial)
    status = 200
    if form.is_bound:
        refusal = attempt(form, lambda given: _set(code, given, request))
        if refusal is None:
            messages.success(request, gettext("已设定；已在走的时限仍按原数值"))
            return see_other(request.path)
        status = refusal.status
    context = {
        "code": code, "label": parameters.label_of(code), "history": history, "form": form,
        "may_edit": bool(request.user.reaches("parameter.edit")),
    }  # fmt: skip
    return show(request, "console/setup/parameter.html", context, status=status)


@page(*WAYS)
def years(request: AccountRequest) -> HttpResponse:
    """List the years of the calendar; the form loads one as it was published, and running terms follow."""
    form = YearForm(sent(request), request.FILES or None)
    status = 200
    if form.is_bound:
        refusal = attempt(form, lambda given: _load(given, request))
        if refusal is None:
            messages.success(request, gettext("已载入；跨入该年的暂定时限正在重算"))
            return see_other(reverse("console:calendar"))
        status = refusal.status
    context = {
        "years": registers.calendar_years(),
        "concerns": calendar.concerns(timezone.localdate()),
        "form": form,
        "may_edit": bool(request.user.reaches("calendar.edit")),
    }
    return show(request, "console/setup/calendar.html", context, status=status)


def _set(code: str, given: dict[str, Any], request: AccountRequest) -> None:
    parameters.set_parameter(code, actor=request.user, **{**given, "region": given["region"] or None})


def _load(given: dict[str, Any], request: AccountRequest) -> None:
    days = calendar.read_year(given["file"])
    calendar.load_year(
        given["year"], days, given["source"], status=CalendarYear.Status.PUBLISHED, actor=request.user
    )
