"""The skills that ship with the product; an installation names its own beside them."""

from __future__ import annotations

import csv
from pathlib import Path

from yanzhen.domains.hotline.rosters.models import Skill

DATA = Path(__file__).parent / "data" / "skills.csv"
GENERAL = "general"
"""What a call needs that asks for nothing else; whoever is on duty for it takes every call at the last."""


def load() -> int:
    """Add the shipped skills that are not there yet; what was edited stays. Return how many there are."""
    with DATA.open(encoding="utf-8", newline="") as file:
        rows = [Skill(**{**row, "proven": row["proven"] == "true"}) for row in csv.DictReader(file)]
    Skill.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)
