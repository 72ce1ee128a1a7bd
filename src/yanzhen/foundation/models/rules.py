"""What the law's terms rest on: the working-day calendar, and numbers with their source."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone


class CalendarYear(models.Model):
    """A year of the calendar. `presumed` years have weekends and fixed-date holidays only: terms in them may move."""

    class Status(models.TextChoices):
        PUBLISHED = "published", "已公布"
        PRESUMED = "presumed", "推定"

    year = models.PositiveSmallIntegerField("年份", primary_key=True)
    status = models.CharField("状态", max_length=10, choices=Status)
    source = models.CharField("来源", max_length=200)
    loaded_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("year",)
        verbose_name = verbose_name_plural = "日历年度"

    def __str__(self) -> str:
        return f"{self.year} {self.get_status_display()}"


class CalendarDay(models.Model):
    """A day that differs from the plain week: a day off on a weekday, or a weekend day worked (调休)."""

    class Kind(models.TextChoices):
        STATUTORY = "statutory", "法定节假日"
        OFF = "off", "调休放假"
        WORK = "work", "调休上班"

    day = models.DateField("日期", primary_key=True)
    year = models.ForeignKey(CalendarYear, models.CASCADE, related_name="days")
    kind = models.CharField("性质", max_length=10, choices=Kind)
    name = models.CharField("名称", max_length=32, blank=True)

    class Meta:
        ordering = ("day",)
        verbose_name = verbose_name_plural = "日历"

    def __str__(self) -> str:
        return f"{self.day} {self.get_kind_display()}"


class Parameter(models.Model):
    """A number that a rule needs, by region and date, with its source and article. Never in code."""

    class Unit(models.TextChoices):
        HOURS = "hours", "小时"
        WORKING_HOURS = "working_hours", "工作小时"
        WORKING_DAYS = "working_days", "工作日"
        CALENDAR_DAYS = "calendar_days", "日"
        MONTHS = "months", "个月"
        COUNT = "count", "个"
        PERCENT = "percent", "%"
        YUAN = "yuan", "元"

    class Grade(models.TextChoices):
        A = "A", "A 法规原文"
        B = "B", "B 官方或媒体"
        C = "C", "C 二手资料"
        D = "D", "D 产品默认，未经核实"

    code = models.CharField("代码", max_length=64)
    region = models.ForeignKey("foundation.Region", models.PROTECT, related_name="+", null=True, blank=True)
    """None: everywhere."""
    value = models.DecimalField("数值", max_digits=14, decimal_places=4)
    unit = models.CharField("计量单位", max_length=16, choices=Unit)
    starts_on = models.DateField("生效日期")
    ends_on = models.DateField("失效日期", null=True, blank=True, help_text="不含当日")
    source = models.CharField("来源", max_length=200)
    article = models.CharField("条款", max_length=64, blank=True)
    grade = models.CharField("证据等级", max_length=1, choices=Grade)

    class Meta:
        ordering = ("code", "region", "starts_on")
        verbose_name = verbose_name_plural = "参数"
        constraints = (
            models.UniqueConstraint(
                fields=("code", "region", "starts_on"), nulls_distinct=False, name="parameter_once"
            ),
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(starts_on__lt=models.F("ends_on")), name="parameter_period"
            ),
        )

    def __str__(self) -> str:
        return f"{self.code} = {self.value.normalize():f} {self.get_unit_display()}"
