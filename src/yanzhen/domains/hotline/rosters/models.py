"""Who can take a call, and when: seats and their skills, shifts, leave, swaps, what one shift tells the next."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateTimeRangeField, RangeBoundary, RangeOperators
from django.db import models
from django.db.models import F, Func, Q

from yanzhen.foundation.scope import Scoped


class Skill(models.Model):
    """What a call may need: ordinary intake, law, English ... kept as data."""

    code = models.SlugField("代码", max_length=24, primary_key=True)
    name = models.CharField("名称", max_length=32, unique=True)
    proven = models.BooleanField("须全时有人", default=False)
    """Whether every region needs somebody of this skill at every minute."""

    class Meta:
        ordering = ("code",)
        verbose_name = verbose_name_plural = "坐席技能"

    def __str__(self) -> str:
        return self.name


class Seat(models.Model):
    """An account's place on the telephone: its extension, the address where it rings, its skills."""

    account = models.OneToOneField(settings.AUTH_USER_MODEL, models.PROTECT, related_name="seat")
    extension = models.CharField("分机号", max_length=16, unique=True)
    address = models.CharField("SIP 地址", max_length=128)
    """As a proxy dials it, such as `sip:8001@10.0.0.5:5060`."""
    skills = ArrayField(models.CharField(max_length=24), default=list, verbose_name="技能")
    active = models.BooleanField("启用", default=True)

    class Meta:
        verbose_name = verbose_name_plural = "坐席"
        constraints = (
            models.CheckConstraint(condition=Q(extension__regex=r"^\d{2,16}$"), name="seat_extension_digits"),
            models.CheckConstraint(condition=Q(address__startswith="sip"), name="seat_address_is_sip"),
        )

    def __str__(self) -> str:
        return self.extension


LONGEST = timedelta(hours=24)
"""A shift that is longer is a typing error, or two shifts. Routing looks no further back."""
SPAN = Func("starts_at", "ends_at", RangeBoundary(), function="tstzrange", output_field=DateTimeRangeField())
"""The span of a row as a range: its start belongs to it, its end does not."""


class Shift(Scoped):
    """An account's time on the telephone for one region and skill; half-open, one place at a time."""

    class Kind(models.TextChoices):
        DAY = "day", "白班"
        EVENING = "evening", "中班"
        NIGHT = "night", "夜班"
        EXTRA = "extra", "补班"

    account = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="shifts")
    skill = models.ForeignKey(Skill, models.PROTECT, related_name="+", verbose_name="技能")
    starts_at = models.DateTimeField("开始")
    ends_at = models.DateTimeField("结束", help_text="不含此刻")
    kind = models.CharField("班别", max_length=8, choices=Kind, default=Kind.DAY)

    class Meta(Scoped.Meta):
        abstract = False
        ordering = ("starts_at", "pk")
        verbose_name = verbose_name_plural = "班次"
        indexes = (
            *Scoped.Meta.indexes,
            models.Index(fields=("region", "skill", "starts_at"), name="shift_on_duty"),
        )
        constraints = (
            models.CheckConstraint(condition=Q(starts_at__lt=F("ends_at")), name="shift_takes_time"),
            models.CheckConstraint(
                condition=Q(ends_at__lte=F("starts_at") + LONGEST), name="shift_a_day_at_most"
            ),
            ExclusionConstraint(
                name="shift_one_place_at_a_time",
                expressions=[
                    ("account", RangeOperators.EQUAL),
                    (SPAN, RangeOperators.OVERLAPS),
                ],
            ),
        )

    def __str__(self) -> str:
        return f"{self.starts_at:%Y-%m-%d %H:%M}"


class Leave(Scoped):
    """A span that somebody asks to be off for; granted by another person, it cuts their shifts."""

    class Status(models.TextChoices):
        ASKED = "asked", "待批准"
        GRANTED = "granted", "已批准"
        REFUSED = "refused", "未批准"
        WITHDRAWN = "withdrawn", "已撤回"

    account = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    starts_at = models.DateTimeField("开始")
    ends_at = models.DateTimeField("结束", help_text="不含此刻")
    reason = models.CharField("事由", max_length=200)
    status = models.CharField("状态", max_length=12, choices=Status, default=Status.ASKED)
    asked_at = models.DateTimeField("申请时间")
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField("决定时间", null=True)

    class Meta(Scoped.Meta):
        abstract = False
        ordering = ("-asked_at", "-pk")
        verbose_name = verbose_name_plural = "请假"
        constraints = (
            models.CheckConstraint(condition=Q(starts_at__lt=F("ends_at")), name="leave_takes_time"),
            models.CheckConstraint(condition=~Q(decided_by=F("account")), name="leave_by_a_second_person"),
        )


class Swap(Scoped):
    """A shift offered to a colleague, who accepts; then a rule, or a third person, confirms."""

    class Status(models.TextChoices):
        OFFERED = "offered", "待对方接受"
        ACCEPTED = "accepted", "待确认"
        DONE = "done", "已换班"
        DECLINED = "declined", "对方未接受"
        REFUSED = "refused", "未予确认"
        WITHDRAWN = "withdrawn", "已撤回"

    shift = models.ForeignKey(Shift, models.CASCADE, related_name="swaps")
    giver = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    taker = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    status = models.CharField("状态", max_length=12, choices=Status, default=Status.OFFERED)
    offered_at = models.DateTimeField("提出时间")
    concerns = ArrayField(models.TextField(), default=list)
    """What the rule would not confirm by itself; a third person looks at it."""
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    """None where the rule confirmed."""
    decided_at = models.DateTimeField("决定时间", null=True)

    class Meta(Scoped.Meta):
        abstract = False
        ordering = ("-offered_at", "-pk")
        verbose_name = verbose_name_plural = "换班"
        constraints = (
            models.CheckConstraint(condition=~Q(giver=F("taker")), name="swap_between_two"),
            models.CheckConstraint(
                condition=Q(decided_by=None) | ~Q(decided_by=F("giver")) & ~Q(decided_by=F("taker")),
                name="swap_by_a_third_person",
            ),
            models.UniqueConstraint(
                fields=("shift",), condition=Q(status__in=("offered", "accepted")), name="swap_one_at_a_time"
            ),
        )


class HandOver(Scoped):
    """What a shift tells the next one; whoever takes over says that they read it."""

    shift = models.OneToOneField(Shift, models.PROTECT, related_name="hand_over")
    skill = models.ForeignKey(Skill, models.PROTECT, related_name="+")
    note = models.TextField("交接内容", max_length=2000)
    written_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    written_at = models.DateTimeField("交班时间")
    read_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    read_at = models.DateTimeField("接班时间", null=True)

    class Meta(Scoped.Meta):
        abstract = False
        ordering = ("-written_at", "-pk")
        verbose_name = verbose_name_plural = "交接班"
        constraints = (
            models.CheckConstraint(
                condition=Q(read_by=None) | ~Q(read_by=F("written_by")), name="hand_over_between_two"
            ),
        )


class Presence(models.Model):
    """Whether somebody on duty sits at the desk, and when a call was last offered to them."""

    account = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="presence"
    )
    away = models.BooleanField("暂离", default=False)
    changed_at = models.DateTimeField("变更时间", null=True)
    offered_at = models.DateTimeField("上次派给", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "坐席状态"

    def __str__(self) -> str:
        return "暂离" if self.away else "在岗"


class Alarm(Scoped):
    """A hole in the roster that was seen, until it is closed. `whole`: nothing below the region has anybody either."""

    skill = models.ForeignKey(Skill, models.PROTECT, related_name="+")
    starts_at = models.DateTimeField("开始")
    ends_at = models.DateTimeField("结束", help_text="不含此刻")
    whole = models.BooleanField("含下级")
    opened_at = models.DateTimeField("发现时间")
    closed_at = models.DateTimeField("解除时间", null=True)
    told = ArrayField(models.BigIntegerField(), default=list)
    """Ids of the accounts whose concern it is: they edit the roster there."""

    class Meta(Scoped.Meta):
        abstract = False
        ordering = ("starts_at", "region_id")
        verbose_name = verbose_name_plural = "空班告警"
        indexes = (
            *Scoped.Meta.indexes,
            models.Index(fields=("region", "skill"), name="alarm_open", condition=Q(closed_at=None)),
        )


class RouteAnswer(models.Model):
    """Why a call went where it went: one line for each time it was asked, never changed. No caller's number."""

    at = models.DateTimeField("时间")
    call_id = models.CharField("呼叫标识", max_length=128, db_index=True)
    region = models.CharField("行政区划", max_length=9)
    skill = models.CharField("技能", max_length=24)
    accounts = ArrayField(models.BigIntegerField())
    """Ids in the order in which they were to ring."""
    why = ArrayField(models.TextField())

    class Meta:
        verbose_name = verbose_name_plural = "派线记录"

    def __str__(self) -> str:
        return self.call_id
