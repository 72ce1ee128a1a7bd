"""The chain of records: append-only lines, sealed under signed checkpoints."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import Func, Q
from django.db.models.fields.json import KeyTransform
from django.db.models.functions import Now


class TransactionId(models.Field):  # type: ignore[type-arg]  # not subscriptable at run time
    """PostgreSQL's 64-bit transaction id; the sealer seals in the order of it."""

    def db_type(self, connection: Any) -> str:
        return "xid8"


class Record(models.Model):
    """What happened: who, under which grant, what to which row, before and after, why.

    Written in the transaction of the change. No foreign keys: a record outlives what it speaks of. No personal
    data: ids, field names and masked values only.
    """

    id = models.BigAutoField(primary_key=True)
    tx = TransactionId(db_default=Func(function="pg_current_xact_id"), editable=False)
    at = models.DateTimeField("时间", db_default=Now())
    actor_id = models.BigIntegerField("操作人", null=True)
    grant_id = models.BigIntegerField("依据授权", null=True)
    verb = models.CharField("动作", max_length=64)
    subject_type = models.CharField("对象类别", max_length=48)
    subject_id = models.CharField("对象", max_length=64)
    region_id = models.CharField("行政区划", max_length=9, blank=True)
    line_id = models.CharField("条线", max_length=24, blank=True)
    before = models.JSONField("变更前", null=True)
    after = models.JSONField("变更后", null=True)
    reason = models.TextField("理由", blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "记录"
        indexes = (
            models.Index(fields=("subject_type", "subject_id", "id"), name="record_subject"),
            models.Index(fields=("actor_id", "subject_type", "id"), name="record_actor"),
            # who was shown a subject in a list: the ids that such a record holds
            GinIndex(
                OpClass(KeyTransform("ids", "after"), name="jsonb_path_ops"),
                name="record_lists",
                condition=Q(verb="read", subject_type="foundation.account"),
            ),
        )

    def __str__(self) -> str:
        return f"{self.verb} {self.subject_type}#{self.subject_id}"


class Checkpoint(models.Model):
    """A signed Merkle root over records that were committed, chained to the checkpoint before it."""

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField()
    size = models.PositiveIntegerField()
    """Number of records under this root."""
    total = models.PositiveBigIntegerField()
    """Number of records under this and all former roots."""
    root = models.BinaryField(max_length=32)
    previous = models.BinaryField(max_length=32)
    digest = models.BinaryField(max_length=32)
    signature = models.BinaryField()
    key_id = models.CharField(max_length=32)

    class Meta:
        verbose_name = verbose_name_plural = "检查点"

    def __str__(self) -> str:
        return f"#{self.pk} {self.size}"


class Leaf(models.Model):
    """Where a record stands under a checkpoint. Append-only too."""

    record_id = models.BigIntegerField(primary_key=True)
    checkpoint = models.ForeignKey(Checkpoint, models.PROTECT, related_name="leaves")
    position = models.PositiveIntegerField()
    digest = models.BinaryField(max_length=32)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("checkpoint", "position"), name="leaf_position_once"),)

    def __str__(self) -> str:
        return f"{self.checkpoint_id}/{self.position}"
