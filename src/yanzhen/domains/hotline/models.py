"""Rights cases (诉求工单): what a worker asked for, where it stands, what came of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q

from yanzhen.domains.hotline.names import LONGEST_NAME, keys_of
from yanzhen.engines.procedures.models import Subject
from yanzhen.foundation.placed import Placed

if TYPE_CHECKING:
    from yanzhen.foundation.models import Account


class Category(models.Model):
    """A node of the three-level category tree, kept as data. The code's prefix is its subtree: "02", "0201", "020103"."""

    code = models.CharField("代码", max_length=6, primary_key=True)
    name = models.CharField("名称", max_length=40)
    active = models.BooleanField("启用", default=True)

    class Meta:
        ordering = ("code",)
        verbose_name = verbose_name_plural = "诉求类别"
        constraints = (
            models.CheckConstraint(condition=Q(code__regex=r"^(\d\d){1,3}$"), name="category_code_shape"),
        )

    def __str__(self) -> str:
        return self.name

    @property
    def level(self) -> int:
        return len(self.code) // 2


def against(account: Account, path: str = "") -> Q:
    """Return the condition that the row at `path`, which has an `employer_key`, is against the account's own unit; an empty one where none can be.

    The names are those of today, so nothing has to be written again when a unit is registered or gets another alias;
    of several units that share a name none sees the case.
    """
    keys = keys_of(account.organisation)
    return Q(**{f"{path}employer_key__in": keys}) if keys else Q()


class Case(Placed, Subject):
    procedure_code = "hotline.case"
    beside = ("memberships__group__members",)

    class Channel(models.TextChoices):
        PHONE = "phone", "电话"
        WEB = "web", "网上"
        API = "api", "接口"
        SHEET = "sheet", "表格导入"
        VISIT = "visit", "来访"

    class Urgency(models.TextChoices):
        NORMAL = "normal", "一般"
        URGENT = "urgent", "紧急"
        CRITICAL = "critical", "特急"

    class Complexity(models.TextChoices):
        ORDINARY = "ordinary", "一般"
        DIFFICULT = "difficult", "难点"
        COMPLEX = "complex", "特别复杂"

    class Satisfaction(models.TextChoices):
        SATISFIED = "satisfied", "满意"
        FAIR = "fair", "基本满意"
        DISSATISFIED = "dissatisfied", "不满意"

    channel = models.CharField("渠道", max_length=8, choices=Channel)
    received_at = models.DateTimeField("来件时间")
    title = models.CharField("诉求标题", max_length=80)
    body = models.TextField("诉求内容", max_length=5000)
    category = models.ForeignKey(
        Category,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        verbose_name="诉求类别",
    )
    urgency = models.CharField("紧急程度", max_length=8, choices=Urgency, default=Urgency.NORMAL)
    complexity = models.CharField("难易等级", max_length=10, choices=Complexity, default=Complexity.ORDINARY)
    """It decides how long handling may take (全国 12351 三类时限)."""
    employer = models.CharField("涉事单位", max_length=LONGEST_NAME, blank=True)
    employer_key = models.CharField(max_length=LONGEST_NAME, blank=True, default="", editable=False)
    """The `names.name_key` of it: people of a registered unit that goes by that name never see the case."""
    place = models.CharField("事发地点", max_length=128, blank=True)
    headcount = models.PositiveIntegerField("涉及人数", default=1, validators=[MinValueValidator(1)])
    amount_yuan = models.DecimalField(
        "涉及金额（元）",
        max_digits=14,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(0)],
    )

    anonymous = models.BooleanField("匿名", default=False)
    secret = models.BooleanField("要求保密", default=False)
    caller_cipher = models.BinaryField(null=True, editable=False)
    """Name and phone as the caller gave them, encrypted together."""
    caller_mask = models.CharField("诉求人", max_length=32, blank=True, editable=False)
    phone_hash = models.BinaryField(max_length=32, null=True, editable=False)
    phone_tail_hash = models.BinaryField(max_length=32, null=True, editable=False)
    """Keyed hash of number and last four digits: what public tracking compares."""
    phone_tail_code = models.IntegerField(null=True, editable=False)
    """Keyed code of the last four digits alone: what staff look for."""
    check_hash = models.BinaryField(max_length=32, editable=False)
    """Keyed hash of number and check code, for those who left no phone."""

    route = models.ForeignKey(
        "routing.Route", models.PROTECT, null=True, editable=False, related_name="+", db_index=False
    )
    """The row of the routing table that proposes who handles the case; None where none fits."""
    returns = models.PositiveSmallIntegerField("退回次数", default=0, editable=False)
    counter_proposal = models.ForeignKey(
        "foundation.Organisation",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        verbose_name="建议承办单位",
    )
    former_handler = models.ForeignKey(
        "foundation.Account", models.PROTECT, null=True, editable=False, related_name="+", db_index=False
    )
    """Who handled it when it was left unsolved: somebody else handles it then."""
    reply = models.TextField("答复内容", blank=True, max_length=5000)
    answered_at = models.DateTimeField("答复时间", null=True, editable=False)
    reached = models.BooleanField("已联系到诉求人", null=True, blank=True)
    solved = models.BooleanField("问题是否解决", null=True, blank=True)
    satisfaction = models.CharField("满意度", max_length=12, choices=Satisfaction, blank=True)
    called_back_by = models.ForeignKey(
        "foundation.Account",
        models.PROTECT,
        null=True,
        editable=False,
        related_name="+",
        db_index=False,
        verbose_name="回访人",
    )
    """Who ended the call-back: somebody else closes the case."""
    quality_passed = models.BooleanField("质检合格", null=True, blank=True)
    batch = models.ForeignKey(
        "foundation.Batch", models.PROTECT, null=True, editable=False, related_name="+", db_index=False
    )

    class Meta(Subject.Meta):
        abstract = False
        verbose_name = verbose_name_plural = "诉求工单"
        indexes = (
            *(index for index in Subject.Meta.indexes if index.name != "%(class)s_handler"),
            *Placed.Meta.indexes,
            # nobody's first: what waits for anybody is counted without passing what everybody has
            models.Index(
                F("handler").asc(nulls_first=True), "due_at", name="case_handler", condition=Q(ended_at=None)
            ),
            models.Index(fields=("received_at",), name="case_received"),
            models.Index(fields=("ended_at",), name="case_ended", condition=Q(ended_at__isnull=False)),
            models.Index(
                fields=("handler", "-started_at", "-id"),
                name="case_handled",
                condition=Q(handler__isnull=False),
            ),
            # its place too: of a unit elsewhere a city finds nothing, without reading the unit's cases
            models.Index(
                fields=("organisation", "-started_at", "-id", "city", "county"),
                name="case_unit",
                condition=Q(organisation__isnull=False),
            ),
            models.Index(fields=("batch",), name="case_batch", condition=Q(batch__isnull=False)),
            models.Index(fields=("phone_hash",), name="case_phone", condition=Q(phone_hash__isnull=False)),
            models.Index(fields=("employer_key",), name="case_employer", condition=~Q(employer_key="")),
            models.Index(
                fields=("phone_tail_code",), name="case_tail", condition=Q(phone_tail_code__isnull=False)
            ),
        )
        constraints = (
            *Subject.Meta.constraints,
            models.CheckConstraint(condition=Q(headcount__gte=1), name="case_headcount"),
            models.CheckConstraint(
                condition=~Q(state="answered") | ~Q(reply=""), name="case_answered_has_reply"
            ),
            models.CheckConstraint(
                condition=~Q(state="closed") | (Q(ended_at__isnull=False) & Q(quality_passed=True)),
                name="case_closed_was_checked",
            ),
            models.CheckConstraint(
                condition=Q(employer="") | ~Q(employer_key=""), name="case_employer_has_key"
            ),
        )

    @classmethod
    def kept_from(cls, account: Account) -> Q:
        return against(account)

    def is_kept_from(self, account: Account) -> bool:
        return bool(self.employer_key) and self.employer_key in keys_of(account.organisation)
