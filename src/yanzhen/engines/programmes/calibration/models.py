"""The calibration before the marking: sample files, what each judge gave them, and that the marking was released."""

from __future__ import annotations

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from yanzhen.engines.programmes.models import Application, Round
from yanzhen.engines.programmes.panels.models import Judge

ACCOUNT = settings.AUTH_USER_MODEL


class Sample(models.Model):
    """A file that all judges of a Mark stage mark for practice. It never counts; judges read it blind."""

    round = models.ForeignKey(Round, models.PROTECT, related_name="samples")
    stage = models.CharField("环节", max_length=32)
    application = models.ForeignKey(
        Application, models.PROTECT, related_name="sampled", verbose_name="所用申报"
    )
    reference = models.DecimalField(
        "参考分", max_digits=5, decimal_places=2, null=True, blank=True,
        validators=[MinValueValidator(0), MaxValueValidator(100)],
    )  # fmt: skip
    """What was agreed beforehand, in percent; None: the panel's own median is what judges are laid beside."""
    added_by = models.ForeignKey(ACCOUNT, models.PROTECT, related_name="+")
    added_at = models.DateTimeField()

    class Meta:
        ordering = ("pk",)
        verbose_name = verbose_name_plural = "校准样卷"
        constraints = (models.UniqueConstraint(fields=("round", "stage", "application"), name="sample_once"),)

    def __str__(self) -> str:
        return f"{self.round_id}:{self.stage} {self.application_id}"


class Trial(models.Model):
    """What a judge gave a sample. Never changed: who has seen the panel's marks marks no second time."""

    sample = models.ForeignKey(Sample, models.PROTECT, related_name="trials")
    judge = models.ForeignKey(Judge, models.PROTECT, related_name="trials")
    marks = models.JSONField("评分")
    """By aspect: [code, value as text or None, why it does not apply]."""
    total = models.DecimalField("百分得分", max_digits=34, decimal_places=28, null=True)
    at = models.DateTimeField("打分时间")

    class Meta:
        verbose_name = verbose_name_plural = "试评"
        constraints = (models.UniqueConstraint(fields=("sample", "judge"), name="trial_once"),)

    def __str__(self) -> str:
        return f"{self.sample_id}:{self.judge_id}"


class Release(models.Model):
    """That the marking of a stage was opened after its calibration, with how the judges stood."""

    round = models.ForeignKey(Round, models.PROTECT, related_name="releases")
    stage = models.CharField("环节", max_length=32)
    ready = models.PositiveIntegerField("已达要求的评委")
    judges = models.PositiveIntegerField("在任评委")
    why = models.CharField("说明", max_length=300, blank=True)
    by = models.ForeignKey(ACCOUNT, models.PROTECT, related_name="+")
    at = models.DateTimeField("放行时间")

    class Meta:
        verbose_name = verbose_name_plural = "校准放行"
        constraints = (models.UniqueConstraint(fields=("round", "stage"), name="release_once"),)

    def __str__(self) -> str:
        return f"{self.round_id}:{self.stage}"
