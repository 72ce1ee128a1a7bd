"""Applications: one identity through all levels, many revisions, and what was found of each."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from yanzhen.engines.procedures.declare import PROCEDURES, Procedure
from yanzhen.engines.procedures.models import Subject
from yanzhen.engines.programmes.declare import Programme
from yanzhen.engines.programmes.models.programmes import Round
from yanzhen.foundation.models import Account

APPLY_UNIT, RECOMMEND_UNIT = "application.apply_unit", "application.recommend_unit"
"""What an account may do for the unit that it belongs to, and for no other, however far its grant reaches."""


class Application(Subject):
    """What somebody puts forward in a round. Its columns beside the answers are what rules and lists go by."""

    procedure_code = "programmes.application"
    beside: ClassVar[tuple[str, ...]] = ("round__windows", "person")

    round = models.ForeignKey(Round, models.PROTECT, related_name="applications", verbose_name="轮次")
    procedure_version = models.PositiveIntegerField(editable=False)
    """The id of the round."""
    person = models.ForeignKey(
        "foundation.Person",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="applications",
        verbose_name="申报人",
    )
    """None where a unit applies."""
    title = models.CharField("申报题目", max_length=120)
    answers = models.JSONField("填报内容", default=dict)
    redacted = models.JSONField(null=True, editable=False)
    """The answers as blind judges read them, with what tells who it is taken out by hand; None: nothing was."""
    revision = models.PositiveSmallIntegerField("修订", default=0, editable=False)
    track = models.CharField("组别", max_length=32, blank=True)
    industry = models.CharField("行业", max_length=5, blank=True)
    cell = models.CharField("名额单元", max_length=12, blank=True, editable=False)
    """Where its place is counted: a city's code or an industry."""
    traits = ArrayField(models.CharField(max_length=32), default=list, editable=False)
    """What ratio rules count: codes of the yes-answers, and "woman"."""
    eligible = models.BooleanField("符合条件", null=True, editable=False)
    """None: at least one condition could not be told."""
    open_opinions = models.PositiveSmallIntegerField(default=0, editable=False)
    vetoes = models.PositiveSmallIntegerField(default=0, editable=False)
    score = models.DecimalField("得分", max_digits=9, decimal_places=4, null=True, editable=False)
    place = models.PositiveIntegerField("名次", null=True, editable=False)
    chosen = models.BooleanField("入围", null=True, editable=False)
    """What the adopted shortlist says; None before there is one."""
    open_objections = models.PositiveSmallIntegerField(default=0, editable=False)
    outcome = models.TextField("结果说明", blank=True, max_length=1000)
    """What the applicant is told of an end that is no award."""
    check_hash = models.BinaryField(max_length=32, editable=False)
    """Keyed hash of number and check code, with which it is followed without an account."""
    submitted_at = models.DateTimeField("提交时间", null=True, editable=False)
    awarded_at = models.DateTimeField("认定时间", null=True, editable=False)

    class Meta(Subject.Meta):
        abstract = False
        verbose_name = verbose_name_plural = "申报"
        indexes = (
            *Subject.Meta.indexes,
            models.Index(fields=("round", "state"), name="application_round"),
            models.Index(fields=("person", "-started_at"), name="application_person"),
            models.Index(fields=("organisation", "round"), name="application_unit"),
        )
        constraints = (
            *Subject.Meta.constraints,
            models.UniqueConstraint(
                fields=("round", "person"),
                condition=Q(person__isnull=False) & ~Q(state="withdrawn"),
                name="application_once",
            ),
            models.CheckConstraint(
                condition=~Q(state="awarded") | Q(awarded_at__isnull=False), name="application_awarded_when"
            ),
        )

    def belongs_to(self, account: Account) -> bool:
        """The worker's own needs no right; who speaks for the unit belongs to it and was given that right."""
        own = self.person_id is not None and account.person_id == self.person_id
        return own or (self.is_of_unit(account) and account.has_right(APPLY_UNIT, self))

    def is_of_unit(self, account: Account) -> bool:
        return account.organisation_id is not None and account.organisation_id == self.organisation_id

    @classmethod
    def also_awaits(cls, account: Account) -> Q:
        """Those that a department of the account's has still to give its opinion of."""
        asked = Q()
        for reach in account.reaches("application.opinion"):
            line = {"line": reach.line} if reach.line else {}
            asked |= Q(application__region__code__startswith=reach.prefix, **line)
        if not asked:
            return asked
        open_ = Opinion.objects.filter(asked, verdict=Opinion.Verdict.OPEN)
        return Q(state="opinion", pk__in=open_.values("application"))

    @property
    def stood_still(self) -> list[list[str]]:
        return self.round.pauses

    @property
    def begins_under(self) -> Procedure:
        return PROCEDURES.get(self.procedure_code, self.round_id)

    @property
    def programme(self) -> Programme:
        return self.round.programme


class Revision(models.Model):
    """The answers as they stood when they were saved or submitted."""

    application = models.ForeignKey(Application, models.PROTECT, related_name="revisions")
    number = models.PositiveSmallIntegerField()
    answers = models.JSONField()
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ("application", "number")
        verbose_name = verbose_name_plural = "申报修订"
        constraints = (models.UniqueConstraint(fields=("application", "number"), name="revision_number"),)

    def __str__(self) -> str:
        return f"{self.application_id}.{self.number}"


class Finding(models.Model):
    """What a condition said of an application, with the record that it rests on."""

    class Answer(models.TextChoices):
        YES = "yes", "符合"
        NO = "no", "不符合"
        OPEN = "open", "待核实"

    application = models.ForeignKey(Application, models.PROTECT, related_name="findings")
    order = models.PositiveSmallIntegerField()
    rule = models.CharField(max_length=48)
    answer = models.CharField("结论", max_length=4, choices=Answer)
    reason = models.CharField("理由", max_length=300)
    evidence = models.CharField("所据记录", max_length=120, blank=True)
    at = models.DateTimeField()
    settled_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    """Who told what the records do not; None where a rule did."""

    class Meta:
        ordering = ("application", "order")
        verbose_name = verbose_name_plural = "资格条件"
        constraints = (models.UniqueConstraint(fields=("application", "order"), name="finding_once"),)

    def __str__(self) -> str:
        return f"{self.application_id}:{self.rule}"


class Opinion(models.Model):
    """What a department was asked of an application, and what it said."""

    class Verdict(models.TextChoices):
        OPEN = "open", "未答复"
        AGREED = "agreed", "无意见"
        VETOED = "vetoed", "不同意"

    application = models.ForeignKey(Application, models.PROTECT, related_name="opinions")
    line = models.ForeignKey("foundation.Line", models.PROTECT, related_name="+", verbose_name="部门")
    verdict = models.CharField("意见", max_length=8, choices=Verdict, default=Verdict.OPEN)
    text = models.TextField("说明", blank=True, max_length=1000)
    asked_at = models.DateTimeField("征求时间")
    due_at = models.DateTimeField("答复时限")
    answered_at = models.DateTimeField("答复时间", null=True)
    valid_until = models.DateTimeField("有效期至", null=True)
    answered_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ("application", "line__order")
        verbose_name = verbose_name_plural = "部门意见"
        constraints = (models.UniqueConstraint(fields=("application", "line"), name="opinion_once"),)

    def __str__(self) -> str:
        return f"{self.application_id}:{self.line_id}"
