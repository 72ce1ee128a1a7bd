"""Who can take a call: the seats of the hotline and what each of them can deal with."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q


class Skill(models.Model):
    """What a call may need: ordinary intake, law, English ... kept as data."""

    code = models.SlugField("代码", max_length=24, primary_key=True)
    name = models.CharField("名称", max_length=32, unique=True)

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
