"""Checks in SQL: each kind of cell, the rules between columns, the sender's reach; and the same answers as in Python."""

from __future__ import annotations

import dataclasses
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from stdnum.cn import uscc

from tests.factories import AccountFactory, LineFactory, RegionFactory
from tests.foundation.test_sheets_files import nothing, places
from yanzhen.foundation.models import Batch
from yanzhen.foundation.organisations import uscc_problem
from yanzhen.foundation.people import id_number_problem, phone_problem
from yanzhen.foundation.people.numbers import check_digit
from yanzhen.foundation.sheets import Check, Column, Kind, Sheet
from yanzhen.foundation.sheets.checking import check_rows, count_rows, values_of
from yanzhen.foundation.sheets.choices import regions

pytestmark = pytest.mark.django_db

MANY = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
ALL_KINDS = Sheet(
    code="tests.kinds",
    label="各种列",
    right="organisation.edit",
    basis="docs/rules/hotline.md",
    line="union",
    apply=nothing,
    undo=nothing,
    columns=(
        Column("region", "区划", Kind.CHOICE, required=True, choices=places),
        Column("text", "文字", Kind.TEXT, max_length=5),
        Column("long", "长文", Kind.LONG, max_length=10),
        Column("id_number", "证件", Kind.ID_NUMBER),
        Column("phone", "电话", Kind.PHONE),
        Column("uscc", "代码", Kind.USCC),
        Column("on", "日期", Kind.DATE),
        Column("at", "时间", Kind.DATETIME),
        Column("count", "数量", Kind.INTEGER),
        Column("yuan", "金额", Kind.MONEY),
        Column("flag", "是否", Kind.YES_NO),
    ),
    checks=(
        Check("yuan", "flag is not true or yuan > 0", "选“是”的须填 100% 的金额"),
        Check("text", "text is null or count(*) over (partition by cells.text) = 1", "重复"),
    ),
)


@pytest.fixture
def batch() -> Batch:
    """A batch whose sender may write in Jinan, not in Zaozhuang."""
    jinan = RegionFactory(code="370100", level="city")
    sender = AccountFactory(grants=[(jinan, None, "organisation.edit sheet.import")])
    return Batch.objects.create(
        sheet=ALL_KINDS.code, region=jinan, line=LineFactory(code="union"), sender=sender, name="x", sha256=""
    )


def checked(
    batch: Batch, *rows: dict[str, str], sheet: Sheet = ALL_KINDS
) -> list[tuple[dict[str, str], list[str]]]:
    """Stage `rows` in a fresh batch, check them, and return (cells, problems) of each; a region is filled in."""
    batch.lines.all().delete()
    model = batch.lines.model
    model.objects.bulk_create(
        model(batch=batch, number=n, cells={"region": "370102"} | cells) for n, cells in enumerate(rows, 2)
    )
    check_rows(batch, sheet)
    return list(batch.lines.order_by("number").values_list("cells", "problems"))


def faults(batch: Batch, column: str, *texts: str) -> list[str | None]:
    """Return what is wrong with each text in `column`, without its label."""
    label = ALL_KINDS.column(column).label
    found = []
    for _, problems in checked(batch, *({column: text} for text in texts)):
        assert len(problems) <= 1, problems
        found.append(problems[0].removeprefix(f"{label}：") if problems else None)
    return found


def kept(batch: Batch, column: str, *texts: str) -> list[str]:
    """Return the one form in which each text is kept."""
    rows = checked(batch, *({column: text} for text in texts))
    assert [problems for _, problems in rows] == [[]] * len(texts)
    return [cells[column] for cells, _ in rows]


def with_digit(first17: str) -> str:
    return first17 + check_digit(first17)


id_numbers = st.builds(
    lambda place, born, serial: with_digit(f"{place:06}{born:%Y%m%d}{serial:03}"),
    st.integers(100000, 999999),
    st.dates(date(1890, 1, 1), date(2035, 12, 31)),
    st.integers(0, 999),
)
credit_codes = st.builds(
    lambda head, place, body: (found := f"{head}{place:06}{body}") + uscc.calc_check_digit(found),
    st.text("0123456789ANY", min_size=2, max_size=2),
    st.integers(0, 999999),
    st.text("0123456789ABCDEFGHJKLMNPQRTUWXY", min_size=9, max_size=9),
)


@st.composite
def slips(draw: st.DrawFn, numbers: st.SearchStrategy[str], alphabet: str) -> str:
    """A number with at most two slips of the pen: a character changed, dropped or put in."""
    text = draw(numbers)
    for _ in range(draw(st.integers(0, 2))):
        at = draw(st.integers(0, max(len(text) - 1, 0)))
        character = draw(st.sampled_from(alphabet))
        text = (
            text[:at] + draw(st.sampled_from([character, "", character + text[at : at + 1]])) + text[at + 1 :]
        )
    return text.strip() or "0"


def wide(text: str) -> str:
    """The same in the full-width characters that input methods type."""
    return "".join(chr(ord(c) + 0xFEE0) for c in text)


@MANY
@given(texts=st.lists(slips(id_numbers, "0123456789Xx ") | id_numbers.map(wide), min_size=1, max_size=20))
def test_id_numbers_are_judged_as_in_python(batch, texts):
    today = timezone.localdate()

    assert faults(batch, "id_number", *texts) == [id_number_problem(text, today=today) for text in texts]


@MANY
@given(
    texts=st.lists(
        slips(st.from_regex(r"1[3-9][0-9]{9}|0[0-9]{2,3}-?[0-9]{7,8}", fullmatch=True), "0123456789-+ "),
        min_size=1,
        max_size=20,
    )
)
def test_phones_are_judged_as_in_python(batch, texts):
    assert faults(batch, "phone", *texts) == [phone_problem(text) for text in texts]


@MANY
@given(texts=st.lists(slips(credit_codes, "0123456789ABCDEFGHJKLMNPQRTUWXYOIsz "), min_size=1, max_size=20))
def test_credit_codes_are_judged_as_in_python(batch, texts):
    assert faults(batch, "uscc", *texts) == [uscc_problem(text) for text in texts]


@MANY
@given(texts=st.lists(credit_codes, min_size=1, max_size=20))
def test_what_the_library_takes_for_a_credit_code_is_taken(batch, texts):
    taken = [text for text in texts if uscc.is_valid(text)]

    assert faults(batch, "uscc", *taken) == [None] * len(taken)


@pytest.mark.parametrize("column", ["id_number", "uscc", "phone"])
def test_a_number_that_went_through_excel_into_a_csv_is_told_so(batch, column):
    assert "超过 15 位的数字末位已丢失" in faults(batch, column, "3.70102E+17")[0]


@MANY
@given(day=st.dates(date(1900, 1, 1), date(2100, 12, 31)))
def test_a_day_is_read_in_every_way_of_writing_it(batch, day):
    ways = [
        f"{day:%Y-%m-%d}",
        f"{day.year}/{day.month}/{day.day}",
        f"{day.year}.{day.month}.{day.day}",
        f"{day.year}年{day.month}月{day.day}日",
        f"{day:%Y%m%d}",
        f"{day:%Y-%m-%d} 00:00:00",
    ]

    assert kept(batch, "on", *ways) == [day.isoformat()] * len(ways)


@pytest.mark.parametrize(
    "text", ["2026-02-30", "26-11-24", "46350", "昨天", "2026-11-24 09:30", "1899-12-31", "2101-01-01"]
)
def test_what_is_no_day_is_told_how_to_write_one(batch, text):
    assert faults(batch, "on", text) == ["应为日期，如 2026-11-24"]


def test_a_moment_is_read_in_every_way_of_writing_it(batch):
    ways = [
        "2026-11-24 09:30",
        "2026/11/24 9:30",
        "2026年11月24日 9时30分",
        "2026年11月24日9:30:00",
        "2026-11-24T09:30:00",
    ]

    assert kept(batch, "at", *ways) == ["2026-11-24 09:30:00"] * len(ways)
    assert kept(batch, "at", "2026-11-24", "2026年11月24日") == ["2026-11-24 00:00:00"] * 2
    assert (
        faults(batch, "at", "2026-11-24 25:00", "9:30", "2026-11-24 上午")
        == ["应为日期和时间，如 2026-11-24 09:30"] * 3
    )


def test_numbers_and_sums_are_read_with_their_marks(batch):
    assert kept(batch, "count", "3", "1,200", wide("-5"), "3.0", "007") == ["3", "1200", "-5", "3", "7"]
    assert faults(batch, "count", "3.5", "三", "1,2", "1e3", "12345678901") == ["应为整数，如 3"] * 5
    assert kept(batch, "yuan", "12800.5", "¥1,280", "￥ 3", "5元", "0") == [
        "12800.50", "1280.00", "3.00", "5.00", "0.00",
    ]  # fmt: skip
    assert (
        faults(batch, "yuan", "1.234", "一百", "1e5", "1234567890123")
        == ["应为金额，最多两位小数，如 12800.50"] * 4
    )


def test_yes_and_no_have_their_ways(batch):
    assert kept(batch, "flag", "是", "Y", "TRUE", "1", "√", wide("yes")) == ["true"] * 6
    assert kept(batch, "flag", "否", "n", "False", "0") == ["false"] * 4
    assert faults(batch, "flag", "不知道") == ["请填“是”或“否”"]


def test_a_choice_is_its_code_the_text_of_the_drop_down_or_a_name_of_its_own(batch):
    assert (
        kept(batch, "region", "370102", "370102 历下区", "370102历下区", "历下区", " 历 下区 ")
        == ["370102"] * 5
    )


def test_a_name_that_several_have_is_not_guessed(batch):
    assert faults(batch, "region", "市中区", "火星") == [
        "“市中区”有多个，请填代码：370103、370402",
        "“火星”不在可选范围内，请填代码或从模板的下拉列表中选择",
    ]


def test_texts_are_as_long_as_they_may_be(batch):
    assert kept(batch, "text", "一二三四五") == ["一二三四五"]
    assert faults(batch, "text", "一二三四五六") == ["最多 5 个字，现为 6 个字"]
    assert kept(batch, "text", "一\n二") == ["一 二"]
    assert kept(batch, "long", "一\n二") == ["一\n二"]


def test_all_problems_of_a_row_are_said_at_once_and_its_cells_stay_as_typed(batch):
    row = {"region": "", "id_number": "123", "on": "昨天", "count": "三", "flag": "是"}

    assert checked(batch, row) == [
        (
            row,
            [
                "区划：必填",
                "证件：身份证号应为 18 位（前 17 位数字，末位数字或 X），现为 3 位",
                "日期：应为日期，如 2026-11-24",
                "数量：应为整数，如 3",
            ],
        )
    ]


def test_a_declared_rule_counts_where_it_is_false_not_where_it_is_unknown(batch):
    rows = checked(
        batch, {"flag": "是", "yuan": "0"}, {"flag": "是", "yuan": "x"}, {"flag": "是"}, {"yuan": "0"}
    )

    assert [problems for _, problems in rows] == [
        ["金额：选“是”的须填 100% 的金额"],
        ["金额：应为金额，最多两位小数，如 12800.50"],
        [],
        [],
    ]


def test_a_rule_may_look_at_the_whole_file(batch):
    rows = checked(batch, {"text": "甲"}, {"text": "乙"}, {"text": "甲"})

    assert [problems for _, problems in rows] == [["文字：重复"], [], ["文字：重复"]]


def test_a_row_beyond_the_senders_reach_is_not_good(batch):
    rows = checked(batch, {"region": "370102"}, {"region": "370402"})

    assert [problems for _, problems in rows] == [[], ["区划：您在该区划没有“维护单位”权限"]]


def test_a_sender_who_holds_the_right_on_another_line_has_no_reach(batch):
    batch.sender = AccountFactory(
        grants=[(RegionFactory(code="370100"), LineFactory(code="court"), "organisation.edit")]
    )

    assert checked(batch, {})[0][1] == ["区划：您在该区划没有“维护单位”权限"]


def test_a_problem_of_the_reading_stays_beside_those_of_the_check(batch):
    checked(batch, {"count": "三"})
    batch.lines.update(problems=["证件：末位已丢失"])

    check_rows(batch, ALL_KINDS)

    assert batch.lines.get().problems == ["证件：末位已丢失", "数量：应为整数，如 3"]


def test_checking_good_rows_again_changes_nothing(batch):
    row = {
        "text": "甲", "on": "2026/1/2", "at": "2026年1月2日 3:04", "count": "1,000", "yuan": "￥5", "flag": "是",
        "region": "历下区", "uscc": "9111 0000 6000 37341l", "long": "a\n\\b\t'\"%",
    }  # fmt: skip
    [(first, _)] = checked(batch, row)

    check_rows(batch, ALL_KINDS, again=True)

    assert list(batch.lines.values_list("cells", "problems")) == [(first, [])]
    assert values_of(ALL_KINDS, first) == {
        "region": "370102",
        "text": "甲",
        "long": "a\n\\b\t'\"%",
        "id_number": None,
        "phone": None,
        "uscc": "91110000600037341L",
        "on": date(2026, 1, 2),
        "at": datetime(2026, 1, 2, 3, 4, tzinfo=ZoneInfo("Asia/Shanghai")),
        "count": 1000,
        "yuan": Decimal("5.00"),
        "flag": True,
    }


def test_a_check_costs_one_statement_whatever_the_number_of_rows(batch, django_assert_num_queries):
    batch.sender.reaches("organisation.edit")
    model = batch.lines.model
    for count in (1, 500):
        batch.lines.all().delete()
        model.objects.bulk_create(
            model(batch=batch, number=n, cells={"region": "370102", "count": "x"}) for n in range(count)
        )
        with django_assert_num_queries(1):
            check_rows(batch, ALL_KINDS)
        assert count_rows(batch) == (count, 0)


@MANY
@given(
    texts=st.lists(
        st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12),
        min_size=1,
        max_size=10,
    )
)
def test_no_text_breaks_the_check_in_any_column(batch, texts):
    rows = [{column.name: text for column in ALL_KINDS.columns} for text in texts]

    assert len(checked(batch, *rows)) == len(texts)


def test_the_regions_of_a_sheet_are_those_in_force():
    RegionFactory(code="370102", name="历下区")
    RegionFactory(code="371202", name="莱城区", valid_to=date(2019, 1, 1))

    assert dict(regions()) == {"370102": "历下区"}


def test_however_it_is_grouped_an_id_number_is_kept_in_one_form(batch):
    number = with_digit("37010219900101123")

    assert (
        kept(batch, "id_number", f"{number[:6]} {number[6:14]}-{number[14:]}", wide(number)) == [number] * 2
    )


def test_a_sheet_of_other_columns_has_its_own_statement(batch):
    small = dataclasses.replace(ALL_KINDS, code="tests.small", columns=ALL_KINDS.columns[:2], checks=())

    assert checked(batch, {"text": "甲", "count": "三"}, sheet=small) == [
        ({"region": "370102", "text": "甲"}, [])
    ]
