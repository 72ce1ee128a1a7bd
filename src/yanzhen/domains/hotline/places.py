"""Where a call comes from, as far as its numbers and its words tell. A guess is shown as one, with its reason."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from yanzhen.domains.hotline.models import Case
from yanzhen.foundation import crypto
from yanzhen.foundation.models import Region

AREA_CODES = Path(__file__).parent / "data" / "area_codes.csv"
"""The long-distance codes of Shandong's cities (national numbering plan). General knowledge, grade C: a hint only."""
AREA = re.compile(r"^(0\d{3})\d{3,}")


@dataclass(frozen=True, slots=True)
class Guess:
    """A region code and the sentence that says why it is thought of."""

    region: str
    why: str


def guess_region(caller: str, called: str, *, text: str = "") -> Guess | None:
    """Return where the matter probably lies, the surest sign first; None where nothing tells.

    Named in `text`; the caller's last case; the area code of a fixed line; the area code before the number dialled.
    Numbers are as people dial them, "0531-12351" too.
    """
    return _named(text) or _earlier(caller) or _by_area(caller, "来电区号") or _by_area(called, "被叫区号")


def digits_of(number: str) -> str:
    """Return the digits of a telephone number as dialled in the country: no +86, no separators."""
    return re.sub(r"^(\+|00)86", "", re.sub(r"[^\d+]", "", number))


def _named(text: str) -> Guess | None:
    """The longest name of a region in force that stands in `text`; of equals the smaller region."""
    if not text:
        return None
    found = [
        (len(name), len(code.rstrip("0")), code, name) for name, code in _names().items() if name in text
    ]
    if not found:
        return None
    *_, code, name = max(found)
    return Guess(code, f"内容中提到“{name}”")


def _earlier(caller: str) -> Guess | None:
    """The place alone: who takes the call may be a stranger to the case. A secret case lends not even that."""
    digits = digits_of(caller)
    if len(digits) < 7:
        return None
    hashed = crypto.keyed_hash(digits, purpose="phone")
    rows = Case.objects.filter(phone_hash=hashed, secret=False).order_by("-received_at")
    last = rows.select_related("region").first()
    return Guess(last.region_id, f"该号码上次的诉求属地为{last.region}") if last else None


def _by_area(number: str, label: str) -> Guess | None:
    area = AREA.match(digits_of(number))
    known = _area_codes().get(area.group(1)) if area else None
    if known is None or area is None:
        return None
    prefix, name = known
    return Guess(f"{prefix}00", f"{label} {area.group(1)} 为{name}")


@cache
def _area_codes() -> Mapping[str, tuple[str, str]]:
    with AREA_CODES.open(encoding="utf-8", newline="") as file:
        return {row["area_code"]: (row["prefix"], row["name"]) for row in csv.DictReader(file)}


def _names() -> dict[str, str]:
    """Names of cities and counties in force by which people call them, with their codes; names that two share are out."""
    rows = Region.objects.filter(valid_to=None, level__in=("city", "county"))
    called = {
        (name, code)
        for code, full, short in rows.values_list("code", "name", "short")
        for name in (full, short)
        if len(name) > 1
    }
    times = Counter(name for name, _ in called)
    return {name: code for name, code in called if times[name] == 1}
