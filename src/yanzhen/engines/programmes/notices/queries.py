"""Reads of notices and objections. What the public reads begins at the public notices; staff begin at what they see."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from yanzhen.engines.programmes.models import Application, Round
from yanzhen.engines.programmes.notices import publishing
from yanzhen.engines.programmes.notices.actions import check_hash
from yanzhen.engines.programmes.notices.models import Notice, Objection, Posting
from yanzhen.foundation.models import Account, Leaf, Record
from yanzhen.foundation.records import history
from yanzhen.foundation.scope import EVERYTHING, database_scope

MOST = 100


@dataclass(frozen=True, slots=True)
class Proof:
    """Where the record of a publication stands in the chain; `checkpoint` is None for the half second until it is sealed."""

    record: int
    checkpoint: int | None
    sealed_at: datetime | None
    root: str
    key: str


def shown(*, now: datetime | None = None) -> list[Notice]:
    """The newest version of each notice that is still up, the newest first; MOST at most."""
    at = now or timezone.now()
    up = (
        Notice.objects.filter(Q(down_at__gt=at) | Q(round__notice_ends_at__gt=at))
        .order_by("round_id", "-version")
        .distinct("round_id")
    )
    found = Notice.objects.filter(pk__in=up.values("pk")).select_related("round")
    return list(found.order_by("-published_at", "-pk")[:MOST])


def is_down(found: Notice) -> bool:
    """Tell whether its days are over and it was left up long enough; one that stood still runs on."""
    now = timezone.now()
    return now >= found.down_at and now >= publishing.open_until(found)


def notice(pk: int) -> Notice | None:
    return Notice.objects.select_related("round", "round__region", "run").filter(pk=pk).first()


def follower(found: Notice) -> Notice | None:
    """The version that came next, where the list was changed."""
    return Notice.objects.filter(round_id=found.round_id, version=found.version + 1).first()


def versions(round_: Round) -> QuerySet[Notice]:
    return Notice.objects.filter(round=round_).select_related("published_by", "run").order_by("-version")


def postings(found: Notice) -> QuerySet[Posting]:
    return found.postings.select_related("organisation", "by").order_by("pk")


def proof(found: Notice) -> Proof | None:
    """Where the publication stands in the chain of records, for who wants to check the time."""
    written: Record | None = (
        history(found.round).filter(verb="notice.publish", after__notice=found.pk).order_by("pk").first()
    )
    if written is None:
        return None
    leaf = Leaf.objects.filter(record_id=written.pk).select_related("checkpoint").first()
    if leaf is None:
        return Proof(written.pk, None, None, "", "")
    point = leaf.checkpoint
    return Proof(written.pk, point.pk, point.at, bytes(point.root).hex(), point.key_id)


def objections(account: Account) -> QuerySet[Objection]:
    """All objections that the account may look at."""
    rows: QuerySet[Objection] = Objection.objects.visible_to(account, "objection.handle")
    return rows.select_related("round", "application", "region", "handler", "notice")


def open_of(round_: Round) -> QuerySet[Objection]:
    return Objection.objects.filter(round=round_, state__in=Objection.OPEN)


def followed(number: str, code: str) -> Objection | None:
    """The objection of this number and check code, read beyond the wall."""
    clean = number.strip().upper()
    with database_scope({EVERYTHING}):
        mine = Objection.objects.filter(number=clean, check_hash=check_hash(clean, code))
        return mine.select_related("round").first()


def stale(round_: Round) -> str | None:
    """Return why the notice that is up is not the list any more; None where they agree."""
    last = publishing.newest(round_)
    if last is None:
        return "还没有公示：请先发布公示"
    listed: list[Application] = publishing.ordered(round_)
    if publishing.rows_of(last) == publishing.rows(round_, listed):
        return None
    return f"名单与第 {last.version} 版公示不一致：请更换公示，公示期重新起算"


def plain_rows(found: Notice) -> list[dict[str, Any]]:
    return publishing.rows_of(found)
