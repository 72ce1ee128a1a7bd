"""Articles and wordings that ship with the product. Text that staff changed stays; what they retired stays retired.

Articles arrive as drafts: an editor of the province submits them, a reviewer puts them in force. So that somebody
answers for what callers are told.
"""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path
from typing import Any

from django.conf import settings

from yanzhen.domains.hotline.knowledge.actions import draft_article
from yanzhen.domains.hotline.knowledge.models import Article, Macro, ReplyTemplate, Script, Wording
from yanzhen.foundation.models import Line, Region

DATA = Path(__file__).parent / "data"
LINE = "union"


def load() -> int:
    """Add what is not there yet to the province; return how many rows were added."""
    region, line = Region.objects.get(code=settings.PROVINCE), Line.objects.get(code=LINE)
    place = {"region": region, "line": line}
    wordings = _wordings(Script, "scripts.csv", place) + _wordings(ReplyTemplate, "templates.csv", place)
    return _articles(place) + wordings + _macros(region)


def _articles(place: dict[str, Any]) -> int:
    rows = _missing(Article, "articles.csv")
    for row in rows:
        begins = date.fromisoformat(row["valid_from"])
        article = Article(**place, **_pointing(row) | {"valid_from": begins})
        draft_article(article, actor=None, note="随产品载入，审核后发布")
    return len(rows)


def _wordings(model: type[Wording], name: str, place: dict[str, Any]) -> int:
    rows = _missing(model, name)
    model._default_manager.bulk_create([model(**place, **_pointing(row)) for row in rows])
    return len(rows)


def _macros(region: Region) -> int:
    """A shared macro that was dropped does not come back: they ship into an empty list alone."""
    if Macro.objects.filter(region=region).exists():
        return 0
    return len(Macro.objects.bulk_create([Macro(region=region, **row) for row in _rows("macros.csv")]))


def _missing(model: type[Article] | type[Wording], name: str) -> list[dict[str, str]]:
    """Return the shipped rows of which there is no copy here, edited or not."""
    known = set(model._default_manager.exclude(shipped="").values_list("shipped", flat=True))
    return [row for row in _rows(name) if row["shipped"] not in known]


def _rows(name: str) -> list[dict[str, str]]:
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _pointing(row: dict[str, str]) -> dict[str, Any]:
    """Return the row with its category as the id of one; empty is none."""
    return {
        **{name: text for name, text in row.items() if name != "category"},
        "category_id": row["category"] or None,
    }
