"""Export for an auditor: records, leaves, checkpoints, keys and the program that checks them, in one folder."""

from __future__ import annotations

import gzip
import inspect
import json
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

from yanzhen.foundation.errors import Invalid
from yanzhen.foundation.records import proof, standalone
from yanzhen.foundation.records.outside import stored_checkpoints
from yanzhen.foundation.records.proof import canonical
from yanzhen.foundation.records.verify import key_table, last_checkpoint, sealed_leaves

VERIFIER = "verify_records.py"
README = """雁阵记录导出件

records.jsonl.gz    记录，每行一条，即封存时计算摘要的原文
leaves.jsonl.gz     每条记录在检查点中的位置和摘要
checkpoints.jsonl   检查点：根、上一检查点摘要、签名
keys.json           公钥，按编号
{verifier}   校验程序，只需 Python 3.9 以上

校验：python3 {verifier} --outside 库外保存的检查点文件 --key 密钥编号
密钥编号和库外检查点请向系统以外的渠道索取，不要取自本导出件。
"""


@dataclass(frozen=True, slots=True)
class Exported:
    records: int
    checkpoints: int


def export(folder: Path) -> Exported:
    """Write everything sealed so far into `folder`, which must not be there yet; memory does not grow with it.

    Raises Invalid where the folder exists: an export is not mixed with another.
    """
    try:
        folder.mkdir(parents=True)
    except FileExistsError:
        raise Invalid(f"导出目录 {folder} 已存在；请换一个新目录，以免两次导出混在一起") from None
    upto = last_checkpoint()
    points = records = 0
    with (folder / "checkpoints.jsonl").open("wb") as file:
        for point in takewhile(lambda point: point["id"] <= upto, stored_checkpoints()):
            file.write(canonical(point) + b"\n")
            points += 1
    with (
        gzip.open(folder / "leaves.jsonl.gz", "wb") as leaves,
        gzip.open(folder / "records.jsonl.gz", "wb") as lines,
    ):
        for row in sealed_leaves(upto):
            leaf = {
                "checkpoint": row.checkpoint,
                "position": row.position,
                "record": row.record,
                "digest": row.digest.hex(),
            }
            leaves.write(canonical(leaf) + b"\n")
            if row.line is not None:
                lines.write(row.line + b"\n")
                records += 1
    (folder / "keys.json").write_text(json.dumps(key_table(), indent=1), encoding="utf-8")
    (folder / VERIFIER).write_text(verifier(), encoding="utf-8")
    (folder / "README.txt").write_text(README.format(verifier=VERIFIER), encoding="utf-8")
    return Exported(records, points)


def verifier() -> str:
    """Return the standalone verifier as one file: what it stands on, then itself without the import of that."""
    head, tail = inspect.getsource(proof), inspect.getsource(standalone)
    docstring, body = tail.split("from __future__ import annotations\n", 1)
    before, after = body.split("from yanzhen.foundation.records.proof import (\n", 1)
    _, rest = after.split(")\n", 1)
    _, code = head.split("from __future__ import annotations\n", 1)
    return f"#!/usr/bin/env python3\n{docstring}from __future__ import annotations\n{code}\n{before}{rest}"
