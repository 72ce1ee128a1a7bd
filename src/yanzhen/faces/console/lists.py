"""The list of a desk: boxes and saved views as tabs, filters as a plain GET form, pages by key, an export."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from urllib.parse import unquote

from django.contrib import messages
from django.db.models import QuerySet
from django.http import FileResponse, HttpRequest, HttpResponse, QueryDict
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from yanzhen.engines.procedures.models import Subject
from yanzhen.engines.procedures.queries import INBOXES
from yanzhen.engines.search.finding import LEAST_NEAR, Found
from yanzhen.faces.console import table, views
from yanzhen.faces.console.cells import WITHHELD, shown
from yanzhen.faces.console.desk import Column, Desk
from yanzhen.faces.console.keys import CAP, Order, count_of, page_of
from yanzhen.faces.console.models import SavedView
from yanzhen.faces.console.pages import look_at_list, page, see_other, show
from yanzhen.faces.http import NUL, AccountRequest, Malformed
from yanzhen.foundation.errors import Invalid
from yanzhen.foundation.models import Account
from yanzhen.foundation.sheets import write_rows

Exported = str | date | Decimal | int | None
ALL = "all"
ORDERS = {
    "new": Order("started_at", "最新登记在前", descending=True),
    "due": Order("due_at", "时限近的在前", nullable=True),
}
MOST_EXPORTED = 50_000
NUMBER = Column("number")
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True, slots=True)
class Tab:
    label: str
    url: str
    active: bool
    view: int | None = None
    """Id of the saved view that it opens."""


@page("GET", "HEAD")
def listing(request: AccountRequest, desk: Desk) -> HttpResponse:
    query, form = narrowed(request, desk, request.GET)
    box = box_of(request.GET)
    order = order_of(request.GET)
    known = _known_count(form, box)
    found = page_of(query, ORDERS[order], cursor=request.GET.get("cursor", ""), counted=known is None)
    here = without(request.GET, "cursor").urlencode()
    saved = views.of(request.user, desk)
    sought = sought_in(form)
    moves = [move for move in desk.bulk_moves if request.user.reaches(move.right)]
    listed = table.lines(desk, found.rows, request.user, sought)
    _look_at_excerpts(request, desk, found.rows, listed)
    return show(
        request,
        "console/list.html",
        {
            "desk": desk,
            "first": [form[name] for name in desk.filters.first],
            "more": [field for field in form if field.name not in desk.filters.first],
            "more_open": order_named(request.GET)
            or any(f.data for f in form if f.name not in desk.filters.first),
            "lines": listed,
            "rows": table.rows(desk, listed, picks=bool(moves)),
            "near": bool(sought and sought.near and listed),
            "shortest": LEAST_NEAR if sought and sought.literal else 0,
            "columns": [(c, desk.label_of(c)) for c in desk.columns],
            "tabs": _tabs(desk, saved, box, here),
            "box": box,
            "order": order,
            "orders": [(name, gettext(o.label)) for name, o in ORDERS.items()],
            "count": known if known is not None else found.count,
            "cap": CAP,
            "query": here,
            "filtered": any(form.cleaned_data.values()) if form.is_valid() else True,
            "previous": with_(request.GET, cursor=found.previous) if found.previous else "",
            "following": with_(request.GET, cursor=found.following) if found.following else "",
            "registers": bool(desk.register and request.user.reaches(desk.register_right)),
            "moves": moves,
        },
        status=200 if form.is_valid() else 422,
    )


@page("GET", "HEAD")
def export(request: AccountRequest, desk: Desk) -> HttpResponse | FileResponse:
    """Hand over exactly what is filtered, each under its number, in the columns of the list."""
    query, form = narrowed(request, desk, request.GET)
    if not form.is_valid():
        return listing(request, desk)  # type: ignore[return-value]  # the page that says what is wrong
    order = ORDERS[order_of(request.GET)]
    sign = "-" if order.descending else ""
    rows = query.order_by(f"{sign}{order.field}", f"{sign}pk")
    if count_of(rows, MOST_EXPORTED) > MOST_EXPORTED:
        raise Invalid(f"筛选结果超过 {MOST_EXPORTED:,} 件，请缩小范围后分次导出")
    out = tempfile.TemporaryFile()  # noqa: SIM115  # the response closes it
    told: list[int] = []
    heads = [desk.label_of(c) for c in (NUMBER, *desk.columns)]
    write_rows(out, heads, _exported(desk, rows, request.user, told))
    look_at_list(request, desk, told, by="export")
    out.seek(0)
    name = f"{desk.label}-{timezone.localdate():%Y%m%d}.xlsx"
    return FileResponse(out, as_attachment=True, filename=name, content_type=XLSX)


@page("POST")
def save_view(request: AccountRequest, desk: Desk) -> HttpResponse:
    query = without(query_of(request), "cursor")
    views.save(request.user, desk, name=request.POST.get("name", ""), query=query)
    messages.success(request, gettext("已存为视图"))
    return see_other(f"{reverse('console:list', args=[desk])}?{query.urlencode()}")


@page("POST")
def drop_view(request: AccountRequest, desk: Desk, pk: int) -> HttpResponse:
    views.drop(request.user, desk, pk)
    messages.success(request, gettext("视图已删除"))
    return see_other(reverse("console:list", args=[desk]))


def narrowed(request: HttpRequest, desk: Desk, query: QueryDict) -> tuple[QuerySet[Any], Any]:
    """Return what the account may see, narrowed by box and filters, and the form; nothing where that is wrong."""
    box = box_of(query)
    rows = desk.query(request.user)  # type: ignore[arg-type]  # past login_required
    if box != ALL:
        inbox = next(i for i in INBOXES if i.code == box)
        rows = inbox.query(desk.model, request.user)
    found = desk.filters(query, queryset=rows, request=request)
    return (found.qs if found.form.is_valid() else rows.none()), found.form


def _look_at_excerpts(
    request: AccountRequest, desk: Desk, rows: Sequence[Subject], listed: Sequence[table.Line]
) -> None:
    quoted = {line.pk for line in listed if line.excerpt}
    secret = [row.pk for row in rows if row.pk in quoted and desk.secret(row)]
    look_at_list(request, desk, secret, by="excerpt")


def sought_in(form: Any) -> Found | None:
    """Return what the words of the filters found, where the desk's texts are searched by the engine."""
    words = form.cleaned_data.get("q") if form.is_valid() else None
    return words if isinstance(words, Found) else None


def _known_count(form: Any, box: str) -> int | None:
    """Return the number of rows that common words alone have, which would cost to count: more than the cap. None for all else."""
    sought = sought_in(form)
    if sought and sought.common and box == ALL and sum(map(bool, form.cleaned_data.values())) == 1:
        return CAP + 1
    return None


def query_of(request: HttpRequest) -> QueryDict:
    """Return the query that a form carries along; raises Malformed for what no address may hold."""
    text = request.POST.get("query", "")
    if NUL in unquote(text):
        raise Malformed("筛选条件中含有空字符（U+0000），请重新筛选")
    return QueryDict(text)


def box_of(query: QueryDict) -> str:
    box = query.get("box", ALL)
    return box if box in {inbox.code for inbox in INBOXES} else ALL


def order_named(query: QueryDict) -> bool:
    """Tell whether the list is in another order than its box has by itself."""
    return order_of(query) != order_of(without(query, "order"))


def order_of(query: QueryDict) -> str:
    order = query.get("order", "due" if box_of(query) == INBOXES[0].code else "new")
    return order if order in ORDERS else "new"


def without(query: QueryDict, *names: str) -> QueryDict:
    """Return a copy without `names` and without what was left empty."""
    kept = query.copy()
    for name in list(kept):
        if name in names or not kept.get(name):
            del kept[name]
    return kept


def with_(query: QueryDict, **changes: str) -> str:
    changed = without(query, *changes)
    for name, value in changes.items():
        changed[name] = value
    return changed.urlencode()


def _tabs(desk: Desk, saved: list[SavedView], box: str, here: str) -> list[Tab]:
    """Return the boxes and then the saved views; `here` is the query of the list that is open."""
    home = reverse("console:list", args=[desk])
    inside = any(view.query == here for view in saved)
    boxes = [(inbox.code, inbox.label) for inbox in INBOXES] + [(ALL, "全部")]
    tabs = [Tab(gettext(label), f"{home}?box={code}", code == box and not inside) for code, label in boxes]
    return tabs + [Tab(v.name, f"{home}?{v.query}", v.query == here, v.pk) for v in saved]


def _exported(desk: Desk, rows: QuerySet[Any], account: Account, told: list[int]) -> Iterator[list[Exported]]:
    """Yield the cells of each row; the ids of secret ones whose title is among them go to `told`."""
    for row in rows.iterator(chunk_size=2000):
        hidden = desk.hidden(account, row)
        if desk.secret(row) and desk.title not in hidden:
            told.append(row.pk)
        yield [
            row.number,
            *(gettext(WITHHELD) if c.name in hidden else exported_cell(row, c) for c in desk.columns),
        ]


def exported_cell(row: Subject, column: Column) -> Exported:
    """Return dates and numbers as such, so that a spreadsheet can sort and add them; what is unknown stays empty."""
    if column.hint == "state":
        return row.stage.label
    value = getattr(row, column.name)
    plain = value is None or isinstance(value, date | Decimal | int)
    return value if plain and not isinstance(value, bool) else shown(row, column.name)
