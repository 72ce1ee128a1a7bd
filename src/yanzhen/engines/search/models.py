"""What is searched: the texts of a subject in one normal form, with the keys of those who may see it."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models


class Entry(models.Model):
    """The searched texts of one subject. Triggers of its table write it (install.py), nobody else does.

    The pairs of neighbouring characters are in the index alone (an index over an expression): stored too, they would
    be larger than the text.
    """

    pk = models.CompositePrimaryKey("kind", "subject_id")
    kind = models.CharField(max_length=64)
    subject_id = models.BigIntegerField()
    audience = ArrayField(models.TextField())
    text = models.TextField()

    class Meta:
        verbose_name = verbose_name_plural = "检索条目"

    def __str__(self) -> str:
        return f"{self.kind}#{self.subject_id}"
