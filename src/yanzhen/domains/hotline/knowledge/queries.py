"""What is asked of knowledge and wordings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, TypeVar

from django.db.models import Case as Choose
from django.db.models import Count, Exists, F, Func, IntegerField, OuterRef, Q, QuerySet, Value, When
from django.db.models.functions import Length
from django.utils import timezone

from yanzhen.domains.hotline.knowledge.models import Article, KnowledgeUse, Macro, Wording
from yanzhen.domains.hotline.knowledge.procedures import IN_FORCE
from yanzhen.domains.hotline.knowledge.rights import EDIT, VIEW
from yanzhen.domains.hotline.models import Case, Category
from yanzhen.domains.hotline.secrecy import STORY, hidden_from
from yanzhen.foundation import parameters
from yanzhen.foundation.models import Account
from yanzhen.foundation.scope import DEPTHS, prefix_of

W = TypeVar("W", bound=Wording)
MOST_WORDS = 6
EXPIRY_WARNING = "knowledge.expiry_warning"
NAMED = ("region", "line", "category", "handler", "started_by")


@dataclass(frozen=True, slots=True)
class Usage:
    """What came of the cases that used an article, as far as the reader sees them."""

    cases: int
    categories: tuple[tuple[str, int], ...]
    """Name and number of cases, the most first."""
    answered: int
    """Closed cases whose callers said whether it is solved: what the share is of."""
    solved: int


class KeywordHits(Func):
    """How many of the article's keywords stand in a text. Takes the keywords and the text."""

    template = r"(select count(*) from regexp_split_to_table(search_normal(%(expressions)s), word) > 0)"
    arg_joiner = r"), '[、，,;；\s]+') as word where word <> '' and strpos(search_normal("
    output_field = IntegerField()


class WordHits(Func):
    """How many of some words stand in the columns, all in the normal form of the search: traditional or simplified, of any width
    and case. Takes the words and the columns."""

    template = (
        r"(select count(*) from (select search_normal(concat_ws(E'\n', %(expressions)s)) as text offset 0) told,"
        r" unnest(%(words)s) word where strpos(told.text, word) > 0)"
    )
    output_field = IntegerField()

    def __init__(self, words: Sequence[str], *columns: str) -> None:
        super().__init__(*(F(column) for column in columns))
        self.words = words

    def as_sql(self, compiler: Any, connection: Any, **_: Any) -> tuple[str, list[Any]]:  # type: ignore[override]
        forms = f"array[{', '.join(['search_normal(%s)'] * len(self.words))}]::text[]"
        sql, params = super().as_sql(compiler, connection, words=forms)
        return sql, [*params, *self.words]


def above(region: str) -> list[str]:
    """Return the codes of the region and of the levels above it, the province first."""
    prefix = prefix_of(region)
    return [prefix[:n].ljust(6, "0") for n in DEPTHS if n <= len(prefix)]


def desk(account: Account) -> QuerySet[Article]:
    """All versions in the reach of whoever writes or reviews them."""
    rows: QuerySet[Article] = Article.objects.visible_to(account, EDIT)
    return rows.select_related(*NAMED)


def readable(account: Account) -> QuerySet[Article]:
    """All versions that were published in the account's reach or above it, and the drafts of its desk."""
    published = Q(published_at__isnull=False) & (_within(account) | _above(account))
    drafts = Q(audience__overlap=[reach.key for reach in account.reaches(EDIT)])
    return Article.objects.filter(published | drafts).select_related(*NAMED)


def categories() -> QuerySet[Category]:
    """Nodes of all levels: an article may be for a whole branch."""
    return Category.objects.filter(active=True)


def in_force(on: date) -> QuerySet[Article]:
    """The versions that are offered on a day: published, within their period, and not followed by a later version.

    A later version hides the earlier from its own first day on, also when it was withdrawn or has run out since: what
    somebody took back does not bring the older text forth again.
    """
    later = Article.objects.filter(
        series=OuterRef("series"),
        version__gt=OuterRef("version"),
        published_at__isnull=False,
        valid_from__lte=on,
    )
    period = Q(valid_from__lte=on) & (Q(valid_to=None) | Q(valid_to__gt=on))
    return Article.objects.filter(period, ~Exists(later), state=IN_FORCE)


def offered_to(account: Account, on: date) -> QuerySet[Article]:
    """What is in force in the account's reach and above it."""
    return in_force(on).filter(_within(account) | _above(account))


def offered_for(case: Case, on: date) -> QuerySet[Article]:
    """What is in force for the place of the case: its county's, its city's, the province's."""
    return in_force(on).filter(region_id__in=above(case.region_id))


def search(
    rows: QuerySet[Article], *, text: str = "", category: str = "", told: str = ""
) -> QuerySet[Article]:
    """Narrow `rows` to what was asked for, the best first; the one place that knows how articles are found.

    Every word of `text` has to stand in title, keywords or body, in the normal form of the search. Without text those are kept that are for `category`
    (a code; also those of its branch) or have a keyword in `told`, the caller's own words. Ranked by the match of the
    category (the nearer level first), hits in title and keywords, hits in the body, the nearer region.
    """
    words = tuple(dict.fromkeys(text.split()))[:MOST_WORDS]
    branch = [category[:n] for n in range(2, len(category) + 1, 2)]
    if words:
        rows = rows.alias(found=WordHits(words, "title", "keywords", "body")).filter(found=len(words))
    rows = rows.annotate(
        fits=Choose(When(category_id__in=branch, then=Length("category_id")), default=0),
        told=KeywordHits(F("keywords"), Value(told)),
        titled=WordHits(words, "title", "keywords"),
        bodied=WordHits(words, "body"),
        depth=Length(Func(F("region_id"), Value("0"), function="rtrim")),
    )
    if not words and (branch or told):
        rows = rows.filter(Q(fits__gt=0) | Q(told__gt=0))
    return rows.select_related("region", "category").order_by(
        "-fits", "-titled", "-told", "-bodied", "-depth", "-published_at", "-pk"
    )


def suggested(case: Case, on: date, account: Account) -> QuerySet[Article]:
    """What may help with the case, by its category and the caller's words: by these only for who may read them."""
    told = "" if hidden_from(account, case) & STORY else f"{case.title}\n{case.body}"
    return search(offered_for(case, on), category=case.category_id or "", told=told)


def expiring(account: Account, on: date) -> QuerySet[Article]:
    """What is in force in the account's own reach and ends within the days of the parameter, the nearest end first."""
    days = int(parameters.get(EXPIRY_WARNING, on=on).value)
    rows = in_force(on).filter(_within(account), valid_to__lte=on + timedelta(days=days))
    return rows.select_related("region", "category").order_by("valid_to", "pk")


def versions(article: Article) -> QuerySet[Article]:
    """All versions of the article that were published, the newest first."""
    return Article.objects.filter(series=article.series, published_at__isnull=False).order_by("-version")


def standing(article: Article, on: date) -> str:
    """Return how a version stands: "in_force", or why it is not offered: "open", "withdrawn", "later", "ended", "coming"."""
    if article.state != IN_FORCE:
        return "withdrawn" if article.stage.final else "open"
    if article.valid_from > on:
        return "coming"
    if article.valid_to and article.valid_to <= on:
        return "ended"
    return "in_force" if in_force(on).filter(pk=article.pk).exists() else "later"


def used_on(case: Case) -> QuerySet[KnowledgeUse]:
    """What was used on a case that was read in reach, oldest first."""
    return KnowledgeUse.objects.filter(case=case).select_related("article", "account").order_by("at", "pk")


def usage(article: Article, account: Account) -> Usage:
    """Count the cases in the account's reach that used any version of the article. Two statements."""
    used = KnowledgeUse.objects.filter(article__series=article.series).values("case")
    cases = Case.objects.visible_to(account, "case.view").filter(pk__in=used)
    rated = Q(state="closed", solved__isnull=False)
    counted = cases.aggregate(
        cases=Count("pk"), answered=Count("pk", rated), solved=Count("pk", rated & Q(solved=True))
    )
    named = cases.values_list("category__name").annotate(n=Count("pk")).order_by("-n", "category__name")
    return Usage(categories=tuple((name or "未分类", n) for name, n in named[:8]), **counted)


def wordings(model: type[W], account: Account) -> QuerySet[W]:
    """All scripts or reply templates in the account's reach and above it; those in use first."""
    rows: QuerySet[W] = model._default_manager.filter(_within(account) | _above(account))
    return rows.select_related("category", "region", "line").order_by(
        "-active", "category_id", "region_id", "pk"
    )


def wordings_for(model: type[W], case: Case) -> list[W]:
    """The scripts or reply templates for the case, the nearest category and then the nearest region first."""
    code = case.category_id or ""
    branch = [code[:n] for n in range(2, len(code) + 1, 2)]
    rows = model._default_manager.filter(
        Q(category=None) | Q(category__in=branch), active=True, region_id__in=above(case.region_id)
    )
    return sorted(
        rows.select_related("category"),
        key=lambda row: (-len(row.category_id or ""), -len(prefix_of(row.region_id)), row.pk),
    )


def macros(account: Account) -> list[Macro]:
    """The macros that the account may call. A shortcut that stands twice is one's own, else the organisation's, else
    that of the nearest region."""
    places = {code for _, reach, _ in account.cells() for code in above(reach.prefix)}
    mine = Q(owner=account) | Q(region__in=places)
    if account.organisation_id:
        mine |= Q(organisation=account.organisation_id)
    rows = Macro.objects.filter(mine).select_related("organisation", "region")
    chosen: dict[str, Macro] = {}
    for macro in sorted(rows, key=_nearness):
        chosen[macro.shortcut] = macro
    return [chosen[shortcut] for shortcut in sorted(chosen)]


def values_of(case: Case | None, account: Account) -> dict[str, str]:
    """Return what the placeholders of a wording stand for on this case, if any, for this reader.

    What is not known, or kept from the reader, is left out.
    """
    values = {"今天": _spoken(timezone.localdate())}
    if case is None:
        return values
    values["编号"] = case.number
    if "title" not in hidden_from(account, case):
        values["诉求标题"] = case.title
    if case.organisation:
        values["承办单位"] = case.organisation.name
    if case.due_at:
        values["到期日"] = _spoken(timezone.localdate(case.due_at))
    return values


def _spoken(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


def _within(account: Account) -> Q:
    """Rows in the account's own reach."""
    return Q(audience__overlap=[reach.key for reach in account.reaches(VIEW)])


def _above(account: Account) -> Q:
    """Rows of the regions over the account's reach, whatever their line."""
    return Q(region_id__in={code for reach in account.reaches(VIEW) for code in above(reach.prefix)})


def _nearness(macro: Macro) -> tuple[int, int]:
    kind = 2 if macro.owner_id else 1 if macro.organisation_id else 0
    return kind, len(prefix_of(macro.region_id)) if macro.region_id else 0
