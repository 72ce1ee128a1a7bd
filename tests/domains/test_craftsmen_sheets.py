"""The sheet of titles from outside: each bad row says why, and a thousand rows take the statements of one."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.core.files.base import ContentFile

from tests.craftsmen import Works
from tests.factories import AccountFactory, OrganisationFactory, RegionFactory
from tests.foundation.test_sheets_files import csv_bytes
from yanzhen.domains.craftsmen.sheets import HOLDERS
from yanzhen.engines.honours.models import Honour
from yanzhen.engines.procedures.engine import advance
from yanzhen.foundation import tasks
from yanzhen.foundation.models import Account, Batch, Person, Record
from yanzhen.foundation.people import register_person
from yanzhen.foundation.sheets import UndoRefused, confirm, problems_of, running, submit, undo

LABELS = {column.name: column.label for column in HOLDERS.columns}
USCC = "91110000600037341L"
NUMBERS = ("11010519491231002X", "110105194912310038", "110105194912310046")
GOOD = {
    "region": "370102", "title": "大国工匠", "id_number": NUMBERS[0], "uscc": USCC, "awarded_on": "2022-03-02",
    "document": "总工发2022年1号",
}  # fmt: skip
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
"""GB 11643, ISO 7064 MOD 11-2."""

pytestmark = pytest.mark.django_db


def id_number(n: int) -> str:
    """Return the n-th made-up number, with the check character it has to have."""
    body = f"110105{1950 + n // 10000 % 40}0101{n % 1000:03}"
    body = body[:10] + f"{n // 1000 % 12 + 1:02}" + body[12:]
    return body + "10X98765432"[sum(int(d) * w for d, w in zip(body, WEIGHTS, strict=True)) % 11]


@pytest.fixture
def sender(here: Works) -> Account:
    here.unit.uscc = USCC
    here.unit.save()
    rights = "honour.view honour.award honour.propose person.edit sheet.import sheet.undo"
    return AccountFactory(grants=[(here.province, None, rights)])


def person(here: Works, sender: Account, number: str = NUMBERS[0], name: str = "王建国") -> Person:
    return register_person(name=name, id_number=number, region=here.region, line=here.unit.line, actor=sender)


def checked(sender: Account, *given: dict[str, Any], sheet: str = "称号.csv") -> Batch:
    rows = [GOOD | each for each in given]
    table = [list(LABELS.values()), *([row.get(name, "") for name in LABELS] for row in rows)]
    batch = submit(HOLDERS, ContentFile(csv_bytes(table, "utf-8"), sheet), actor=sender)
    tasks.check_batch(batch.pk)
    batch.refresh_from_db()
    return batch


def sent(sender: Account, *given: dict[str, Any]) -> Batch:
    batch = checked(sender, *given)
    tasks.apply_batch(confirm(batch, actor=sender).pk)
    batch.refresh_from_db()
    return batch


def told(batch: Batch) -> list[list[str]]:
    return [row.problems for row in problems_of(batch)]


def test_a_row_becomes_an_honour_on_record_without_a_certificate(here, sender):
    holder = person(here, sender)

    batch = sent(sender, {})

    honour = Honour.objects.get()
    assert batch.state == "applied", batch.problem
    assert (honour.person, honour.title, honour.awarded_on, honour.document, honour.region_id) == (
        holder, "nation_craftsman", date(2022, 3, 2), "总工发2022年1号", "370102",
    )  # fmt: skip
    assert not honour.credentials.exists()
    assert Record.objects.filter(verb="start", reason=f"导入批次 {batch.pk}").count() == 1
    assert "id_number" not in batch.lines.get().cells


def test_each_bad_row_says_what_is_wrong_and_the_good_ones_go_in(here, sender):
    person(here, sender)
    person(here, sender, NUMBERS[1], "李四")
    here.honour(Person.objects.get(name="李四"), "quality_craftsman")
    elsewhere = OrganisationFactory(region=RegionFactory(code="370202"), uscc="913702001630033894")

    batch = sent(
        sender,
        {},
        {"id_number": NUMBERS[1]},
        {"id_number": NUMBERS[2]},
        {"title": "齐鲁工匠"},
        {"id_number": NUMBERS[1], "title": "中国质量工匠"},
        {"uscc": elsewhere.uscc, "title": "中国质量工匠"},
        {"document": "总工发2022年2号", "awarded_on": "2022-03-09"},
        {"id_number": "110105194912310021", "title": "中国质量工匠"},
        {"id_number": id_number(1), "awarded_on": "2090-01-01"},
    )

    assert told(batch) == [
        ["身份证号：同一文件中此人的这一称号不止一行"],
        ["身份证号：没有登记这个人，请先在“人员”中登记"],
        ["称号：“齐鲁工匠”不在可选范围内，请填代码或从模板的下拉列表中选择"],
        ["称号：已持有“中国质量工匠”，不能重复授予"],
        ["统一社会信用代码：没有登记这个单位，或单位不在所填的行政区划"],
        ["身份证号：同一文件中此人的这一称号不止一行"],
        ["身份证号：身份证号校验位不符，请逐位核对"],
        ["授予日期：在今天之后"],
    ]


def test_what_was_withdrawn_does_not_come_back_by_sending_the_file_again(here, sender):
    person(here, sender)
    sent(sender, {})
    cause = "经查实，命名文件中没有此人，系登记有误。"
    row = advance(Honour.objects.get(), "propose_withdrawal", actor=sender, cause=cause)
    decider = AccountFactory(grants=[(here.province, None, "honour.view honour.approve")])
    advance(row, "withdraw", actor=decider, note="情况属实")

    batch = checked(sender, {}, {"title": "中国质量工匠"})

    assert told(batch) == [
        ["文号：此人的这一称号曾以同一文号登记，已经撤销；确需重新登记的，请在荣誉台账逐件登记"]
    ]


def test_who_is_honoured_between_the_check_and_the_import_is_a_bad_row_and_halts_nobody(here, sender):
    holder = person(here, sender)
    person(here, sender, NUMBERS[1], "李四")
    batch = confirm(checked(sender, {}, {"id_number": NUMBERS[1]}), actor=sender)
    here.honour(holder, "nation_craftsman")

    tasks.apply_batch(batch.pk)

    batch.refresh_from_db()
    assert (batch.state, batch.good, batch.bad) == ("applied", 1, 1)
    assert told(batch) == [["称号：已持有“大国工匠”，不能重复授予"]]


def test_names_and_documents_with_rare_characters_stay_as_they_are(here, sender):
    person(here, sender, name="𬭸𠅤")

    sent(sender, {"document": "鲁𫍽发2022年1号"})

    honour = Honour.objects.get()
    assert (honour.holder_mask, honour.document) == ("𬭸*", "鲁𫍽发2022年1号")


def test_from_another_place_or_line_nothing_is_taken_in(here, sender):
    person(here, sender)
    city = RegionFactory(code="370200", level="city", parent=here.province)
    stranger = AccountFactory(grants=[(city, None, "honour.award sheet.import")])

    assert told(checked(stranger, {})) == [["行政区划：您在该区划没有“登记荣誉、签发证书”权限"]]


def test_an_import_is_not_undone_as_a_whole(here, sender):
    person(here, sender)
    batch = sent(sender, {})

    with pytest.raises(UndoRefused, match="逐件"):
        undo(batch, actor=sender, reason="表格有误")
    assert Honour.objects.count() == 1


def test_the_statements_do_not_grow_with_the_rows(here, sender, django_assert_max_num_queries):
    person(here, sender)
    sent(sender, {})  # what is held for seconds is read anew here, not where it is counted
    used = []
    for first, count in ((0, 120), (1000, 240)):
        for n in range(first, first + count):
            person(here, sender, id_number(n))
        rows = [{"id_number": id_number(n)} for n in range(first, first + count)]
        with django_assert_max_num_queries(120) as looked:
            batch = checked(sender, *rows)
        assert batch.good == count, told(batch)
        confirm(batch, actor=sender)
        with django_assert_max_num_queries(60) as done:
            running.apply(batch.pk)
        used.append((len(looked), len(done)))

    assert Honour.objects.count() == 361
    assert used[0] == used[1]
