"""The quota ledger: how many places a cell was dealt, and what was moved between cells since, each with its reason."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from yanzhen.engines.programmes.models.programmes import Round


class QuotaCell(models.Model):
    """A city's or an industry's places in a round. `code` "" is the reserve of the province."""

    round = models.ForeignKey(Round, models.PROTECT, related_name="cells")
    code = models.CharField("单元", max_length=12, blank=True)
    label = models.CharField("名称", max_length=64)
    weight = models.DecimalField("测算依据数", max_digits=14, decimal_places=2, default=0)
    dealt = models.PositiveIntegerField("分配名额")
    places = models.PositiveIntegerField("现有名额")
    """`dealt` with all moves since."""
    nominees = models.PositiveIntegerField("可推荐数")

    class Meta:
        ordering = ("round", "code")
        verbose_name = verbose_name_plural = "名额单元"
        constraints = (models.UniqueConstraint(fields=("round", "code"), name="quota_cell_once"),)

    def __str__(self) -> str:
        return self.label


class QuotaMove(models.Model):
    """Places that went from one cell to another: a transfer, or unused ones given back to the reserve."""

    giver = models.ForeignKey(QuotaCell, models.PROTECT, related_name="given")
    taker = models.ForeignKey(QuotaCell, models.PROTECT, related_name="taken")
    places = models.PositiveIntegerField("名额")
    why = models.CharField("理由", max_length=200)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ("pk",)
        verbose_name = verbose_name_plural = "名额调剂"
        constraints = (
            models.CheckConstraint(condition=Q(places__gte=1), name="quota_move_some"),
            models.CheckConstraint(condition=~Q(giver=models.F("taker")), name="quota_move_elsewhere"),
        )

    def __str__(self) -> str:
        return f"{self.giver_id}→{self.taker_id} {self.places}"
