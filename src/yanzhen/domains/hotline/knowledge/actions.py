"""What is done to knowledge and wordings outside the moves of their procedure."""

from __future__ import annotations

from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from yanzhen.domains.hotline.knowledge import queries, rules
from yanzhen.domains.hotline.knowledge.models import (
    OPEN,
    Article,
    KnowledgeUse,
    Macro,
    ReplyTemplate,
    Script,
    Wording,
)
from yanzhen.domains.hotline.knowledge.procedures import SOUND
from yanzhen.domains.hotline.knowledge.rights import EDIT, VIEW
from yanzhen.domains.hotline.models import Case
from yanzhen.engines.procedures.engine import advance, start
from yanzhen.foundation import numbering
from yanzhen.foundation.errors import Invalid, NotAllowed, Refusal
from yanzhen.foundation.fields import field_of
from yanzhen.foundation.models import Account, Organisation, Region
from yanzhen.foundation.records import record

W = TypeVar("W", bound=Wording)
TEXT = (
    "title", "body", "category", "keywords", "source", "source_article", "source_url", "grade", "valid_from", "valid_to",
)  # fmt: skip
"""What an editor writes in an article."""


@transaction.atomic
def draft_article(article: Article, *, actor: Account | None, note: str = "") -> Article:
    """Start a new article as a draft of `actor` (None: the list that ships). Raises Invalid or NotAllowed."""
    if actor:
        _demand(actor, article)
    problems = _field_problems(article, *TEXT)
    if problems:
        raise Invalid("；".join(problems.values()), fields=problems)
    if reasons := [reason for rule in SOUND if (reason := rule(article))]:
        raise Invalid("；".join(reasons), reasons=reasons)
    article.number = numbering.next_number(f"ZS{article.region_id[:6]}", at=timezone.now())
    article.series = article.series or article.number
    article.handler = actor
    return start(article, actor=actor, right=EDIT if actor else None, note=note)


def revise_article(article: Article, *, actor: Account, seen: int | None = None, **values: Any) -> Article:
    """Write a draft anew; whoever did is its author from then on, and somebody else reviews it."""
    return advance(article, "revise", actor=actor, seen=seen, **values)


@transaction.atomic
def new_version(article: Article, *, actor: Account) -> Article:
    """Begin the next version of a published article from its newest text; the old one is offered until the new one is
    published and its first day has come. Raises Refusal where a version is in the making already."""
    versions = list(
        Article.objects.select_for_update(of=("self",)).filter(series=article.series).order_by("version")
    )
    if any(version.state in OPEN for version in versions):
        raise Refusal(f"“{article.title}”已有一个新版本在编写或审核中，请先完成或作废该版本")
    published = [version for version in versions if version.published_at]
    if not published:
        raise Refusal(f"“{article.title}”没有发布过，不能据以编写新版本")
    newest = published[-1]
    text = {name: getattr(newest, name) for name in TEXT}
    draft = Article(
        region=newest.region,
        line=newest.line,
        series=newest.series,
        version=versions[-1].version + 1,
        **text | {"valid_from": timezone.localdate(), "valid_to": None},
    )
    return draft_article(draft, actor=actor, note=f"第 {newest.version} 版的新版本")


@transaction.atomic
def cite(case: Case, article: Article, *, actor: Account) -> bool:
    """Put on record that the article was used on the case; return False where that version already is.

    Raises NotAllowed out of reach, Refusal for a case that has ended or an article that is not offered there.
    """
    seen = Case.objects.visible_to(actor, "case.view").filter(pk=case.pk)
    if not seen.exists() or not actor.reaches(VIEW):
        raise NotAllowed("引用知识须能查看本件，并有“查看知识与话术”权限")
    if case.stage.final:
        raise Refusal(f"{case.number} 已结束（{case.stage.label}），不再登记引用")
    if not queries.offered_for(case, timezone.localdate()).filter(pk=article.pk).exists():
        raise Refusal(
            f"“{article.title}”第 {article.version} 版不在有效期内、已有新版，或不适用于{case.region}；请刷新后另选"
        )
    _use, made = KnowledgeUse.objects.get_or_create(case=case, article=article, defaults={"account": actor})
    if made:
        used = {"article": article.number, "version": article.version}
        said = f"{article.title}（第 {article.version} 版）"
        record("knowledge.cite", case, actor=actor, right=VIEW, after=used, reason=said)
    return made


@transaction.atomic
def save_wording(wording: W, *, actor: Account, **values: Any) -> W:
    """Write or change a script or a reply template; raises Invalid with a reason for each field, or NotAllowed."""
    before = _spoken(wording) if wording.pk else None
    if wording.pk:
        _demand(actor, wording)
    for name, value in values.items():
        setattr(wording, name, value)
    _demand(actor, wording)
    problems = _field_problems(wording, "title", "text", *(["source"] if isinstance(wording, Script) else []))
    if isinstance(wording, ReplyTemplate) and (problem := rules.placeholder_problem(wording.text)):
        problems["text"] = problem
    if problems:
        raise Invalid("；".join(problems.values()), fields=problems)
    wording.changed_at = timezone.now()
    wording.save()
    record("wording.save", wording, actor=actor, right=EDIT, before=before, after=_spoken(wording))
    return wording


@transaction.atomic
def save_macro(macro: Macro, *, actor: Account) -> Macro:
    """Write a macro of one's own, of an organisation or of a region; the latter two take the right over it."""
    _demand_macro(actor, macro)
    macro.shortcut = macro.shortcut.strip().lower()
    problems = _field_problems(macro, "text")
    if problem := rules.placeholder_problem(macro.text):
        problems["text"] = problem
    if problem := rules.shortcut_problem(macro.shortcut):
        problems["shortcut"] = problem
    if problems:
        raise Invalid("；".join(problems.values()), fields=problems)
    try:
        with transaction.atomic():
            macro.save()
    except IntegrityError:
        taken = f"快捷键 {macro.shortcut} 在同一范围内已经有了，请换一个"
        raise Invalid(taken, fields={"shortcut": taken}) from None
    if not macro.owner_id:
        record("macro.save", macro, actor=actor, after={"shortcut": macro.shortcut, "text": macro.text})
    return macro


@transaction.atomic
def drop_macro(macro: Macro, *, actor: Account) -> None:
    _demand_macro(actor, macro)
    if not macro.owner_id:
        record("macro.drop", macro, actor=actor, before={"shortcut": macro.shortcut, "text": macro.text})
    macro.delete()


def may_edit_macro(account: Account, macro: Macro) -> bool:
    """One's own is one's own; a shared one takes the right over its organisation or over its region on all lines."""
    if macro.owner_id:
        return macro.owner_id == account.pk
    if macro.organisation:
        return account.has_right(EDIT, macro.organisation)
    return any(reach.covers(macro.region_id or "", reach.line or "") for reach in account.reaches(EDIT))


def owned_by(account: Account, scope: str) -> dict[str, Account | Organisation | Region | None]:
    """Return whose a macro of the scope is: "own", "organisation" (the account's), or a region's code."""
    whose: dict[str, Any] = {"owner": None, "organisation": None, "region": None}
    if scope == "own":
        return whose | {"owner": account}
    if scope == "organisation":
        return whose | {"organisation": account.organisation}
    return whose | {"region": Region.objects.filter(code=scope).first()}


def _demand(actor: Account, row: Article | Wording) -> None:
    if not actor.has_right(EDIT, row):
        raise NotAllowed(f"您在{row.region}、{row.line}没有“编写知识与话术”权限")


def _demand_macro(actor: Account, macro: Macro) -> None:
    if not (macro.owner_id or macro.organisation_id or macro.region_id):
        raise Invalid("请选择快捷语给谁用", fields={"scope": "请选择；账号没有所属单位的，不能选“本单位”"})
    if not may_edit_macro(actor, macro):
        raise NotAllowed("共用快捷语须有该单位或区划的“编写知识与话术”权限；自己用的不需要")


def _field_problems(row: Any, *names: str) -> dict[str, str]:
    problems = {}
    for name in names:
        field = field_of(row, name)
        try:
            field.clean(getattr(row, field.attname), row)
        except ValidationError as error:
            problems[name] = "；".join(error.messages)
    return problems


def _spoken(wording: Wording) -> dict[str, Any]:
    return {
        "title": wording.title,
        "text": wording.text,
        "category": wording.category_id,
        "active": wording.active,
    }
