"""The routing table: which line and which organisation a matter of a place goes to, from one day to another."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class Route(models.Model):
    """Matters of the category subtree in the region subtree go to `line`; without an organisation to its nearest body.

    Periods are half-open. A row is ended and followed by another, never rewritten.
    """

    region = models.ForeignKey(
        "foundation.Region", models.PROTECT, related_name="+", db_index=False, verbose_name="行政区划"
    )
    category = models.CharField("诉求类别", max_length=6, blank=True)
    """Prefix of the category's code; "" for every matter."""
    line = models.ForeignKey(
        "foundation.Line", models.PROTECT, related_name="+", db_index=False, verbose_name="条线"
    )
    organisation = models.ForeignKey(
        "foundation.Organisation",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="承办单位",
    )
    valid_from = models.DateField("生效日期")
    valid_to = models.DateField("停用日期", null=True, blank=True, help_text="不含当日")
    source = models.CharField("来源", max_length=200)

    class Meta:
        ordering = ("region_id", "category", "valid_from")
        verbose_name = verbose_name_plural = "派单规则"
        constraints = (
            models.UniqueConstraint(fields=("region", "category", "valid_from"), name="route_once_a_day"),
            models.CheckConstraint(
                condition=Q(category__regex=r"^(\d\d){0,3}$"), name="route_category_shape"
            ),
            models.CheckConstraint(
                condition=Q(valid_to=None) | Q(valid_from__lt=models.F("valid_to")), name="route_period"
            ),
        )

    def __str__(self) -> str:
        return f"{self.region_id}/{self.category or '*'}→{self.line_id}"
