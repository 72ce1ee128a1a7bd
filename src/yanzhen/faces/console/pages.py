"""What every page of the desk does: find the subject in reach, frame the page, put a refusal where it belongs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from yanzhen.engines.procedures.models import Subject
from yanzhen.faces.console.desk import Desk
from yanzhen.faces.console.navigation import call_bar, navigation
from yanzhen.faces.http import AccountRequest
from yanzhen.foundation.errors import Invalid, Refusal
from yanzhen.foundation.records import record

View = Callable[..., HttpResponseBase]


def page(*methods: str) -> Callable[[View], View]:
    """Make a view a page of the console: for those who are logged in, kept by no cache."""

    def framed(view: View) -> View:
        return login_required(never_cache(require_http_methods(methods)(view)))

    return framed


def show(
    request: HttpRequest, template: str, context: Mapping[str, Any], *, status: int = 200
) -> HttpResponse:
    frame = {"navigation": navigation(request), "call_bar": call_bar(request)}
    return render(request, template, {**frame, **context}, status=status)


def subject_or_404(request: AccountRequest, desk: Desk, number: str) -> Subject:
    """Return the subject, if the account may see it: what lies out of reach and what is not there look alike."""
    row: Subject | None = desk.query(request.user).filter(number=number).first()
    if row is None:
        raise Http404(f"没有这一件{desk.label}，或不在您的权限范围内")
    look_at(request, desk, row)
    return row


def look_at(request: AccountRequest, desk: Desk, row: Subject) -> None:
    """Put on record that a subject that is kept secret is looked at; once a request, whatever its page shows of it."""
    if not desk.secret(row):
        return
    seen: set[str] = request.__dict__.setdefault("secrets_seen", set())
    if row.number not in seen:
        seen.add(row.number)
        record("read", row, actor=request.user, right=row.procedure.view_right)


def look_at_list(request: AccountRequest, desk: Desk, ids: Sequence[int], *, by: str) -> None:
    """Put on record that a list told of secret subjects more than their place and state: one record with their ids."""
    if ids:
        after = {"desk": desk.name, "by": by, "ids": list(ids)}
        record("read", request.user, actor=request.user, after=after)


def detail_url(desk: Desk, number: str) -> str:
    return reverse("console:detail", args=[desk, number])


def sent(request: HttpRequest) -> QueryDict | None:
    """Return what a form sent, also when it has no field at all; None where the page is only opened."""
    return request.POST if request.method == "POST" else None


def see_other(url: str) -> HttpResponseRedirect:
    return HttpResponseRedirect(url, status=303)


def act_page(
    request: AccountRequest,
    desk: Desk,
    row: Subject,
    form: forms.Form,
    act: Callable[[dict[str, Any]], object],
    *,
    label: str,
    done: str,
    **context: Any,
) -> HttpResponse:
    """Show the form of an act on `row`; when it is sent, act and go back to the subject.

    What was typed stays in the form when the act is refused, with the reasons in it and the refusal's status.
    """
    status = 200
    if form.is_bound:
        refusal = attempt(form, act)
        if refusal is None:
            messages.success(request, done)
            return see_other(_afterwards(request, desk, row.number))
        status = refusal.status
        row = subject_or_404(request, desk, row.number)
    shown = {"desk": desk, "row": row, "form": form, "label": label, **context}
    return show(request, "console/act.html", shown, status=status)


def _afterwards(request: AccountRequest, desk: Desk, number: str) -> str:
    """Back to the subject; who gave it up and sees it no more goes home."""
    seen = desk.query(request.user).filter(number=number).exists()
    return detail_url(desk, number) if seen else reverse("console:home")


def attempt(form: forms.Form, act: Callable[[dict[str, Any]], object]) -> Refusal | None:
    """Act with what the form holds; return the refusal after writing its reasons into the form."""
    if not form.is_valid():
        return Invalid("表单填写有误，请按提示修改")
    try:
        act(form.cleaned_data)
    except Refusal as refusal:
        explain(form, refusal)
        return refusal
    return None


def explain(form: forms.Form, refusal: Refusal) -> None:
    """Write the reasons into the form, those of a field beside it."""
    fields: dict[str, str] = refusal.data.get("fields", {})
    for name, reason in fields.items():
        form.add_error(name if name in form.fields else None, reason)
    if not fields:
        form.add_error(None, refusal.data.get("reasons") or [refusal.message])
