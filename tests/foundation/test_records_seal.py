"""The sealer: what commits late, twice or not at all; what leaves the database."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from yanzhen.foundation.models import Checkpoint, Leaf, Record, Region
from yanzhen.foundation.records import record, seal, seal_loop, sealing_lag, verify
from yanzhen.foundation.records.outside import carried_lines, carry_out
from yanzhen.foundation.records.proof import Tree, node_hash, sm3
from yanzhen.foundation.records.seal import COLUMNS

ROW = Region(code="370102", name="历下区")
EMPTY = (
    "reset role; set session_replication_role = replica;"
    " truncate foundation_record, foundation_leaf, foundation_checkpoint; set session_replication_role = origin"
)


@pytest.fixture
def log(django_db_setup, django_db_blocker) -> Iterator[None]:
    """A log that is really committed, as the sealer looks at commits; emptied by the owner afterwards."""
    with django_db_blocker.unblock():
        with connection.cursor() as cursor:
            cursor.execute(f"set role {settings.WEB_ROLE}")
        yield
        with connection.cursor() as cursor:
            cursor.execute(EMPTY)
        connection.close()
    shutil.rmtree(settings.DATA_DIR / "checkpoints", ignore_errors=True)


@pytest.fixture
def other(log) -> Iterator[psycopg.Connection]:
    """Another session, which commits when it is told to."""
    with connection.cursor() as cursor, psycopg.connect(cursor.cursor.connection.info.dsn) as session:
        session.execute(f"set role {settings.WEB_ROLE}")
        session.commit()
        yield session


def sealed_verbs() -> list[str]:
    records = {r.pk: r.verb for r in Record.objects.all()}
    return [records[leaf.record_id] for leaf in Leaf.objects.order_by("checkpoint_id", "position")]


def write_in(session: psycopg.Connection, verb: str) -> None:
    session.execute(
        "insert into foundation_record (verb, subject_type, subject_id, region_id, line_id, reason)"
        " values (%s, 'x', '1', '', '', '')",
        [verb],
    )


def reference_root(leaves: list[bytes]) -> bytes:
    """Merkle tree hash as RFC 6962, 2.1 defines it."""
    if len(leaves) < 2:
        return leaves[0] if leaves else sm3(b"")
    k = 1 << (len(leaves) - 1).bit_length() - 1
    return node_hash(reference_root(leaves[:k]), reference_root(leaves[k:]))


@given(count=st.integers(0, 70))
def test_the_tree_is_that_of_rfc_6962(count):
    leaves = [sm3(bytes([n])) for n in range(count)]
    tree = Tree()
    for leaf in leaves:
        tree.add(leaf)

    assert tree.root() == reference_root(leaves)


def test_every_column_of_a_record_is_sealed():
    assert list(COLUMNS) == [field.column for field in Record._meta.concrete_fields]


def test_committed_records_are_sealed_once_and_verified(log):
    for n in range(3):
        record(f"v{n}", ROW, actor=None, after={"n": n})
    first = seal()
    record("v3", ROW, actor=None)
    second = seal(since=first[1])

    assert (first[0], second[0], seal()[0]) == (3, 1, 0)
    assert sealed_verbs() == ["v0", "v1", "v2", "v3"]
    assert [(c.size, c.total) for c in Checkpoint.objects.order_by("id")] == [(3, 3), (1, 4)]
    assert verify() == []


def test_a_batch_that_is_full_goes_on_with_the_next(log, monkeypatch):
    module = seal.__globals__
    monkeypatch.setitem(module, "PENDING", module["PENDING"].replace("limit 10000", "limit 4"))
    monkeypatch.setitem(module, "BATCH", 4)
    for n in range(10):
        record(f"v{n}", ROW, actor=None)

    assert seal()[0] == 10
    assert sealed_verbs() == [f"v{n}" for n in range(10)]
    assert [c.size for c in Checkpoint.objects.order_by("id")] == [4, 4, 2]
    assert verify() == []


def test_a_late_commit_of_an_older_transaction_is_neither_lost_nor_slipped_in(other):
    record("before", ROW, actor=None)
    write_in(other, "slow")
    record("after", ROW, actor=None)

    _, since = seal()
    early = sealed_verbs()
    other.commit()
    seal(since=since)

    assert early == ["before"]
    assert sealed_verbs() == ["before", "slow", "after"]
    assert verify() == []


def test_a_record_taken_back_leaves_no_leaf(other):
    write_in(other, "gone")
    record("kept", ROW, actor=None)
    _, since = seal()
    other.rollback()
    seal(since=since)

    assert sealed_verbs() == ["kept"]


def test_two_sealers_at_once_seal_each_record_once(log):
    for n in range(40):
        record(f"v{n}", ROW, actor=None)
    start = threading.Barrier(3)
    counts: list[int] = []

    def work() -> None:
        start.wait()
        counts.append(seal()[0])
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(counts) == [0, 0, 40]
    assert verify() == []


def test_the_loop_seals_what_comes_in_until_it_is_stopped(log):
    stop = threading.Event()
    thread = threading.Thread(target=seal_loop, args=(stop,), kwargs={"interval": 0.02})
    thread.start()
    for n in range(5):
        record(f"v{n}", ROW, actor=None)
    for _ in range(200):
        if Leaf.objects.count() == 5:
            break
        stop.wait(0.02)
    stop.set()
    thread.join(5)

    assert sealed_verbs() == [f"v{n}" for n in range(5)]
    assert not thread.is_alive()


def test_the_loop_outlives_a_full_disk(log, settings, tmp_path):
    blocked = tmp_path / "file"
    blocked.touch()
    settings.CHECKPOINT_SINK = str(blocked)
    record("v", ROW, actor=None)
    stop = threading.Event()
    thread = threading.Thread(target=seal_loop, args=(stop,), kwargs={"interval": 0.02})
    thread.start()
    for _ in range(200):
        if Leaf.objects.count() == 1:
            break
        stop.wait(0.02)
    blocked.unlink()
    for _ in range(200):
        if blocked.is_dir() and list(carried_lines(blocked)):
            break
        stop.wait(0.02)
    stop.set()
    thread.join(5)

    assert [line["total"] for line in carried_lines(blocked)] == [1]


def test_the_lag_is_the_age_of_what_waits_and_none_when_nothing_does(log):
    record("a", ROW, actor=None)
    waiting = sealing_lag()
    seal()

    assert waiting is not None
    assert waiting.total_seconds() > 0
    assert sealing_lag() is None


def test_records_of_another_server_are_sealed_on_demand_and_newer_ones_go_on(log):
    record("old", ROW, actor=None)
    seal()
    with connection.cursor() as cursor:  # what a dump loaded into a young server looks like
        cursor.execute(
            "insert into foundation_record (tx, verb, subject_type, subject_id, region_id, line_id, reason)"
            " values ('9000000000000', 'future', 'x', '1', '', '', '')"
        )
    ordinary = seal()[0]
    demanded, since = seal(everything=True)
    record("new", ROW, actor=None)

    assert (ordinary, demanded) == (0, 1)
    assert seal(since=since)[0] == 1
    assert sealed_verbs() == ["old", "future", "new"]
    assert [(f.kind, f.checkpoint) for f in verify()] == [
        ("late", Checkpoint.objects.order_by("id").last().pk)
    ]


def test_a_new_folder_gets_every_checkpoint_and_a_torn_line_is_written_again(log, settings, tmp_path):
    for n in range(3):
        record(f"v{n}", ROW, actor=None)
        seal()
    settings.CHECKPOINT_SINK = str(tmp_path / "worm")
    carry_out()
    (file,) = (tmp_path / "worm").glob("*.jsonl")
    file.write_bytes(file.read_bytes()[:-40])
    carry_out()
    carry_out()

    assert [line["total"] for line in carried_lines(tmp_path / "worm")] == [1, 2, 3]
    assert verify() == []


def test_a_restore_to_an_earlier_time_is_seen_outside_and_the_new_line_is_carried_on(log):
    for n in range(3):
        record(f"v{n}", ROW, actor=None)
        seal()
    last = Checkpoint.objects.order_by("id").last()
    with connection.cursor() as cursor:
        cursor.execute(
            "reset role; set session_replication_role = replica;"
            f"delete from foundation_record where id = (select record_id from foundation_leaf where checkpoint_id = {last.pk});"
            f"delete from foundation_leaf where checkpoint_id = {last.pk};"
            f"delete from foundation_checkpoint where id = {last.pk};"
            f"set session_replication_role = origin; set role {settings.WEB_ROLE}"
        )
    record("anew", ROW, actor=None)
    seal()

    assert [(f.kind, f.checkpoint) for f in verify()] == [("checkpoint_missing", last.pk)]
    assert [line["total"] for line in carried_lines(Path(settings.DATA_DIR) / "checkpoints")] == [1, 2, 3, 3]
