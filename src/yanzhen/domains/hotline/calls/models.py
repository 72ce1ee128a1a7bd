"""The telephone: trunks, what they told, the calls that follow from it, and the numbers still to be called back."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q, Value
from django.utils import timezone

from yanzhen.domains.hotline.models import against
from yanzhen.domains.hotline.names import LONGEST_NAME, keys_of
from yanzhen.engines.procedures.models import Subject
from yanzhen.foundation import keys
from yanzhen.foundation.models import Account
from yanzhen.foundation.scope import Scoped

PARTY = "call.party"
EVENT = "call.event"
SECRET = "call.secret"  # noqa: S105  # what is sealed with it, no password
"""What the sealed columns are sealed with."""


def machines() -> list[str]:
    return ["voicemail"]


class Trunk(Scoped):
    """A telephone system that may send events. Its token is shown once; only the hash of it is kept."""

    name = models.CharField("名称", max_length=64, unique=True)
    digest = models.BinaryField(max_length=32, unique=True, editable=False)
    secret_cipher = models.BinaryField(null=True, editable=False)
    """The signing secret, sealed; where there is one, an event without a good signature is refused."""
    machines = ArrayField(models.CharField(max_length=64), default=machines, verbose_name="应答设备")
    """Answering numbers behind which nobody sits, such as the voicemail: what they answer is not answered."""
    active = models.BooleanField("启用", default=True)
    created_at = models.DateTimeField("建立时间", default=timezone.now)

    walled = False
    """Read before anybody is logged in. It holds no personal data."""

    class Meta(Scoped.Meta):
        abstract = False
        verbose_name = verbose_name_plural = "电话中继"

    def __str__(self) -> str:
        return self.name


class CallBack(Subject):
    """A number that did not get through: somebody has to call it, once however often it tried."""

    procedure_code = "calls.call_back"

    class Outcome(models.TextChoices):
        REGISTERED = "registered", "已回拨，已登记工单"
        ANSWERED = "answered", "已回拨，当场答复"
        NO_MATTER = "no_matter", "已回拨，没有诉求"
        CALLED_AGAIN = "called_again", "对方再次来电，已接听"

    title = models.CharField("来电", max_length=80, editable=False)
    caller_cipher = models.BinaryField(editable=False)
    caller_mask = models.CharField("来电号码", max_length=32, editable=False)
    phone_hash = models.BinaryField(max_length=32, editable=False)
    outcome = models.CharField("回拨结果", max_length=16, choices=Outcome, blank=True)
    tried_at = models.DateTimeField("最近一次未接通", null=True, editable=False)

    class Meta(Subject.Meta):
        abstract = False
        verbose_name = verbose_name_plural = "回拨任务"
        constraints = (
            *Subject.Meta.constraints,
            models.UniqueConstraint(
                fields=("phone_hash",), condition=Q(ended_at=None), name="callback_once_a_number"
            ),
        )


class Call(Scoped):
    """What the events of one call come to. Written anew, whole, with every event (rules.fold)."""

    class Direction(models.TextChoices):
        IN = "in", "呼入"
        OUT = "out", "呼出"

    class Status(models.TextChoices):
        RINGING = "ringing", "振铃中"
        TALKING = "talking", "通话中"
        ANSWERED = "answered", "已接听"
        MISSED = "missed", "无人接听"
        DROPPED = "dropped", "振铃中挂断"
        BUSY = "busy", "占线"
        FAILED = "failed", "呼出未接通"

    class Reason(models.TextChoices):
        ANSWERED = "answered", "咨询，已当场答复"
        REPEAT = "repeat", "重复来电，已有工单"
        PROGRESS = "progress", "查询进度，已告知"
        CALLED_BACK = "called_back", "回拨通话，已在回拨任务中办理"
        WRONG = "wrong", "误拨"
        SILENT = "silent", "无声或中断，听不清"
        NUISANCE = "nuisance", "骚扰"
        TEST = "test", "测试"
        ELSEWHERE = "elsewhere", "不属于本热线，已告知去处"
        NO_NUMBER = "no_number", "未显示号码，无法回拨"
        NOT_REACHED = "not_reached", "呼出未接通"
        ANONYMOUS = "anonymous", "已登记匿名诉求"
        """It became a case, and nothing says which: the number would tell who the caller is."""

    trunk = models.ForeignKey(Trunk, models.PROTECT, related_name="calls", verbose_name="中继")
    ref = models.CharField("通话标识", max_length=128)
    """What the telephone system calls it (callId)."""
    direction = models.CharField("方向", max_length=3, choices=Direction)
    status = models.CharField("状态", max_length=8, choices=Status)
    started_at = models.DateTimeField("来电时间")
    answered_at = models.DateTimeField("接听时间", null=True)
    ended_at = models.DateTimeField("结束时间", null=True)
    wait_ms = models.PositiveIntegerField("等待（毫秒）", null=True)
    in_time = models.BooleanField("按时接听", null=True)
    """Whether it was answered within the term; None of what nobody answered."""
    cause = models.CharField("挂断原因", max_length=16, blank=True)
    settled = models.BooleanField(default=False)
    """Whether nothing is outstanding that the events alone decide: it runs, was answered, or led to a call-back."""
    party_cipher = models.BinaryField(null=True, editable=False)
    """Number of the other side and address of the recording, sealed together."""
    phone_hash = models.BinaryField(max_length=32, null=True, editable=False)
    phone_mask = models.CharField("对方号码", max_length=32, blank=True, editable=False)
    own_number = models.CharField("我方号码", max_length=64, blank=True)
    queue = models.CharField("队列", max_length=64, blank=True)
    why = models.CharField("属地推测依据", max_length=120, blank=True)
    recorded = models.BooleanField("有录音", default=False)
    seats = ArrayField(models.BigIntegerField(), default=list, editable=False)
    """Accounts at whose seats it rang or was answered."""
    legs = models.JSONField("接听经过", default=list)
    """Every answer in order: number (masked where it is a telephone's), time, account or None."""
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
        verbose_name="接听人",
    )
    case = models.ForeignKey(
        "hotline.Case", models.PROTECT, null=True, blank=True, related_name="calls", verbose_name="工单"
    )
    employer_key = models.CharField(max_length=LONGEST_NAME, blank=True, default="", editable=False)
    """The unit that its case is against, as the case has it: people of that unit neither see nor hear the call."""
    outcome = models.CharField("小结", max_length=12, choices=Reason, blank=True)
    note = models.CharField("说明", max_length=200, blank=True)
    call_back = models.ForeignKey(
        CallBack, models.PROTECT, null=True, related_name="calls", verbose_name="回拨任务"
    )
    step = models.PositiveIntegerField(default=0)
    """How often it was written: a page says which step it shows."""

    class Meta(Scoped.Meta):
        abstract = False
        verbose_name = verbose_name_plural = "通话"
        constraints = (
            models.UniqueConstraint(fields=("trunk", "ref"), name="call_once"),
            models.CheckConstraint(
                condition=Q(ended_at=None, status__in=("ringing", "talking"))
                | Q(ended_at__isnull=False) & ~Q(status__in=("ringing", "talking")),
                name="call_ended_is_over",
            ),
            models.CheckConstraint(
                condition=~Q(outcome="repeat") | Q(case__isnull=False), name="call_repeat_has_a_case"
            ),
        )
        indexes = (
            *Scoped.Meta.indexes,
            models.Index(fields=("-started_at", "-id"), name="call_started"),
            models.Index(fields=("region", "started_at"), name="call_region"),
            models.Index(fields=("started_at",), name="call_running", condition=Q(ended_at=None)),
            models.Index(fields=("ended_at",), name="call_to_settle", condition=Q(settled=False)),
            models.Index(fields=("answered_by",), name="call_to_finish", condition=Q(case=None, outcome="")),
            models.Index(fields=("phone_hash",), name="call_phone", condition=Q(phone_hash__isnull=False)),
        )

    def __str__(self) -> str:
        return f"{self.get_direction_display()} {self.phone_mask or '匿名'}"

    @classmethod
    def kept_from(cls, account: Account) -> Q:
        return against(account)

    def is_kept_from(self, account: Account) -> bool:
        return bool(self.employer_key) and self.employer_key in keys_of(account.organisation)

    @property
    def finished(self) -> bool:
        """Whether it ended in a case or a reason; a call-back that is done is one."""
        by_call_back = self.call_back is not None and self.call_back.ended_at is not None
        return bool(self.case_id or self.outcome or by_call_back)


class CallEvent(models.Model):
    """One event as it came; never changed and never removed. What it says is sealed: it holds telephone numbers."""

    call = models.ForeignKey(Call, models.PROTECT, related_name="events")
    kind = models.CharField("事件", max_length=8)
    at = models.DateTimeField("发生时间")
    received_at = models.DateTimeField("收到时间", default=timezone.now)
    key = models.BinaryField(max_length=32)
    """Hash of its id, or of all it says where it has none: what came twice is kept once."""
    payload = models.BinaryField()

    class Meta:
        verbose_name = verbose_name_plural = "通话事件"
        constraints = (models.UniqueConstraint(fields=("call", "key"), name="call_event_once"),)

    def __str__(self) -> str:
        return f"{self.kind}@{self.call_id}"


keys.column("call.party", "通话号码", Call, "party_cipher", context=Value(PARTY))
keys.column("call.back", "回拨号码", CallBack, "caller_cipher", context=Value(PARTY))
keys.column("call.event", "通话事件", CallEvent, "payload", context=Value(EVENT))
keys.column("call.trunk", "中继签名密钥", Trunk, "secret_cipher", context=Value(SECRET))
