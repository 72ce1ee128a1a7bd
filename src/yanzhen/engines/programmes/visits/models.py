"""Visits on site that are planned: where, when and who goes; what they found is an Inspection."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from yanzhen.engines.programmes.models import Application, Inspection
from yanzhen.foundation.models import Account
from yanzhen.foundation.scope import Scoped

ACCOUNT = settings.AUTH_USER_MODEL


class Visit(Scoped):
    """One visit, at the place of its application. Photographs and papers are attachments of this row."""

    class State(models.TextChoices):
        PLANNED = "planned", "待考察"
        FILED = "filed", "已登记"
        CALLED_OFF = "called_off", "已取消"

    application = models.ForeignKey(Application, models.PROTECT, related_name="visits", verbose_name="申报")
    stage = models.CharField("环节", max_length=32)
    on = models.DateField("计划日期")
    inspectors: models.ManyToManyField[Account, models.Model] = models.ManyToManyField(
        ACCOUNT, related_name="visits", verbose_name="考察人员"
    )
    note = models.CharField("行程说明", max_length=300, blank=True)
    status = models.CharField("状态", max_length=10, choices=State, default=State.PLANNED)
    planned_by = models.ForeignKey(ACCOUNT, models.PROTECT, related_name="+")
    planned_at = models.DateTimeField("安排时间")
    checks = models.JSONField("核查", default=list)
    """By item of the stage's checklist: [item, answer, note]."""
    inspection = models.OneToOneField(Inspection, models.PROTECT, null=True, related_name="visit")

    class Meta(Scoped.Meta):
        abstract = False
        ordering = ("on", "pk")
        verbose_name = verbose_name_plural = "考察安排"
        indexes = (*Scoped.Meta.indexes, models.Index(fields=("status", "on"), name="visit_due"))
        constraints = (
            models.UniqueConstraint(
                fields=("application", "stage"), condition=Q(status="planned"), name="visit_planned_once"
            ),
            models.CheckConstraint(
                condition=Q(status="filed", inspection__isnull=False)
                | (~Q(status="filed") & Q(inspection__isnull=True)),
                name="visit_filed_has_findings",
            ),
        )

    def __str__(self) -> str:
        return f"{self.application_id}:{self.on}"
