"""Versions of models in the database, the one in use held in the process, and how often people chose otherwise."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives import hashes
from django.db import connection, transaction
from django.db.models import Count, F, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone

from yanzhen.engines.classifier.artifact import pack, unpack
from yanzhen.engines.classifier.evaluate import Report
from yanzhen.engines.classifier.model import Model
from yanzhen.engines.classifier.models import Suggestion, Version
from yanzhen.foundation import crypto
from yanzhen.foundation.calendar.held import Held, fingerprint_of
from yanzhen.foundation.errors import Refusal
from yanzhen.foundation.models import Account
from yanzhen.foundation.records import record
from yanzhen.foundation.scope import Scoped

NOTICED_WITHIN = 30
"""Seconds until another process suggests by a new version."""
ARTIFACTS_KEPT = 3
"""Versions that keep their bytes, the newest ones and the one in use: a model is some tens of megabytes."""


class ForeignModel(Refusal):
    """The bytes of a model are not those that this installation wrote."""

    code = "foreign_model"


@dataclass(frozen=True, slots=True)
class InUse:
    number: int
    pk: int
    model: Model
    learnt_to: datetime


@dataclass(frozen=True, slots=True)
class Training:
    """A model with what it was learnt from and how it did: what a version keeps."""

    model: Model
    samples: list[tuple[int, str]]
    """Ids and labels of the rows, in their order."""
    learnt_to: datetime
    metrics: dict[str, Any]


def in_use(kind: str) -> InUse | None:
    """Return the version of `kind` that suggests, None before the first. No statement while it is fresh."""
    return _IN_USE.get().get(kind)


def metrics_of(report: Report, *, learning: int, trying: int) -> dict[str, Any]:
    """Return a report as a version keeps it: the shares of the report, and how many rows stood on each side."""
    return {**asdict(report), "learning": learning, "trying": trying}


@transaction.atomic
def keep_version(
    kind: str, training: Training, *, actor: Account | None, right: str, use: bool, reason: str = ""
) -> Version:
    """Keep a trained model as the next version of `kind`; with `use` it suggests from now on. The caller checks rights."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(hashtextextended('classifier:' || %s, 0))", [kind])
    versions = Version.objects.filter(kind=kind)
    number = (versions.order_by("-number").values_list("number", flat=True).first() or 0) + 1
    if use:
        versions.filter(active=True).update(active=False)
    packed = pack(training.model)
    version = Version.objects.create(
        kind=kind,
        number=number,
        trained_at=timezone.now(),
        trained_by=actor,
        rows=len(training.samples),
        learnt_to=training.learnt_to,
        metrics=training.metrics,
        data_hash=_digest(f"{pk}\t{label}\n" for pk, label in training.samples),
        artifact=packed,
        seal=_seal(kind, number, packed),
        active=use,
    )
    versions.filter(active=False, number__lte=number - ARTIFACTS_KEPT).update(artifact=None)
    after = {
        "kind": kind,
        "number": number,
        "rows": version.rows,
        "data": version.data_hash.hex(),
        "active": use,
    }
    record("classifier.train", version, actor=actor, right=right, after=after, reason=reason)
    _IN_USE.forget()
    return version


def keep_suggestion(kind: str, subject: Scoped, ranked: list[dict[str, Any]], *, version: int | None) -> None:
    """Keep what was suggested for `subject`, over what was suggested before; what is settled stays as it was."""
    given = {"version_id": version, "ranked": ranked, "given_at": timezone.now()}
    place = {"region_id": subject.region_id, "line_id": subject.line_id}
    found, made = Suggestion.objects.get_or_create(
        kind=kind, subject_id=subject.pk, defaults={**given, **place}
    )
    if not made and found.settled_at is None:
        Suggestion.objects.filter(pk=found.pk, settled_at=None).update(**given, **place)


def versions(kind: str) -> QuerySet[Version]:
    """Return the versions of `kind` without their bytes, the newest first."""
    return (
        Version.objects.filter(kind=kind).defer("artifact").select_related("trained_by").order_by("-number")
    )


def overrides(rows: QuerySet[Suggestion], *by: str) -> list[dict[str, Any]]:
    """Return for each value of `by` how many suggestions were settled and how many of them overridden.

    `number` is the version's number, 0 for the declared rules; `chosen` the category that a person chose.
    """
    counted = (
        rows.filter(settled_at__isnull=False)
        .annotate(number=Coalesce(F("version__number"), 0))
        .values(*by)
        .annotate(settled=Count("pk"), overridden_count=Count("pk", filter=Q(overridden=True)))
    )
    return list(counted.order_by(*by))


def _digest(parts: Iterable[str]) -> bytes:
    digest = hashes.Hash(hashes.SM3())
    for part in parts:
        digest.update(part.encode())
    return digest.finalize()


def _seal(kind: str, number: int, packed: bytes) -> bytes:
    digest = hashes.Hash(hashes.SM3())
    digest.update(packed)
    return crypto.keyed_hash(f"{kind}:{number}:{digest.finalize().hex()}", purpose="classifier")


def _read() -> dict[str, InUse]:
    found = {}
    for version in Version.objects.filter(active=True):
        packed = bytes(version.artifact or b"")
        if _seal(version.kind, version.number, packed) != bytes(version.seal):
            raise ForeignModel(
                f"分类模型 {version.kind} {version} 的内容与其封印不符，没有载入：请重新训练，并检查谁改动了数据库"
            )
        found[version.kind] = InUse(version.number, version.pk, unpack(packed), version.learnt_to)
    return found


_IN_USE = Held(
    _read,
    fingerprint_of("select id, kind, number, seal from classifier_version where active"),
    seconds=NOTICED_WITHIN,
)
