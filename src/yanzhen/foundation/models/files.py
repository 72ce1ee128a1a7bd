"""Numbers, attachments, idempotency and sheet batches: what comes in from outside is kept once and in order."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone

from yanzhen.foundation.scope import Scoped


class Series(models.Model):
    """The last number given in a series such as "GD370102-20261124"; the row's lock keeps the series without gaps."""

    code = models.CharField(max_length=48, primary_key=True)
    last = models.PositiveBigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.code}: {self.last}"


class Attachment(Scoped):
    """A file somebody handed in, tied to any row. It inherits that row's place, and so its visibility."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    subject_type = models.CharField(max_length=48)
    subject_id = models.CharField(max_length=64)
    name = models.CharField("文件名", max_length=200)
    """As given by the sender; shown, never used as a path."""
    media_type = models.CharField("类型", max_length=100)
    size = models.PositiveIntegerField("大小（字节）")
    sha256 = models.CharField(max_length=64)
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    uploaded_at = models.DateTimeField(default=timezone.now)

    class Meta(Scoped.Meta):
        abstract = False
        verbose_name = verbose_name_plural = "附件"
        indexes = (
            *Scoped.Meta.indexes,
            models.Index(fields=("subject_type", "subject_id"), name="attachment_subject"),
        )

    def __str__(self) -> str:
        return self.name


class Replay(models.Model):
    """The answer given to a request that may come twice, by the sender's own key (Idempotency-Key)."""

    sender = models.CharField(max_length=64)
    key = models.CharField(max_length=128)
    fingerprint = models.CharField(max_length=64)
    """SHA-256 of the request: the same key with another request is refused."""
    status = models.PositiveSmallIntegerField()
    answer = models.JSONField()
    at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("sender", "key"), name="replay_once"),)

    def __str__(self) -> str:
        return f"{self.sender}/{self.key}"


class Tally(models.Model):
    """How often something was tried within a window of time (foundation.limits)."""

    key = models.CharField(max_length=120, primary_key=True)
    count = models.PositiveIntegerField()
    until = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"{self.key}: {self.count}"


class Batch(Scoped):
    """One sheet that somebody sent in: checked, applied once, undone as a whole."""

    class State(models.TextChoices):
        QUEUED = "queued", "排队中"
        READING = "reading", "读取中"
        CHECKED = "checked", "已校验，待确认"
        APPLYING = "applying", "导入中"
        HALTED = "halted", "导入中断"
        APPLIED = "applied", "已导入"
        UNDONE = "undone", "已撤销"
        DISCARDED = "discarded", "已放弃"
        FAILED = "failed", "未能读取"

    sheet = models.CharField("表格", max_length=64)
    file = models.ForeignKey(Attachment, models.SET_NULL, null=True, related_name="+")
    """None once the batch is over for so long that its file was removed."""
    name = models.CharField("文件名", max_length=200)
    sha256 = models.CharField(max_length=64)
    sender = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    state = models.CharField("状态", max_length=10, choices=State, default=State.QUEUED)
    sent_at = models.DateTimeField("提交时间", default=timezone.now)
    finished_at = models.DateTimeField(null=True)
    rows = models.PositiveIntegerField("行数", default=0)
    done = models.PositiveIntegerField("已处理", default=0)
    """Rows read, and once the import runs, rows applied."""
    good = models.PositiveIntegerField("合格", default=0)
    bad = models.PositiveIntegerField("不合格", default=0)
    problem = models.TextField("问题", blank=True)

    class Meta(Scoped.Meta):
        abstract = False
        ordering = ("-pk",)
        verbose_name = verbose_name_plural = "导入批次"

    def __str__(self) -> str:
        return f"{self.sheet}#{self.pk}"


class BatchRow(models.Model):
    """One row of a batch as it was read, with what is wrong with it and what it became."""

    id = models.BigAutoField(primary_key=True)
    batch = models.ForeignKey(Batch, models.CASCADE, related_name="lines")
    number = models.PositiveIntegerField("行号")
    """As the sender sees it in the sheet, the heading being row 1."""
    cells = models.JSONField()
    problems = ArrayField(models.TextField(), default=list)
    target_id = models.BigIntegerField(null=True)
    """The row that this line became."""
    before = models.JSONField(null=True)
    """What that row held before, of what this line changed; None where the row is new."""

    class Meta:
        constraints = (models.UniqueConstraint(fields=("batch", "number"), name="batch_row_once"),)

    def __str__(self) -> str:
        return f"{self.batch_id}:{self.number}"
