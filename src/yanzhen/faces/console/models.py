"""What the desk keeps for its users: saved views, and bulk moves with what came of them."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone


class SavedView(models.Model):
    """A filtered list that an account keeps as a tab. `query` is the query string of the list's plain GET form."""

    account = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="saved_views")
    desk = models.SlugField(max_length=32)
    name = models.CharField("名称", max_length=20)
    query = models.CharField(max_length=1000)
    made_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("made_at", "pk")
        verbose_name = verbose_name_plural = "常用视图"
        constraints = (models.UniqueConstraint(fields=("account", "desk", "name"), name="saved_view_once"),)

    def __str__(self) -> str:
        return self.name


class BulkMove(models.Model):
    """One move over many subjects, fixed when it was previewed: exactly these are moved, once."""

    class Stage(models.TextChoices):
        PREVIEWED = "previewed", "待确认"
        QUEUED = "queued", "排队中"
        DONE = "done", "已完成"

    account = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="bulk_moves")
    desk = models.SlugField(max_length=32)
    move = models.SlugField(max_length=32)
    ids = ArrayField(models.BigIntegerField())
    values = models.JSONField(default=dict)
    """The move's fields as its form sent them; read again by the same form when it runs."""
    note = models.TextField(blank=True)
    stage = models.CharField(max_length=10, choices=Stage, default=Stage.PREVIEWED)
    tried = models.PositiveIntegerField(default=0)
    """How many of `ids` were handled, from the first on: where a job that was cut off goes on."""
    moved = models.PositiveIntegerField(default=0)
    made_at = models.DateTimeField(default=timezone.now)
    done_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-pk",)
        verbose_name = verbose_name_plural = "批量办理"

    def __str__(self) -> str:
        return f"{self.desk}.{self.move}×{len(self.ids)}"

    @property
    def kept(self) -> int:
        """How many were refused so far."""
        return self.tried - self.moved

    @classmethod
    def locked(cls, pk: int) -> BulkMove:
        """Return the row, held until the transaction ends: two runs of one job take turns."""
        return cls.objects.select_related("account").select_for_update(of=("self",)).get(pk=pk)


class BulkRefusal(models.Model):
    """A subject that a bulk move left where it was, and every reason why."""

    bulk = models.ForeignKey(BulkMove, models.CASCADE, related_name="refusals")
    number = models.CharField("编号", max_length=32)
    reasons = ArrayField(models.TextField())

    class Meta:
        ordering = ("pk",)
        verbose_name = verbose_name_plural = "批量办理未通过"

    def __str__(self) -> str:
        return self.number
