"""What a procedure stores: columns on the subject's own row, its clocks, its parties, its pauses and copies."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cache
from typing import ClassVar

from django.apps import apps
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from yanzhen.engines.procedures.declare import PROCEDURES, Procedure, State
from yanzhen.foundation.models import Account
from yanzhen.foundation.scope import Reach, Scoped, audience_of


class Subject(Scoped):
    """Base of a domain model that a procedure moves. Only the engine writes the columns that are not editable."""

    procedure_code: ClassVar[str]
    beside: ClassVar[tuple[str, ...]] = ()
    """Relations that the rules of its moves look at: read once for a whole list that is moved."""

    number = models.CharField("编号", max_length=32, editable=False)
    state = models.CharField("状态", max_length=32, editable=False)
    procedure_version = models.PositiveSmallIntegerField(editable=False)
    due_at = models.DateTimeField("办理时限", null=True, editable=False)
    """When the earliest running clock runs out; None when none runs."""
    warn_at = models.DateTimeField(null=True, editable=False)
    late = models.BooleanField("曾超期", default=False, editable=False)
    """One of its own clocks ran out before it was stopped."""
    step = models.PositiveIntegerField(default=0, editable=False)
    """How many moves were made: a form says which step it was filled in for."""
    organisation = models.ForeignKey(
        "foundation.Organisation",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        verbose_name="承办单位",
    )
    handler = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        verbose_name="承办人",
    )
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        editable=False,
        related_name="+",
        db_index=False,
        verbose_name="登记人",
    )
    party_keys = ArrayField(models.TextField(), default=list, editable=False)
    """Audience keys of the organisations that were asked in and have a part in it; among `shared_with` too."""
    open_parties = models.PositiveSmallIntegerField(default=0, editable=False)
    """How many of them have still to answer."""
    started_at = models.DateTimeField("登记时间", editable=False)
    ended_at = models.DateTimeField("结束时间", null=True, editable=False)

    class Meta(Scoped.Meta):
        abstract = True
        constraints: ClassVar[tuple[models.BaseConstraint, ...]] = (
            models.UniqueConstraint(fields=("number",), name="%(class)s_number"),
        )
        indexes = (
            *Scoped.Meta.indexes,
            models.Index(fields=("due_at", "id"), name="%(class)s_due", condition=Q(due_at__isnull=False)),
            models.Index(fields=("-started_at", "-id"), name="%(class)s_started"),
            models.Index(fields=("region", "started_at"), name="%(class)s_region"),
            models.Index(fields=("handler", "due_at"), name="%(class)s_handler", condition=Q(ended_at=None)),
            models.Index(fields=("started_by", "-started_at"), name="%(class)s_starter"),
            models.Index(fields=("state", "due_at", "id"), name="%(class)s_open", condition=Q(ended_at=None)),
        )

    def lies_in(self, reaches: Iterable[Reach]) -> bool:
        """Tell whether one of `reaches` covers its own place or the organisation in charge.

        A party sees the subject but has no say in it: its say is over its own work order.
        """
        keys = set(audience_of(self.region_id, self.line_id))
        if self.organisation:
            keys.update(audience_of(self.organisation.region_id, self.organisation.line_id))
        return any(reach.key in keys for reach in reaches)

    @property
    def procedure(self) -> Procedure:
        return PROCEDURES.get(self.procedure_code, self.procedure_version)

    def belongs_to(self, account: Account) -> bool:
        """Tell whether it is the account's own matter; a kind of subject that has such accounts says so."""
        return False

    @property
    def stood_still(self) -> Sequence[Sequence[str]]:
        """Pairs of ISO dates, as in Clock.pauses, on which all its terms stand still: what it is a part of was paused."""
        return ()

    @classmethod
    def also_awaits(cls, account: Account) -> Q:
        """Subjects that wait for the account by more than their state; empty where none can."""
        return Q()

    @property
    def begins_under(self) -> Procedure:
        """The procedure of a subject that is about to begin."""
        return PROCEDURES.current(self.procedure_code)

    @property
    def stage(self) -> State:
        return self.procedure.state(self.state)

    def __str__(self) -> str:
        return self.number


@cache
def subject_model(procedure: str) -> type[Subject]:
    """Return the model that the procedure moves; raises StopIteration for a code that nobody declared."""
    return next(m for m in apps.get_models() if issubclass(m, Subject) and m.procedure_code == procedure)


class AboutSubject(models.Model):
    """Base of a row that belongs to a subject of any procedure."""

    procedure = models.CharField(max_length=64)
    subject_id = models.BigIntegerField()

    class Meta:
        abstract = True


class Party(AboutSubject, Scoped):
    """An organisation that was asked in: its work order, its answer, its own place in the matrix."""

    class State(models.TextChoices):
        OFFERED = "offered", "待接收"
        ACCEPTED = "accepted", "已接收"
        REJECTED = "rejected", "已退回"
        REVOKED = "revoked", "已撤回"
        DONE = "done", "已办毕"

    number = models.CharField("分办单号", max_length=40, unique=True)
    organisation = models.ForeignKey(
        "foundation.Organisation", models.PROTECT, related_name="+", verbose_name="协办单位"
    )
    state = models.CharField("状态", max_length=10, choices=State, editable=False)
    demand = models.TextField("办理要求")
    result = models.TextField("办理结果", blank=True)
    reason = models.TextField("退回或撤回理由", blank=True)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    answered_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    answered_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField("办理时限", null=True)

    class Meta(Scoped.Meta):
        abstract = False
        verbose_name = verbose_name_plural = "分办单"
        indexes = (
            *Scoped.Meta.indexes,
            models.Index(fields=("procedure", "subject_id"), name="party_subject"),
        )

    def __str__(self) -> str:
        return self.number

    @classmethod
    def kept_from(cls, account: Account) -> Q:
        """A work order says what its subject is about: who never sees the one never sees the other."""
        found = Q()
        for model in (m for m in apps.get_models() if issubclass(m, Subject)):
            if kept := model.kept_from(account):
                rows = model._default_manager.filter(kept).values("pk")
                found |= Q(procedure=model.procedure_code, subject_id__in=rows)
        return found

    def is_kept_from(self, account: Account) -> bool:
        model = subject_model(self.procedure)
        kept = model.kept_from(account)
        return bool(kept) and model._default_manager.filter(kept, pk=self.subject_id).exists()

    @property
    def warn_at(self) -> datetime | None:
        """When the warning of its running clock comes; read `clocks` along with the row."""
        return next((clock.warn_at for clock in self.clocks.all() if clock.stopped_at is None), None)


class Clock(AboutSubject):
    """One running term with what it was computed from, so that its end can be derived again at any time."""

    party = models.ForeignKey(Party, models.PROTECT, null=True, related_name="clocks")
    label = models.CharField(max_length=32)
    parameter = models.ForeignKey("foundation.Parameter", models.PROTECT, related_name="+")
    started_at = models.DateTimeField()
    extension = models.PositiveSmallIntegerField(default=0)
    """In the unit of the parameter."""
    pauses = models.JSONField(default=list)
    """Pairs of ISO dates [first day paused, first day counted again]."""
    warn_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField()
    provisional = models.BooleanField(default=False)
    """The term touches a year whose holidays were not published when it was computed."""
    stopped_at = models.DateTimeField(null=True)
    warned_at = models.DateTimeField(null=True)
    overdue_at = models.DateTimeField(null=True)
    """When the sweep marked it: each mark is made once."""
    rung = models.PositiveSmallIntegerField(default=0)
    """How many rungs of the ladder were told of it."""
    rung_at = models.DateTimeField(null=True)
    """When the next rung is to be told; None where nobody is left."""

    class Meta:
        verbose_name = verbose_name_plural = "时限"
        indexes = (
            models.Index(fields=("procedure", "subject_id"), name="clock_subject"),
            models.Index(
                fields=("warn_at",), name="clock_to_warn", condition=Q(stopped_at=None, warned_at=None)
            ),
            models.Index(
                fields=("due_at",), name="clock_to_mark", condition=Q(stopped_at=None, overdue_at=None)
            ),
            models.Index(
                fields=("rung_at",), name="clock_to_tell", condition=Q(stopped_at=None, rung_at__isnull=False)
            ),
            models.Index(
                fields=("due_at",), name="clock_provisional", condition=Q(stopped_at=None, provisional=True)
            ),
        )

    def __str__(self) -> str:
        return f"{self.procedure}#{self.subject_id} {self.label}"


class Escalation(AboutSubject):
    """That a level was told of a subject: because a term ran out, or at once because much is at stake."""

    clock = models.ForeignKey(Clock, models.PROTECT, null=True, related_name="escalations")
    rung = models.CharField(max_length=16)
    label = models.CharField("督办", max_length=32)
    reason = models.CharField("事由", max_length=200)
    region = models.ForeignKey("foundation.Region", models.PROTECT, related_name="+", verbose_name="层级")
    told = ArrayField(models.BigIntegerField(), default=list)
    """Ids of the accounts that were told; empty where nobody holds the right there, and the next level was told too."""
    at = models.DateTimeField()

    class Meta:
        verbose_name = verbose_name_plural = "督办"
        indexes = (
            models.Index(fields=("procedure", "subject_id"), name="escalation_subject"),
            models.Index(fields=("procedure", "at"), name="escalation_at"),
        )
        constraints = (
            models.UniqueConstraint(fields=("clock", "rung"), name="escalation_once"),
            models.UniqueConstraint(
                fields=("procedure", "subject_id", "rung"),
                name="escalation_at_once_once",
                condition=Q(clock=None),
            ),
        )

    def __str__(self) -> str:
        return f"{self.procedure}#{self.subject_id} {self.label}"


class Stay(AboutSubject):
    """A request to pause or extend a clock, and what was decided on it by somebody else."""

    class Kind(models.TextChoices):
        PAUSE = "pause", "暂停"
        EXTENSION = "extension", "延期"

    class Decision(models.TextChoices):
        OPEN = "open", "待审批"
        GRANTED = "granted", "已同意"
        REFUSED = "refused", "未同意"
        ENDED = "ended", "已提前恢复"

    clock = models.ForeignKey(Clock, models.PROTECT, related_name="stays")
    kind = models.CharField(max_length=10, choices=Kind)
    amount = models.PositiveSmallIntegerField("时长")
    """In the unit of the clock's parameter."""
    reason = models.TextField("理由")
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    decision = models.CharField(max_length=10, choices=Decision, default=Decision.OPEN)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    opinion = models.TextField("审批意见", blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "暂停与延期"
        indexes = (models.Index(fields=("procedure", "subject_id"), name="stay_subject"),)
        constraints = (
            models.UniqueConstraint(fields=("clock",), condition=Q(decision="open"), name="stay_one_open"),
            models.CheckConstraint(
                condition=Q(decided_by=None) | ~Q(decided_by=models.F("asked_by")), name="stay_second_person"
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.amount}"


class Copy(AboutSubject):
    """A subject that was copied to an account, to know of it without having to act."""

    account = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    copied_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        verbose_name = verbose_name_plural = "抄送"
        constraints = (
            models.UniqueConstraint(fields=("account", "procedure", "subject_id"), name="copy_once"),
        )

    def __str__(self) -> str:
        return f"{self.procedure}#{self.subject_id}→{self.account_id}"
