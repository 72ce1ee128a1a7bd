"""The font that certificates are set in, and which characters it can draw.

typst says nothing where a font lacks a character and draws a box, so the font's own table is asked beforehand.
"""

from __future__ import annotations

import struct
from bisect import bisect_right
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import typst

from yanzhen.foundation.errors import Refusal

FAMILIES = ("Noto Serif CJK SC", "Source Han Serif SC", "Noto Sans CJK SC")
"""Serif first. All of them have the names' rare characters, those beyond the Basic Multilingual Plane too."""
PRIVATE = ((0xE000, 0xF8FF), (0xF0000, 0xFFFFD), (0x100000, 0x10FFFD))


class NoFont(Refusal):
    code = "no_font"
    status = 503


@dataclass(frozen=True, slots=True)
class Font:
    family: str
    path: str
    starts: tuple[int, ...]
    ends: tuple[int, ...]
    """First and last code points of the stretches that it can draw, in order."""

    def draws(self, character: str) -> bool:
        place = bisect_right(self.starts, ord(character)) - 1
        return place >= 0 and ord(character) <= self.ends[place]


@lru_cache(maxsize=1)
def shelf() -> typst.Fonts:
    """Return the fonts of this machine, found once a process."""
    return typst.Fonts(include_system_fonts=True, include_embedded_fonts=False)


@lru_cache(maxsize=1)
def chosen() -> Font:
    """Return the first of FAMILIES that is installed; raises NoFont."""
    faces = {face.family: face for face in reversed(shelf().fonts()) if face.path}
    for family in FAMILIES:
        face = faces.get(family)
        if face:
            starts, ends = _coverage(Path(face.path or "").read_bytes(), face.index)
            return Font(family, str(face.path), starts, ends)
    raise NoFont(
        "没有可用的中文字体，不能制作证书：请由系统管理员安装 fonts-noto-cjk（apt install fonts-noto-cjk）后重试"
    )


def problem_with(name: str) -> str | None:
    """Return why a name can not be drawn as it stands, or None."""
    for character in name.strip():
        code = ord(character)
        written = f"第 {name.index(character) + 1} 个字（U+{code:04X}）"
        if any(first <= code <= last for first, last in PRIVATE):
            return f"姓名{written}用的是自造字编码，别处显示不出：请在人员登记中改为 GB 18030-2022 的正式编码"
        if not chosen().draws(character):
            return f"字体“{chosen().family}”没有姓名{written}的字形：请安装含有该字的字体，或核对姓名的编码"
    return None


def _coverage(data: bytes, index: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return what a font draws by its character map: OpenType `cmap`, format 12."""
    base = struct.unpack_from(">I", data, 12 + 4 * index)[0] if data[:4] == b"ttcf" else 0
    (count,) = struct.unpack_from(">H", data, base + 4)
    tables = (struct.unpack_from(">4sIII", data, base + 12 + 16 * n) for n in range(count))
    cmap = next(offset for tag, _sum, offset, _length in tables if tag == b"cmap")
    (subtables,) = struct.unpack_from(">H", data, cmap + 2)
    for n in range(subtables):
        at = cmap + struct.unpack_from(">HHI", data, cmap + 4 + 8 * n)[2]
        if struct.unpack_from(">H", data, at)[0] == 12:
            (groups,) = struct.unpack_from(">I", data, at + 12)
            found = [struct.unpack_from(">II", data, at + 16 + 12 * g) for g in range(groups)]
            return tuple(first for first, _ in found), tuple(last for _, last in found)
    raise NoFont("字体没有完整的字符表（cmap 12），请改装 fonts-noto-cjk")
