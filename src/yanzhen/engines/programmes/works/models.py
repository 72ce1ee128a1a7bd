"""What the worker does for a round: one thing at a time, seen by the organiser until it is over."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from yanzhen.engines.programmes.models import Round
from yanzhen.engines.programmes.works.kinds import KINDS


class Work(models.Model):
    """Something that takes seconds: asked for on a page, done by the worker as the one who asked."""

    class State(models.TextChoices):
        QUEUED = "queued", "排队中"
        RUNNING = "running", "运行中"
        DONE = "done", "已完成"
        FAILED = "failed", "未完成"

    OPEN = (State.QUEUED, State.RUNNING)

    round = models.ForeignKey(Round, models.PROTECT, related_name="works", verbose_name="轮次")
    kind = models.CharField("事项", max_length=32)
    given = models.JSONField(default=dict)
    """What the kind takes: ids, codes and words, by name."""
    status = models.CharField("状态", max_length=8, choices=State, default=State.QUEUED)
    begun = models.PositiveSmallIntegerField("运行次数", default=0)
    """How often a worker began it: more than once where one was killed over it."""
    said = models.TextField("结果", blank=True)
    """What came of it, or why nothing did."""
    result = models.JSONField(default=dict)
    """Ids and figures that the page of the kind shows."""
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="发起人")
    at = models.DateTimeField("发起时间")
    began_at = models.DateTimeField("开始时间", null=True)
    ended_at = models.DateTimeField("结束时间", null=True)

    class Meta:
        ordering = ("-pk",)
        verbose_name = verbose_name_plural = "后台运行"
        indexes = (models.Index(fields=("round", "-id"), name="work_round"),)
        constraints = (
            models.UniqueConstraint(
                fields=("round",), condition=Q(status__in=("queued", "running")), name="work_one_at_a_time"
            ),
        )

    def __str__(self) -> str:
        return f"{self.round_id}:{self.kind}#{self.pk}"

    @property
    def is_open(self) -> bool:
        return self.status in self.OPEN

    @property
    def kind_label(self) -> str:
        return KINDS[self.kind].label
