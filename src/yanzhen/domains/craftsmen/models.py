"""What is kept beside the honours: who teaches whom, who wants a teacher, studios and their grants, sanctions."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q

from yanzhen.domains.craftsmen.titles import Role, labels, role_of
from yanzhen.engines.procedures.models import Subject
from yanzhen.foundation.models import Account
from yanzhen.foundation.scope import Scoped

PERSON = "foundation.Person"


class Mentorship(Subject):
    """A mentor and an apprentice under a contract. It lies where the apprentice's unit is."""

    procedure_code = "craftsmen.mentorship"
    beside: ClassVar[tuple[str, ...]] = ("organisation", "mentor", "apprentice")
    OVER: ClassVar[tuple[str, ...]] = ("graduated", "stopped", "dropped")

    mentor = models.ForeignKey(PERSON, models.PROTECT, related_name="mentorships", verbose_name="师傅")
    apprentice = models.ForeignKey(
        PERSON, models.PROTECT, related_name="apprenticeships", verbose_name="徒弟"
    )
    mentor_mask = models.CharField("师傅", max_length=64, editable=False)
    apprentice_mask = models.CharField("徒弟", max_length=64, editable=False)
    mentor_title = models.CharField("师傅称号", max_length=24, choices=labels, blank=True, editable=False)
    """The highest title in good standing when it began; "" for a mentor without one."""
    trade = models.CharField("工种", max_length=64)
    starts_on = models.DateField("协议起始")
    ends_on = models.DateField("协议期满")
    """The last day."""
    goals = models.TextField("培养目标", max_length=2000)
    result = models.TextField("带徒结果", max_length=2000, blank=True)

    class Meta(Subject.Meta):
        abstract = False
        verbose_name = verbose_name_plural = "师徒结对"
        constraints = (
            *Subject.Meta.constraints,
            models.CheckConstraint(condition=~Q(mentor=F("apprentice")), name="mentorship_between_two"),
            models.CheckConstraint(condition=Q(starts_on__lt=F("ends_on")), name="mentorship_takes_time"),
            models.UniqueConstraint(
                fields=("apprentice",),
                condition=~Q(state__in=("graduated", "stopped", "dropped")),
                name="mentorship_one_at_a_time",
            ),
        )
        indexes = (
            *Subject.Meta.indexes,
            models.Index(fields=("mentor", "state"), name="mentorship_of_mentor"),
        )

    @property
    def role(self) -> Role:
        return role_of(self.mentor_title)

    @property
    def heading(self) -> str:
        return f"{self.mentor_mask} → {self.apprentice_mask}"

    def belongs_to(self, account: Account) -> bool:
        return account.person_id is not None and account.person_id in (self.mentor_id, self.apprentice_id)


class Milestone(Scoped):
    """A step that the contract names: reported with what shows it, confirmed by a second person."""

    mentorship = models.ForeignKey(Mentorship, models.PROTECT, related_name="milestones")
    order = models.PositiveSmallIntegerField("序号")
    text = models.CharField("阶段目标", max_length=200)
    due_on = models.DateField("完成期限")
    evidence = models.TextField("成果与佐证", max_length=2000, blank=True)
    reported_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    reported_at = models.DateTimeField("填报时间", null=True)
    confirmed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    confirmed_at = models.DateTimeField("确认时间", null=True)

    class Meta:
        ordering = ("mentorship", "order")
        verbose_name = verbose_name_plural = "阶段目标"
        indexes = (GinIndex(fields=("audience",), name="milestone_audience"),)
        constraints = (
            models.UniqueConstraint(fields=("mentorship", "order"), name="milestone_order"),
            models.CheckConstraint(
                condition=Q(reported_by=None, reported_at=None, evidence="")
                | Q(reported_by__isnull=False, reported_at__isnull=False) & ~Q(evidence=""),
                name="milestone_reported_whole",
            ),
            models.CheckConstraint(
                condition=Q(confirmed_by=None, confirmed_at=None)
                | Q(confirmed_by__isnull=False, confirmed_at__isnull=False, reported_by__isnull=False)
                & ~Q(confirmed_by=F("reported_by")),
                name="milestone_second_person",
            ),
        )

    def __str__(self) -> str:
        return f"{self.mentorship_id}.{self.order}"


class Seeking(Scoped):
    """Somebody who wants a mentor, until one is found or the wish is taken back."""

    person = models.ForeignKey(PERSON, models.PROTECT, related_name="+", verbose_name="徒弟")
    organisation = models.ForeignKey(
        "foundation.Organisation", models.PROTECT, related_name="+", verbose_name="所在单位"
    )
    mask = models.CharField("徒弟", max_length=64, editable=False)
    trade = models.CharField("工种", max_length=64)
    entered_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    entered_at = models.DateTimeField("登记时间")
    closed_at = models.DateTimeField("结束时间", null=True)

    class Meta:
        ordering = ("entered_at", "pk")
        verbose_name = verbose_name_plural = "拜师需求"
        indexes = (GinIndex(fields=("audience",), name="seeking_audience"),)
        constraints = (
            models.UniqueConstraint(fields=("person",), condition=Q(closed_at=None), name="seeking_once"),
        )

    def __str__(self) -> str:
        return self.mask


class Studio(Scoped):
    """A craftsman's studio (工匠工作室): a name, who leads it, the unit where it works."""

    name = models.CharField("工作室名称", max_length=80)
    lead = models.ForeignKey(PERSON, models.PROTECT, related_name="studios", verbose_name="领衔人")
    lead_mask = models.CharField("领衔人", max_length=64, editable=False)
    organisation = models.ForeignKey(
        "foundation.Organisation", models.PROTECT, related_name="+", verbose_name="所在单位"
    )
    founded_on = models.DateField("成立日期")

    class Meta:
        ordering = ("name", "pk")
        verbose_name = verbose_name_plural = "工匠工作室"
        indexes = (GinIndex(fields=("audience",), name="studio_audience"),)
        constraints = (models.UniqueConstraint(fields=("organisation", "name"), name="studio_name"),)

    def __str__(self) -> str:
        return self.name


class Grant(Scoped):
    """Money granted to a studio under a document, paid in instalments that add up to it."""

    studio = models.ForeignKey(Studio, models.PROTECT, related_name="grants")
    title = models.CharField("依据称号", max_length=24, choices=labels)
    """The lead's title that it is granted for: once for each title."""
    total_yuan = models.DecimalField(
        "资助总额（元）", max_digits=12, decimal_places=2, validators=[MinValueValidator(1)]
    )
    document = models.CharField("文号", max_length=64)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    made_at = models.DateTimeField("登记时间")

    class Meta:
        ordering = ("studio", "-made_at")
        verbose_name = verbose_name_plural = "工作室资助"
        indexes = (GinIndex(fields=("audience",), name="craftsmen_grant_audience"),)
        constraints = (
            models.UniqueConstraint(fields=("studio", "title"), name="craftsmen_grant_once"),
            models.CheckConstraint(condition=Q(total_yuan__gt=0), name="craftsmen_grant_some"),
        )

    def __str__(self) -> str:
        return f"{self.studio_id}:{self.title}"


class Instalment(Subject):
    """A part of a grant. It is paid after its review has passed, by somebody else than whoever reviewed it."""

    procedure_code = "craftsmen.instalment"
    beside: ClassVar[tuple[str, ...]] = ("organisation", "grant")

    grant = models.ForeignKey(Grant, models.PROTECT, related_name="instalments")
    studio_name = models.CharField("工作室", max_length=80, editable=False)
    order = models.PositiveSmallIntegerField("期次")
    amount_yuan = models.DecimalField("金额（元）", max_digits=12, decimal_places=2)
    condition = models.CharField("考核要求", max_length=200)
    opinion = models.TextField("评审意见", max_length=2000, blank=True)
    paid_on = models.DateField("拨付日期", null=True, blank=True)
    voucher = models.CharField("拨付凭证号", max_length=64, blank=True)

    class Meta(Subject.Meta):
        abstract = False
        verbose_name = verbose_name_plural = "资助拨付"
        constraints = (
            *Subject.Meta.constraints,
            models.UniqueConstraint(fields=("grant", "order"), name="instalment_order"),
            models.CheckConstraint(condition=Q(amount_yuan__gt=0), name="instalment_some"),
            models.CheckConstraint(
                condition=~Q(state="paid") | (Q(paid_on__isnull=False) & ~Q(voucher="") & ~Q(opinion="")),
                name="instalment_paid_after_review",
            ),
        )


class Sanction(Scoped):
    """What the competent body said of a person: a sanction from a day to a day, or that it found none."""

    class Kind(models.TextChoices):
        CLEAR = "clear", "核查无处分"
        PARTY = "party", "党纪处分"
        OFFICE = "office", "政务处分"
        PENALTY = "penalty", "行政处罚"
        CRIME = "crime", "刑事处罚"
        CREDIT = "credit", "失信惩戒"

    person = models.ForeignKey(PERSON, models.PROTECT, related_name="+", verbose_name="人员")
    mask = models.CharField("人员", max_length=64, editable=False)
    kind = models.CharField("结论", max_length=8, choices=Kind)
    starts_on = models.DateField("起始日期")
    ends_on = models.DateField("截止日期", null=True, blank=True)
    """The last day; None while no end is known."""
    source = models.CharField("来源（机关、文号）", max_length=120)
    entered_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    entered_at = models.DateTimeField("登记时间")

    class Meta:
        ordering = ("-entered_at", "-pk")
        verbose_name = verbose_name_plural = "处分核查"
        indexes = (
            GinIndex(fields=("audience",), name="sanction_audience"),
            models.Index(fields=("person", "starts_on"), name="sanction_person"),
        )
        constraints = (
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(ends_on__gte=F("starts_on")), name="sanction_forwards"
            ),
            models.CheckConstraint(
                condition=~Q(kind="clear") | Q(ends_on__isnull=False), name="sanction_clear_ends"
            ),
        )

    def __str__(self) -> str:
        return f"{self.mask} {self.get_kind_display()}"
