"""Notices that leave the house: what waits, what failed, and sending it again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import QuerySet, prefetch_related_objects
from django.http import Http404, HttpResponse, QueryDict
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from yanzhen.faces.console.forms import act_form, text_field
from yanzhen.faces.console.keys import CAP, count_of
from yanzhen.faces.console.lists import query_of, with_, without
from yanzhen.faces.console.outbox.notices import url_of
from yanzhen.faces.console.pages import attempt, page, see_other, sent, show
from yanzhen.faces.console.setup.paging import page_by_id
from yanzhen.faces.http import AccountRequest
from yanzhen.foundation.models import Account
from yanzhen.foundation.outbox.declare import NOTICES
from yanzhen.foundation.outbox.deliveries import CHOICES, deliveries_of, resend
from yanzhen.foundation.outbox.endpoints import endpoints_of
from yanzhen.foundation.outbox.models import Delivery

TONES = {"pending": "blue", "delivered": "green", "dead": "red"}


class Filters(forms.Form):
    state = forms.ChoiceField(label=_("状态"), choices=[("", _("全部")), *CHOICES], required=False)
    endpoint = forms.ChoiceField(label=_("接收端"), required=False)

    def __init__(self, account: Account, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = [(str(e.pk), e.name) for e in endpoints_of(account)]
        self.fields["endpoint"].choices = [("", gettext("全部")), *known]  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class Line:
    delivery: Delivery
    kind: str
    tone: str
    url: str
    resends: bool


@page("GET", "HEAD")
def listing(request: AccountRequest) -> HttpResponse:
    demand_view(request.user)
    form = Filters(request.user, request.GET)
    rows = _narrowed(request.user, form)
    found = page_by_id(rows, request.GET.get("cursor", ""))
    prefetch_related_objects(found.rows, "message", "endpoint")
    may_edit = bool(request.user.reaches("outbox.edit"))
    context = {
        "form": form,
        "lines": [_line(d, may_edit) for d in found.rows],
        "query": without(request.GET, "cursor").urlencode(),
        "may_edit": may_edit,
        "failed": may_edit and any(d.state == Delivery.State.DEAD or d.problem for d in found.rows),
        "count": count_of(rows),
        "cap": CAP,
        "previous": with_(request.GET, cursor=found.previous) if found.previous else "",
        "following": with_(request.GET, cursor=found.following) if found.following else "",
    }
    return show(request, "console/outbox/deliveries.html", context, status=200 if form.is_valid() else 422)


@page("POST")
def resending(request: AccountRequest, pk: int) -> HttpResponse:
    found = deliveries_of(request.user).filter(pk=pk)
    if not found.exists():
        raise Http404
    resend(found, actor=request.user)
    messages.success(request, gettext("已安排重新投递"))
    return see_other(f"{reverse('console:deliveries')}?{query_of(request).urlencode()}")


@page("GET", "HEAD", "POST")
def resending_all(request: AccountRequest) -> HttpResponse:
    """Ask, with the number, before what the filter holds is sent again."""
    demand_view(request.user)
    rows = _narrowed(request.user, Filters(request.user, request.GET))
    form = act_form({"reason": text_field(gettext("理由"), help_text=gettext("会记入记录链"))}, sent(request))
    query = _kept(request.GET)
    back, status = f"{reverse('console:deliveries')}?{query}", 200
    counts: list[int] = []
    if form.is_bound:
        refusal = attempt(
            form, lambda given: counts.append(resend(rows, actor=request.user, reason=given["reason"]))
        )
        if refusal is None:
            messages.success(request, gettext("已安排重新投递 %(count)s 条通知") % {"count": counts[0]})
            return see_other(back)
        status = refusal.status
    undelivered = count_of(rows.exclude(state=Delivery.State.DELIVERED))
    context = {"form": form, "back": back, "count": undelivered, "cap": CAP}
    return show(request, "console/outbox/resend.html", context, status=status)


def demand_view(account: Account) -> None:
    if not account.reaches("outbox.view"):
        raise Http404


def _narrowed(account: Account, form: Filters) -> QuerySet[Delivery]:
    if not form.is_valid():
        return deliveries_of(account).none()
    given = form.cleaned_data
    return deliveries_of(account, state=given["state"], endpoint=int(given["endpoint"] or 0))


def _kept(query: QueryDict) -> str:
    return without(query, "cursor").urlencode()


def _line(delivery: Delivery, may_edit: bool) -> Line:
    message = delivery.message
    kind = NOTICES[message.kind].label if message.kind in NOTICES else message.kind
    resends = may_edit and delivery.state != Delivery.State.DELIVERED
    tone = "amber" if delivery.failing else TONES[delivery.state]
    return Line(delivery, gettext(kind), tone, url_of(message), resends)
