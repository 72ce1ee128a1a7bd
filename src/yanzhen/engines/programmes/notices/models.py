"""Public notices, each version for ever, the evidence of where they hung, and objections to them."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from yanzhen.engines.procedures.models import Subject
from yanzhen.engines.programmes.models import Application, Round
from yanzhen.engines.programmes.results.models import ShortlistRun
from yanzhen.foundation.scope import Scoped


class Notice(models.Model):
    """One version of a round's list as the public reads it. Never changed: another list is another version, and its
    days begin anew."""

    round = models.ForeignKey(Round, models.PROTECT, related_name="notices", verbose_name="轮次")
    run = models.ForeignKey(ShortlistRun, models.PROTECT, related_name="notices", verbose_name="所据名单")
    version = models.PositiveSmallIntegerField("版次")
    content = models.TextField("内容")
    """Canonical JSON: sorted keys, no blanks, UTF-8. What is hashed, and what anybody may download and hash."""
    digest = models.CharField("摘要", max_length=64)
    """SHA-256 of the bytes of `content`."""
    applications = ArrayField(models.BigIntegerField(), verbose_name="申报")
    """Ids in the order of the rows of `content`; they are not public."""
    venues = ArrayField(models.CharField(max_length=8), verbose_name="公示地点")
    published_at = models.DateTimeField("公示开始")
    ends_at = models.DateTimeField("公示期满")
    down_at = models.DateTimeField("撤下时间")
    """From then on the public page shows that there was a notice, and its digest, and nobody's name."""
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="发布人"
    )
    why = models.CharField("更换理由", max_length=300, blank=True)

    class Meta:
        ordering = ("round", "-version")
        verbose_name = verbose_name_plural = "公示"
        indexes = (models.Index(fields=("-published_at",), name="notice_published"),)
        constraints = (
            models.UniqueConstraint(fields=("round", "version"), name="notice_version"),
            models.CheckConstraint(
                condition=Q(published_at__lt=F("ends_at")) & Q(ends_at__lte=F("down_at")), name="notice_forwards"
            ),
        )  # fmt: skip

    def __str__(self) -> str:
        return f"{self.round} 公示第 {self.version} 版"


class Posting(Scoped):
    """That a notice hung at a venue, with its photograph (an attachment of this row)."""

    notice = models.ForeignKey(Notice, models.PROTECT, related_name="postings", verbose_name="公示")
    venue = models.CharField(
        "公示地点",
        max_length=8,
        choices=[("unit", "单位"), ("county", "县级"), ("city", "市级"), ("province", "省级")],
    )
    organisation = models.ForeignKey(
        "foundation.Organisation",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="张贴单位",
    )
    where = models.CharField("张贴处", max_length=120)
    posted_on = models.DateField("张贴日期")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="登记人")
    at = models.DateTimeField("登记时间")

    class Meta(Scoped.Meta):
        abstract = False
        ordering = ("pk",)
        verbose_name = verbose_name_plural = "张贴凭证"

    def __str__(self) -> str:
        return f"{self.notice_id}:{self.venue}"


class Objection(Subject):
    """What somebody says against a name on the list, or against being left off it. Named or anonymous."""

    procedure_code = "programmes.objection"
    beside = ("round",)

    class Ground(models.TextChoices):
        UNFIT = "unfit", "不符合条件"
        UNTRUE = "untrue", "材料或事迹不实"
        MARKS = "marks", "评审打分有误"
        OTHER = "other", "其他"

    OPEN = ("filed", "accepted")
    """States in which the result is frozen."""

    notice = models.ForeignKey(Notice, models.PROTECT, related_name="objections", verbose_name="公示")
    round = models.ForeignKey(Round, models.PROTECT, related_name="objections", verbose_name="轮次")
    application = models.ForeignKey(
        Application, models.PROTECT, related_name="objections", verbose_name="所涉申报"
    )
    ground = models.CharField("异议事由", max_length=8, choices=Ground)
    text = models.TextField("异议内容", max_length=2000)
    anonymous = models.BooleanField("匿名", default=False)
    objector_mask = models.CharField("异议人", max_length=80, blank=True)
    objector_cipher = models.BinaryField(null=True, editable=False)
    check_hash = models.BinaryField(max_length=32, editable=False)
    """Keyed hash of number and check code, with which the objector reads the reply."""
    finding = models.TextField("核查结论", max_length=2000, blank=True)
    reply = models.TextField("答复", max_length=2000, blank=True)
    remedy = models.ForeignKey(
        ShortlistRun,
        models.PROTECT,
        null=True,
        editable=False,
        related_name="+",
        verbose_name="据此更换的名单",
    )

    @property
    def stood_still(self) -> list[list[str]]:
        return self.round.pauses

    class Meta(Subject.Meta):
        abstract = False
        verbose_name = verbose_name_plural = "异议"
        indexes = (*Subject.Meta.indexes, models.Index(fields=("round", "state"), name="objection_round"))
        constraints = (
            *Subject.Meta.constraints,
            models.CheckConstraint(
                condition=Q(anonymous=False) | Q(objector_cipher=None),
                name="objection_anonymous_keeps_nobody",
            ),
        )


VENUES: dict[str, str] = {"unit": "单位", "county": "县级", "city": "市级", "province": "省级"}
Row = dict[str, Any]
