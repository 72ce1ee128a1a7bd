"""People: their numbers are checked, encrypted, looked up by a keyed hash, masked, and shown in full for a reason."""

from yanzhen.foundation.people.masks import mask_id_number, mask_name, mask_phone
from yanzhen.foundation.people.numbers import (
    IdNumber,
    id_number_problem,
    phone_problem,
    plain_phone,
    read_id_number,
)
from yanzhen.foundation.people.registry import (
    REVEALABLE,
    employ,
    end_employment,
    find_by_id_number,
    find_by_id_numbers,
    find_by_phone,
    register_person,
    reveal,
    with_number,
)

__all__ = [
    "REVEALABLE",
    "IdNumber",
    "employ",
    "end_employment",
    "find_by_id_number",
    "find_by_id_numbers",
    "find_by_phone",
    "id_number_problem",
    "mask_id_number",
    "mask_name",
    "mask_phone",
    "phone_problem",
    "plain_phone",
    "read_id_number",
    "register_person",
    "reveal",
    "with_number",
]
