"""How numbers look: letters, the year, a serial, a check character; and what is wrong with one that was typed.

The check character is that of ISO 7064 MOD 37,36 over all letters and digits: it finds every single wrong one.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field

from stdnum.iso7064 import mod_37_36

from yanzhen.foundation.errors import DeclarationError

SHAPE = re.compile(r"([A-Z]{2,8})(-?)\{year\}(-?)\{serial:0([3-9])\}(-?)\{check\}", re.ASCII)
DASHES = dict.fromkeys(map(ord, "-‐‑‒–—―－﹣_"), "")  # noqa: RUF001  # what people type for a dash
LONGEST = 40


@dataclass(frozen=True, slots=True)
class Parsed:
    """A number taken apart; `check` is what was typed, `expected` what it should be."""

    year: int
    serial: int
    check: str
    expected: str


@dataclass(frozen=True, slots=True)
class Template:
    """Such as "QLGJ-{year}-{serial:04}{check}": prefix, year, serial of at least so many digits, check character."""

    text: str
    prefix: str = field(init=False)
    _dashes: tuple[str, str, str] = field(init=False, repr=False)
    _width: int = field(init=False, repr=False)
    _pattern: re.Pattern[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        found = SHAPE.fullmatch(self.text)
        if found is None:
            raise DeclarationError(f"{self.text}: not of the form ABCD-{{year}}-{{serial:04}}{{check}}")
        prefix, first, second, width, third = found.groups()
        object.__setattr__(self, "prefix", prefix)
        object.__setattr__(self, "_dashes", (first, second, third))
        object.__setattr__(self, "_width", int(width))
        object.__setattr__(
            self, "_pattern", re.compile(rf"{prefix}(\d{{4}})(\d{{{width},9}})([0-9A-Z])", re.ASCII)
        )

    def written(self, year: int, serial: int) -> str:
        """Return the whole number."""
        first, second, third = self._dashes
        digits = f"{serial:0{self._width}}"
        check = mod_37_36.calc_check_digit(f"{self.prefix}{year}{digits}")
        return f"{self.prefix}{first}{year}{second}{digits}{third}{check}"

    def parsed(self, typed: str) -> Parsed | None:
        """Take apart what `bare` left of a number; None where it has another form."""
        found = self._pattern.fullmatch(typed)
        if found is None:
            return None
        year, digits, check = found.groups()
        expected = mod_37_36.calc_check_digit(f"{self.prefix}{year}{digits}")
        return Parsed(int(year), int(digits), check, expected)

    @property
    def example(self) -> str:
        return self.written(2026, 17)


def bare(typed: str) -> str:
    """Return a typed number without spaces and dashes, in ASCII capitals."""
    text = unicodedata.normalize("NFKC", typed[:LONGEST]).translate(DASHES)
    return re.sub(r"\s", "", text).upper()
