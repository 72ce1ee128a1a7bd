"""People: one record for life, whatever door they came through. Numbers are encrypted and looked up by a keyed hash."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from yanzhen.foundation.scope import Scoped


class Person(Scoped):
    """One worker or official. `*_cipher` is set and read by `foundation.people` alone; pages show masks."""

    class Sex(models.TextChoices):
        MALE = "m", "男"
        FEMALE = "f", "女"

    name = models.CharField("姓名", max_length=64)
    sex = models.CharField("性别", max_length=1, choices=Sex, blank=True)
    born_on = models.DateField("出生日期", null=True, blank=True)
    id_number_cipher = models.BinaryField(null=True, editable=False)
    id_number_hash = models.BinaryField(max_length=32, null=True, editable=False, unique=True)
    id_number_mask = models.CharField("证件号码", max_length=18, blank=True, editable=False)
    phone_cipher = models.BinaryField(null=True, editable=False)
    phone_hash = models.BinaryField(max_length=32, null=True, editable=False, db_index=True)
    phone_mask = models.CharField("手机号", max_length=16, blank=True, editable=False)

    class Meta(Scoped.Meta):
        abstract = False
        verbose_name = verbose_name_plural = "人员"

    def __str__(self) -> str:
        return f"{self.name[:1]}**"


class Employment(models.Model):
    """A person's time at an organisation; `ends_on` is not included, None while it lasts."""

    person = models.ForeignKey(Person, models.PROTECT, related_name="employments")
    organisation = models.ForeignKey("foundation.Organisation", models.PROTECT, related_name="employments")
    post = models.CharField("岗位", max_length=64, blank=True)
    starts_on = models.DateField("入职日期")
    ends_on = models.DateField("离职日期", null=True, blank=True)

    class Meta:
        ordering = ("person", "-starts_on")
        verbose_name = verbose_name_plural = "任职"
        constraints = (
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(starts_on__lt=models.F("ends_on")), name="employment_period"
            ),
        )

    def __str__(self) -> str:
        return f"{self.person_id}@{self.organisation_id}"


class DataKey(models.Model):
    """A data key of the ring, wrapped by the master key. The newest encrypts; all decrypt. A retired one has nothing left under it."""

    wrapped = models.BinaryField()
    created_at = models.DateTimeField()
    retired_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return str(self.pk)
