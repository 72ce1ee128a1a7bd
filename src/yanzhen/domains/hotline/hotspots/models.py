"""Alerts: what stands out from its own past, the cases that make it, and what somebody decided about it."""

from __future__ import annotations

import re
from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from yanzhen.domains.hotline.names import keys_of
from yanzhen.engines.similarity.text import name_normal
from yanzhen.foundation.models import Account
from yanzhen.foundation.scope import Scoped


class Alert(Scoped):
    class Kind(models.TextChoices):
        SURGE = "surge", "激增"
        SILENCE = "silence", "静默"

    class Dimension(models.TextChoices):
        EMPLOYER = "employer", "涉事单位"
        CLUSTER = "cluster", "同类诉求"
        PLACE = "place", "事发地点"
        CATEGORY = "category", "诉求类别"
        COUNTY = "county", "县（市、区）"
        CHANNEL = "channel", "渠道"
        CITY = "city", "市"
        TRUNK = "trunk", "电话中继"
        QUEUE = "queue", "电话队列"

    kind = models.CharField("性质", max_length=8, choices=Kind)
    dimension = models.CharField("维度", max_length=8, choices=Dimension)
    value = models.CharField(max_length=160)
    """What is counted: the core of a name, a code, the id of a cluster."""
    label = models.CharField("对象", max_length=160)
    opened_at = models.DateTimeField("发出时间")
    seen_at = models.DateTimeField("最近出现")
    """The end of the last period in which it stood out."""
    count = models.PositiveIntegerField("件数")
    mean = models.FloatField("历史均值")
    bound = models.PositiveIntegerField("正常上限")
    chance = models.FloatField("偶然出现的概率")
    past = ArrayField(models.PositiveIntegerField(), default=list)
    """The counts of the periods before, the oldest first, as they were when it stood out last."""
    also = models.JSONField("同一原因的其他维度", default=list)
    """Alarms that the same cases explain: [dimension, label, count] each."""
    acknowledged_at = models.DateTimeField("确认时间", null=True)
    acknowledged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False
    )
    closed_at = models.DateTimeField("关闭时间", null=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False
    )
    note = models.TextField("处置说明", max_length=1000, blank=True)
    cases: models.ManyToManyField[Any, AlertCase] = models.ManyToManyField(
        "hotline.Case", through="AlertCase", related_name="+"
    )

    class Meta(Scoped.Meta):
        abstract = False
        verbose_name = verbose_name_plural = "热点预警"
        indexes = (
            *Scoped.Meta.indexes,
            models.Index(fields=("-seen_at", "-id"), name="alert_open", condition=Q(closed_at=None)),
        )
        constraints = (
            models.UniqueConstraint(
                fields=("kind", "dimension", "value"), condition=Q(closed_at=None), name="alert_one_open"
            ),
            models.CheckConstraint(condition=Q(closed_at=None) | ~Q(note=""), name="alert_closed_has_note"),
        )

    def __str__(self) -> str:
        return f"{self.get_dimension_display()}“{self.label}”{self.get_kind_display()}"

    @classmethod
    def kept_from(cls, account: Account) -> Q:
        """An alert that names a unit says that cases are against it: its own people hear of none."""
        own = _own_values(account)
        return Q(dimension=cls.Dimension.EMPLOYER, value__regex=own) if own else Q()

    def is_kept_from(self, account: Account) -> bool:
        own = _own_values(account)
        return self.dimension == self.Dimension.EMPLOYER and bool(own and re.search(own, self.value))


def _own_values(account: Account) -> str:
    """Return a pattern of the values by which the account's own unit is counted, whatever county is named; "" for none."""
    unit = account.organisation
    names = (unit.name, *unit.aliases, *keys_of(unit)) if unit else ()
    cores = sorted({name_normal(name)[:160] for name in names} - {""})
    return rf"^(.{{1,6}}[市县区])?({'|'.join(cores)})$" if cores else ""


class AlertCase(models.Model):
    alert = models.ForeignKey(Alert, models.CASCADE, related_name="+", db_index=False)
    case = models.ForeignKey("hotline.Case", models.CASCADE, related_name="+")

    class Meta:
        verbose_name = verbose_name_plural = "预警工单"
        constraints = (models.UniqueConstraint(fields=("alert", "case"), name="alert_case_once"),)

    def __str__(self) -> str:
        return f"{self.alert_id}:{self.case_id}"
