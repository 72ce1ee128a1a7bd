"""What became of the notices that leave the house: looked at, and sent again, one or all of a list."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from yanzhen.foundation.errors import NotAllowed, Refusal
from yanzhen.foundation.models import Account
from yanzhen.foundation.outbox.endpoints import EDIT
from yanzhen.foundation.outbox.leasing import GIVE_UP
from yanzhen.foundation.outbox.models import Delivery, Endpoint, Message
from yanzhen.foundation.records import record_many

State = Delivery.State
CHOICES = (("waiting", "待投递"), ("failing", "重试中"), ("dead", "投递失败"), ("delivered", "已送达"))
FAILED = ~Q(problem="") | Q(endpoint__failures__gt=0)
"""What Delivery.failing asks of a row that is pending."""
FILTERS = {
    "waiting": Q(state=State.PENDING) & ~FAILED,
    "failing": Q(state=State.PENDING) & FAILED,
    "dead": Q(state=State.DEAD),
    "delivered": Q(state=State.DELIVERED),
}


def deliveries_of(account: Account, *, state: str = "", endpoint: int | None = None) -> QuerySet[Delivery]:
    """The deliveries to endpoints that the account may look at, newest first; `state` is one of FILTERS, "" all."""
    rows = Delivery.objects.filter(endpoint__in=Endpoint.objects.visible_to(account, "outbox.view"))
    if state:
        rows = rows.filter(FILTERS[state])
    if endpoint:
        rows = rows.filter(endpoint=endpoint)
    return rows.select_related("message", "endpoint").order_by("-pk")


def resend(rows: QuerySet[Delivery], *, actor: Account, reason: str = "") -> int:
    """Send again what of `rows` was not delivered, from now on for GIVE_UP; return how many these are.

    The same event ids go out, so that a receiver that has one already drops it. Where the account may not do so for
    one of the endpoints, nothing is sent. Raises NotAllowed, and Refusal where there is nothing to send.
    """
    with transaction.atomic():
        undelivered = rows.exclude(state=State.DELIVERED)
        by_endpoint = Counter(undelivered.order_by().values_list("endpoint", flat=True))
        if not by_endpoint:
            raise Refusal("没有需要重新投递的通知：都已送达")
        endpoints = list(
            Endpoint.objects.select_for_update(of=("self",)).filter(pk__in=by_endpoint).order_by("pk")
        )
        if not all(actor.has_right(EDIT, endpoint) for endpoint in endpoints):
            raise NotAllowed("其中有您没有“维护通知接收端、重新投递”权限的接收端，未重新投递")
        now = timezone.now()
        count = Delivery.objects.filter(pk__in=undelivered.order_by().values("pk")).update(
            state=State.PENDING, attempts=0, next_at=now, give_up_at=now + GIVE_UP, leased_until=None,
            status=None, problem="",
        )  # fmt: skip
        Endpoint.objects.filter(pk__in=by_endpoint).update(failures=0, failed_at=None, rests_until=None)
        told = [(endpoint, None, {"count": by_endpoint[endpoint.pk]}) for endpoint in endpoints]
        record_many("outbox.resend", told, actor=actor, right=EDIT, reason=reason)
    return count


def undelivered_since(now: datetime) -> timedelta | None:
    """Return for how long the oldest notice to an open endpoint has waited; None where none does."""
    waiting = Delivery.objects.filter(state=State.PENDING, endpoint__active=True).order_by("created_at")
    unspread = Message.objects.filter(spread=False).order_by("at")
    times = [
        *waiting.values_list("created_at", flat=True)[:1],
        *unspread.values_list("at", flat=True)[:1],
    ]
    return max(timedelta(), now - min(times)) if times else None


def dead_count() -> int:
    return Delivery.objects.filter(state=State.DEAD).count()
