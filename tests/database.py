"""Loaded before Django's settings: gives the tests a real PostgreSQL and keys of their own."""

from __future__ import annotations

import os
import tempfile

os.environ.setdefault("YANZHEN_SECRET_KEY", "tests-only-" + "x" * 40)
os.environ.setdefault("YANZHEN_MASTER_KEY", "01" * 32)
os.environ["YANZHEN_DATA_DIR"] = tempfile.mkdtemp(prefix="yanzhen-tests-")
os.environ.setdefault("YANZHEN_TEST_DATABASE", f"yanzhen_test_{os.getpid()}")

worker = os.environ.get("PYTEST_XDIST_WORKER", "")
if not os.environ.get("DATABASE_URL") or os.environ.get("YANZHEN_TEST_CLUSTER"):
    from yanzhen.faces.cli import postgres

    # a cluster each: records are sealed up to the oldest transaction of the whole cluster
    os.environ["YANZHEN_TEST_CLUSTER"] = cluster = "-".join(filter(None, ("tests", worker)))
    os.environ["DATABASE_URL"] = postgres.scratch(cluster, fast=True)
