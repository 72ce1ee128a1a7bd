"""What is stored: keys of texts, what is known about a corpus, and which items mean the same thing. Never a text."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q


class Corpus(models.Model):
    """One version of the index of a kind of texts: the stop set is part of it, so a new one means new keys for all."""

    kind = models.CharField("类别", max_length=40)
    version = models.PositiveIntegerField("版本", default=1)
    live = models.BooleanField("使用中", default=True)
    """Not live: being made."""
    stops = models.BinaryField(default=b"")
    """Hashes of everyday shingles, sorted, four bytes each in the machine's own order."""
    sampled = models.PositiveIntegerField("取样数", default=0)
    made_at = models.DateTimeField("建立时间", auto_now_add=True)

    class Meta:
        verbose_name = verbose_name_plural = "相似索引"
        constraints = (
            models.UniqueConstraint(fields=("kind", "version"), name="corpus_version"),
            models.UniqueConstraint(fields=("kind", "live"), name="corpus_live"),
        )

    def __str__(self) -> str:
        return f"{self.kind} v{self.version}"


class Key(models.Model):
    """A record of a corpus has a key: the whole row is in the B-tree that candidates are read from.

    There are 24 a record, so no second index and no check of the foreign key: both would double what it costs.
    """

    pk = models.CompositePrimaryKey("corpus", "key", "record")
    corpus = models.ForeignKey(Corpus, models.CASCADE, related_name="+", db_index=False, db_constraint=False)
    key = models.IntegerField()
    record = models.BigIntegerField()

    class Meta:
        verbose_name = verbose_name_plural = "相似键"

    def __str__(self) -> str:
        return f"{self.corpus_id}:{self.key}"


class Vocabulary(models.Model):
    """How many texts of a kind hold each term, as learnt last: what makes a rare word weigh more."""

    kind = models.CharField("类别", max_length=40, unique=True)
    documents = models.PositiveIntegerField("文本数")
    terms = models.BinaryField()
    counts = models.BinaryField()
    """Two arrays of equal length: hashes of the terms, sorted, and in how many texts each is."""
    learnt_at = models.DateTimeField("学习时间", auto_now=True)

    class Meta:
        verbose_name = verbose_name_plural = "词频"

    def __str__(self) -> str:
        return f"{self.kind} ({self.documents})"


class Cluster(models.Model):
    """Items of a kind that mean the same thing."""

    kind = models.CharField("类别", max_length=40)
    first_at = models.DateTimeField("首次")
    last_at = models.DateTimeField("最近")
    size = models.PositiveIntegerField("件数", default=1)

    class Meta:
        verbose_name = verbose_name_plural = "同类聚合"
        indexes = (models.Index(fields=("kind", "last_at"), name="cluster_recent"),)

    def __str__(self) -> str:
        return f"{self.kind} #{self.pk}"


class Member(models.Model):
    """An item of a cluster: the row of a domain by its id."""

    kind = models.CharField("类别", max_length=40)
    record = models.BigIntegerField("记录")
    cluster = models.ForeignKey(Cluster, models.CASCADE, related_name="members", db_index=False)
    at = models.DateTimeField("时间")
    names = ArrayField(models.IntegerField(), default=list)
    """Hashes of the firms and places that the item names."""
    open = models.BooleanField(default=True)
    """Whether others may still join it."""

    class Meta:
        verbose_name = verbose_name_plural = "聚合成员"
        constraints = (models.UniqueConstraint(fields=("kind", "record"), name="member_once"),)
        indexes = (
            models.Index(fields=("cluster", "at"), name="member_cluster"),
            models.Index(fields=("kind", "at"), name="member_open", condition=Q(open=True)),
        )

    def __str__(self) -> str:
        return f"{self.kind}#{self.record}"
