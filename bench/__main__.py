"""Run the benches: `python -m bench [name ...]`, each in turn, in a database of their own that is dropped afterwards.

A bench is a module of this package with `run(print)`. It prints its cost beside that of the bare thing in the same
run, as a ratio: absolute figures of one machine say little.
"""

from __future__ import annotations

import os
import sys
import tempfile
from importlib import import_module
from pathlib import Path

HERE = Path(__file__).parent


def main(names: list[str]) -> None:
    found = sorted(path.stem for path in HERE.glob("*.py") if not path.stem.startswith("_"))
    if unknown := set(names) - set(found):
        sys.exit(f"no bench named {', '.join(sorted(unknown))}; there are {', '.join(found)}")
    os.environ["DJANGO_SETTINGS_MODULE"] = "yanzhen.config.settings"
    os.environ["YANZHEN_TEST_DATABASE"] = f"yanzhen_bench_{os.getpid()}"
    os.environ.update(YANZHEN_SECRET_KEY="bench-only-" + "x" * 40, YANZHEN_MASTER_KEY="01" * 32)
    if not os.environ.get("DATABASE_URL"):
        from yanzhen.faces.cli import postgres

        os.environ["DATABASE_URL"] = postgres.scratch("bench", fast=False)
    with tempfile.TemporaryDirectory(prefix="yanzhen-bench-") as data:
        os.environ["YANZHEN_DATA_DIR"] = data
        _run(names or found)


def _run(names: list[str]) -> None:
    import django
    from django.core.management import call_command
    from django.db import connection

    django.setup()
    call_command("collectstatic", interactive=False, verbosity=0)
    before = connection.settings_dict["NAME"]
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    try:
        for name in names:
            print(f"== {name}", flush=True)
            import_module(f"bench.{name}").run(print)
    finally:
        connection.creation.destroy_test_db(before, verbosity=0)


if __name__ == "__main__":
    main(sys.argv[1:])
