"""What is asked of cases: by staff in their reach, and by those whose matter it is."""

from __future__ import annotations

import pytest
from django.utils import timezone

from tests.factories import AccountFactory, CaseFactory, LineFactory, RegionFactory
from tests.hotline import REPLY, county, track
from yanzhen.domains.hotline import categories as shipped
from yanzhen.domains.hotline.actions import register_case
from yanzhen.domains.hotline.models import Category
from yanzhen.domains.hotline.queries import (
    NotFound,
    Progress,
    categories,
    category_names,
    worklist,
)
from yanzhen.domains.hotline.rules import Appeal
from yanzhen.engines.procedures.engine import advance
from yanzhen.foundation.records import history

pytestmark = pytest.mark.django_db

PHONE = "13812342046"
WRONG = "编号与查询码（或手机号后四位）不符，请核对后再试"


def filed(place, **given):
    values = {
        "body": "单位拖欠三个月工资，请求帮助追讨。",
        "region": place.region.code,
        "phone": PHONE,
    } | given
    return register_case(Appeal(**values), actor=None, channel="web")


def answered(place):
    receipt = filed(place)
    case = advance(receipt.case, "accept", actor=place.clerk, category=place.category)
    case = advance(case, "assign", actor=place.clerk, organisation=place.union, handler=place.handler)
    advance(case, "answer", actor=place.handler, reply=REPLY)
    return receipt


def labels(progress: Progress) -> list[str]:
    return [step.label for step in progress.steps]


def test_the_worklist_is_the_subtree_and_the_line_and_nothing_else():
    county_ = RegionFactory(code="370102")
    mine, _other_line, _elsewhere = (
        CaseFactory(region=county_, line=LineFactory(code="union")),
        CaseFactory(region=county_, line=LineFactory(code="court")),
        CaseFactory(region=RegionFactory(code="370202")),
    )
    clerk = AccountFactory(grants=[(RegionFactory(code="370100"), mine.line, "case.view")])
    without_the_right = AccountFactory(grants=[(county_, None, "case.register")])

    assert list(worklist(clerk)) == [mine]
    assert list(worklist(without_the_right)) == []


def test_the_worklist_brings_its_relations_along(django_assert_num_queries):
    place = RegionFactory(code="370102")
    for _ in range(3):
        CaseFactory(region=place, handler=AccountFactory())
    clerk = AccountFactory(grants=[(place, None, "case.view")])

    with django_assert_num_queries(2):  # the grants, and the list
        rows = [
            (c.region.name, c.line.name, c.handler.name, c.category, c.organisation) for c in worklist(clerk)
        ]

    assert len(rows) == 3


def test_only_leaves_in_force_can_be_chosen():
    shipped.load()
    count = categories().count()

    Category.objects.filter(code="010101").update(active=False)

    assert categories().count() == count - 1
    assert {len(code) for code in categories().values_list("code", flat=True)} == {6}


def test_the_tree_in_force_is_named_in_order():
    shipped.load()
    Category.objects.filter(code="010101").update(active=False)

    names = category_names()

    assert [code for code, _ in names] == sorted(code for code, _ in names)
    assert ("01", "劳动报酬") in names
    assert "010101" not in dict(names)
    assert len(names) == Category.objects.count() - 1


def test_shipped_categories_are_loaded_once_and_an_edited_name_stays():
    count = shipped.load()
    Category.objects.filter(code="01").update(name="工资")

    shipped.load()

    assert (Category.objects.count(), Category.objects.get(code="01").name) == (count, "工资")
    codes = set(Category.objects.values_list("code", flat=True))
    assert {code[:-2] for code in codes if len(code) > 2} <= codes


def test_the_check_code_opens_the_steps_and_the_reply():
    receipt = answered(county())

    progress = track(receipt.number, receipt.check_code)

    assert (progress.number, progress.label, progress.final, progress.reply) == (
        receipt.number,
        "已答复，等待回访",
        False,
        REPLY,
    )
    assert labels(progress) == ["已收到，等待受理", "已受理", "正在办理", "已答复，等待回访"]
    assert [step.at for step in progress.steps] == [line.at for line in history(receipt.case) if line.after]


def test_the_tail_of_the_phone_opens_the_steps_but_not_the_reply():
    receipt = answered(county())

    by_code, by_tail = track(receipt.number, receipt.check_code), track(receipt.number, PHONE[-4:])

    assert (by_tail.reply, by_tail.steps, by_tail.due_on) == ("", by_code.steps, by_code.due_on)


def test_number_and_code_are_taken_in_small_letters_and_with_blanks():
    receipt = filed(county())

    progress = track(f" {receipt.number.lower()} ", f" {receipt.check_code.lower()} ")

    assert progress.number == receipt.number


def test_the_day_by_which_the_next_step_is_due_is_told():
    receipt = filed(county())

    assert track(receipt.number, receipt.check_code).due_on == timezone.localdate(receipt.case.due_at)


def test_a_wrong_secret_and_a_number_that_is_not_there_get_one_answer():
    place = county()
    receipt, other = filed(place), filed(place, phone="13900009999")
    nowhere = "GD370102-20200101-00001-"
    nowhere += next(c for c in "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ" if not _slips(nowhere + c))

    for number, secret in (
        (receipt.number, other.check_code),
        (receipt.number, "9999"),
        (receipt.number, ""),
        (receipt.number, PHONE),
        (nowhere, receipt.check_code),
    ):
        with pytest.raises(NotFound) as refused:
            track(number, secret)
        assert (refused.value.message, refused.value.status) == (WRONG, 404)


def _slips(number: str) -> bool:
    try:
        track(number, "x")
    except NotFound as refusal:
        return refusal.message != WRONG
    return False


def test_an_anonymous_case_opens_by_its_check_code_alone():
    receipt = filed(county(), anonymous=True, phone="")

    assert track(receipt.number, receipt.check_code).number == receipt.number
    for secret in ("", "2046", "None"):
        with pytest.raises(NotFound):
            track(receipt.number, secret)


@pytest.mark.parametrize(
    "number",
    ["", "GD370102", "GD370102-20261124-00001-Z", "GD\uff13\uff17\uff10\uff11\uff10\uff12-20261124-00001-K"],
)
def test_a_slip_in_the_number_is_told_as_such(number):
    with pytest.raises(NotFound, match="受理编号有误"):
        track(number, "x")


def test_a_declined_case_says_so_and_gives_its_reasons_to_the_holder_of_the_code():
    place = county()
    receipt = filed(place)
    advance(
        receipt.case, "decline", actor=place.clerk, reply="不属于受理范围，请向法院起诉。", note="不属范围"
    )

    progress = track(receipt.number, receipt.check_code)

    assert (progress.final, progress.label, progress.reply, progress.due_on) == (
        True,
        "不予受理（理由见答复）",
        "不属于受理范围，请向法院起诉。",
        None,
    )


def test_a_declined_case_does_not_send_who_has_but_the_phone_to_a_reply_that_is_not_shown():
    place = county()
    receipt = filed(place)
    advance(
        receipt.case, "decline", actor=place.clerk, reply="不属于受理范围，请向法院起诉。", note="不属范围"
    )

    progress = track(receipt.number, PHONE[-4:])

    assert (
        progress.label,
        progress.steps[-1].label,
        progress.reply,
        progress.declined,
        progress.withheld,
    ) == (
        "不予受理",
        "不予受理",
        "",
        True,
        True,
    )


def test_a_reply_that_was_taken_back_for_more_work_is_not_shown():
    place = county()
    receipt = answered(place)
    case = receipt.case
    case.refresh_from_db()
    case = place.call(case, solved=False)
    advance(case, "redo", actor=place.clerk, note="未解决")

    progress = track(receipt.number, receipt.check_code)

    assert (progress.label, progress.reply) == ("正在办理", "")
    assert labels(progress)[-3:] == ["已答复，等待回访", "已回访", "正在办理"]
