"""Make the table of simplified characters anew from OpenCC's TSCharacters.txt: `python scripts/letters.py FILE`.

Source: OpenCC (Apache-2.0), data/dictionary/TSCharacters.txt; its first choice where it names several. Characters that
already are their simplified form are left out; a form that has a simpler one itself gives way to that, so that a text
in normal form stays as it is.
"""

from __future__ import annotations

import sys
from pathlib import Path

TARGET = Path(__file__).parents[1] / "src/yanzhen/engines/search/data/simplified.txt"


def main(source: Path) -> None:
    pairs = [line.split("\t") for line in source.read_text(encoding="utf-8").splitlines() if "\t" in line]
    chosen = [(old, choices.split()[0]) for old, choices in pairs]
    single = {old: new for old, new in chosen if len(old) == len(new) == 1 and old != new}
    settled = [(old, single.get(new, new)) for old, new in single.items()]
    TARGET.write_text("".join(f"{''.join(row)}\n" for row in zip(*settled, strict=True)), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
