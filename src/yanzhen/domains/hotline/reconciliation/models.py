"""What the comparison of a day's arrivals with its cases came to; every run is kept."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone


class Report(models.Model):
    """One source on one day. A later run adds a version and leaves the former as it was."""

    day = models.DateField("日期")
    source = models.CharField("来源", max_length=32)
    version = models.PositiveSmallIntegerField("次序")
    made_at = models.DateTimeField("对账时间", default=timezone.now)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    """None: the nightly job."""
    incoming = models.PositiveIntegerField("收件")
    cases = models.PositiveIntegerField("工单")
    otherwise = models.PositiveIntegerField("另有结果", null=True)
    """Arrivals that rightly have no case; None where the source has none such, and in reports from before they were counted."""
    found = models.PositiveIntegerField("不符")
    """How many differences; where there are more than declare.MOST, that many and one."""
    differences = models.JSONField(default=list)
    """Each with the fields of declare.Difference; declare.MOST at most."""

    class Meta:
        ordering = ("-day", "source", "-version")
        verbose_name = verbose_name_plural = "来件对账"
        constraints = (
            models.UniqueConstraint(fields=("day", "source", "version"), name="report_version_once"),
        )

    def __str__(self) -> str:
        return f"{self.day} {self.source} v{self.version}"

    @property
    def unfinished(self) -> int | None:
        """How many arrivals have come to nothing yet; None where only cases were counted."""
        return None if self.otherwise is None else self.incoming - self.cases - self.otherwise
