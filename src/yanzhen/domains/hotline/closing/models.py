"""How a case is closed: calls to the caller, what the caller says of the result, cases drawn for a second look, and
demands that were found unreasonable."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q

from yanzhen.domains.hotline.models import Case, against
from yanzhen.engines.procedures.models import Subject
from yanzhen.foundation.models import Account
from yanzhen.foundation.scope import EVERYTHING, Reach, Scoped


class Attempt(Scoped):
    """A call to the caller, or the taking back of one noted by mistake. Append-only, kept so by the database."""

    class Outcome(models.TextChoices):
        REACHED = "reached", "联系上"
        NO_ANSWER = "no_answer", "无人接听"
        BUSY = "busy", "占线"
        REFUSED = "refused", "拒绝回访"
        WRONG = "wrong", "号码有误"
        LATER = "later", "约定再联系"
        MISTAKE = "mistake", "更正误记"

    class Slot(models.TextChoices):
        MORNING = "morning", "上午"
        AFTERNOON = "afternoon", "下午"
        EVENING = "evening", "晚间"
        OFF = "off", "时段外"

    case = models.ForeignKey(Case, models.PROTECT, related_name="attempts")
    round_at = models.DateTimeField()
    """When the reply was given that the call is about: a case handled again begins a new round."""
    at = models.DateTimeField("拨打时间")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="回访员")
    outcome = models.CharField("结果", max_length=10, choices=Outcome)
    slot = models.CharField("时段", max_length=10, choices=Slot)
    again_at = models.DateTimeField("约定时间", null=True)
    note = models.CharField("备注", max_length=200, blank=True)
    corrects = models.OneToOneField("self", models.PROTECT, null=True, related_name="corrected_by")

    class Meta:
        verbose_name = verbose_name_plural = "回访尝试"
        indexes = (
            GinIndex(fields=("audience",), name="closing_attempt_audience"),
            models.Index(fields=("case", "round_at", "at"), name="closing_attempt_case"),
        )
        constraints = (
            models.CheckConstraint(
                condition=Q(outcome="later", again_at__isnull=False)
                | (~Q(outcome="later") & Q(again_at__isnull=True)),
                name="attempt_later_says_when",
            ),
            models.CheckConstraint(
                condition=Q(outcome="mistake", corrects__isnull=False)
                | (~Q(outcome="mistake") & Q(corrects__isnull=True)),
                name="attempt_mistake_says_which",
            ),
        )

    def __str__(self) -> str:
        return f"{self.case_id} {self.get_outcome_display()}"


class Survey(Scoped):
    """What the caller says of the result: solved, satisfied with it, satisfied with the service, each by itself.

    Append-only; the last of a round counts, those of former rounds stay.
    """

    class Channel(models.TextChoices):
        PHONE = "phone", "电话"
        WEB = "web", "网上"

    case = models.ForeignKey(Case, models.PROTECT, related_name="surveys")
    round_at = models.DateTimeField()
    at = models.DateTimeField("评价时间")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    """Who asked; None where the caller answered online."""
    channel = models.CharField("渠道", max_length=8, choices=Channel)
    solved = models.BooleanField("问题是否解决")
    satisfaction = models.CharField("对结果的评价", max_length=12, choices=Case.Satisfaction, blank=True)
    service = models.CharField("对服务的评价", max_length=12, choices=Case.Satisfaction, blank=True)
    words = models.CharField("诉求人的话", max_length=500, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "评价"
        indexes = (
            GinIndex(fields=("audience",), name="closing_survey_audience"),
            models.Index(fields=("case", "id"), name="closing_survey_case"),
        )

    def __str__(self) -> str:
        return f"{self.case_id} {self.get_channel_display()}"


class Draw(Scoped):
    """A day's random sample of a city: from what, how many, and the seed, so that anybody can draw it again."""

    day = models.DateField("办结日期")
    percent = models.DecimalField("比例", max_digits=7, decimal_places=4)
    population = ArrayField(models.BigIntegerField(), verbose_name="办结工单")
    """Ids of the cases closed that day, in order."""
    seed = models.CharField("种子", max_length=64)
    checkpoint = models.BigIntegerField("检查点", null=True)
    """The sealed checkpoint from which the seed follows; None where none was sealed since, and the seed is random."""
    drawn_at = models.DateTimeField("抽取时间")

    class Meta:
        verbose_name = verbose_name_plural = "抽取"
        indexes = (GinIndex(fields=("audience",), name="closing_draw_audience"),)
        constraints = (models.UniqueConstraint(fields=("day", "region"), name="closing_draw_once"),)

    def __str__(self) -> str:
        return f"{self.day} {self.region_id}"


class Sampled(Scoped):
    """A closed case that was drawn, and what a second person found."""

    draw = models.ForeignKey(Draw, models.PROTECT, related_name="sampled")
    case = models.ForeignKey(Case, models.PROTECT, related_name="samples")
    due_at = models.DateTimeField("复核时限")
    reviewer = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    reviewed_at = models.DateTimeField("复核时间", null=True)
    passed = models.BooleanField("通过", null=True)
    findings = models.JSONField("逐项结论", default=dict)
    """By the code of the point (points.py): pass, fail or na."""
    opinion = models.TextField("意见", blank=True, max_length=2000)

    class Meta:
        verbose_name = verbose_name_plural = "抽检工单"
        indexes = (
            GinIndex(fields=("audience",), name="closing_sampled_audience"),
            models.Index(fields=("due_at", "id"), name="closing_sampled_due", condition=Q(reviewed_at=None)),
        )
        constraints = (
            models.UniqueConstraint(fields=("draw", "case"), name="closing_sampled_once"),
            models.CheckConstraint(
                condition=Q(reviewed_at=None, passed=None, reviewer=None)
                | Q(reviewed_at__isnull=False, passed__isnull=False, reviewer__isnull=False),
                name="closing_sampled_whole",
            ),
        )

    def __str__(self) -> str:
        return f"{self.draw_id}/{self.case_id}"

    @classmethod
    def kept_from(cls, account: Account) -> Q:
        return against(account, "case__")

    def is_kept_from(self, account: Account) -> bool:
        return self.case.is_kept_from(account)

    def lies_in(self, reaches: Iterable[Reach]) -> bool:
        """As the case has it: an organisation that was asked in has no say over what its own work is judged with."""
        return self.case.lies_in(reaches)


class Unreasonable(Subject):
    """A mark that a demand is unreasonable: proposed, decided by a second person, open to appeal. It closes nothing."""

    procedure_code = "closing.unreasonable"

    class Ground(models.TextChoices):
        REPEATED = "repeated", "同一事项重复反映，已依法答复"
        ELSEWHERE = "elsewhere", "已在复议、仲裁、诉讼程序中"
        AGAINST_LAW = "against_law", "要求违反法律、法规"
        UNTRUE = "untrue", "反映的事实经查不实"
        ABUSE = "abuse", "辱骂、骚扰工作人员"

    IN_EFFECT: ClassVar[tuple[str, ...]] = ("confirmed", "upheld")
    """States in which it counts. While an appeal is open it does not: doubt is for the caller."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="unreasonable", verbose_name="诉求工单")
    ground = models.CharField("理由类别", max_length=12, choices=Ground)
    reason = models.TextField("事实和理由", max_length=2000)
    opinion = models.TextField("认定意见", max_length=2000, blank=True)
    objection = models.TextField("异议", max_length=2000, blank=True)
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        editable=False,
        related_name="+",
        db_index=False,
        verbose_name="认定人",
    )
    caller_objected = models.BooleanField("诉求人已提出异议", default=False, editable=False)
    """The caller objects once, whatever staff did before."""

    class Meta(Subject.Meta):
        abstract = False
        verbose_name = verbose_name_plural = "不合理诉求"
        constraints = (
            *Subject.Meta.constraints,
            models.UniqueConstraint(
                fields=("case",),
                condition=~Q(state__in=("rejected", "overturned")),
                name="unreasonable_one_standing",
            ),
        )

    @classmethod
    def kept_from(cls, account: Account) -> Q:
        return against(account, "case__")

    def is_kept_from(self, account: Account) -> bool:
        return self.case.is_kept_from(account)

    @property
    def title(self) -> str:
        return f"{self.case.number} {self.get_ground_display()}"


class Caller(Account):
    """Whoever showed the secret of a case, as the engine knows actors: one right over that case's mark, no id.

    Never saved: records of what a caller does name nobody.
    """

    case_id: int

    class Meta:
        proxy = True

    def has_right(self, right: str, row: Scoped) -> bool:
        return right == "case.view" and isinstance(row, Unreasonable) and row.case_id == self.case_id

    def grant_for(self, right: str, row: Scoped) -> int | None:
        return None

    def reaches(self, right: str) -> list[Reach]:
        return []

    def audience_keys(self) -> set[str]:
        """The secret is the right: the page that takes it reaches everything (faces.portal.visitors)."""
        return {EVERYTHING}
