"""Programmes as data: versions that staff make, rounds that freeze one, and when each stage of a round runs."""

from __future__ import annotations

from datetime import date
from functools import cached_property
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from yanzhen.engines.programmes.declare import Programme, read
from yanzhen.foundation.scope import Scoped


class Definition(Scoped):
    """One version of a programme as staff made it, from a preset or from an older version. Never changed afterwards."""

    walled = False  # a rule of selection is public; what is entered under it is not

    code = models.SlugField("代码", max_length=32)
    version = models.PositiveIntegerField("版本")
    label = models.CharField("名称", max_length=64)
    form = models.JSONField()
    """The programme's JSON form (declare.Programme.plain)."""
    digest = models.CharField("摘要", max_length=64)
    copied_from = models.CharField("来源", max_length=64, blank=True)
    """"preset:CODE", or the older version."""
    why = models.CharField("修改说明", max_length=200, blank=True)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    made_at = models.DateTimeField("制定时间")

    class Meta(Scoped.Meta):
        abstract = False
        ordering = ("code", "-version")
        verbose_name = verbose_name_plural = "评选方案"
        constraints = (models.UniqueConstraint(fields=("code", "version"), name="definition_version"),)

    def __str__(self) -> str:
        return f"{self.label} 第 {self.version} 版"

    @cached_property
    def programme(self) -> Programme:
        return read(self.form)


class Round(Scoped):
    """One run of a programme. It keeps the definition that it was opened with: later versions do not touch it."""

    walled = False  # that a round runs, and by which rule, is public

    class Status(models.TextChoices):
        RUNNING = "running", "进行中"
        ENDED = "ended", "已结束"
        CANCELLED = "cancelled", "已取消"

    definition = models.ForeignKey(Definition, models.PROTECT, related_name="rounds", verbose_name="评选方案")
    label = models.CharField("名称", max_length=80)
    year = models.PositiveSmallIntegerField("年度")
    form = models.JSONField(editable=False)
    digest = models.CharField("定义摘要", max_length=64, editable=False)
    status = models.CharField("状态", max_length=10, choices=Status, default=Status.RUNNING, editable=False)
    stage = models.CharField("当前环节", max_length=32, editable=False)
    seed = models.PositiveBigIntegerField(editable=False)
    """From which all chance of the round is drawn, published with its result."""
    notice_ends_at = models.DateTimeField("公示期满", null=True, editable=False)
    """When the notice of its list is over; None before one runs, and while one has to begin anew."""
    pauses: models.JSONField[list[list[str]], list[list[str]]] = models.JSONField(
        default=list, editable=False
    )
    """Pairs of ISO dates [first day paused, first day counted again], as a clock has them."""
    pause_why = models.CharField("暂停理由", max_length=200, blank=True, editable=False)
    opened_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", editable=False)
    opened_at = models.DateTimeField("启动时间", editable=False)
    ended_at = models.DateTimeField("结束时间", null=True, editable=False)

    class Meta(Scoped.Meta):
        abstract = False
        ordering = ("-opened_at", "-pk")
        verbose_name = verbose_name_plural = "评选轮次"
        constraints = (
            models.UniqueConstraint(
                fields=("definition", "year", "label", "region"),
                condition=~Q(status="cancelled"),
                name="round_once",
            ),
        )

    def __str__(self) -> str:
        return self.label

    @cached_property
    def programme(self) -> Programme:
        return read(self.form)

    @property
    def still_days(self) -> list[tuple[date, date]]:
        """The pauses as the calendar takes them."""
        return [(date.fromisoformat(first), date.fromisoformat(after)) for first, after in self.pauses]

    @property
    def paused_until(self) -> date | None:
        """The day on which it goes on, where it stands still today."""
        first, after = self.still_days[-1] if self.pauses else (date.min, date.min)
        return after if first <= timezone.localdate() < after else None

    @property
    def standstill(self) -> str | None:
        """Why nothing moves today, as everybody reads it; None where the round goes on."""
        until = self.paused_until
        if until is None or self.status != self.Status.RUNNING:
            return None
        return f"本轮暂停办理（{self.pause_why}），预计 {until:%Y-%m-%d} 恢复；暂停期间各项时限不计算"

    @property
    def stage_now(self) -> Any:
        return self.programme.stage(self.stage)

    def window(self, code: str) -> Window:
        return next(window for window in self.windows.all() if window.stage == code)


class Window(models.Model):
    """When a stage of a round runs. `closes_at` is not included."""

    round = models.ForeignKey(Round, models.CASCADE, related_name="windows")
    stage = models.CharField("环节", max_length=32)
    order = models.PositiveSmallIntegerField()
    opens_at = models.DateTimeField("开始")
    closes_at = models.DateTimeField("截止")
    turned_at = models.DateTimeField("实际进入", null=True)

    class Meta:
        ordering = ("round", "order")
        verbose_name = verbose_name_plural = "环节时间"
        constraints = (
            models.UniqueConstraint(fields=("round", "stage"), name="window_once"),
            models.CheckConstraint(condition=Q(opens_at__lt=models.F("closes_at")), name="window_forwards"),
        )

    def __str__(self) -> str:
        return f"{self.round_id}:{self.stage}"
