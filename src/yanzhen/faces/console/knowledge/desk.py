"""The desk of those who write and review knowledge."""

from __future__ import annotations

from django import forms

from yanzhen.domains.hotline.knowledge import queries
from yanzhen.domains.hotline.knowledge.models import Article
from yanzhen.domains.hotline.knowledge.procedures import ARTICLE
from yanzhen.domains.hotline.knowledge.rights import EDIT
from yanzhen.engines.procedures.models import Subject
from yanzhen.faces.console import choices
from yanzhen.faces.console.desk import DESKS, Column, Desk, Link, Section
from yanzhen.faces.console.filters import SubjectFilters, choice_field, state_field, typed_field
from yanzhen.faces.console.knowledge.fields import category_field
from yanzhen.foundation.models import Account


class ArticleFilters(SubjectFilters):
    state = state_field(ARTICLE)
    category = choice_field(
        "适用类别",
        choices.branches,
        lambda rows, _, code: rows.filter(category_id__startswith=code),
    )
    q = typed_field("title", "keywords", "source")
    first = ("q", "state", "region", "category")
    due = None
    organisation = None

    class Meta:
        model = Article
        fields = ()


def _category(_account: Account, _row: Subject | None) -> forms.Field:
    return category_field()


ARTICLES = DESKS.add(
    Desk(
        name="articles",
        label="知识编审",
        model=Article,
        query=queries.desk,
        columns=(
            Column("title", hint="long"),
            Column("state", hint="state"),
            Column("version", hint="short"),
            Column("region", "适用区划", hint="short"),
            Column("category"),
            Column("valid_from", hint="short"),
            Column("valid_to", hint="short"),
            Column("handler", "作者"),
            Column("started_at", "起草", hint="time"),
        ),
        sections=(
            Section("正文", (Column("body", hint="long"), Column("category"), Column("keywords"))),
            Section("来源", (Column("source"), Column("source_article"), Column("source_url", hint="long"), Column("grade"))),
            Section("适用", (Column("region", "适用区划"), Column("line"), Column("valid_from"), Column("valid_to"),
                             Column("series"), Column("version"), Column("published_at", hint="time"), Column("handler", "作者"))),
        ),
        filters=ArticleFilters,
        icon="edit",
        register="console:article-new",
        register_right=EDIT,
        links=(Link("阅读页", "console:article", "eye", EDIT),),
        pickers={"category": _category},
    )
)  # fmt: skip
