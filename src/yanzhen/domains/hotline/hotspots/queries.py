"""What is asked of alerts and clusters."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.conf import settings
from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone

from yanzhen.domains.hotline.hotspots.models import Alert, AlertCase
from yanzhen.domains.hotline.hotspots.sources import KIND
from yanzhen.domains.hotline.models import Case
from yanzhen.domains.hotline.queries import worklist
from yanzhen.engines.similarity.models import Member
from yanzhen.foundation import parameters
from yanzhen.foundation.models import Account, Region

HALF_LIVES = 5
"""What is older weighs less than a thirtieth and is left out."""
HOTTEST = 50
HEAT = """
select cluster_id, sum(weight)::float8 as heat, count(*) as callers, sum(cases) as cases, max(latest) as latest
from (
    select m.cluster_id, coalesce(encode(c.phone_hash, 'hex'), c.id::text) as caller, count(*) as cases,
        max(m.at) as latest, max(power(0.5, extract(epoch from %s - m.at) / %s)) as weight
    from similarity_member m join ({cases}) c on c.id = m.record
    where m.kind = %s and m.at > %s and m.at <= %s
    group by 1, 2
) callers
group by cluster_id having count(*) > 1 order by heat desc, cluster_id desc limit %s
"""


@dataclass(frozen=True, slots=True)
class Heat:
    """A cluster by how many callers spoke of late; each counts half after every half-life."""

    cluster: int
    heat: float
    callers: int
    cases: int
    latest: datetime
    example: Case | None = None


def number(code: str) -> Decimal:
    """Return the parameter of the hotspots, province-wide, as of today."""
    return parameters.get(code, on=timezone.localdate(), region=settings.PROVINCE).value


def alerts(account: Account) -> QuerySet[Alert]:
    """All alerts that the account may see."""
    return Alert.objects.visible_to(account, "hotspot.view").select_related(
        "region", "acknowledged_by", "closed_by"
    )


def cases_of(alert: Alert, account: Account) -> QuerySet[Case]:
    """The cases of an alert that the account may see, the newest first."""
    return worklist(account).filter(pk__in=alert.cases.values("pk")).order_by("-received_at", "-pk")


def cases_in(cluster: int, account: Account) -> QuerySet[Case]:
    """The cases of a cluster that the account may see, the newest first."""
    records = Member.objects.filter(kind=KIND, cluster_id=cluster).values("record")
    return worklist(account).filter(pk__in=records).order_by("-received_at", "-pk")


def hottest(account: Account, *, now: datetime) -> list[Heat]:
    """Return the clusters with most callers of late among the cases that the account may see: two statements."""
    half = timedelta(days=int(number("hotspot.half_life")))
    cases, values = (
        worklist(account).select_related(None).only("id", "phone_hash").order_by().query.sql_with_params()
    )
    seconds = half.total_seconds()
    with connection.cursor() as cursor:
        cursor.execute(
            HEAT.format(cases=cases), [now, seconds, *values, KIND, now - HALF_LIVES * half, now, HOTTEST]
        )
        found = cursor.fetchall()
    examples = _examples([row[0] for row in found], account)
    return [
        Heat(cluster, heat, callers, int(cases), latest, examples.get(cluster))
        for cluster, heat, callers, cases, latest in found
    ]


def _examples(clusters: list[int], account: Account) -> dict[int, Case]:
    """Return for each cluster its newest case that the account may see."""
    members = Member.objects.filter(kind=KIND, cluster_id__in=clusters).order_by("cluster_id", "-at")
    seen = worklist(account).select_related(None)
    newest = dict(
        members.filter(record__in=seen.order_by().values("pk"))
        .distinct("cluster_id")
        .values_list("record", "cluster_id")
    )
    return {newest[case.pk]: case for case in seen.filter(pk__in=newest).select_related("region")}


def size_of(alert: Alert) -> int:
    """Return how many cases an alert has, seen or not."""
    return AlertCase.objects.filter(alert=alert).count()


def names_of_regions(codes: Iterable[str]) -> dict[str, str]:
    return dict(Region.objects.filter(code__in=set(codes)).values_list("code", "name"))
