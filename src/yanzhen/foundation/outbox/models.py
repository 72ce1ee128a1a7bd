"""What is to be told and to whom; which systems are told, and how far each telling is."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone

from yanzhen.foundation.scope import Scoped


def _code() -> str:
    return uuid.uuid4().hex


class Message(models.Model):
    """One notice to one account, or (account None) to whichever endpoints ask for it.

    Written in the transaction of what it tells. No foreign key to its subject: a notice outlives it.
    """

    id = models.BigAutoField(primary_key=True)
    event = models.UUIDField("事件编号", default=uuid.uuid4)
    """The receiver's key: the same however often it is sent."""
    kind = models.CharField("类别", max_length=48)
    account = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="+", db_index=False
    )
    subject_type = models.CharField(max_length=48)
    subject_id = models.CharField(max_length=64)
    number = models.CharField("编号", max_length=64, blank=True)
    region_id = models.CharField("行政区划", max_length=9, blank=True)
    line_id = models.CharField("条线", max_length=24, blank=True)
    text = models.CharField("内容", max_length=300)
    payload = models.JSONField(default=dict)
    at = models.DateTimeField("时间", default=timezone.now)
    shown_at = models.DateTimeField()
    """When it appears in the account's list: at once, or when offices open."""
    read_at = models.DateTimeField(null=True)
    spread = models.BooleanField(default=False)
    """Whether its deliveries were made; always so for an account's."""

    class Meta:
        verbose_name = verbose_name_plural = "通知"
        indexes = (
            models.Index(fields=("account", "-id"), name="message_of_account"),
            models.Index(
                fields=("account", "shown_at"),
                name="message_unread",
                condition=Q(read_at=None, account__isnull=False),
            ),
            models.Index(fields=("id",), name="message_to_spread", condition=Q(spread=False)),
        )

    def __str__(self) -> str:
        return f"{self.kind}#{self.pk}"


class Endpoint(Scoped):
    """A system that is told by HTTP what happens in its region's subtree on its line."""

    code = models.CharField(max_length=32, unique=True, default=_code, editable=False)
    name = models.CharField("名称", max_length=64)
    url = models.CharField("地址", max_length=300)
    kinds = ArrayField(models.CharField(max_length=48), verbose_name="通知类别")
    secret_cipher = models.BinaryField(editable=False)
    """The key that signs; sealed."""
    active = models.BooleanField("启用", default=True)
    failures = models.PositiveIntegerField(default=0, editable=False)
    """How often in a row it could not be reached; while it is not 0, one delivery alone tries the way."""
    failed_at = models.DateTimeField(null=True, editable=False)
    rests_until = models.DateTimeField(null=True, editable=False)
    problem = models.CharField("最近的问题", max_length=200, blank=True, editable=False)
    created_at = models.DateTimeField("登记时间", default=timezone.now)

    class Meta(Scoped.Meta):
        abstract = False
        ordering = ("pk",)
        verbose_name = verbose_name_plural = "通知接收端"

    def __str__(self) -> str:
        return self.name


class Delivery(models.Model):
    """One message on its way to one endpoint."""

    class State(models.TextChoices):
        PENDING = "pending", "待投递"
        DELIVERED = "delivered", "已送达"
        DEAD = "dead", "投递失败"

    id = models.BigAutoField(primary_key=True)
    message = models.ForeignKey(Message, models.CASCADE, related_name="deliveries")
    endpoint = models.ForeignKey(Endpoint, models.PROTECT, related_name="deliveries", db_index=False)
    state = models.CharField("状态", max_length=10, choices=State, default=State.PENDING)
    attempts = models.PositiveIntegerField("次数", default=0)
    created_at = models.DateTimeField("产生时间")
    next_at = models.DateTimeField("下次投递")
    leased_until = models.DateTimeField(null=True)
    """Until then a worker has it in hand; a worker that died lets go of it by this."""
    give_up_at = models.DateTimeField("放弃时间")
    status = models.PositiveSmallIntegerField("应答", null=True)
    problem = models.CharField("问题", max_length=200, blank=True)
    delivered_at = models.DateTimeField("送达时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "通知投递"
        constraints = (models.UniqueConstraint(fields=("message", "endpoint"), name="delivery_once"),)
        indexes = (
            models.Index(
                fields=("endpoint", "next_at", "id"), name="delivery_due", condition=Q(state="pending")
            ),
            models.Index(
                fields=("endpoint",),
                name="delivery_leased",
                condition=Q(state="pending", leased_until__isnull=False),
            ),
            models.Index(fields=("endpoint", "state", "-id"), name="delivery_by_state"),
        )

    def __str__(self) -> str:
        return f"{self.message_id}→{self.endpoint_id}"

    @property
    def failing(self) -> bool:
        """Whether it waits after a failure: its own, or one of its endpoint, which rests since then."""
        return self.state == self.State.PENDING and bool(self.problem or self.endpoint.failures)

    @property
    def why(self) -> str:
        """What went wrong last; "" where nothing did since it was last sent anew."""
        return self.problem or (self.endpoint.problem if self.failing else "")
