"""Places, department lines and organisations: the matrix that every floor stands on."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q

from yanzhen.foundation.scope import Scoped, prefix_of


class Region(models.Model):
    """An administrative division by its GB/T 2260 code (towns: GB/T 10114, 9 digits). Codes are text."""

    class Level(models.TextChoices):
        PROVINCE = "province", "省"
        CITY = "city", "市"
        COUNTY = "county", "县（市、区）"
        ZONE = "zone", "开发区（统计用区划）"
        TOWN = "town", "乡镇（街道）"

    code = models.CharField("行政区划代码", max_length=9, primary_key=True)
    name = models.CharField("名称", max_length=64)
    short = models.CharField("简称", max_length=32, blank=True)
    pinyin = models.CharField("拼音", max_length=128, blank=True)
    level = models.CharField("层级", max_length=8, choices=Level)
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="children")
    valid_from = models.DateField("启用日期", null=True, blank=True)
    valid_to = models.DateField("停用日期", null=True, blank=True, help_text="不含当日")
    successors = models.ManyToManyField("self", symmetrical=False, related_name="predecessors", blank=True)

    class Meta:
        ordering = ("code",)
        verbose_name = verbose_name_plural = "行政区划"
        constraints = (
            models.CheckConstraint(condition=Q(code__regex=r"^\d{6}(\d{3})?$"), name="region_code_digits"),
            models.CheckConstraint(
                condition=Q(valid_to=None) | Q(valid_from=None) | Q(valid_from__lt=models.F("valid_to")),
                name="region_valid_period",
            ),
        )

    def __str__(self) -> str:
        return self.name

    @property
    def prefix(self) -> str:
        return prefix_of(self.code)


class Line(models.Model):
    """A department line (条线): union, human resources, court, justice ... as data."""

    code = models.SlugField("代码", max_length=24, primary_key=True)
    name = models.CharField("名称", max_length=32, unique=True)
    order = models.PositiveSmallIntegerField("顺序", default=0)

    class Meta:
        ordering = ("order", "code")
        verbose_name = verbose_name_plural = "条线"

    def __str__(self) -> str:
        return self.name


class Organisation(Scoped):
    """A unit of any kind. An enterprise is one with an industry, an ownership and a headcount."""

    walled = False  # names of units are public, and a referral may go to any of them

    class Kind(models.TextChoices):
        UNION = "union", "工会"
        PARTY = "party", "党委部门"
        GOVERNMENT = "government", "政府部门"
        COURT = "court", "法院"
        ENTERPRISE = "enterprise", "企业"
        SCHOOL = "school", "院校"
        OTHER = "other", "其他"

    class Ownership(models.TextChoices):
        STATE = "state", "国有"
        COLLECTIVE = "collective", "集体"
        PRIVATE = "private", "民营"
        FOREIGN = "foreign", "外资"

    name = models.CharField("名称", max_length=128, db_index=True)
    aliases = ArrayField(models.CharField(max_length=128), default=list, blank=True, verbose_name="别名")
    kind = models.CharField("类别", max_length=12, choices=Kind)
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="children")
    uscc = models.CharField("统一社会信用代码", max_length=18, null=True, blank=True, unique=True)
    industry = models.CharField("行业代码（GB/T 4754）", max_length=5, blank=True)
    ownership = models.CharField("所有制", max_length=12, choices=Ownership, blank=True)
    headcount = models.PositiveIntegerField("职工人数", null=True, blank=True)
    valid_to = models.DateField("停用日期", null=True, blank=True)

    class Meta(Scoped.Meta):
        abstract = False
        ordering = ("region_id", "pk")
        verbose_name = verbose_name_plural = "单位"
        indexes = (*Scoped.Meta.indexes, GinIndex(fields=("aliases",), name="organisation_aliases"))
        constraints = (
            models.CheckConstraint(
                condition=Q(uscc=None) | Q(uscc__regex="^[0-9A-HJ-NPQRTUWXY]{18}$"),
                name="organisation_uscc_shape",
            ),
            models.UniqueConstraint(fields=("name", "region"), name="organisation_name_in_region"),
        )

    def __str__(self) -> str:
        return self.name
