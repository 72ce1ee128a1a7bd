"""The portal's pages: what 12351 does, filing an appeal, the receipt, following it."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from yanzhen.domains.hotline import queries
from yanzhen.domains.hotline.models import Case
from yanzhen.engines.programmes.queries import followed
from yanzhen.faces import filing
from yanzhen.faces.filing import Filed
from yanzhen.faces.portal import feedback, visitors
from yanzhen.faces.portal.forms import AppealForm, TrackForm
from yanzhen.faces.portal.selection.own import followed_page
from yanzhen.faces.portal.terms import expected
from yanzhen.faces.portal.visitors import public
from yanzhen.foundation import limits
from yanzhen.foundation.errors import Invalid, Refusal, TooMany

APPLICATION = "SB"
"""With which the number of an application begins."""
VERBS = ("GET", "HEAD", "POST")
RECEIPT = "receipt"
SALT = "yanzhen.portal.receipt"
RECEIPT_SECONDS = 1800
"""How long the browser that filed an appeal may open its receipt again."""


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    return render(request, "portal/home.html")


@require_http_methods(VERBS)
@public
def submit(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        return _form(request, AppealForm(initial={"token": uuid.uuid4()}))
    form = AppealForm(request.POST, request.FILES)
    if not form.is_valid():
        return _form(request, form, status=422)
    try:
        visitors.count_submission(request)
        filed = filing.file_appeal(
            form.appeal(),
            actor=None,
            channel=Case.Channel.WEB,
            sender="portal",
            key=form.cleaned_data["token"],
            files=form.cleaned_data["evidence"],
        )
    except Refusal as refusal:
        return _refused(request, form, refusal)
    response = HttpResponseRedirect(reverse("portal:receipt"), status=303)
    _hand_over(response, filed)
    return response


@require_safe
@public
def receipt(request: HttpRequest) -> HttpResponse:
    """Show number and check code to the browser that filed the appeal; neither ever stands in an address."""
    try:
        kept = signing.loads(request.COOKIES.get(RECEIPT, ""), salt=SALT, max_age=RECEIPT_SECONDS)
    except signing.BadSignature:
        return render(request, "portal/receipt_gone.html", status=404)
    number, check_code, region, due_at = kept
    return render(
        request,
        "portal/receipt.html",
        {
            "number": number,
            "check_code": check_code,
            "expected": expected(region, datetime.fromisoformat(due_at)) if due_at else [],
        },
    )


@require_POST
def put_away(request: HttpRequest) -> HttpResponse:
    """Forget the receipt in this browser, as on a phone or computer that others use too."""
    response = redirect("portal:home")
    response.delete_cookie(RECEIPT, path=reverse("portal:receipt"))
    return response


@require_http_methods(VERBS)
@public
def track(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        form = TrackForm(initial={"number": request.GET.get("number", "")[:40]})
        return render(request, "portal/track.html", {"form": form})
    form = TrackForm(request.POST)
    if not form.is_valid():
        return render(request, "portal/track.html", {"form": form}, status=422)
    number, secret = form.cleaned_data["number"], form.cleaned_data["secret"]
    try:
        tries = visitors.count_look(request, number, secret=secret)
        if number.startswith(APPLICATION):
            application = followed(number, secret)
            limits.clear(tries)
            return followed_page(request, application)
        case, by_code = queries.open_case(number, secret)
    except Refusal as refusal:
        form.add_error(None, refusal.message)
        response = render(request, "portal/track.html", {"form": form}, status=refusal.status)
        return _with_patience(response, refusal)
    limits.clear(tries)
    return feedback.progress_page(request, case, by_code=by_code)


@require_safe
def help_page(request: HttpRequest) -> HttpResponse:
    return render(request, "portal/help.html")


@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    return render(request, "portal/privacy.html")


def _form(request: HttpRequest, form: AppealForm, *, status: int = 200) -> HttpResponse:
    return render(
        request, "portal/submit.html", {"form": form, "files_lost": bool(request.FILES)}, status=status
    )


def _refused(request: HttpRequest, form: AppealForm, refusal: Refusal) -> HttpResponse:
    """Show the form again with all that was typed, and the reasons where they belong."""
    if isinstance(refusal, Invalid) and "Idempotency-Key" in refusal.data.get("fields", ()):
        form.renew()
        form.add_error(
            None,
            gettext("这张表单刚才已经提交过一件诉求，内容与现在的不同。如确要另提一件，请再按一次“提交”。"),
        )
    elif isinstance(refusal, Invalid):
        form.show(refusal)
    else:
        form.add_error(None, refusal.message)
    return _with_patience(_form(request, form, status=refusal.status), refusal)


def _with_patience(response: HttpResponse, refusal: Refusal) -> HttpResponse:
    if isinstance(refusal, TooMany):
        response["Retry-After"] = str(refusal.data.get("retry_after_seconds", 60))
    return response


def _hand_over(response: HttpResponse, filed: Filed) -> None:
    """Give the receipt to the browser alone: signed, sent back to the receipt's own address only."""
    kept = [filed.number, filed.check_code, filed.region, filed.due_at.isoformat() if filed.due_at else ""]
    response.set_cookie(
        RECEIPT,
        signing.dumps(kept, salt=SALT),
        max_age=RECEIPT_SECONDS,
        path=reverse("portal:receipt"),
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
