"""Judges of a round, who marks what, marks that are never changed, and score runs that anybody can compute again."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from yanzhen.engines.programmes.models import Application, Round

ACCOUNT = settings.AUTH_USER_MODEL


class Judge(models.Model):
    """Somebody who marks in a round. Employer and city are what keeps a judge from applications."""

    round = models.ForeignKey(Round, models.PROTECT, related_name="judges")
    account = models.ForeignKey(ACCOUNT, models.PROTECT, related_name="judgeships", verbose_name="账号")
    employer = models.ForeignKey(
        "foundation.Organisation",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="工作单位",
    )
    region = models.ForeignKey("foundation.Region", models.PROTECT, related_name="+", verbose_name="所在地")
    topics = ArrayField(models.CharField(max_length=32), default=list, blank=True, verbose_name="专长")
    """Tracks and industries that the judge knows."""
    most = models.PositiveIntegerField("至多承担", null=True, blank=True)
    """Of its own; None: as many as the stage allows."""
    active = models.BooleanField("在任", default=True, editable=False)

    class Meta:
        ordering = ("round", "pk")
        verbose_name = verbose_name_plural = "评委"
        constraints = (models.UniqueConstraint(fields=("round", "account"), name="judge_once"),)

    def __str__(self) -> str:
        return str(self.account)


class Bar(models.Model):
    """That a judge may not mark an application: declared by the judge, or learned later by the organiser."""

    class Kind(models.TextChoices):
        KIN = "kin", "亲属"
        MENTOR = "mentor", "师徒"
        WORK = "work", "共同完成"
        OTHER = "other", "其他利害关系"

    judge = models.ForeignKey(Judge, models.PROTECT, related_name="bars")
    application = models.ForeignKey(Application, models.PROTECT, related_name="bars")
    kind = models.CharField("回避事由", max_length=8, choices=Kind)
    why = models.CharField("说明", max_length=200)
    by = models.ForeignKey(ACCOUNT, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        verbose_name = verbose_name_plural = "回避"
        constraints = (models.UniqueConstraint(fields=("judge", "application"), name="bar_once"),)

    def __str__(self) -> str:
        return f"{self.judge_id}≠{self.application_id}"


class AssignmentRun(models.Model):
    """One run of the solver: same seed, input and solver give the same panels."""

    round = models.ForeignKey(Round, models.PROTECT, related_name="assignment_runs")
    stage = models.CharField("环节", max_length=32)
    seed = models.PositiveBigIntegerField("种子")
    input_hash = models.CharField("输入摘要", max_length=64)
    solver = models.CharField("求解器", max_length=64)
    gap = models.FloatField("与最优的差距", null=True)
    shortages = models.JSONField(default=list)
    repairs = models.BooleanField(default=False)
    """Whether it only filled holes of an earlier one."""
    by = models.ForeignKey(ACCOUNT, models.PROTECT, related_name="+")
    at = models.DateTimeField("运行时间")

    class Meta:
        ordering = ("-at", "-pk")
        verbose_name = verbose_name_plural = "评委分配"

    def __str__(self) -> str:
        return f"{self.round_id}:{self.stage}#{self.pk}"


class Assignment(models.Model):
    """That a judge marks an application."""

    class State(models.TextChoices):
        LIVE = "live", "待打分"
        DONE = "done", "已打分"
        RECUSED = "recused", "已回避"
        RELEASED = "released", "已解除"

    run = models.ForeignKey(AssignmentRun, models.PROTECT, related_name="assignments")
    stage = models.CharField(max_length=32)
    judge = models.ForeignKey(Judge, models.PROTECT, related_name="assignments")
    application = models.ForeignKey(Application, models.PROTECT, related_name="assignments")
    status = models.CharField("状态", max_length=10, choices=State, default=State.LIVE)
    remark = models.BooleanField("复评", default=False)
    """Given because another judge's mark looked odd; the judge is not told which."""
    why = models.CharField("说明", max_length=200, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "评审任务"
        indexes = (models.Index(fields=("judge", "status"), name="assignment_judge"),)
        constraints = (
            models.UniqueConstraint(
                fields=("stage", "judge", "application"),
                condition=Q(status__in=("live", "done")),
                name="assignment_once",
            ),
        )

    def __str__(self) -> str:
        return f"{self.judge_id}→{self.application_id}"


class Sheet(models.Model):
    """All marks that a judge gave an application at once. Never changed; a void sheet stays, with its reason."""

    assignment = models.ForeignKey(Assignment, models.PROTECT, related_name="sheets")
    entry = models.PositiveSmallIntegerField(default=1)
    """2: typed in by a second person; 3: what a third decided where the two differ."""
    total = models.DecimalField("百分得分", max_digits=34, decimal_places=28, null=True)
    """Percent of the attainable; None where no aspect that counts applies."""
    opinion = models.TextField("评语", blank=True, max_length=2000)
    by = models.ForeignKey(ACCOUNT, models.PROTECT, related_name="+")
    at = models.DateTimeField("打分时间")

    class Meta:
        verbose_name = verbose_name_plural = "评分表"

    def __str__(self) -> str:
        return f"{self.assignment_id}#{self.entry}"


class Mark(models.Model):
    """What a sheet says of one aspect: a number, or why it does not apply."""

    sheet = models.ForeignKey(Sheet, models.PROTECT, related_name="marks")
    aspect = models.CharField(max_length=32)
    value = models.DecimalField("得分", max_digits=16, decimal_places=6, null=True)
    reason = models.CharField("不适用的原因", max_length=200, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "评分"
        constraints = (
            models.UniqueConstraint(fields=("sheet", "aspect"), name="mark_once"),
            models.CheckConstraint(condition=Q(value__isnull=False) | ~Q(reason=""), name="mark_or_reason"),
        )

    def __str__(self) -> str:
        return f"{self.sheet_id}:{self.aspect}"


class ClearedPaper(models.Model):
    """That an organiser looked a paper through, and blind judges may see it."""

    attachment = models.OneToOneField("foundation.Attachment", models.CASCADE, related_name="+")
    by = models.ForeignKey(ACCOUNT, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        verbose_name = verbose_name_plural = "可供匿名评审的附件"

    def __str__(self) -> str:
        return str(self.attachment_id)


class VoidSheet(models.Model):
    """That a sheet no longer counts, and why."""

    sheet = models.OneToOneField(Sheet, models.PROTECT, related_name="void")
    why = models.CharField("作废理由", max_length=200)
    by = models.ForeignKey(ACCOUNT, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        verbose_name = verbose_name_plural = "作废评分表"

    def __str__(self) -> str:
        return str(self.sheet_id)


class ScoreRun(models.Model):
    """Scores of one marking stage, frozen: method, parameters, chain, code version and hashes stand in `frozen`."""

    round = models.ForeignKey(Round, models.PROTECT, related_name="score_runs")
    stage = models.CharField("环节", max_length=32)
    method = models.CharField("方法", max_length=24)
    input_hash = models.CharField("输入摘要", max_length=64)
    result_hash = models.CharField("结果摘要", max_length=64)
    frozen = models.BinaryField()
    """The canonical bytes of the result (scoring.runs.ScoreResult.canonical)."""
    flags = models.JSONField(default=list)
    """Marks far from what is expected: [application, judge, value, expected, strength]."""
    by = models.ForeignKey(ACCOUNT, models.PROTECT, related_name="+")
    at = models.DateTimeField("运行时间")
    adopted_by = models.ForeignKey(ACCOUNT, models.PROTECT, null=True, related_name="+")
    adopted_at = models.DateTimeField("采用时间", null=True)

    class Meta:
        ordering = ("-at", "-pk")
        verbose_name = verbose_name_plural = "计分"
        constraints = (
            models.UniqueConstraint(
                fields=("round", "stage"),
                condition=Q(adopted_at__isnull=False),
                name="score_run_adopted_once",
            ),
        )

    def __str__(self) -> str:
        return f"{self.round_id}:{self.stage} {self.method}"
