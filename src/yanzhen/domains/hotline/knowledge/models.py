"""Knowledge articles by version, their use on cases, and wordings: scripts, reply templates, macros."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone

from yanzhen.engines.procedures.models import Subject
from yanzhen.foundation.models import Parameter
from yanzhen.foundation.scope import Scoped

OPEN = ("draft", "submitted")


class Article(Subject):
    """One version of a knowledge article. A new text is a new row of the same `series`; the old one stays readable.

    It is offered in its region and everywhere below. Who edits and reviews it is a matter of region and line; the
    text itself is no secret of either.
    """

    procedure_code = "hotline.knowledge"
    walled = False  # counties read what their city and province publish, which lies above their reach

    series = models.CharField("知识编号", max_length=32, editable=False)
    """Number of the first version."""
    version = models.PositiveSmallIntegerField("版本", default=1, editable=False)
    title = models.CharField("标题", max_length=80)
    body = models.TextField(
        "正文", max_length=5000, help_text="空行分段；以“- ”或“1. ”开头的行成列表。不写个人信息"
    )
    category = models.ForeignKey(
        "hotline.Category", models.PROTECT, null=True, blank=True, related_name="+", verbose_name="适用类别"
    )
    """Of any level: it is for all of the category's subtree."""
    keywords = models.CharField("关键词", max_length=200, blank=True, help_text="用顿号、逗号或空格隔开")
    source = models.CharField("来源文件", max_length=200)
    source_article = models.CharField("条款", max_length=64, blank=True)
    source_url = models.URLField("来源网址", max_length=300, blank=True)
    grade = models.CharField("证据等级", max_length=1, choices=Parameter.Grade, default=Parameter.Grade.D)
    valid_from = models.DateField("生效日期")
    valid_to = models.DateField("失效日期", null=True, blank=True, help_text="不含当日；长期有效的留空")
    published_at = models.DateTimeField("发布时间", null=True, editable=False)
    shipped = models.CharField(max_length=32, blank=True, editable=False)
    """Code in the list that ships with the product; empty for what was written here."""

    class Meta(Subject.Meta):
        abstract = False
        verbose_name = verbose_name_plural = "知识条目"
        indexes = (
            *Subject.Meta.indexes,
            models.Index(fields=("region", "state", "valid_from"), name="article_offered"),
            models.Index(fields=("valid_to",), name="article_ends", condition=Q(valid_to__isnull=False)),
        )
        constraints = (
            *Subject.Meta.constraints,
            models.UniqueConstraint(fields=("series", "version"), name="article_version_once"),
            models.UniqueConstraint(
                fields=("series",), name="article_one_open_version", condition=Q(state__in=OPEN)
            ),
            models.UniqueConstraint(
                fields=("shipped",), name="article_shipped_once", condition=~Q(shipped="") & Q(version=1)
            ),
            models.CheckConstraint(
                condition=Q(valid_to=None) | Q(valid_from__lt=models.F("valid_to")), name="article_period"
            ),
            models.CheckConstraint(
                condition=~Q(state="in_force") | Q(published_at__isnull=False),
                name="article_in_force_published",
            ),
        )


class KnowledgeUse(models.Model):
    """A case on which an article was used, in the version that was used."""

    case = models.ForeignKey("hotline.Case", models.PROTECT, related_name="+")
    article = models.ForeignKey(Article, models.PROTECT, related_name="uses")
    account = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", db_index=False)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = verbose_name_plural = "知识引用"
        constraints = (models.UniqueConstraint(fields=("case", "article"), name="knowledge_use_once"),)

    def __str__(self) -> str:
        return f"{self.case_id}←{self.article_id}"


class Wording(Scoped):
    """Base of a text that is offered by category, in its region and everywhere below."""

    walled = False  # as articles

    title = models.CharField("名称", max_length=40)
    category = models.ForeignKey(
        "hotline.Category", models.PROTECT, null=True, blank=True, related_name="+", verbose_name="适用类别"
    )
    text: models.TextField[str, str]
    active = models.BooleanField("启用", default=True)
    shipped = models.CharField(max_length=32, blank=True, editable=False)
    changed_at = models.DateTimeField("修改时间", default=timezone.now, editable=False)

    class Meta(Scoped.Meta):
        abstract = True
        constraints: ClassVar[tuple[models.BaseConstraint, ...]] = (
            models.UniqueConstraint(
                fields=("shipped",), name="%(class)s_shipped_once", condition=~Q(shipped="")
            ),
        )

    def __str__(self) -> str:
        return self.title


class Script(Wording):
    """What an agent asks (话术), one question a line."""

    text = models.TextField("问题（每行一个）", max_length=2000)
    source = models.CharField("来源", max_length=200)

    class Meta(Wording.Meta):
        abstract = False
        verbose_name = verbose_name_plural = "话术"


class ReplyTemplate(Wording):
    """What an answer is begun from (答复模板): placeholders come from the case, 【blanks】 from a person."""

    text = models.TextField(
        "正文",
        max_length=3000,
        help_text="可用 {编号}{诉求标题}{承办单位}{今天}{到期日}；须由承办人填写的写作【金额】，没有填写的不能答复",
    )

    class Meta(Wording.Meta):
        abstract = False
        verbose_name = verbose_name_plural = "答复模板"


class Macro(models.Model):
    """A short text called by its shortcut (快捷语): of one account, of an organisation, or of a region and all below."""

    shortcut = models.CharField("快捷键", max_length=13, validators=[RegexValidator(r"^/[a-z0-9]{1,12}$")])
    text = models.TextField("内容", max_length=500, help_text="可用 {编号}{诉求标题}{承办单位}{今天}{到期日}")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="+")
    organisation = models.ForeignKey("foundation.Organisation", models.PROTECT, null=True, related_name="+")
    region = models.ForeignKey("foundation.Region", models.PROTECT, null=True, related_name="+")

    class Meta:
        verbose_name = verbose_name_plural = "快捷语"
        constraints = (
            models.UniqueConstraint(
                fields=("shortcut", "owner", "organisation", "region"),
                nulls_distinct=False,
                name="macro_once",
            ),
            models.CheckConstraint(
                name="macro_of_one",
                condition=Q(owner__isnull=False, organisation=None, region=None)
                | Q(owner=None, organisation__isnull=False, region=None)
                | Q(owner=None, organisation=None, region__isnull=False),
            ),
        )

    def __str__(self) -> str:
        return self.shortcut
