"""Double entry: sheets to be typed in from paper by a second person, and those on which a third decides."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext

from yanzhen.engines.programmes.panels import entries
from yanzhen.engines.programmes.panels.actions import marking
from yanzhen.engines.programmes.panels.entries import Typed
from yanzhen.engines.programmes.panels.models import Sheet
from yanzhen.engines.programmes.scoring.criteria import Aspect
from yanzhen.engines.programmes.scoring.marks import plain
from yanzhen.faces.console.pages import attempt, page, see_other, sent, show
from yanzhen.faces.console.panels.frame import ENTRIES, WAYS, round_or_404, show_tab
from yanzhen.faces.console.panels.progress import SIZE, asked_page
from yanzhen.faces.console.panels.sheet import NOT_APPLICABLE, OPINION, SheetForm, lines_of
from yanzhen.faces.http import AccountRequest


@page("GET", "HEAD")
def listing(request: AccountRequest, pk: int) -> HttpResponse:
    round_ = round_or_404(request, pk)
    asked = request.GET.get("box", "")
    box = asked if asked in entries.BOXES else entries.TYPE
    number = asked_page(request)
    rows = list(entries.boxed(round_, box)[(number - 1) * SIZE : number * SIZE + 1])
    context = {
        "box": box,
        "boxes": [
            (code, label, entries.boxed(round_, code).count()) for code, label in entries.BOXES.items()
        ],
        "rows": rows[:SIZE],
        "previous": f"box={box}&page={number - 1}" if number > 1 else "",
        "following": f"box={box}&page={number + 1}" if len(rows) > SIZE else "",
    }
    return show_tab(request, "console/marking/entries.html", context, round_=round_, tab=ENTRIES[0])


@page(*WAYS)
def one(request: AccountRequest, pk: int, assignment: int) -> HttpResponse:
    """One sheet: the second typing, or, with both entries side by side, what a third decides."""
    round_ = round_or_404(request, pk)
    typed = entries.typed(round_, assignment, request.user)
    if typed is None or entries.stage_of(round_) is None:
        raise Http404
    aspects = round_.programme.criteria.applying(typed.assignment.application.track)
    form = SheetForm(aspects, sent(request))
    form.initial = _agreed(typed)
    status = 200
    if form.is_bound:
        entry = typed.entry or marking.SECOND
        filed: list[marking.Filed] = []
        refusal = attempt(
            form,
            lambda given: filed.append(
                marking.file(
                    typed.assignment, form.marks(), actor=request.user, opinion=given[OPINION], entry=entry
                )
            ),
        )
        if refusal is None:
            messages.success(request, _said(filed[0], entry))
            return see_other(reverse("console:entries", args=[pk]))
        status = refusal.status
    context = {
        "round": round_, "typed": typed, "form": form, "rows": _beside(typed, aspects),
        "settling": typed.entry == marking.SETTLING,
    }  # fmt: skip
    return show(request, "console/marking/entry.html", context, status=status)


def _said(filed: marking.Filed, entry: int) -> str:
    if entry == marking.SETTLING:
        return gettext("已裁定")
    return gettext("已录入。两份不一致，请第三人裁定") if filed.differs else gettext("已录入")


def _agreed(typed: Typed) -> dict[str, Any]:
    """What both entries say alike, to begin a decision with; nothing for a second typing."""
    if typed.entry != marking.SETTLING:
        return {}
    apart = {found.aspect for found in typed.differs}
    agreed = [mark for mark in marking.given_of(typed.sheets[0]) if mark.aspect not in apart]
    values = {mark.aspect: plain(mark.value) for mark in agreed if mark.value is not None}
    return values | {NOT_APPLICABLE + mark.aspect: mark.reason for mark in agreed if mark.reason}


def _beside(typed: Typed, aspects: tuple[Aspect, ...]) -> list[tuple[Aspect, list[Any], bool]]:
    """Return by aspect what each entry says, and whether the first two differ."""
    columns = [_by_aspect(sheet, aspects) for sheet in typed.sheets]
    apart = {found.aspect for found in typed.differs}
    return [(a, [column[a.code] for column in columns], a.code in apart) for a in aspects if columns]


def _by_aspect(sheet: Sheet, aspects: tuple[Aspect, ...]) -> dict[str, Any]:
    return {line["aspect"].code: line for line in lines_of(sheet, aspects)}
