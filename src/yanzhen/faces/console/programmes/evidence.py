"""What a condition rests on, as people read it: the record by its name, with the way to it for who may see it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from yanzhen.domains.craftsmen.queries.people import sanctions
from yanzhen.engines.honours import queries as honours
from yanzhen.faces import registers
from yanzhen.foundation.models import Account

CODED = re.compile(r"([a-z_]+\.[a-z_]+)#(\d{1,18})", re.ASCII)


class Kind(NamedTuple):
    label: Any
    seen_by: Callable[[Account], QuerySet[Any]]
    named: Callable[[Any], str]
    way: Callable[[Any], str]


class Evidence(NamedTuple):
    """`href` is "" where the reader may not open the record, and then its name is not told either."""

    text: str
    href: str = ""


KINDS = {
    "foundation.person": Kind(
        _("人员记录"), registers.people, str, lambda row: reverse("console:person", args=[row.pk])
    ),
    "foundation.organisation": Kind(
        _("单位记录"), registers.organisations, str, lambda row: reverse("console:organisation", args=[row.pk])
    ),
    "honours.honour": Kind(
        _("荣誉记录"), honours.register, lambda row: f"{row.declared.label} {row.number}",
        lambda row: reverse("console:detail", args=["honours", row.number]),
    ),
    "craftsmen.sanction": Kind(
        _("处分核查记录"), sanctions, lambda row: f"{row.get_kind_display()} {row.starts_on}",
        lambda _row: reverse("console:sanctions"),
    ),
}  # fmt: skip
"""By the code with which a rule names a record."""


def evidence(said: str, account: Account) -> Evidence:
    """Return what stands for `said`; words that a person wrote stay as they are."""
    coded = CODED.fullmatch(said)
    kind = KINDS.get(coded[1]) if coded else None
    if coded is None or kind is None:
        return Evidence(said)
    row = kind.seen_by(account).filter(pk=int(coded[2])).first()
    label = gettext(kind.label)
    return Evidence(f"{label} {kind.named(row)}", kind.way(row)) if row else Evidence(label)
