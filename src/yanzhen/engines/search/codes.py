"""Look up whole what is kept nowhere in clear, such as the last digits of a phone: by a keyed hash of 32 bits.

Who reads the table without the master key sees which subjects have the same code, not what it stands for.
"""

from __future__ import annotations

from collections.abc import Sequence

from yanzhen.engines.search.declare import Searchable
from yanzhen.engines.search.models import Code
from yanzhen.foundation import crypto
from yanzhen.foundation.bulk import copy_in

MOST = 5000


def code_of(value: str, *, purpose: str) -> int:
    """Return the code of `value`; different values share one once in four thousand million times."""
    return int.from_bytes(crypto.keyed_hash(value, purpose=purpose)[:4], "big", signed=True)


def note_codes(searchable: Searchable, codes: Sequence[tuple[int, int]]) -> None:
    """Keep (subject id, code) pairs of subjects that have none yet. Call it in a transaction."""
    rows = [Code(kind=searchable.code, code=code, subject_id=pk) for pk, code in codes]
    if len(rows) == 1:
        rows[0].save(force_insert=True)
    else:
        copy_in(Code, rows)


def forget_codes(searchable: Searchable, ids: Sequence[int]) -> None:
    Code.objects.filter(kind=searchable.code, subject_id__in=ids).delete()


def having_code(searchable: Searchable, code: int) -> list[int]:
    """Return the ids of those that have `code`, in the connection's reach, at most MOST."""
    rows = Code.objects.filter(kind=searchable.code, code=code)
    return list(rows.values_list("subject_id", flat=True)[:MOST])
