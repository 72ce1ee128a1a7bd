"""The category tree that ships with the product; an installation may retire leaves and add its own."""

from __future__ import annotations

import csv
from pathlib import Path

from yanzhen.domains.hotline.models import Category

DATA = Path(__file__).parent / "data" / "categories.csv"


def load() -> int:
    """Add the shipped categories that are not there yet; names that were edited stay. Return how many there are."""
    with DATA.open(encoding="utf-8", newline="") as file:
        rows = [Category(**row) for row in csv.DictReader(file)]
    Category.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)
