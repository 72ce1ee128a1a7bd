"""What is found of an application outside the panel: votes of verified members, and what an inspection saw on site."""

from __future__ import annotations

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from yanzhen.engines.programmes.models.applications import Application
from yanzhen.engines.programmes.models.programmes import Round


class Ballot(models.Model):
    """One vote. Never changed; a voided one stays with its reason."""

    round = models.ForeignKey(Round, models.PROTECT, related_name="ballots")
    stage = models.CharField("环节", max_length=32)
    application = models.ForeignKey(Application, models.PROTECT, related_name="ballots")
    person = models.ForeignKey("foundation.Person", models.PROTECT, related_name="+")
    day = models.DateField("投票日")
    at = models.DateTimeField("投票时间")
    void_reason = models.CharField("作废理由", max_length=200, blank=True)
    voided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    class Meta:
        verbose_name = verbose_name_plural = "网络投票"
        indexes = (models.Index(fields=("round", "stage", "application"), name="ballot_counted"),)
        constraints = (
            models.UniqueConstraint(fields=("round", "stage", "person", "day"), name="ballot_once_a_day"),
        )

    def __str__(self) -> str:
        return f"{self.round_id}:{self.stage} {self.day}"


class Inspection(models.Model):
    """A visit on site: who went, what was seen, whether it bears out what was filled in, and points where they count."""

    application = models.ForeignKey(Application, models.PROTECT, related_name="inspections")
    stage = models.CharField("环节", max_length=32)
    visited_on = models.DateField("考察日期")
    members = models.CharField("考察人员", max_length=200)
    seen = models.TextField("考察情况", max_length=3000)
    passed = models.BooleanField("属实并通过")
    points = models.DecimalField(
        "考察得分", max_digits=5, decimal_places=2, null=True, blank=True,
        validators=[MinValueValidator(0), MaxValueValidator(100)],
    )  # fmt: skip
    filed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    filed_at = models.DateTimeField("登记时间")
    replaced = models.BooleanField(default=False)
    """A later one was filed in its place."""

    class Meta:
        ordering = ("application", "-filed_at")
        verbose_name = verbose_name_plural = "实地考察"
        constraints = (
            models.UniqueConstraint(
                fields=("application", "stage"), condition=Q(replaced=False), name="inspection_standing"
            ),
        )

    def __str__(self) -> str:
        return f"{self.application_id}:{self.visited_on}"
