"""The systems that are told: registered, tried, given a new key and shut by who holds the right over their place."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from yanzhen.foundation import crypto, keys
from yanzhen.foundation.errors import Invalid, NotAllowed
from yanzhen.foundation.models import Account, Line, Region
from yanzhen.foundation.outbox.addresses import Resolve, resolve, target_of
from yanzhen.foundation.outbox.declare import NOTICES, Notice
from yanzhen.foundation.outbox.leasing import GIVE_UP
from yanzhen.foundation.outbox.messages import Telling, compose
from yanzhen.foundation.outbox.models import Delivery, Endpoint, Message
from yanzhen.foundation.outbox.notices import TEST
from yanzhen.foundation.outbox.posting import new_secret
from yanzhen.foundation.records import record

EDIT = "outbox.edit"
KEPT = timedelta(days=180)
"""How long what was delivered or read stays in the lists."""

keys.column("outbox.secret", "通知接收端的签名密钥", Endpoint, "secret_cipher", context=F("code"))


def outward_kinds() -> list[Notice]:
    """Return the kinds that an endpoint may ask for."""
    return [notice for notice in NOTICES if notice.outward and notice is not TEST]


def endpoints_of(account: Account) -> QuerySet[Endpoint]:
    """The endpoints that the account may look at."""
    rows: QuerySet[Endpoint] = Endpoint.objects.visible_to(account, "outbox.view")
    return rows.select_related("region", "line").order_by("-active", "name", "pk")


@transaction.atomic
def register_endpoint(
    *,
    actor: Account,
    name: str,
    url: str,
    kinds: Iterable[str],
    region: Region,
    line: Line,
    resolver: Resolve = resolve,
) -> tuple[Endpoint, str]:
    """Register an endpoint and return it with its key, which is shown this once. Raises Invalid, NotAllowed."""
    kinds = list(dict.fromkeys(kinds))
    endpoint = Endpoint(name=name.strip(), url=url.strip(), kinds=kinds, region=region, line=line)
    _demand(actor, endpoint)
    problems = {}
    if not endpoint.name:
        problems["name"] = "请填写名称"
    if not kinds or set(kinds) - {notice.code for notice in outward_kinds()}:
        problems["kinds"] = "请至少选择一类通知"
    if problems:
        raise Invalid("；".join(problems.values()), fields=problems)
    target_of(endpoint.url, resolver=resolver)
    secret = new_secret()
    endpoint.secret_cipher = crypto.seal(secret, context=endpoint.code)
    endpoint.save()
    after = {"name": endpoint.name, "url": endpoint.url, "kinds": kinds}
    record("outbox.register", endpoint, actor=actor, right=EDIT, after=after)
    return endpoint, secret


@transaction.atomic
def rotate_secret(endpoint: Endpoint, *, actor: Account) -> str:
    """Give the endpoint a new key and return it, this once; from the next attempt on it signs."""
    _demand(actor, endpoint)
    secret = new_secret()
    endpoint.secret_cipher = crypto.seal(secret, context=endpoint.code)
    endpoint.save(update_fields=["secret_cipher"])
    record("outbox.rotate", endpoint, actor=actor, right=EDIT)
    return secret


@transaction.atomic
def switch(endpoint: Endpoint, *, actor: Account, active: bool, reason: str) -> None:
    """Shut an endpoint, or open it again: what waits for it waits meanwhile. Raises Invalid, NotAllowed."""
    _demand(actor, endpoint)
    if not reason.strip():
        raise Invalid("请说明理由", fields={"reason": "请说明理由"})
    before, endpoint.active = endpoint.active, active
    endpoint.failures, endpoint.failed_at, endpoint.rests_until = 0, None, None
    endpoint.save(update_fields=["active", "failures", "failed_at", "rests_until"])
    record(
        "outbox.switch", endpoint, actor=actor, right=EDIT, reason=reason.strip(),
        before={"active": before}, after={"active": active},
    )  # fmt: skip


@transaction.atomic
def send_test(endpoint: Endpoint, *, actor: Account) -> Delivery:
    """Send a notice of no consequence to this endpoint alone, on the way that all take. Raises Invalid, NotAllowed."""
    _demand(actor, endpoint)
    if not endpoint.active:
        raise Invalid("接收端已停用，请先启用再测试")
    now = timezone.now()
    message = compose(TEST, Telling(endpoint), at=now, shown_at=now)
    message.spread = True
    message.save()
    delivery = Delivery.objects.create(
        message=message, endpoint=endpoint, created_at=now, next_at=now, give_up_at=now + GIVE_UP
    )
    record("outbox.test", endpoint, actor=actor, right=EDIT, after={"event": str(message.event)})
    return delivery


def sweep() -> int:
    """Forget notices that are older than KEPT and neither on their way nor given up; return how many."""
    old = Message.objects.filter(
        Q(account=None) | Q(read_at__isnull=False), at__lt=timezone.now() - KEPT, spread=True
    )
    waiting = Delivery.objects.exclude(state=Delivery.State.DELIVERED).values("message")
    return old.exclude(pk__in=waiting).delete()[0]


def _demand(actor: Account, endpoint: Endpoint) -> None:
    if not actor.has_right(EDIT, endpoint):
        raise NotAllowed(f"您在{endpoint.region}（{endpoint.line}）没有“维护通知接收端、重新投递”权限")
