"""What the classifier keeps: versions of each kind of model, and what was suggested with what came of it."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from yanzhen.foundation.scope import Scoped


class Version(models.Model):
    """One training. The kind names what is classified ("hotline.case"); at most one version of a kind is in use."""

    kind = models.CharField("种类", max_length=32)
    number = models.PositiveIntegerField("版本")
    trained_at = models.DateTimeField("训练时间")
    trained_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name="训练人"
    )
    rows = models.PositiveIntegerField("样本数")
    learnt_to = models.DateTimeField("样本截止")
    metrics = models.JSONField("时间切分指标", default=dict)
    """See `engines.classifier.store.metrics_of`."""
    data_hash = models.BinaryField(max_length=32)
    """SM3 over the ids and labels of the rows, in their order."""
    artifact = models.BinaryField(null=True)
    """None where the version was replaced long ago: its figures stay."""
    seal = models.BinaryField(max_length=32)
    """Keyed hash of the artifact: nothing is read that this installation did not write."""
    active = models.BooleanField("在用", default=False)

    class Meta:
        verbose_name = verbose_name_plural = "分类模型版本"
        constraints = (
            models.UniqueConstraint(fields=("kind", "number"), name="classifier_version_number"),
            models.UniqueConstraint(fields=("kind",), condition=Q(active=True), name="classifier_one_active"),
            models.CheckConstraint(
                condition=Q(active=False) | Q(artifact__isnull=False), name="classifier_active_has_artifact"
            ),
        )

    def __str__(self) -> str:
        return f"v{self.number}"


class Suggestion(Scoped):
    """What was suggested for a subject, as visible as the subject's own place; the last one before it was settled."""

    kind = models.CharField(max_length=32)
    subject_id = models.BigIntegerField()
    version = models.ForeignKey(Version, models.PROTECT, null=True, related_name="+", db_index=False)
    """None: by the declared rules."""
    ranked = models.JSONField()
    """A list of {"code", "confidence" (0-1, None by rules), "words"}, the best first; never empty."""
    given_at = models.DateTimeField()
    chosen = models.CharField(max_length=64, blank=True)
    overridden = models.BooleanField(null=True)
    """Whether a person chose another than the first; None until someone has chosen."""
    settled_at = models.DateTimeField(null=True)

    class Meta(Scoped.Meta):
        abstract = False
        verbose_name = verbose_name_plural = "分类建议"
        indexes = (
            *Scoped.Meta.indexes,
            models.Index(
                fields=("version", "chosen"), name="suggestion_version", condition=Q(settled_at__isnull=False)
            ),
        )
        constraints = (
            models.UniqueConstraint(fields=("kind", "subject_id"), name="suggestion_once"),
            models.CheckConstraint(
                condition=Q(settled_at=None, overridden=None, chosen="")
                | (Q(settled_at__isnull=False, overridden__isnull=False) & ~Q(chosen="")),
                name="suggestion_settled_whole",
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind}:{self.subject_id}"
