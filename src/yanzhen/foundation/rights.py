"""Rights: what a grant may allow. Domains declare theirs; roles bundle them as data."""

from __future__ import annotations

from dataclasses import dataclass

from yanzhen.foundation.registry import Registry


@dataclass(frozen=True, slots=True)
class Right:
    code: str
    label: str


RIGHTS: Registry[Right] = Registry("right")


def declare(*rights: tuple[str, str]) -> None:
    """List rights given as (code, label)."""
    for code, label in rights:
        RIGHTS.add(Right(code, label))


declare(
    ("person.view", "查看人员（遮蔽）"),
    ("person.reveal", "查看人员完整信息（须说明理由）"),
    ("person.edit", "维护人员"),
    ("organisation.view", "查看单位"),
    ("organisation.edit", "维护单位"),
    ("account.view", "查看账号与授权"),
    ("account.edit", "维护账号与授权"),
    ("parameter.edit", "维护参数"),
    ("calendar.edit", "维护工作日历"),
    ("sheet.import", "导入表格"),
    ("sheet.undo", "撤销导入批次"),
    ("record.view", "查看记录链"),
)
