"""What is asked of the routing table: what holds, whom it proposes, what a change would come to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from yanzhen.domains.hotline.models import Case, Category
from yanzhen.domains.hotline.names import keys_of
from yanzhen.domains.hotline.routing.models import Route
from yanzhen.domains.hotline.routing.rules import Decision, Row, Table, decide, table_of
from yanzhen.domains.hotline.routing.table import find, names, table
from yanzhen.domains.hotline.rules import sounds_like_the_accused
from yanzhen.foundation.models import Account, Organisation
from yanzhen.foundation.scope import DEPTHS, prefix_of

SIMULATED_DAYS = 30


@dataclass(frozen=True, slots=True)
class Proposal:
    """Who should handle a case by the table, and why; None where the table does not say."""

    organisation: Organisation | None
    why: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Shift:
    """So many cases of late that would go elsewhere."""

    region: str
    category: str
    count: int
    before: str
    after: str


def routes() -> QuerySet[Route]:
    """The rows that hold today or later, in the order of the table."""
    today = timezone.localdate()
    rows = Route.objects.filter(Q(valid_to=None) | Q(valid_to__gt=today))
    return rows.select_related("region", "line", "organisation")


def leaf(code: str) -> Category | None:
    """Return the category of the third level with this code."""
    return Category.objects.filter(code=code).first() if code.isdecimal() and len(code) == 6 else None


def tree() -> QuerySet[Category]:
    """All categories in order of code, also those withdrawn."""
    return Category.objects.order_by("code")


def running(account: Account) -> dict[str, int]:
    """Return how many cases are not over, by code of their category, where the account may change the table."""
    rows = Case.objects.visible_to(account, "route.edit").filter(ended_at=None, category__isnull=False)
    return dict(rows.order_by().values_list("category").annotate(Count("pk")))


def one(pk: int) -> Route | None:
    return Route.objects.select_related("region", "line", "organisation").filter(pk=pk).first()


def proposal(case: Case) -> Proposal:
    """Return whom the table proposes for the case as it stands; the accused unit is never proposed."""
    found = find(case.region_id, case.category_id or "", on=timezone.localdate())
    if found.row is None:
        return Proposal(None, found.why)
    body = _body(found.row, case.region_id)
    if body is None:
        return Proposal(None, (*found.why, "该条线在属地及上级没有已登记的承办单位"))
    if case.employer_key and case.employer_key in keys_of(body):
        return Proposal(None, (*found.why, f"{body.name}就是被反映的单位，须另选"))
    if sounds_like_the_accused(case, body):
        return _doubtful(case, body, found.why)
    return Proposal(body, (*found.why, f"承办单位：{body.name}"))


def _doubtful(case: Case, body: Organisation, why: tuple[str, ...]) -> Proposal:
    """A secret case is not proposed to a unit that may be the accused; of others whoever assigns it is warned."""
    if case.secret:
        return Proposal(
            None, (*why, f"{body.name}与被反映的单位名称相近，本件要求保密：请核对是不是同一单位")
        )
    return Proposal(
        body,
        (*why, f"承办单位：{body.name}", f"注意：{body.name}与被反映的单位名称相近，请先核对是不是同一单位"),
    )


def simulate(account: Account, rows: Sequence[Row], *, days: int = SIMULATED_DAYS) -> list[Shift]:
    """Return what of the last `days` would go elsewhere if `rows` were added to the table, the most first.

    Both tables are asked on the day from which all of `rows` hold, as though the cases came then. Counts every case where
    the account may change the table, read them or not, but those against its own unit: numbers, never a case. Statements do
    not grow with the cases.
    """
    since = timezone.now() - timedelta(days=days)
    here = Case.objects.visible_to(account, "route.edit")
    groups = here.filter(received_at__gte=since).order_by().values("region", "category")
    on = max((row.valid_from for row in rows), default=timezone.localdate())
    before, after, called = table(), _with(rows), names()
    shifts: Counter[tuple[str, str, str, str]] = Counter()
    for group in groups.annotate(count=Count("pk")):
        region, category = group["region"], group["category"] or ""
        was, will = (_to(decide(rows, region, category, on=on, names=called)) for rows in (before, after))
        if was != will:
            shifts[region, category, was, will] += group["count"]
    return [
        Shift(region, called.get(category, category), count, was, will)
        for (region, category, was, will), count in shifts.most_common()
    ]


def _body(row: Row, region: str) -> Organisation | None:
    """Return the organisation of a route: its own, or the body of its line nearest to the region."""
    bodies = Organisation.objects.filter(valid_to=None)
    if row.organisation:
        return bodies.filter(pk=row.organisation).first()
    whole = prefix_of(region)
    places = [whole[:n].ljust(6, "0") for n in DEPTHS if n <= len(whole)]
    near = bodies.filter(line_id=row.line, region__in=places).exclude(kind=Organisation.Kind.ENTERPRISE)
    return max(near, key=lambda body: (len(prefix_of(body.region_id)), -body.pk), default=None)


def _to(decision: Decision) -> str:
    return decision.row.to if decision.row else "派单员决定"


def _with(rows: Sequence[Row]) -> Table:
    """The table with `rows` in it; each ends the row of the same matter and place from its first day on."""
    ends = {(row.category, row.region): row.valid_from for row in rows}
    kept = [
        row
        for (category, region), found in table().items()
        for row in found
        if (category, region) not in ends or row.valid_from < ends[category, region]
    ]
    return table_of([*rows, *kept])
