"""Pages of knowledge: read, cited beside a case, written, reviewed; macros and wordings."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.faces.console import browser, fill, text
from tests.factories import AccountFactory, RegionFactory
from tests.knowledge import RIGHTS, Library, library
from yanzhen.domains.hotline.knowledge import queries
from yanzhen.domains.hotline.knowledge.actions import save_wording
from yanzhen.domains.hotline.knowledge.models import Article, KnowledgeUse, Macro, ReplyTemplate, Script
from yanzhen.faces import places
from yanzhen.faces.console.knowledge.fields import Block, blocks
from yanzhen.foundation.models import Record

pytestmark = pytest.mark.django_db

HOME = "/console/knowledge/"


@pytest.fixture
def books() -> Library:
    places.forget_regions()
    places.forget_categories()
    return library()


def statements(client, address):
    client.get(address)
    with CaptureQueriesContext(
        connection,
    ) as done:
        assert client.get(address).status_code == 200
    return len(done)


def test_a_text_is_read_as_paragraphs_and_lists():
    assert blocks("一段\n第二行\n\n- 甲\n- 乙\n1. 子\n2. 丑\n<b>末</b>") == [
        Block("p", ["一段", "第二行"]), Block("ul", ["甲", "乙"]), Block("ol", ["子", "丑"]), Block("p", ["<b>末</b>"])
    ]  # fmt: skip


def test_an_agent_finds_reads_and_cites_and_it_stands_in_the_cases_history(books):
    article = books.published(books.place.region.parent, keywords="三个月工资")
    case = books.place.accepted()
    client = browser(books.agent)

    assert "知识与话术" in text(client.get(f"/console/cases/{case.number}/"))
    page = f"/console/cases/{case.number}/knowledge/"
    assert article.title in text(client.get(page))
    assert article.title not in text(client.get(f"{page}?q=工伤"))
    done = client.post(f"{page}{article.pk}/", {"q": "时效"}, follow=True)

    assert done.redirect_chain == [(f"{page}?q=%E6%97%B6%E6%95%88", 303)]
    assert "本件已引用" in text(done)
    assert KnowledgeUse.objects.get().article == article
    assert f"{article.title}（第 1 版）" in text(client.get(f"/console/cases/{case.number}/"))


def test_a_case_out_of_reach_and_an_article_of_another_city_look_like_nothing(books):
    elsewhere = RegionFactory(code="370200", level="city")
    other, case = books.published(elsewhere), books.place.accepted()
    stranger = browser(AccountFactory(grants=[(elsewhere, None, "case.view knowledge.view")]))
    mine = browser(books.agent)

    assert stranger.get(f"/console/cases/{case.number}/knowledge/").status_code == 404
    assert mine.post(f"/console/cases/{case.number}/knowledge/{other.pk}/").status_code == 404
    assert mine.get(f"{HOME}{other.number}/").status_code == 404
    assert other.title not in text(mine.get(HOME))


def test_a_party_of_another_region_reads_the_cases_knowledge_beside_it(books):
    article = books.published(books.place.region)
    case = books.place.accepted()
    wide = AccountFactory(grants=[(books.place.region.parent, None, "case.view"), (RegionFactory(code="370200", level="city"), None, "knowledge.view")])  # fmt: skip

    assert browser(wide).get(f"{HOME}{article.number}/").status_code == 404
    browser(wide).post(f"/console/cases/{case.number}/knowledge/{article.pk}/")

    assert KnowledgeUse.objects.get().account == wide


def test_knowledge_needs_its_right_and_ones_own_macros_need_none(books):
    without = browser(AccountFactory(grants=[(books.place.region, None, "case.view")]))

    assert [without.get(p).status_code for p in (HOME, f"{HOME}scripts/", f"{HOME}expiring/")] == [
        403,
        403,
        403,
    ]
    assert without.get(f"{HOME}macros/").status_code == 200
    assert "知识与话术</a>" not in without.get("/console/").content.decode()


def test_what_has_lapsed_stays_readable_under_a_clear_mark(books):
    yesterday = timezone.localdate() - timedelta(days=1)
    article = books.published(valid_to=yesterday)
    client = browser(books.agent)

    assert article.title not in text(client.get(HOME))
    page = text(client.get(f"{HOME}{article.number}/"))

    assert "已失效" in page
    assert "不能再告知来电人" in page


def test_markup_in_an_article_is_shown_and_never_run(books):
    article = books.published(body="<script>alert(1)</script> 这是正文的一部分。")

    page = browser(books.agent).get(f"{HOME}{article.number}/").content.decode()

    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_an_editor_writes_revises_and_empties_and_a_reviewer_publishes(books):
    editor, reviewer = browser(books.editor), browser(books.reviewer)
    sent = {
        "region": books.place.region.parent_id, "line": "union", "title": "调解十五日", "category": "",
        "body": "收到申请十五日内没有达成协议的，可以申请仲裁。", "source": "劳动争议调解仲裁法", "grade": "A",
        "valid_from": "2008-05-01", "valid_to": "2030-01-01", "source_article": "第14条",
    }  # fmt: skip
    assert editor.post(f"{HOME}new/", sent | {"source": ""}).status_code == 422
    made = editor.post(f"{HOME}new/", sent, follow=True)
    assert "草稿" in text(made)
    article = Article.objects.get()

    fill(editor, f"/console/articles/{article.number}/move/revise/", **sent | {"valid_to": ""})
    assert Article.objects.get().valid_to is None
    fill(editor, f"/console/articles/{article.number}/move/submit/", note="")
    assert "须由他人办理" in text(editor.get(f"/console/articles/{article.number}/"))
    fill(reviewer, f"/console/articles/{article.number}/move/approve/", note="")
    assert text(editor.get(f"{HOME}{article.number}/")).count("施行中") == 1
    editor.post(f"{HOME}{article.number}/renew/")

    assert sorted(Article.objects.values_list("version", "state")) == [(1, "in_force"), (2, "draft")]


def test_a_form_that_breaks_a_rule_comes_back_with_its_sentence(books):
    sent = {
        "region": books.place.region.pk, "line": "union",
        "title": "题", "body": "正文至少十个字才能说清楚。", "source": "某法", "grade": "A", "valid_from": "2026-06-01",
        "valid_to": "2026-06-01",
    }  # fmt: skip

    answer = browser(books.editor).post(f"{HOME}new/", sent)

    assert answer.status_code == 422
    assert "失效日期须晚于生效日期" in text(answer)


def test_lists_take_the_same_statements_for_one_row_as_for_many(books):
    category = books.place.category
    case = books.place.accepted()
    client, editor = browser(books.agent), browser(books.editor)
    addresses = [
        (client, HOME), (client, f"/console/cases/{case.number}/knowledge/"), (client, f"{HOME}macros/"),
        (client, f"{HOME}scripts/"), (editor, "/console/articles/"), (editor, f"{HOME}expiring/"),
    ]  # fmt: skip

    def more(n: int) -> None:
        soon = timezone.localdate() + timedelta(days=3)
        for i in range(n):
            books.published(category=category, valid_to=soon)
            Macro.objects.create(shortcut=f"/m{n}{i}", text="好", owner=books.agent)
            Script(region=books.place.region, line=case.line, title="问", text="一\n二", source="某").save()

    more(1)
    few = [statements(c, a) for c, a in addresses]
    more(4)

    assert [statements(c, a) for c, a in addresses] == few
    assert max(few) <= 20


def test_a_macro_of_ones_own_goes_before_the_shared_one_and_stays_private(books):
    client, other = browser(books.agent), browser(books.place.clerk)
    Macro.objects.create(shortcut="/qx", text="全省的", region=books.place.region.parent.parent)
    Macro.objects.create(shortcut="/sq", text="外市的", region=RegionFactory(code="370200", level="city"))

    added = client.post(
        f"{HOME}macros/", {"shortcut": "/QX", "text": "我的 {编号}", "scope": "own"}, follow=True
    )
    refused = client.post(f"{HOME}macros/", {"shortcut": "/zz", "text": "{姓名}", "scope": "own"})
    shared = client.post(f"{HOME}macros/", {"shortcut": "/zz", "text": "大家的", "scope": "370000"})

    assert "我的 {编号}" in text(added)
    assert (refused.status_code, "没有占位符 {姓名}" in text(refused)) == (422, True)
    assert shared.status_code == 422
    assert client.get(f"{HOME}wordings.json").json()["macros"] == {"/qx": "我的 【编号】"}
    assert other.get(f"{HOME}wordings.json").json()["macros"] == {"/qx": "全省的"}
    assert other.post(f"{HOME}macros/{Macro.objects.get(owner=books.agent).pk}/drop/").status_code == 404


def test_a_shared_macro_takes_the_right_over_its_place_and_leaves_a_record(books):
    region = books.place.region
    editor = browser(AccountFactory(grants=[(region, None, RIGHTS)], organisation=books.place.union))

    for scope in (region.pk, "organisation"):
        editor.post(f"{HOME}macros/", {"shortcut": "/gx", "text": "共用的一句话", "scope": scope})
    upper = editor.post(f"{HOME}macros/", {"shortcut": "/gy", "text": "上级的", "scope": "370000"})

    assert upper.status_code == 403
    assert Macro.objects.filter(owner=None).count() == 2
    assert Record.objects.filter(verb="macro.save").count() == 2


def test_wordings_come_filled_in_for_the_case_and_for_no_case_out_of_reach(books):
    case = books.place.handling()
    template = ReplyTemplate(region=books.place.region.parent, line=case.line)
    save_wording(
        template,
        actor=books.editor,
        title="欠薪",
        text="{编号}由{承办单位}办理，已付【金额】元。",
        category=None,
    )
    stranger = AccountFactory(grants=[(RegionFactory(code="370200", level="city"), None, "case.view")])
    address = f"{HOME}wordings.json?case={case.number}"

    assert browser(books.agent).get(address).json()["templates"] == [
        {"title": "欠薪", "text": f"{case.number}由{books.place.union.name}办理，已付【金额】元。"}
    ]
    assert browser(stranger).get(address).json()["templates"] == []
    assert f"{case.number}由" in text(browser(books.agent).get(f"/console/cases/{case.number}/knowledge/"))


def test_scripts_stand_the_nearest_category_first_and_are_edited_by_editors(books):
    case = books.place.accepted()
    for title, code in (("通用", None), ("大类", "02"), ("小类", "020101"), ("别类", "0201")):
        Script(region=books.place.region.parent, line=case.line, title=title, text="问一\n问二", source="某", category_id=code).save()  # fmt: skip
    Script.objects.filter(title="别类").update(active=False)
    row = Script.objects.get(title="小类")
    sent = {
        "region": row.region_id,
        "line": "union",
        "title": "小类",
        "text": "改",
        "source": "某",
        "active": "on",
    }

    assert [s.title for s in queries.wordings_for(Script, case)] == ["小类", "大类", "通用"]
    assert browser(books.agent).post(f"{HOME}scripts/{row.pk}/", sent).status_code == 403
    assert browser(books.editor).post(f"{HOME}scripts/{row.pk}/", sent).status_code == 303
    assert Script.objects.get(pk=row.pk).text == "改"
    assert Record.objects.get(verb="wording.save").after["text"] == "改"


def test_a_shared_macro_is_dropped_after_a_question_and_on_record(books):
    macro = Macro.objects.create(shortcut="/gx", text="共用的", region=books.place.region)
    address = f"{HOME}macros/{macro.pk}/drop/"

    assert browser(books.agent).post(address).status_code == 403
    lower = AccountFactory(grants=[(books.place.region, None, RIGHTS)])
    assert "删除快捷语 /gx？" in text(browser(lower).get(address))
    browser(lower).post(address)

    assert not Macro.objects.exists()
    assert Record.objects.get(verb="macro.drop").before == {"shortcut": "/gx", "text": "共用的"}


def test_what_to_ask_stands_beside_the_form_that_takes_an_appeal_in(books):
    region = books.place.region
    Script(region=region, line_id="union", title="欠薪怎么问", text="欠了几个月？", source="某").save()
    Script(region=region, line_id="union", title="不用的", text="一", source="某", active=False).save()

    page = text(browser(books.agent).get("/console/register/"))

    assert "欠薪怎么问" in page
    assert "不用的" not in page
