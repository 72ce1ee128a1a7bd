"""Searching the texts of cases: what is found, by whom, and what stays hidden."""

from __future__ import annotations

import unicodedata

import pytest
from django.conf import settings as django_settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.factories import AccountFactory, CaseFactory, LineFactory, RegionFactory
from tests.hotline import county
from yanzhen.domains.hotline.models import Case
from yanzhen.domains.hotline.queries import worklist
from yanzhen.domains.hotline.searching import CASES
from yanzhen.engines.search.finding import LONGEST, Found, find
from yanzhen.engines.search.install import install, rebuild
from yanzhen.engines.search.marks import Part, excerpt, marked
from yanzhen.engines.search.models import Entry
from yanzhen.engines.search.normal import normal
from yanzhen.foundation.errors import Invalid
from yanzhen.foundation.letters import simplified
from yanzhen.foundation.scope import database_scope

pytestmark = pytest.mark.django_db

HAN = "拖欠工资劳动合同社保工伤加班济南建筑有限公司三个月"
LETTERS = st.sampled_from(HAN + "ABz09，。㈱①龍門勞動😀\n ")
tried = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))


def found(text: str) -> set[Case]:
    return set(find(CASES, text).narrow(Case.objects.all()))


def entries() -> list[tuple[int, str]]:
    """Return which version of a row each entry is, and its text."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select xmin::text::bigint + cmin::text::bigint, text from search_entry order by subject_id"
        )
        return cursor.fetchall()


def test_words_in_any_searched_field_find_the_case():
    case = CaseFactory(
        title="拖欠工资",
        body="项目部不签劳动合同。",
        employer="济南演示建筑公司",
        place="工业南路",
        reply="已经约谈。",
    )
    CaseFactory(title="咨询", body="想问问退休手续。")

    asked = ("欠工", "劳动合同", "示建", "业南", "约谈", "合同 工业", "勞動合同", "已经约谈。")
    assert [found(text) for text in asked] == [{case}] * len(asked)
    assert found("欠资") == set()


@tried
@given(st.text(LETTERS, min_size=2, max_size=60), st.data())
def test_every_substring_of_two_and_more_characters_is_found(body, data):
    case = CaseFactory(body=body)
    first = data.draw(st.integers(0, len(body) - 2))
    part = body[first : data.draw(st.integers(first + 2, len(body)))]

    if any(len(normal(word)) > 1 for word in part.split()):
        assert case in found(part)
    else:
        with pytest.raises(Invalid):
            find(CASES, part)


@tried
@given(
    st.lists(
        st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs", "Cn", "Co"]), max_size=40),
        max_size=40,
    )
)
def test_database_and_pages_have_one_normal_form(texts):
    assigned = [t for t in texts if all(ord(c) < 0x2FA20 and unicodedata.category(c) != "Cn" for c in t)]
    texts = [t for t in assigned if t == unicodedata.normalize("NFC", t)]
    with connection.cursor() as cursor:
        cursor.execute(
            "select search_normal(t) from unnest(%s::text[]) with ordinality as given(t, n) order by n",
            [texts],
        )
        assert [form for (form,) in cursor.fetchall()] == [normal(t) for t in texts]


def test_every_traditional_character_is_the_same_in_both_and_settled():
    traditional, plain = map("".join, zip(*simplified().items(), strict=True))
    with connection.cursor() as cursor:
        cursor.execute("select search_normal(%s), search_normal(%s)", [traditional, plain])
        assert cursor.fetchone() == (normal(traditional), normal(plain))
    assert normal(normal(traditional)) == normal(traditional)


@pytest.mark.parametrize(
    "text", ["工", "工 资", "", " ", "\0", "工\0", "字" * (LONGEST + 1), "字" * 50_000, "\n\t"]
)
def test_what_can_not_be_looked_for_is_refused_with_a_sentence(text):
    with pytest.raises(Invalid, match="检索"):
        find(CASES, text)


@pytest.mark.parametrize(
    "text", ["%%", "__", "%_", "\\\\", "''", "😀😀", "$$", "{}", "%s", "(select 1)", "\udc80x"[1:] * 2]
)
def test_signs_stand_for_themselves(text):
    case = CaseFactory(body=f"写着{text}的条幅")
    CaseFactory(body="写着别的东西的条幅")

    assert found(text) == {case}


def test_the_second_wall_keeps_other_regions_and_lines_out_of_the_answer():
    home, other = RegionFactory(code="370102"), RegionFactory(code="370202")
    mine = CaseFactory(region=home, body="高温津贴没有发")
    CaseFactory(region=other, body="高温津贴没有发")
    CaseFactory(region=home, line=LineFactory(code="court"), body="高温津贴没有发")

    with database_scope({"union:370102"}):
        exact, near = find(CASES, "高温津贴"), find(CASES, "高温补贴没有发")
        seen = list(Entry.objects.values_list("subject_id", flat=True))
    with database_scope(()):
        nothing = find(CASES, "高温津贴")

    assert (exact.ids, near.ids, near.near, seen, nothing.ids) == (
        (mine.pk,),
        (mine.pk,),
        True,
        [mine.pk],
        (),
    )


def test_the_first_wall_keeps_other_regions_and_lines_out_of_the_list():
    home = RegionFactory(code="370102")
    mine = CaseFactory(region=home, body="高温津贴没有发")
    CaseFactory(region=RegionFactory(code="370202"), body="高温津贴没有发")
    CaseFactory(region=home, line=LineFactory(code="court"), body="高温津贴没有发")
    clerk = AccountFactory(grants=[(home, LineFactory(), "case.view")])

    assert set(find(CASES, "高温津贴").narrow(worklist(clerk))) == {mine}


def test_what_others_have_hides_nothing_that_is_near_among_ones_own():
    home = RegionFactory(code="370102")
    mine = CaseFactory(region=home, body="高温补贴没有发")
    CaseFactory(region=RegionFactory(code="370202"), body="高温津贴没有发")
    clerk = AccountFactory(grants=[(home, LineFactory(), "case.view")])

    asked = find(CASES, "高温津贴没有发").among(worklist(clerk), clerk)

    assert (asked.near, list(asked.narrow(worklist(clerk)))) == (True, [mine])


def test_the_phone_of_a_secret_case_finds_it_only_for_those_who_may_know_the_caller():
    place = county()
    secret, open_ = (place.case(phone="13812345678", secret=secret) for secret in (True, False))

    answers = {}
    for account in (place.clerk, place.handler):
        for text in ("13812345678", "5678", secret.number):
            asked = find(CASES, text).among(worklist(account), account)
            answers[account, text] = set(asked.narrow(worklist(account)))

    assert [answers[place.clerk, text] for text in ("13812345678", "5678", secret.number)] == [
        {open_},
        {open_},
        {secret},
    ]
    assert [answers[place.handler, text] for text in ("13812345678", "5678")] == [{secret, open_}] * 2


def test_common_words_are_looked_for_row_by_row_and_give_the_same():
    case = CaseFactory(body="高温津贴没有发")
    CaseFactory(body="别的事情")

    assert list(Found(CASES, ("津贴", "高溫"), None).narrow(Case.objects.all())) == [case]
    with database_scope({"union:37020"}):
        assert list(Found(CASES, ("津贴",), None).narrow(Case.objects.all())) == []


def test_the_entry_follows_texts_place_and_parties_and_goes_with_its_case():
    case = CaseFactory(region=RegionFactory(code="370102"), body="高温津贴没有发")
    case.body, case.region = "取暖补贴没有发", RegionFactory(code="370202")
    case.save()

    assert (found("高温"), found("取暖")) == (set(), {case})
    assert Entry.objects.get().audience == Case.objects.get().audience
    Case.objects.update(shared_with=["court:370102"])
    assert Entry.objects.get().audience == Case.objects.get().audience
    case.delete()
    assert not Entry.objects.exists()


def test_a_move_that_changes_no_text_leaves_the_entry_as_it_was():
    place = county()
    case = place.accepted()
    before = entries()

    case.urgency, case.headcount = "urgent", 7
    case.save()

    assert entries() == before


def test_one_wrong_character_in_eight_finds_what_is_near_and_says_so():
    case = CaseFactory(body="本人在济南演示建筑公司做工，工资没有发。")
    CaseFactory(body="想问问退休手续怎么办理。")

    for place in range(8):
        wrong = "济南演示建筑公司"[:place] + "龘" + "济南演示建筑公司"[place + 1 :]
        near = find(CASES, wrong)
        assert (near.ids, near.near) == ((case.pk,), True)
    assert find(CASES, "青岛演示机械公司").ids == ()


def test_number_and_phone_find_by_how_a_number_begins_the_whole_phone_and_its_last_digits():
    place = county()
    case, other = place.case(phone="13812345678"), place.case(phone="13912340000")

    assert found("13812345678") == {case} == found("5678")
    assert (found(case.number.lower()), found(case.number[:14])) == ({case}, {case, other})
    assert (found("9999"), found("13800000000")) == (set(), set())


def test_phones_of_another_region_are_behind_the_second_wall():
    county().case(phone="13812345678")

    with database_scope({"union:3702"}):
        assert (found("5678"), found("13812345678")) == (set(), set())


def test_entries_of_rows_that_were_there_before_are_made_again():
    case = county().case(phone="13812345678")
    Entry.objects.all().delete()
    with connection.cursor() as cursor:
        cursor.execute("reset role")

    made = rebuild(CASES)

    with connection.cursor() as cursor:
        cursor.execute(f"set role {django_settings.WEB_ROLE}")
    assert (made, found("拖欠"), found("5678")) == (1, {case}, {case})


def test_what_stands_as_declared_is_left_alone():
    with CaptureQueriesContext(
        connection,
    ) as statements:
        install()

    assert len(statements) == 1


def test_exact_words_cost_one_statement_and_near_ones_two():
    CaseFactory(body="高温津贴没有发")

    with CaptureQueriesContext(connection) as exact:
        find(CASES, "高温津贴")
    with CaptureQueriesContext(connection) as near:
        find(CASES, "高温补贴没有发")

    assert (len(exact), len(near)) == (1, 2)


def test_words_are_marked_where_they_stand_whatever_their_form():
    looked = Found(CASES, ("勞動", "a公"))

    assert marked("劳动合同Ａ公司", looked) == [
        Part("劳动", True),
        Part("合同", False),
        Part("Ａ公", True),
        Part("司", False),
    ]
    assert excerpt(["没有", "前" * 40 + "劳动" + "后" * 60], looked) == [
        Part("…", False), Part("前" * 24, False), Part("劳动", True), Part("后" * 46, False), Part("…", False),
    ]  # fmt: skip
    assert excerpt(["没有"], looked) == []
    assert marked("高温津贴没有", Found(CASES, ("高温补贴没有",), near=True)) == [Part("高温津贴没有", True)]


def test_a_pair_of_characters_is_one_number_and_a_part_of_the_index_stands_before_it():
    with connection.cursor() as cursor:
        cursor.execute("select search_pairs('工资ab'), search_keys('ab', '{}', 3 * 131072 + 5)")
        pairs, keys = cursor.fetchone()

    assert pairs == [(ord(a) << 16) | ord(b) for a, b in ("工资", "资a", "ab")]
    assert keys == [(3 << 32) | (ord("a") << 16) | ord("b")]
