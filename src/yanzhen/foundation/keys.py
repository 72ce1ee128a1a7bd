"""A rotation of the data keys and what follows: what older keys sealed is sealed anew, and then they are retired.

A key that is retired still opens what turns up under it later, as a row of a restored table; it only means that
nothing was left under it and that nobody need look again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from django.db import connection, transaction
from django.db.models import BinaryField, Count, F, Func, Model, Value
from django.db.models.lookups import LessThan
from django.utils import timezone

from yanzhen.foundation import crypto
from yanzhen.foundation.jobs import defer, job
from yanzhen.foundation.models import DataKey
from yanzhen.foundation.records import record
from yanzhen.foundation.registry import Registry
from yanzhen.foundation.scope import EVERYTHING, database_scope

BATCH = 2000
"""Texts sealed anew in one transaction: a fraction of a second, in which their rows are locked."""
SETTLED = timedelta(days=1)
"""After so long no transaction is open any more that sealed under the former key."""


@dataclass(frozen=True, slots=True)
class Store:
    """A place that keeps sealed texts; whoever seals something for good declares one."""

    code: str
    label: str
    count: Callable[[], Mapping[int, int]]
    """Return how many texts are under which data key."""
    seal_again: Callable[[int], int]
    """Take up to so many that are under an older key, seal them under the newest and return how many they were."""


STORES: Registry[Store] = Registry("sealed store")


@dataclass(frozen=True, slots=True)
class Standing:
    """A data key with what is under it, by the label of the store."""

    key: DataKey
    under: Mapping[str, int]

    @property
    def total(self) -> int:
        return sum(self.under.values())


def column(code: str, label: str, model: type[Model], name: str, *, context: F | Value) -> Store:
    """List a column of sealed texts; `context` is what they were sealed with, as the row has it."""
    return STORES.add(
        Store(
            code,
            label,
            count=lambda: _count(model, name),
            seal_again=lambda limit: _seal_again(model, name, context, limit),
        )
    )


def standings() -> list[Standing]:
    """Return every key of the ring with what is under it, the newest first."""
    found = [(store.label, store.count()) for store in STORES]
    return [
        Standing(key, {label: counted[key.pk] for label, counted in found if counted.get(key.pk)})
        for key in DataKey.objects.order_by("-pk")
    ]


@transaction.atomic
def rotate() -> DataKey:
    """Put a new data key before the others, and have the worker bring everything under it."""
    made = crypto.rotate()
    defer(seal_again)
    return made


@transaction.atomic
def retire() -> list[int]:
    """Retire the former keys that nothing is under any more; return their numbers. Not before SETTLED is over."""
    newest = crypto.newest_key()
    former = DataKey.objects.select_for_update().filter(retired_at=None, pk__lt=newest).order_by("pk")
    now = timezone.now()
    if DataKey.objects.filter(pk=newest, created_at__gt=now - SETTLED).exists():
        return []
    in_use = set().union(*(store.count() for store in STORES))
    over = [key for key in former if key.pk not in in_use]
    for key in over:
        key.retired_at = now
        key.save(update_fields=["retired_at"])
        record("key.retire", key, actor=None)
    return [key.pk for key in over]


@job()
def seal_again() -> None:
    """Bring a batch of each store under the newest key; while there was something to bring, queue the next one."""
    with database_scope({EVERYTHING}):
        crypto.forget_keys()
        if sum(store.seal_again(BATCH) for store in STORES):
            defer(seal_again)


@job(cron="50 2 * * *")
def follow_up() -> None:
    """Look for what a rotation left: texts that others sealed while they did not know of the new key yet."""
    with database_scope({EVERYTHING}):
        crypto.forget_keys()
        if DataKey.objects.filter(retired_at=None, pk__lt=crypto.newest_key()).exists():
            retire()
            defer(seal_again)


def _count(model: type[Model], name: str) -> Mapping[int, int]:
    rows = model._default_manager.exclude(**{name: None}).order_by()
    counted = rows.values_list(_head(name)).annotate(n=Count("pk"))
    return Counter({crypto.key_of(bytes(head)): n for head, n in counted})


@transaction.atomic
def _seal_again(model: type[Model], name: str, context: F | Value, limit: int) -> int:
    """Leave out rows that somebody is changing: the next run finds them, and nobody waits for anybody."""
    newest = crypto.newest_key().to_bytes(crypto.HEAD, "big")
    old = model._default_manager.filter(LessThan(_head(name), newest)).order_by("pk")
    rows = old.select_for_update(skip_locked=True, of=("self",)).values_list("pk", name, context)[:limit]
    fresh = [(pk, _anew(bytes(sealed), context=said)) for pk, sealed, said in rows]
    if fresh:
        ids, texts = zip(*fresh, strict=True)
        with connection.cursor() as cursor:
            cursor.execute(_update(model, name), [list(ids), list(texts)])
    return len(fresh)


def _anew(sealed: bytes, *, context: str) -> bytes:
    return crypto.seal(crypto.open_(sealed, context=context), context=context)


def _head(name: str) -> Func:
    """The number of the key, which stands before each sealed text."""
    return Func(F(name), 1, crypto.HEAD, function="substr", output_field=BinaryField())


def _update(model: type[Model], name: str) -> str:
    table, pk = model._meta.db_table, model._meta.pk.column
    return (
        f"update {table} t set {name} = d.sealed"  # noqa: S608  # program text
        f" from unnest(%s::bigint[], %s::bytea[]) as d (id, sealed) where t.{pk} = d.id"
    )
