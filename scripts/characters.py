"""Write the table of traditional characters with their simplified form from OpenCC's own list.

Run once a new list is wanted: `python scripts/characters.py PATH/TO/TSCharacters.txt` (OpenCC, Apache-2.0). The product
ships the result and needs no OpenCC. Where the list offers several forms, the first that differs is taken: what counts
is that both sides of a comparison are folded alike, not that the text stays good to read.
"""

from __future__ import annotations

import sys
from pathlib import Path

TARGET = Path(__file__).parents[1] / "src/yanzhen/foundation/data/simplified.txt"


def pairs(source: Path) -> dict[str, str]:
    """Return each traditional character with the last form that its chain of replacements leads to."""
    first: dict[str, str] = {}
    for line in source.read_text(encoding="utf-8").splitlines():
        old, _tab, forms = line.partition("\t")
        new = next((form for form in forms.split() if form != old), None)
        if len(old) == 1 and new and len(new) == 1:
            first[old] = new
    last = {}
    for old, form in first.items():
        seen, new = {old}, form
        while new in first and new not in seen:
            seen.add(new)
            new = first[new]
        last[old] = new
    return {old: new for old, new in last.items() if old != new}


if __name__ == "__main__":
    found = pairs(Path(sys.argv[1]))
    TARGET.write_text("\n".join(f"{old}{found[old]}" for old in sorted(found)) + "\n", encoding="utf-8")
