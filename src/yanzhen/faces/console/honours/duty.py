"""What hangs on one honour: reports of each year, the certificate, the credential."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from yanzhen.engines.honours import credentials, pdf, queries
from yanzhen.engines.honours.models import DutyReport, Honour
from yanzhen.engines.honours.reports import review_report, submit_report
from yanzhen.faces.console.forms import act_form, text_field
from yanzhen.faces.console.honours.desk import HONOURS
from yanzhen.faces.console.honours.frame import WAYS, acting, honour_or_404
from yanzhen.faces.console.keys import Order, page_of
from yanzhen.faces.console.lists import with_
from yanzhen.faces.console.pages import page, sent, show
from yanzhen.faces.console.pickers import EMPTY
from yanzhen.faces.http import AccountRequest
from yanzhen.foundation.errors import NotAllowed

ORDERS = {
    "open": Order("submitted_at", "先填报的在前"),
    "done": Order("reviewed_at", "最近评定在前", descending=True),
}
TABS = (("open", "待评定"), ("done", "已评定"))


@page("GET", "HEAD")
def one(request: AccountRequest, number: str) -> HttpResponse:
    honour = honour_or_404(request, number)
    account = request.user
    context = {
        "honour": honour, "desk": HONOURS, "reports": queries.reports_of(honour), "credential": queries.credential_of(honour),
        "former": queries.former_credentials(honour), "outside": honour.declared.outside,
        "may_report": account.has_right("honour.report", honour) and honour.state not in honour.OVER and bool(_open_years(honour)),
        "may_award": account.has_right("honour.award", honour) and honour.state in honour.GOOD,
        "check": reverse("portal:check-number", args=[honour.number]),
    }  # fmt: skip
    return show(request, "console/honours/duty.html", context)


@page(*WAYS)
def reporting(request: AccountRequest, number: str) -> HttpResponse:
    honour = honour_or_404(request, number)
    years = [(str(year), str(year)) for year in _open_years(honour)]
    fields: dict[str, forms.Field] = {
        "year": forms.TypedChoiceField(label=gettext("年度"), choices=years, coerce=int),
        "mentees": forms.IntegerField(label=gettext("带徒人数"), min_value=0, max_value=999),
        "teaching_hours": forms.DecimalField(label=gettext("授课学时"), min_value=0, max_digits=6, decimal_places=1),
        "results": text_field(gettext("攻关与创新成果")),
        "text": text_field(gettext("履职情况")),
    }  # fmt: skip
    return acting(
        request, act_form(fields, sent(request)), lambda given: submit_report(honour, actor=request.user, **given),
        label=gettext("填报履职报告：%(number)s") % {"number": honour.number}, done=gettext("已填报，等待评定"),
        back=lambda: reverse("console:honour-duty", args=[number]),
    )  # fmt: skip


def _open_years(honour: Honour) -> list[int]:
    """Return the years of the honour whose report is not graded yet, the latest first."""
    graded = {report.year for report in queries.reports_of(honour) if report.grade}
    years = range(timezone.localdate().year, honour.awarded_on.year - 1, -1)
    return [year for year in years if year not in graded]


@page("GET", "HEAD")
def certificate(request: AccountRequest, number: str) -> HttpResponse:
    document = pdf.certificate(honour_or_404(request, number), actor=request.user)
    response = HttpResponse(document, content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="{number}.pdf"'
    return response


@page("GET", "HEAD")
def credential(request: AccountRequest, number: str) -> HttpResponse:
    """Hand over the credential as a file, for the holder."""
    found = queries.credential_of(honour_or_404(request, number))
    if found is None:
        raise Http404
    response = HttpResponse(found.token, content_type="application/vc+jwt")
    response["Content-Disposition"] = f'attachment; filename="{number}.jwt"'
    return response


@page(*WAYS)
def replacing(request: AccountRequest, number: str) -> HttpResponse:
    honour = honour_or_404(request, number)
    help_text = gettext("如姓名登记有误已更正；原凭证立即作废，编号不变")
    fields = {"reason": text_field(gettext("重新签发的原因"), help_text=help_text)}
    return acting(
        request, act_form(fields, sent(request)), lambda given: credentials.replace(honour, actor=request.user, **given),
        label=gettext("重新签发凭证：%(number)s") % {"number": number}, done=gettext("已重新签发，原凭证作废"),
        back=lambda: reverse("console:honour-duty", args=[number]),
    )  # fmt: skip


@page("GET", "HEAD")
def listing(request: AccountRequest) -> HttpResponse:
    """The reports of all honours within reach: those to grade first."""
    if not any(map(request.user.reaches, ("honour.review", "honour.report"))):
        raise NotAllowed("您没有“填报年度履职报告”或“评定年度履职报告”权限")
    box = request.GET.get("box", "open")
    box = box if box in ORDERS else "open"
    rows = queries.reports(request.user).filter(reviewed_at__isnull=box == "open")
    found = page_of(rows, ORDERS[box], cursor=request.GET.get("cursor", ""))
    context = {
        "box": box, "tabs": [(code, gettext(label)) for code, label in TABS], "reports": queries.with_honours(found.rows),
        "previous": with_(request.GET, cursor=found.previous) if found.previous else "",
        "following": with_(request.GET, cursor=found.following) if found.following else "",
    }  # fmt: skip
    return show(request, "console/honours/reports.html", context)


@page(*WAYS)
def report(request: AccountRequest, pk: int) -> HttpResponse:
    found = queries.reports(request.user).filter(pk=pk).first()
    if found is None:
        raise Http404
    fields: dict[str, Any] = {
        "grade": forms.ChoiceField(label=gettext("评定等次"), choices=[EMPTY, *DutyReport.Grade.choices]),
        "opinion": text_field(gettext("评定意见（不合格的必填）"), required=False),
    }
    form = act_form(fields, sent(request))
    if form.is_bound:
        return acting(
            request, form, lambda given: review_report(found, actor=request.user, **given),
            label=gettext("评定履职报告"), done=gettext("已评定"), back=lambda: reverse("console:honour-reports"),
        )  # fmt: skip
    account = request.user
    may_review = not found.grade and account.has_right("honour.review", found)
    context = {
        "report": found, "honour": found.honour, "desk": HONOURS, "form": form,
        "may_review": may_review and found.submitted_by_id != account.pk,
        "own": may_review and found.submitted_by_id == account.pk,
    }  # fmt: skip
    return show(request, "console/honours/report.html", context)
