"""Checks an export of the records without the product: Python 3.9 or later and nothing else.

    python3 verify_records.py [FOLDER] [--outside FILE ...] [--key KEY_ID]

FOLDER is the export, the script's own folder by default. `--outside` names copies of the checkpoints that were
kept elsewhere: only they show that the end was cut off. `--key` is the signing key's id as told to you by another
way than the export. Ends with 0 if all is well, 1 if something was found, 2 if the export can not be read.

The live check of the product (`verify.py`) runs the same `check` on the database's rows.
"""

from __future__ import annotations

import argparse
import gzip
import json
import sys
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain, islice
from pathlib import Path
from typing import Any

from yanzhen.foundation.records.proof import (
    PURPOSE,
    SIGNED,
    ZERO,
    Tree,
    checkpoint_digest,
    leaf_hash,
    signature_is_good,
)

TIME = "%Y-%m-%dT%H:%M:%S.%fZ"
LATE = timedelta(hours=1)
"""How far a record's time may lie outside the time between its checkpoint and the one before: clocks of two
servers around a failover, and statements that ran for long."""


@dataclass(frozen=True)
class Finding:
    """Something that is not as it was sealed."""

    kind: str
    message: str
    checkpoint: int | None = None
    record: int | None = None


@dataclass(frozen=True)
class LeafRow:
    """One leaf and the record it stands for; `line` None: the record is gone."""

    checkpoint: int
    position: int
    record: int
    digest: bytes
    line: bytes | None
    tx: int = 0
    at: str = ""


# ---- the check ----


def check(
    checkpoints: Iterable[Mapping[str, Any]], leaves: Iterable[LeafRow], keys: Mapping[str, Mapping[str, str]]
) -> Iterator[Finding]:
    """Compare the chain of checkpoints with leaves and records; both in their order. Holds one row at a time.

    A checkpoint is a mapping of the names in `SIGNED` with `digest` and `signature`, bytes as hex. `keys` gives
    for a key id {"algorithm": ..., "public": hex}.
    """
    rows = iter(leaves)
    ahead = next(rows, None)
    previous, total, since, clock = ZERO, 0, "", 0
    for point in checkpoints:
        yield from _check_link(point, previous, total, keys)
        while ahead and ahead.checkpoint < point["id"]:
            yield Finding("leaf_without_checkpoint", "树叶所属的检查点不存在", ahead.checkpoint, ahead.record)
            ahead = next(rows, None)
        tree, newest, restarted = Tree(), 0, False
        earliest, latest = _bounds(since, point["at"])
        while ahead and ahead.checkpoint == point["id"]:
            yield from _check_leaf(ahead, tree, earliest, latest)
            restarted = restarted or (ahead.line is not None and ahead.tx < max(clock, newest))
            newest = max(newest, ahead.tx)
            ahead = next(rows, None)
        if restarted:
            yield Finding(
                "late",
                "检查点内有事务号早于已封存记录的记录：事后补入，或数据库曾由逻辑备份恢复",
                point["id"],
            )
        yield from _check_root(point, tree)
        clock = newest if restarted or newest > clock else clock
        previous, total, since = bytes.fromhex(point["digest"]), point["total"], point["at"]
    for row in chain([ahead] if ahead else [], rows):
        yield Finding("leaf_without_checkpoint", "树叶所属的检查点不存在", row.checkpoint, row.record)


def _check_link(
    point: Mapping[str, Any], previous: bytes, total: int, keys: Mapping[str, Mapping[str, str]]
) -> Iterator[Finding]:
    if bytes.fromhex(point["previous"]) != previous:
        yield Finding("chain_broken", "与上一检查点不衔接：中间有检查点被删除、替换或改动", point["id"])
    if point["total"] != total + point["size"]:
        yield Finding("total_wrong", "累计记录数与上一检查点不衔接", point["id"])
    digest = checkpoint_digest(point)
    if digest.hex() != point["digest"]:
        yield Finding("checkpoint_changed", "检查点内容与其摘要不符：检查点被改动", point["id"])
    key = keys.get(point["key_id"])
    if key is None:
        yield Finding("key_unknown", f"检查点由未知密钥 {point['key_id']} 签名", point["id"])
    elif not signature_is_good(
        key["algorithm"], bytes.fromhex(key["public"]), PURPOSE + digest, bytes.fromhex(point["signature"])
    ):
        yield Finding("signature_wrong", "检查点签名不成立", point["id"])


def _check_leaf(row: LeafRow, tree: Tree, earliest: str, latest: str) -> Iterator[Finding]:
    if row.position != tree.size:
        yield Finding("leaf_missing", f"缺少第 {tree.size} 片树叶", row.checkpoint, row.record)
    digest = row.digest if row.line is None else leaf_hash(row.line)
    tree.add(digest)
    if row.line is None:
        yield Finding("record_missing", "已封存的记录被删除", row.checkpoint, row.record)
        return
    if digest != row.digest:
        yield Finding(
            "record_changed", "记录与封存时的摘要不符：记录被改动或调换", row.checkpoint, row.record
        )
    if not earliest <= row.at <= latest:
        yield Finding(
            "time_wrong", f"记录时间 {row.at} 与封存时间不符：时间被倒填", row.checkpoint, row.record
        )


def _check_root(point: Mapping[str, Any], tree: Tree) -> Iterator[Finding]:
    if tree.size != point["size"]:
        yield Finding("size_wrong", f"应有 {point['size']} 条记录，实有 {tree.size} 条", point["id"])
    elif tree.root().hex() != point["root"]:
        yield Finding("root_wrong", "由记录重算的根与检查点不符", point["id"])


def _bounds(since: str, at: str) -> tuple[str, str]:
    earliest = (datetime.strptime(since, TIME) - LATE).strftime(TIME) if since else ""  # noqa: DTZ007  # UTC text
    return earliest, (datetime.strptime(at, TIME) + LATE).strftime(TIME)  # noqa: DTZ007


def compare_outside(
    lines: Iterable[Mapping[str, Any]],
    digests: Callable[[int, int | None], Mapping[int, str]],
    *,
    name: str,
    young: Collection[int] = (),
) -> Iterator[Finding]:
    """Compare checkpoints kept outside with those here.

    `digests` gives the digests by id that lie above the first and up to the second id (None: to the end). `young`
    are ids that may not have been carried out yet.
    """
    last, absent, rows = 0, set[int](), iter(lines)
    while chunk := list(islice(rows, 5000)):
        ids = {line["id"] for line in chunk}
        here = digests(min(last, min(ids) - 1), max(ids))
        for line in chunk:
            if line["id"] not in here:
                yield Finding(
                    "checkpoint_missing", f"{name} 中的检查点在此处不存在：被删除，或末尾被截断", line["id"]
                )
            elif here[line["id"]] != line["digest"] or checkpoint_digest(line).hex() != line["digest"]:
                yield Finding("checkpoint_differs", f"检查点与 {name} 中的副本不一致", line["id"])
        absent |= {i for i in here if i > last} - ids
        last = max(last, *ids)
    if absent := (absent | digests(last, None).keys()) - set(young):
        message = f"{name} 中缺少 {len(absent)} 个检查点（最早为 #{min(absent)}）"
        yield Finding("not_carried_out", message, min(absent))


def outside_lines(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the checkpoints in a file kept outside. A line that a crash cut off was written again after it."""
    yield from filter(None, map(whole_line, open_text(path)))


def whole_line(text: str) -> dict[str, Any] | None:
    """Read one such line; None where it is not whole: its checkpoint then counts as not carried out."""
    try:
        line = json.loads(text)
    except ValueError:
        return None
    return line if isinstance(line, dict) and {*SIGNED, "digest"} <= line.keys() else None


# ---- an export ----


def open_text(path: Path) -> Iterator[str]:
    """Yield the lines of a file, packed by gzip or not."""
    if path.suffix == ".gz":
        with gzip.open(path, "rt", encoding="utf-8", newline="\n") as packed:
            yield from packed
    else:
        with path.open(encoding="utf-8", newline="\n") as plain:
            yield from plain


def exported_leaves(folder: Path, strays: list[int]) -> Iterator[LeafRow]:
    """Join leaves and records, whose files stand in one order; ids of records that no leaf names go to `strays`."""
    records = (
        (json.loads(line), line.rstrip("\n").encode()) for line in open_text(folder / "records.jsonl.gz")
    )
    window = deque(islice(records, 1000))
    for text in open_text(folder / "leaves.jsonl.gz"):
        leaf = json.loads(text)
        ahead = next((n for n, (body, _) in enumerate(window) if body["id"] == leaf["record"]), None)
        body: dict[str, Any] = {}
        line = None
        if ahead is not None:
            strays += [window.popleft()[0]["id"] for _ in range(ahead)]
            body, line = window.popleft()
            window.extend(islice(records, ahead + 1))
        digest = bytes.fromhex(leaf["digest"])
        tx, at = int(body.get("tx", 0)), body.get("at", "")
        yield LeafRow(leaf["checkpoint"], leaf["position"], leaf["record"], digest, line, tx, at)
    strays += [body["id"] for body, _ in chain(window, records)]


def check_export(folder: Path, outside: Iterable[Path] = (), key: str | None = None) -> Iterator[Finding]:
    """Check an export folder; raises OSError, EOFError, ValueError or KeyError where it can not be read."""
    keys = json.loads((folder / "keys.json").read_text(encoding="utf-8"))
    strays: list[int] = []
    digests: dict[int, str] = {}

    def points() -> Iterator[dict[str, Any]]:
        for text in open_text(folder / "checkpoints.jsonl"):
            point = json.loads(text)
            digests[point["id"]] = point["digest"]
            yield point

    trusted = {one: keys[one] for one in keys if key in (None, one)}
    yield from check(points(), exported_leaves(folder, strays), trusted)
    for record in strays:
        yield Finding("record_unsealed", "导出件中有未经封存的记录", None, record)

    def between(low: int, high: int | None) -> dict[int, str]:
        return {n: d for n, d in digests.items() if low < n and (high is None or n <= high)}

    for path in outside:
        yield from compare_outside(outside_lines(path), between, name=path.name)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="校验雁阵记录导出件")
    parser.add_argument("folder", nargs="?", type=Path, default=Path(__file__).resolve().parent)
    parser.add_argument("--outside", nargs="*", type=Path, default=[], help="库外保存的检查点文件")
    parser.add_argument("--key", help="另行得知的签名密钥编号")
    given = parser.parse_args(arguments)
    count = 0
    try:
        for finding in check_export(given.folder, given.outside, given.key):
            count += 1
            sys.stdout.write(
                f"[{finding.kind}] 检查点 {finding.checkpoint} 记录 {finding.record}：{finding.message}\n"
            )
    except (OSError, EOFError, ValueError, KeyError) as problem:
        sys.stdout.write(f"无法读取导出件：{problem!r}\n")
        return 2
    sys.stdout.write(f"校验完毕：发现 {count} 处问题\n" if count else "校验完毕：未发现问题\n")
    if not given.outside:
        sys.stdout.write("未提供库外检查点，末尾是否被截断无从判断\n")
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main())
