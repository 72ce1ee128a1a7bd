"""What is kept of the certificates of a round: runs that printed them, and which file is whose."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from yanzhen.engines.honours.models import Honour
from yanzhen.engines.programmes.models import Round
from yanzhen.foundation.models import Attachment
from yanzhen.foundation.scope import Scoped


class CertificateRun(Scoped):
    """The certificates of a round that were asked for at once. The worker goes through `honours` from the first on."""

    walled = False  # it names nobody; the files that hang on it are behind the wall

    round = models.ForeignKey(Round, models.PROTECT, related_name="certificate_runs", verbose_name="轮次")
    honours = ArrayField(models.BigIntegerField())
    """Ids in the order of their numbers."""
    done = models.PositiveIntegerField(default=0)
    """How many of `honours` were dealt with: where a run that was cut off goes on."""
    refused = models.JSONField(default=list)
    """[number, why none could be made] of those that were left out."""
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="制作人")
    at = models.DateTimeField("开始时间")
    ended_at = models.DateTimeField("完成时间", null=True)

    class Meta(Scoped.Meta):
        abstract = False
        ordering = ("-pk",)
        verbose_name = verbose_name_plural = "证书制作"
        constraints = (
            models.UniqueConstraint(
                fields=("round",), condition=Q(ended_at=None), name="certificate_run_one_at_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.round} #{self.pk}"

    @property
    def all(self) -> int:
        return len(self.honours)

    @property
    def printed(self) -> int:
        return self.done - len(self.refused)


class Certificate(models.Model):
    """The printed certificate of an honour: one, whatever became of the run that made it."""

    run = models.ForeignKey(CertificateRun, models.PROTECT, related_name="certificates")
    honour = models.OneToOneField(Honour, models.PROTECT, related_name="certificate")
    file = models.OneToOneField(Attachment, models.PROTECT, related_name="+")

    class Meta:
        ordering = (F("honour__number"),)
        verbose_name = verbose_name_plural = "证书"

    def __str__(self) -> str:
        return self.file.name
