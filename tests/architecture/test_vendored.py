"""What was taken from others lies here as it was published, and no page loads anything from elsewhere."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

FACES = Path(__file__).parents[2] / "src" / "yanzhen" / "faces"
VENDOR = FACES / "static" / "vendor"


def test_every_vendored_file_is_listed_with_its_digest():
    listed = {row["file"]: row["sha256"] for row in json.loads((VENDOR / "vendored.json").read_text())}
    found = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in VENDOR.iterdir()
        if path.name != "vendored.json"
    }

    assert found == listed


def test_every_icon_that_a_page_names_is_in_the_sprite():
    sprite = set(re.findall(r'<symbol id="([^"]+)"', (VENDOR / "icons.svg").read_text()))
    named = {
        name
        for path in (FACES / "templates").rglob("*.html")
        for name in re.findall(r'(?:c-icon name|icon)="([a-z0-9-]+)"', path.read_text(encoding="utf-8"))
    }
    named |= {
        name
        for path in (FACES / "console").glob("*.py")
        for name in re.findall(r'icon(?:: str = |=)"([a-z0-9-]+)"', path.read_text(encoding="utf-8"))
    }

    assert named - sprite == set()


def test_no_page_loads_anything_from_elsewhere():
    texts = [*(FACES / "templates").rglob("*.html"), *(FACES / "static" / "yanzhen").iterdir()]
    loaded = [
        f"{path.name}: {address}"
        for path in texts
        for address in re.findall(
            r'(?:src|href|url|@import)\s*[=(]\s*["\']?(https?:[^"\')]+)', path.read_text(encoding="utf-8")
        )
    ]

    assert loaded == []
