"""What a shortlist stores: a proven run over frozen input, and for everybody who took part a seat or the reason why not."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from yanzhen.engines.programmes.models import Application, Round


class ShortlistRun(models.Model):
    """One solved shortlist. Only a proven and settled one is kept; the last that was adopted is the result."""

    round = models.ForeignKey(Round, models.PROTECT, related_name="shortlists", verbose_name="轮次")
    stage = models.CharField("环节", max_length=32)
    places = models.PositiveIntegerField("入围人数")
    input_hash = models.CharField("输入摘要", max_length=64)
    result_hash = models.CharField("结果摘要", max_length=64)
    """SHA-256 over the chosen ids in ascending order, joined by commas: two runs of one input have one."""
    objective = models.DecimalField("总得分", max_digits=14, decimal_places=4)
    solver = models.CharField("求解器", max_length=64)
    follows = models.ForeignKey(
        "self", models.PROTECT, null=True, related_name="followers", verbose_name="所替换的名单"
    )
    """The adopted run that it changes, after an objection; None where it is the first."""
    why = models.CharField("更换理由", max_length=300, blank=True)
    at = models.DateTimeField("运行时间")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="运行人")
    adopted_at = models.DateTimeField("采用时间", null=True)
    adopted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name="采用人"
    )

    class Meta:
        ordering = ("-pk",)
        verbose_name = verbose_name_plural = "入围名单"
        constraints = (
            models.CheckConstraint(
                condition=Q(adopted_at=None, adopted_by=None) | Q(adopted_at__isnull=False, adopted_by__isnull=False),
                name="shortlist_adopted_by_somebody",
            ),
        )  # fmt: skip

    def __str__(self) -> str:
        return f"{self.round} #{self.pk}"

    @property
    def stage_label(self) -> str:
        return self.round.programme.stage(self.stage).label


class Seat(models.Model):
    """What a run says of one application. Never changed: who was left out can read why for ever."""

    run = models.ForeignKey(ShortlistRun, models.PROTECT, related_name="seats")
    application = models.ForeignKey(Application, models.PROTECT, related_name="seats", verbose_name="申报")
    chosen = models.BooleanField("入围")
    cell = models.CharField("名额单元", max_length=12, blank=True)
    score = models.DecimalField("得分", max_digits=9, decimal_places=4, null=True)
    place = models.PositiveIntegerField("名次", null=True)
    reason = models.CharField("理由代码", max_length=12)
    data = models.JSONField("所据数字", default=dict)
    sentence = models.CharField("理由", max_length=600, blank=True)

    class Meta:
        ordering = ("run", "place", "application")
        verbose_name = verbose_name_plural = "入围结论"
        constraints = (
            models.UniqueConstraint(fields=("run", "application"), name="seat_once"),
            models.CheckConstraint(condition=Q(chosen=True) | ~Q(sentence=""), name="seat_left_out_says_why"),
        )

    def __str__(self) -> str:
        return f"{self.run_id}:{self.application_id}"
