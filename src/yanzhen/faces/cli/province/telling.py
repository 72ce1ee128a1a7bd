"""Who was told what in the demo: cases given to somebody, notices read and unread, a receiver that can not be reached."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from yanzhen.domains.hotline.classification.actions import settle_choices, suggest
from yanzhen.domains.hotline.models import Case
from yanzhen.domains.hotline.reconciliation.actions import reconcile
from yanzhen.engines.procedures.engine import advance
from yanzhen.engines.procedures.notices import MOVED
from yanzhen.foundation.models import Account, Line, Region
from yanzhen.foundation.outbox.endpoints import register_endpoint, send_test
from yanzhen.foundation.outbox.leasing import GIVE_UP, lease, settle
from yanzhen.foundation.outbox.messages import mark_read, notices_of
from yanzhen.foundation.outbox.models import Delivery, Endpoint, Message
from yanzhen.foundation.outbox.posting import Outcome

GIVEN = 6
READ = 2
SUGGESTED = 150
NIGHTS = 3
NOWHERE = "https://oa.example.invalid/yanzhen"
"""RFC 6761: a name that never exists, so that the demo tells nobody and still shows what a failure looks like."""
UNKNOWN = "找不到这个主机，请核对地址"
"""What the courier writes of it."""
PUBLIC = "93.184.215.14"


def load(staff: dict[str, Account]) -> None:
    """Leave out what was told to the outside of the past year: nobody listened then, and the receiver is new."""
    Message.objects.filter(account=None).delete()
    endpoint, _ = register_endpoint(
        actor=staff["admin"],
        name="演示接收端（地址不存在）",
        url=NOWHERE,
        kinds=[MOVED.code],
        region=Region.objects.get(code="370000"),
        line=Line.objects.get(code="union"),
        resolver=lambda _host, _port: [PUBLIC],
    )
    _give_up(endpoint, send_test(endpoint, actor=staff["admin"]))
    send_test(endpoint, actor=staff["admin"])
    mine = Case.objects.filter(state="handling", organisation=staff["handler"].organisation, handler=None)
    for case in mine.order_by("-pk")[:GIVEN]:
        advance(case, "claim", actor=staff["all"], note="交历下区承办（演示）", handler=staff["handler"])
    today = timezone.localdate()
    for nights in range(NIGHTS, 0, -1):
        reconcile(today - timedelta(days=nights))
    for who in ("handler", "leader", "admin"):
        for message in notices_of(staff[who])[:READ]:
            mark_read(staff[who], message.pk)


def _give_up(endpoint: Endpoint, delivery: Delivery) -> None:
    """Let the days pass in which a notice is tried, and give it up as a courier does."""
    now = timezone.now()
    sent = now - GIVE_UP - timedelta(hours=1)
    Message.objects.filter(pk=delivery.message_id).update(at=sent)
    Delivery.objects.filter(pk=delivery.pk).update(created_at=sent, next_at=sent, give_up_at=sent + GIVE_UP)
    settle([(taken, Outcome(None, UNKNOWN, down=True)) for taken in lease(1, now=now)], now=now)


def suggestions() -> None:
    """Keep what the keywords would have suggested for the latest cases, so that it can be seen against what people chose."""
    chosen = Case.objects.exclude(state="received").exclude(category=None).order_by("-received_at")
    for case in chosen[:SUGGESTED]:
        suggest(case)
    settle_choices()
