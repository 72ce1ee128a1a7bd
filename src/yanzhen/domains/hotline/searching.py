"""What of a case is searched: its texts, its number by how it begins or ends, the caller's phone by number or last digits."""

from __future__ import annotations

import re

from django.db.models import Q

from yanzhen.domains.hotline.models import Case
from yanzhen.domains.hotline.places import digits_of
from yanzhen.domains.hotline.secrecy import caller_told
from yanzhen.engines.search.declare import SEARCHABLES, Searchable
from yanzhen.foundation import crypto, numbering
from yanzhen.foundation.people import phone_problem, plain_phone

NUMBER = re.compile(r"GD-?\d[\d-]*[A-Z]?", re.ASCII | re.IGNORECASE)
"""How a case number begins; a whole one is longer."""
ENDING = re.compile(r"([\d-]*\d{5})(?:-[\dA-Z])?", re.ASCII | re.IGNORECASE)
"""Digits of a number from anywhere on, with or without its check character."""
SHORTEST_ENDING = 6
TAIL = re.compile(r"\d{4}", re.ASCII)


def by_number(text: str) -> Q | None:
    """A range and no LIKE: under row-level security an index serves only operators that can not leak."""
    if not NUMBER.fullmatch(text):
        return None
    first = text.upper()
    return Q(number__gte=first, number__lt=first[:-1] + chr(ord(first[-1]) + 1))


def by_digits(text: str) -> Q | None:
    """The caller's phone, or a case by the digits with which its number ends: whole numbers by equality, as LIKE has no index."""
    tail = ENDING.fullmatch(text)
    digits = tail[1].replace("-", "") if tail else ""
    numbers = numbering.numbers_ending(digits, prefix="GD") if len(digits) >= SHORTEST_ENDING else []
    found = Q(number__in=numbers) if numbers else None
    phone = by_phone(text)
    return phone | found if phone and found else phone or found


def by_phone(text: str) -> Q | None:
    """The caller's phone, as people write it, or its last four digits."""
    number = plain_phone(text)
    if phone_problem(number) is None:
        return Q(phone_hash=crypto.keyed_hash(digits_of(number), purpose="phone"))
    return Q(phone_tail_code=tail_code(text)) if TAIL.fullmatch(text) else None


def tail_code(phone: str) -> int:
    """Return the code of the last four digits: a keyed hash of 32 bits, in place of digits that ten thousand tries tell."""
    hashed = crypto.keyed_hash(phone[-4:], purpose="phone.tail")
    return int.from_bytes(hashed[:4], "big", signed=True)


CASES = SEARCHABLES.add(
    Searchable(
        code="hotline.case",
        model=Case,
        fields=("title", "body", "employer", "place", "reply"),
        elsewhere=by_digits,
        openly=caller_told,
        instead=by_number,
    )
)
