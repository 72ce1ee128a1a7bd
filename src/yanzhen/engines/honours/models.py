"""What is kept of honours: who holds which title until when, reports of each year, credentials, keys, void numbers."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q

from yanzhen.engines.honours.declare import TITLES, Title, title_choices
from yanzhen.engines.procedures.models import Subject
from yanzhen.foundation.models import Account
from yanzhen.foundation.scope import EVERYTHING, Scoped


class Honour(Subject):
    """A title held by a person. Its number is the certificate's, given once and never again."""

    procedure_code = "honours.honour"

    GOOD: ClassVar[tuple[str, ...]] = ("standing", "suspending", "withdrawing")
    """In good standing: what is only proposed has not happened."""
    SUSPENDED: ClassVar[tuple[str, ...]] = ("suspended", "withdrawing_suspended")
    WITHDRAWN: ClassVar[tuple[str, ...]] = ("withdrawn",)
    OVER: ClassVar[tuple[str, ...]] = ("ended", "withdrawing_ended", "withdrawn")
    """After these the same title may be awarded to the person again."""

    person = models.ForeignKey(
        "foundation.Person", models.PROTECT, related_name="honours", verbose_name="获得者"
    )
    title = models.CharField("荣誉称号", max_length=24, choices=title_choices)
    holder_mask = models.CharField("获得者", max_length=64)
    """The name as everybody may read it."""
    awarded_on = models.DateField("授予日期")
    term_until = models.DateField("有效期至", null=True, blank=True)
    """The last day; None where the title has no end."""
    document = models.CharField("文号", max_length=64, blank=True)
    year = models.PositiveSmallIntegerField(editable=False)
    serial = models.PositiveIntegerField(editable=False)
    source_kind = models.CharField(max_length=64, blank=True, editable=False)
    """Code of the procedure whose subject awarded it, with `source_id`; "" for records from outside."""
    source_id = models.BigIntegerField(null=True, editable=False)
    cause = models.TextField("事由", max_length=2000, blank=True)
    """Why it is or was to be suspended or withdrawn: the facts, as proposed."""

    class Meta(Subject.Meta):
        abstract = False
        verbose_name = verbose_name_plural = "荣誉"
        constraints = (
            *Subject.Meta.constraints,
            models.UniqueConstraint(fields=("title", "year", "serial"), name="honour_serial"),
            models.UniqueConstraint(
                fields=("person", "title"),
                condition=~Q(state__in=("ended", "withdrawing_ended", "withdrawn")),
                name="honour_held_once",
            ),
            models.CheckConstraint(
                condition=Q(term_until=None) | Q(term_until__gt=F("awarded_on")), name="honour_term"
            ),
        )
        indexes = (
            *Subject.Meta.indexes,
            models.Index(fields=("title", "region"), name="honour_title"),
            models.Index(
                fields=("term_until",),
                name="honour_to_end",
                condition=Q(state="standing", term_until__isnull=False),
            ),
            models.Index(fields=("id",), name="honour_withdrawn", condition=Q(state="withdrawn")),
        )

    @property
    def declared(self) -> Title:
        return TITLES[self.title]

    @property
    def heading(self) -> str:
        return f"{self.holder_mask} {self.get_title_display()}"


class Steward(Account):
    """The worker, as the engine knows actors, when it ends what is over. Never saved: its records name nobody."""

    class Meta:
        proxy = True

    def has_right(self, right: str, row: Scoped) -> bool:
        return right == "honour.approve" and isinstance(row, Honour)

    def grant_for(self, right: str, row: Scoped) -> int | None:
        return None

    def audience_keys(self) -> set[str]:
        return {EVERYTHING}


class DutyReport(Scoped):
    """What a holder did in a year, as the unit says it, and what somebody else thinks of it."""

    class Grade(models.TextChoices):
        EXCELLENT = "excellent", "优秀"
        GOOD = "good", "良好"
        PASS = "pass", "合格"
        FAIL = "fail", "不合格"

    honour = models.ForeignKey(Honour, models.PROTECT, related_name="reports")
    year = models.PositiveSmallIntegerField("年度")
    mentees = models.PositiveSmallIntegerField("带徒人数", validators=[MaxValueValidator(999)])
    teaching_hours = models.DecimalField(
        "授课学时", max_digits=6, decimal_places=1, validators=[MinValueValidator(0)]
    )
    results = models.TextField("攻关与创新成果", max_length=2000)
    text = models.TextField("履职情况", max_length=4000)
    submitted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="填报人"
    )
    submitted_at = models.DateTimeField("填报时间")
    grade = models.CharField("评定等次", max_length=10, choices=Grade, blank=True)
    opinion = models.TextField("评定意见", max_length=2000, blank=True)
    reviewed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name="评定人"
    )
    reviewed_at = models.DateTimeField("评定时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "履职报告"
        indexes = (
            GinIndex(fields=("audience",), name="honours_report_audience"),
            models.Index(
                fields=("submitted_at", "id"), name="honours_report_open", condition=Q(reviewed_at=None)
            ),
        )
        constraints = (
            models.UniqueConstraint(fields=("honour", "year"), name="honours_report_once"),
            models.CheckConstraint(
                condition=Q(reviewed_by=None, reviewed_at=None, grade="")
                | (Q(reviewed_by__isnull=False, reviewed_at__isnull=False) & ~Q(grade="")),
                name="honours_report_whole",
            ),
            models.CheckConstraint(
                condition=Q(reviewed_by=None) | ~Q(reviewed_by=F("submitted_by")),
                name="honours_report_second_person",
            ),
            models.CheckConstraint(condition=Q(teaching_hours__gte=0), name="honours_report_hours"),
        )

    def __str__(self) -> str:
        return f"{self.honour_id}/{self.year}"


class IssuerKey(models.Model):
    """A public key under which credentials were signed. Former ones stay: what they signed is still to be checked."""

    kid = models.CharField(max_length=43, primary_key=True)
    """Thumbprint of the key (RFC 7638)."""
    jwk = models.JSONField()
    since = models.DateTimeField()

    def __str__(self) -> str:
        return self.kid


class Credential(Scoped):
    """A signed credential of an honour. A later one takes the place of one that was made out wrongly."""

    honour = models.ForeignKey(Honour, models.PROTECT, related_name="credentials")
    number = models.CharField("编号", max_length=32)
    token = models.TextField()
    status_index = models.PositiveBigIntegerField(unique=True)
    """Its place in the status lists, counted over all lists."""
    issued_at = models.DateTimeField("签发时间")
    revoked_at = models.DateTimeField("作废时间", null=True)
    """When another took its place. That the honour itself was withdrawn stands with the honour."""
    reason = models.CharField("作废原因", max_length=200, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "电子凭证"
        indexes = (
            GinIndex(fields=("audience",), name="honours_credential_audience"),
            models.Index(
                fields=("status_index",),
                name="honours_credential_revoked",
                condition=Q(revoked_at__isnull=False),
            ),
        )
        constraints = (
            models.UniqueConstraint(
                fields=("honour",), condition=Q(revoked_at=None), name="honours_credential_one"
            ),
            models.CheckConstraint(
                condition=Q(revoked_at=None, reason="") | (Q(revoked_at__isnull=False) & ~Q(reason="")),
                name="honours_credential_revoked_why",
            ),
        )

    def __str__(self) -> str:
        return self.number


class VoidNumber(models.Model):
    """A serial of a series that no honour has, and why: so that a series has no unexplained gap."""

    title = models.CharField("荣誉称号", max_length=24, choices=title_choices)
    year = models.PositiveSmallIntegerField("年度")
    serial = models.PositiveIntegerField("序号")
    number = models.CharField("编号", max_length=32, unique=True)
    reason = models.CharField("作废原因", max_length=200)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        verbose_name = verbose_name_plural = "作废编号"
        constraints = (models.UniqueConstraint(fields=("title", "year", "serial"), name="void_number_once"),)

    def __str__(self) -> str:
        return self.number
