"""The routing table as it is looked up. It is kept in the process, so that intake asks the database nothing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from django.db.models.signals import post_delete, post_save
from django.utils import timezone

from yanzhen.domains.hotline.models import Case, Category
from yanzhen.domains.hotline.routing.models import Route
from yanzhen.domains.hotline.routing.rules import Decision, Row, Table, decide, table_of
from yanzhen.foundation.calendar.held import Held, fingerprint_of
from yanzhen.foundation.scope import prefix_of


def table() -> Table:
    """Return all rows; fresh to 5 s."""
    return _KEPT.get()[0]


def names() -> Mapping[str, str]:
    """Return the names of all categories by code, also of those withdrawn; fresh to 5 s."""
    return _KEPT.get()[1]


def find(region: str, category: str, *, on: date) -> Decision:
    """Return the route of a matter on a day. No statement while the table is fresh (5 s)."""
    kept, called = _KEPT.get()
    return decide(kept, region, category, on=on, names=called)


def explained(case: Case) -> dict[str, object]:
    """Return what the table says of a case today, for the record of the decision: the row's id and the reasons."""
    found = find(case.region_id, case.category_id or "", on=timezone.localdate())
    return {"route": found.row.pk if found.row else None, "reasons": list(found.why)}


def row_of(route: Route) -> Row:
    to = route.organisation.name if route.organisation else f"{route.line.name}条线属地单位"
    return Row(
        pk=route.pk or 0,
        region=prefix_of(route.region_id),
        category=route.category,
        valid_from=route.valid_from,
        valid_to=route.valid_to,
        line=route.line_id,
        organisation=route.organisation_id,
        to=to,
        source=route.source,
        place=str(route.region),
    )


def forget(**_: object) -> None:
    _KEPT.forget()


def _read() -> tuple[Table, Mapping[str, str]]:
    routes = Route.objects.select_related("region", "line", "organisation")
    return table_of(row_of(route) for route in routes), dict(Category.objects.values_list("code", "name"))


_KEPT: Held[tuple[Table, Mapping[str, str]]] = Held(
    _read, fingerprint_of("select * from routing_route", "select * from hotline_category"), seconds=5
)
for signal in (post_save, post_delete):
    for model in (Route, Category):
        signal.connect(forget, sender=model, dispatch_uid=f"routes-{id(signal)}-{model.__name__}")
