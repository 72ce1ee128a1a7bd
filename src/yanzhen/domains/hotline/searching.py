"""What of a case is searched: its texts, its number by how it begins, the caller's phone by number or last digits."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

from django.db import transaction
from django.db.models import Q

from yanzhen.domains.hotline.models import Case
from yanzhen.engines.search.codes import code_of, forget_codes, having_code, note_codes
from yanzhen.engines.search.declare import SEARCHABLES, Searchable
from yanzhen.foundation import crypto
from yanzhen.foundation.people.numbers import FIXED, MOBILE

NUMBER = re.compile(r"GD-?\d[\d-]*[A-Z]?", re.ASCII | re.IGNORECASE)
"""How a case number begins; a whole one is longer."""
BATCH = 2000
TAIL = re.compile(r"\d{4}", re.ASCII)


def by_number(text: str) -> Q | None:
    """A range and no LIKE: under row-level security an index serves only operators that can not leak."""
    if not NUMBER.fullmatch(text):
        return None
    first = text.upper()
    return Q(number__gte=first, number__lt=first[:-1] + chr(ord(first[-1]) + 1))


def by_phone(text: str) -> Q | None:
    if MOBILE.fullmatch(text) or FIXED.fullmatch(text):
        return Q(phone_hash=crypto.keyed_hash(text, purpose="phone"))
    return Q(pk__in=having_code(CASES, tail_code(text))) if TAIL.fullmatch(text) else None


def tail_code(phone: str) -> int:
    return code_of(phone[-4:], purpose="phone.tail")


def note_again() -> None:
    """Keep the codes of all cases that left a phone, from what is sealed on them; by batches, each in a transaction."""
    left = Case.objects.filter(caller_cipher__isnull=False, phone_hash__isnull=False)
    last = 0
    while cases := list(left.filter(pk__gt=last).order_by("pk")[:BATCH]):
        last = cases[-1].pk
        with transaction.atomic():
            forget_codes(CASES, [case.pk for case in cases])
            note_phones((case, _phone(case)) for case in cases)


def _phone(case: Case) -> str:
    words: dict[str, str] = json.loads(crypto.open_(bytes(case.caller_cipher or b""), context=case.number))
    return words["phone"]


CASES = SEARCHABLES.add(
    Searchable(
        code="hotline.case",
        model=Case,
        fields=("title", "body", "employer", "place", "reply"),
        elsewhere=by_phone,
        instead=by_number,
        note_again=note_again,
    )
)


def note_phones(cases: Iterable[tuple[Case, str]]) -> None:
    """Keep the codes of the last digits of the phones that new cases were given; "" is no phone."""
    note_codes(CASES, [(case.pk, tail_code(phone)) for case, phone in cases if phone])
