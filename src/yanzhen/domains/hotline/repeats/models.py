"""Groups of cases about one matter, and the hashed names by which likely ones are found. No text, no person's data.

The rows hold ids, so they have no place of their own: every read starts at a case that the reader may see, and a rule
has to find them whoever moves the case.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q


class Trace(models.Model):
    """What a case names, as hashes of the normal forms: found by equality, compared as text before it counts."""

    record = models.BigIntegerField(primary_key=True)
    """Id of the case. No foreign key: a batch that is taken back deletes its cases, and a trace is no reason against."""
    employer = models.IntegerField(null=True)
    place = models.IntegerField(null=True)

    class Meta:
        verbose_name = verbose_name_plural = "查重线索"
        indexes = tuple(
            models.Index(fields=(name,), name=f"trace_{name}", condition=Q(**{f"{name}__isnull": False}))
            for name in ("employer", "place")
        )

    def __str__(self) -> str:
        return f"#{self.record}"


class Group(models.Model):
    """Cases that are handled as one. Each stays a case of its own: number, receipt, terms, reply, call-back, check."""

    opened_at = models.DateTimeField("合并时间")
    ended_at = models.DateTimeField("解散时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "合并组"

    def __str__(self) -> str:
        return f"#{self.pk}"


class Member(models.Model):
    """That a case is in a group, from when to when; its lead is a member too, so that one constraint keeps a case from
    being in two groups, and a lead from following another."""

    class Kind(models.TextChoices):
        CALLERS = "callers", "同一事项，不同诉求人"
        AGAIN = "again", "同一诉求人再次反映"

    group = models.ForeignKey(Group, models.CASCADE, related_name="members")
    case = models.ForeignKey("hotline.Case", models.CASCADE, related_name="memberships")
    leads = models.BooleanField("主件", default=False)
    kind = models.CharField("合并类型", max_length=8, choices=Kind, blank=True)
    """How it is related to the lead; "" for the lead itself."""
    joined_at = models.DateTimeField("并入时间")
    joined_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", db_index=False)
    answered_at = models.DateTimeField("随主件答复时间", null=True)
    """Until then it waits for the lead; from then on it goes its own way to call-back and check."""
    left_at = models.DateTimeField("退出时间", null=True)
    former_state = models.CharField(max_length=32, blank=True)
    """Where the case stood before it was sent along with the lead; "" where it was not, or was put back."""
    former_organisation = models.ForeignKey(
        "foundation.Organisation", models.PROTECT, null=True, related_name="+", db_index=False
    )
    former_handler = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False
    )

    class Meta:
        verbose_name = verbose_name_plural = "合并组成员"
        constraints = (
            models.UniqueConstraint(fields=("case",), condition=Q(left_at=None), name="group_member_once"),
            models.UniqueConstraint(
                fields=("group",), condition=Q(left_at=None, leads=True), name="group_one_lead"
            ),
            models.CheckConstraint(
                condition=Q(leads=True, kind="") | (Q(leads=False) & ~Q(kind="")),
                name="group_lead_has_no_kind",
            ),
            models.CheckConstraint(
                condition=Q(left_at=None) | Q(left_at__gte=F("joined_at")), name="group_left_after_joined"
            ),
        )

    def __str__(self) -> str:
        return f"{self.group_id}:{self.case_id}"
