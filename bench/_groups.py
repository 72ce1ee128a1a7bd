"""How well clusters meet groups that people labelled: tests/engines/data/README.md says how groups and score are made."""

from __future__ import annotations

import csv
import hashlib
import io
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

import zstandard

ROOT = Path(__file__).parents[1]
LABELS = ROOT / "tests" / "engines" / "data" / "place_and_affair.csv"
MESSAGES = ROOT.parent / "shared" / "data" / "text" / "teddy_hotspot_messages.csv.zst"
BIG, SMALL = 5, 3
ZONE = ZoneInfo("Asia/Shanghai")


class Message(NamedTuple):
    id: int
    user: str
    title: str
    body: str
    at: datetime


class Score(NamedTuple):
    recall: float
    purity: float
    f1: float


def messages() -> list[Message]:
    """Return the real messages, the oldest first."""
    text = zstandard.ZstdDecompressor().stream_reader(MESSAGES.read_bytes()).read().decode()
    found = [
        Message(
            int(row["id"]),
            row["user"],
            row["title"].strip(),
            row["body"].strip(),
            datetime.fromisoformat(row["time"]).replace(tzinfo=ZONE),
        )
        for row in csv.DictReader(io.StringIO(text))
    ]
    return sorted(found, key=lambda m: (m.at, m.id))


def groups(least: int) -> dict[str, set[int]]:
    """Return the labelled groups of at least so many messages."""
    found: dict[str, set[int]] = defaultdict(set)
    with LABELS.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            found[row["group"]].add(int(row["id"]))
    return {name: ids for name, ids in found.items() if len(ids) >= least}


def held_out(name: str) -> bool:
    """Tell whether the group was kept from tuning."""
    return int(hashlib.sha256(name.encode()).hexdigest(), 16) % 2 == 1


def score(clusters: Mapping[int, int], wanted: Iterable[set[int]]) -> Score:
    """Return the means over groups; `clusters` gives the cluster of each message."""
    sizes = Counter(clusters.values())
    each = []
    for group in wanted:
        held = Counter(clusters[one] for one in group)
        cluster, common = min(held.items(), key=lambda pair: (-pair[1], sizes[pair[0]]))
        recall, purity = common / len(group), common / sizes[cluster]
        each.append(Score(recall, purity, 2 * recall * purity / (recall + purity)))
    return Score(*(sum(values) / len(each) for values in zip(*each, strict=True)))
