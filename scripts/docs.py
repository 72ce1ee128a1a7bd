"""Write the pages that are generated from declarations. Run by `make docs`; a test compares them."""

from __future__ import annotations

import os
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "yanzhen.config.settings")
os.environ.setdefault("YANZHEN_SECRET_KEY", "docs")
django.setup()

from yanzhen.engines.procedures.declare import PROCEDURES  # noqa: E402  # needs the apps loaded
from yanzhen.engines.procedures.pages import page  # noqa: E402

FOLDER = Path(__file__).parents[1] / "docs" / "reference" / "procedures"

for procedure in PROCEDURES:
    path = FOLDER / f"{procedure.code}.v{procedure.version}.zh-CN.md"
    path.write_text(page(procedure), encoding="utf-8")
