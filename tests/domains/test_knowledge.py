"""Articles: who is offered which, when; how they come into force; what their use leaves behind."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.utils import timezone

from tests.factories import AccountFactory, LineFactory, RegionFactory
from tests.knowledge import DAY, RIGHTS, Library, library
from yanzhen.domains.hotline import categories
from yanzhen.domains.hotline.knowledge import packs, queries
from yanzhen.domains.hotline.knowledge.actions import cite, draft_article, new_version, revise_article
from yanzhen.domains.hotline.knowledge.models import Article, KnowledgeUse, Macro, ReplyTemplate, Script
from yanzhen.engines.procedures.engine import advance
from yanzhen.engines.procedures.refusals import MoveNotAllowed, MoveRefused
from yanzhen.foundation.errors import Invalid, NotAllowed, Refusal
from yanzhen.foundation.models import Record
from yanzhen.foundation.records import history

pytestmark = pytest.mark.django_db


@pytest.fixture
def books() -> Library:
    return library()


def test_a_citys_article_is_offered_in_its_counties_and_in_no_other_city(books):
    city = books.place.region.parent
    elsewhere = RegionFactory(code="370200", level="city", parent=city.parent)
    of_city, of_province = books.published(city), books.published(city.parent)
    of_other, of_county = books.published(elsewhere), books.published()
    neighbour = AccountFactory(grants=[(elsewhere, None, "knowledge.view")])
    case = books.place.case()

    assert set(queries.offered_for(case, DAY)) == {of_city, of_province, of_county}
    assert set(queries.offered_to(books.agent, DAY)) == {of_city, of_province, of_county}
    assert set(queries.offered_to(neighbour, DAY)) == {of_other, of_province}
    assert set(queries.offered_to(AccountFactory(), DAY)) == set()


def test_an_article_is_offered_from_its_first_day_until_the_day_before_its_last(books):
    article = books.published(valid_from=date(2026, 6, 1), valid_to=date(2026, 7, 1))
    days = [date(2026, 5, 31), date(2026, 6, 1), date(2026, 6, 30), date(2026, 7, 1)]

    assert [queries.in_force(day).filter(pk=article.pk).exists() for day in days] == [
        False,
        True,
        True,
        False,
    ]
    assert [queries.standing(article, day) for day in days] == ["coming", "in_force", "in_force", "ended"]
    assert article in queries.readable(books.agent)


def test_only_what_somebody_else_reviewed_is_offered(books):
    draft = books.draft()
    both = books.editor

    submitted = advance(draft, "submit", actor=both)
    with pytest.raises(MoveRefused, match="须由他人办理"):
        advance(submitted, "approve", actor=both)

    assert list(queries.in_force(DAY)) == []
    assert advance(submitted, "approve", actor=books.reviewer).state == "in_force"


def test_whoever_writes_last_is_the_author_and_reviews_it_no_more(books):
    draft = revise_article(
        books.draft(), actor=books.reviewer, **text_of(books, body="时效一年，从知道之日起算。")
    )

    with pytest.raises(MoveRefused):
        advance(draft, "submit", actor=books.editor)
    submitted = advance(draft, "submit", actor=books.reviewer)
    with pytest.raises(MoveRefused):
        advance(submitted, "approve", actor=books.reviewer)

    assert advance(submitted, "approve", actor=books.editor).state == "in_force"


def test_an_editor_of_another_region_or_line_writes_and_publishes_nothing_here(books):
    city = books.place.region.parent
    county_editor = AccountFactory(grants=[(books.place.region, None, RIGHTS)])
    of_courts = AccountFactory(grants=[(city.parent, LineFactory(code="court"), RIGHTS)])
    submitted = advance(books.draft(city), "submit", actor=books.editor)

    for stranger in (county_editor, of_courts):
        with pytest.raises(NotAllowed):
            draft_article(Article(region=city, line=LineFactory(), **text_of(books)), actor=stranger)
        with pytest.raises(MoveNotAllowed):
            advance(submitted, "approve", actor=stranger)
        assert submitted not in queries.readable(stranger)
    assert Article.objects.count() == 1


def test_an_article_without_a_source_or_with_its_end_before_its_beginning_is_refused(books):
    for wrong in (
        {"source": ""},
        {"valid_to": date(2008, 5, 1)},
        {"body": "太短"},
        {"source_url": "javascript:x"},
    ):
        with pytest.raises(Invalid):
            books.draft(**wrong)

    assert Article.objects.count() == 0


def test_a_new_version_takes_over_on_its_first_day_and_the_old_one_stays_readable(books):
    old = books.published()
    draft = new_version(old, actor=books.editor)
    with pytest.raises(Refusal, match="已有一个新版本"):
        new_version(old, actor=books.editor)
    new = books.publish(revise_article(draft, actor=books.editor, **text_of(books, valid_from=DAY)))
    before = DAY - timedelta(days=1)

    assert list(queries.in_force(before)) == [old]
    assert list(queries.in_force(DAY)) == [new]
    assert (queries.standing(old, DAY), new.version, new.series) == ("later", 2, old.number)
    assert list(queries.versions(old)) == [new, old]
    assert old in queries.readable(books.agent)


def test_taking_a_version_back_does_not_bring_the_older_text_forth(books):
    old = books.published()
    draft = new_version(old, actor=books.editor)
    new = books.publish(revise_article(draft, actor=books.editor, **text_of(books, valid_from=DAY)))

    advance(new, "withdraw", actor=books.reviewer, note="条款已修改")

    assert list(queries.in_force(DAY)) == []
    assert (
        queries.standing(new, DAY) == "later"
        or queries.standing(Article.objects.get(pk=new.pk), DAY) == "withdrawn"
    )


def test_what_ends_within_the_days_of_the_parameter_is_warned_of(books):
    soon = books.published(valid_to=DAY + timedelta(days=30))
    books.published(valid_to=DAY + timedelta(days=31))
    books.published(valid_to=DAY)
    books.published()
    stranger = AccountFactory(grants=[(RegionFactory(code="370200", level="city"), None, RIGHTS)])

    assert list(queries.expiring(books.editor, DAY)) == [soon]
    assert list(queries.expiring(stranger, DAY)) == []


def test_search_ranks_category_then_title_then_body_then_the_nearer_region(books):
    province, city = books.place.region.parent.parent, books.place.region.parent
    far = books.published(province, title="另一回事", body="说到时效的一段话在这里。")
    body = books.published(city, title="另一件事", body="说到时效的一段话在这里。")
    title = books.published(province, title="时效一年", body="没有提到那两个字的正文。")
    fits = books.published(
        province, title="别的事", body="说到时效的一段话在这里。", category=books.place.category
    )
    books.published(title="无关", body="完全没有关系的一段正文。")

    found = queries.search(queries.in_force(DAY), text="时效", category=books.place.category.pk)

    assert list(found) == [fits, title, body, far]


def test_every_word_has_to_stand_somewhere_and_signs_are_taken_as_they_are(books):
    article = books.published(keywords="讨薪、100%")
    books.published(title="只有一个词：讨薪", body="这里没有说到其余两个词。")

    assert list(queries.search(queries.in_force(DAY), text="讨薪 时效 一年")) == [article]
    assert list(queries.search(queries.in_force(DAY), text="100%")) == [article]
    assert list(queries.search(queries.in_force(DAY), text="%")) == [article]


@pytest.mark.parametrize("asked", ["拖欠工資", "拖欠工资", "ＡＢＣ表", "abc表", "拖欠工資 Ａbc"])  # noqa: RUF001  # full width
def test_words_are_found_in_whatever_script_width_and_case_they_are_written(books, asked):
    article = books.published(title="拖欠工资怎么办", body="先填 Abc表，再到仲裁委员会申请。")
    books.published(title="无关", body="完全没有关系的一段正文。")

    assert list(queries.search(queries.in_force(DAY), text=asked)) == [article]


def test_keywords_are_found_in_what_a_caller_writes_in_traditional_characters(books):
    article = books.published(title="别的事", keywords="欠薪，工资", body="完全没有关系的一段正文。")

    assert list(queries.search(queries.in_force(DAY), told="公司拖欠三個月工資")) == [article]


def test_a_case_is_suggested_what_fits_its_category_or_its_words(books):
    by_word = books.published(keywords="讨薪、三个月工资")
    by_branch = books.published(category=books.place.category)
    books.published(keywords="工伤，，")
    case = books.place.accepted()

    assert list(queries.suggested(case, DAY, books.place.clerk)) == [by_branch, by_word]


def test_who_may_not_read_a_secret_case_is_suggested_nothing_by_its_words(books):
    books.published(keywords="讨薪、三个月工资")
    by_branch = books.published(category=books.place.category)
    case = books.place.accepted()
    case.secret = True

    assert list(queries.suggested(case, DAY, AccountFactory())) == [by_branch]


def test_a_use_is_put_on_the_case_and_into_the_chain_once(books):
    article, case = books.published(), books.place.accepted()

    assert [cite(case, article, actor=books.agent) for _ in range(2)] == [True, False]

    use = KnowledgeUse.objects.get()
    entry = history(case).get(verb="knowledge.cite")
    assert (use.case, use.article, use.account) == (case, article, books.agent)
    assert (entry.actor_id, entry.after) == (books.agent.pk, {"article": article.number, "version": 1})
    assert entry.grant_id == books.agent.grants.get().pk


def test_a_use_keeps_the_version_that_was_used(books):
    old, case = books.published(), books.place.accepted()
    cite(case, old, actor=books.agent)
    draft = new_version(old, actor=books.editor)
    new = books.publish(revise_article(draft, actor=books.editor, **text_of(books, valid_from=DAY)))

    with pytest.raises(Refusal, match="已有新版"):
        cite(books.place.accepted(), old, actor=books.agent)
    cite(case, new, actor=books.agent)

    assert [use.article for use in queries.used_on(case)] == [old, new]


def test_nothing_is_cited_out_of_reach_from_elsewhere_or_after_the_end(books):
    article = books.published()
    elsewhere = RegionFactory(code="370200", level="city")
    other = books.published(elsewhere)
    case, closed = books.place.accepted(), books.place.closed()
    stranger = AccountFactory(grants=[(elsewhere, None, "case.view knowledge.view")])
    without = AccountFactory(grants=[(books.place.region, None, "case.view")])

    for actor in (stranger, without):
        with pytest.raises(NotAllowed):
            cite(case, article, actor=actor)
    with pytest.raises(Refusal, match="不适用于"):
        cite(case, other, actor=books.agent)
    with pytest.raises(Refusal, match="已结束"):
        cite(closed, article, actor=books.agent)

    assert (KnowledgeUse.objects.count(), Record.objects.filter(verb="knowledge.cite").count()) == (0, 0)


def test_what_came_of_the_use_is_counted_within_the_readers_reach(books):
    article = books.published()
    solved, unsolved, running = (
        books.place.called_back(),
        books.place.called_back(solved=False),
        books.place.accepted(),
    )
    for case in (solved, unsolved, running):
        cite(case, article, actor=books.agent)
    advance(solved, "close", actor=books.place.clerk)
    advance(unsolved, "close_unsolved", actor=books.place.clerk, note="没有依据")
    name = books.place.category.name
    stranger = AccountFactory(grants=[(RegionFactory(code="370200", level="city"), None, "case.view")])

    assert queries.usage(article, books.agent) == queries.Usage(3, ((name, 3),), 2, 1)
    assert queries.usage(article, stranger) == queries.Usage(0, (), 0, 0)


def test_what_ships_loads_once_waits_for_review_and_what_staff_did_stays(books):
    categories.load()
    added = packs.load()
    edited = Script.objects.get(shipped="arrears")
    Script.objects.filter(pk=edited.pk).update(text="改过的问题")
    Macro.objects.first().delete()
    discarded = Article.objects.get(shipped="ldma-53")
    advance(discarded, "discard", actor=books.editor, note="本省另有口径")

    assert packs.load() == 0

    assert (
        added
        == Article.objects.count()
        + Script.objects.count()
        + ReplyTemplate.objects.count()
        + Macro.objects.count()
        + 1
    )
    assert Script.objects.get(pk=edited.pk).text == "改过的问题"
    assert list(queries.in_force(DAY)) == []
    assert set(Article.objects.values_list("grade", flat=True)) == {"A"}
    assert not Article.objects.filter(source_article="").exists()


def test_the_shipped_articles_can_be_put_in_force(books):
    categories.load()
    packs.load()
    for draft in Article.objects.filter(state="draft"):
        books.publish(draft)

    assert queries.in_force(timezone.localdate()).count() == Article.objects.count() >= 12


def text_of(books: Library, **text: object) -> dict[str, object]:
    given = {
        "title": "仲裁时效为一年",
        "body": "劳动争议申请仲裁的时效为一年。",
        "source": "劳动争议调解仲裁法",
    }
    return given | {"valid_from": date(2008, 5, 1), "grade": "A"} | text
