"""Taking an appeal in, and showing whose it is."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.utils import timezone

from tests.factories import AccountFactory, CaseFactory, LineFactory, RegionFactory
from tests.hotline import County, county, track
from yanzhen.domains.hotline.actions import (
    Receipt,
    number_all,
    register_case,
    reissue_check_code,
    reveal_caller,
    unnumbered_case,
)
from yanzhen.domains.hotline.models import Case, Category
from yanzhen.domains.hotline.queries import NotFound
from yanzhen.domains.hotline.rules import Appeal
from yanzhen.engines.procedures.models import Clock
from yanzhen.foundation import crypto, numbering
from yanzhen.foundation.errors import Invalid, NotAllowed, Refusal
from yanzhen.foundation.models import Record, Series
from yanzhen.foundation.records import history

pytestmark = pytest.mark.django_db

BODY = "工地自八月起没有发工资，班组二十人，找项目部多次没有结果。请求帮助。"
PHONE = "13812342046"


def appeal(place: County, **given: Any) -> Appeal:
    return Appeal(**({"body": BODY, "region": place.region.code, "phone": PHONE, "name": "王建设"} | given))


def filed(place: County, **given: Any) -> Receipt:
    return register_case(appeal(place, **given), actor=None, channel="web")


def refused(place: County, **given: Any) -> dict[str, str]:
    with pytest.raises(Invalid) as refusal:
        filed(place, **given)
    assert refusal.value.message == "；".join(refusal.value.data["fields"].values())
    fields: dict[str, str] = refusal.value.data["fields"]
    return fields


def test_an_appeal_becomes_a_numbered_case_with_its_term_running():
    place = county()
    at = timezone.now()

    receipt = register_case(
        appeal(
            place, category="020101", employer=" 某建筑公司 ", headcount=20, amount_yuan=Decimal("186400.50")
        ),
        actor=place.clerk and AccountFactory(grants=[(place.region, None, "case.register")]),
        channel="phone",
        received_at=at,
    )

    case = Case.objects.get(number=receipt.number)
    assert re.fullmatch(rf"GD370102-{timezone.localdate(at):%Y%m%d}-00001-[0-9A-Z]", case.number)
    assert (case.state, case.line_id, case.channel, case.received_at) == ("received", "union", "phone", at)
    assert (case.title, case.employer, case.headcount, case.amount_yuan, case.category_id) == (
        "工地自八月起没有发工资，班组二十人，找项目部多次没有结果",
        "某建筑公司",
        20,
        Decimal("186400.50"),
        "020101",
    )
    clock = Clock.objects.get(subject_id=case.pk)
    assert (clock.parameter.code, clock.due_at, clock.stopped_at) == ("hotline.accept", case.due_at, None)
    assert case.due_at - case.started_at == timedelta(hours=24)


def test_who_registered_it_and_under_which_grant_is_on_record_and_nothing_of_the_caller():
    place = county()
    clerk = AccountFactory(grants=[(place.region, None, "case.register")])

    case = register_case(appeal(place), actor=clerk, channel="phone").case

    (line,) = history(case)
    assert (line.verb, line.actor_id, line.grant_id, line.after) == (
        "start",
        clerk.pk,
        clerk.grants.get().pk,
        {"state": "received"},
    )
    assert case.started_by == clerk


def test_every_reason_against_an_appeal_is_told_at_once_and_nothing_is_written():
    place = county()
    before = Record.objects.count()

    fields = refused(
        place,
        body=" 没发工资 ",
        phone="12345",
        region="999999",
        category="999999",
        urgency="panic",
        headcount=-1,
        employer="长" * 129,
        title="长" * 81,
        amount_yuan=Decimal("1.001"),
    )

    assert sorted(fields) == [
        "amount_yuan",
        "body",
        "category",
        "employer",
        "headcount",
        "phone",
        "region",
        "title",
        "urgency",
    ]
    assert fields["body"].startswith("请写明诉求")
    assert fields["phone"] == "手机号应为 11 位数字（固定电话请带区号，如 0531-12345678）"
    assert (fields["region"], fields["category"]) == (
        "请选择事发地（行政区划）",
        "没有这个诉求类别，请从列表中选",
    )
    assert (Case.objects.count(), Series.objects.count(), Record.objects.count()) == (0, 0, before)


@pytest.mark.parametrize(
    ("given", "fields"),
    [
        ({"phone": "", "name": ""}, {"phone": "请留手机号以便答复；不愿留的可选择匿名，凭查询码查询"}),
        (
            {"anonymous": True},
            {
                "phone": "匿名诉求不保存手机号，请清空或取消匿名",
                "name": "匿名诉求不保存姓名，请清空或取消匿名",
            },
        ),
        ({"body": "      短    "}, {"body": "请写明诉求：什么时间、什么单位、发生了什么、希望怎样解决（至少 10 个字）"}),
    ],
)  # fmt: skip
def test_an_appeal_says_who_can_be_reached_or_that_nobody_is_to_be(given, fields):
    assert refused(county(), **given) == fields


def test_a_region_that_was_merged_and_a_category_out_of_use_take_nothing_new():
    place = county()
    RegionFactory(code="371202", valid_to="2018-12-26")
    Category.objects.filter(code="020101").update(active=False)

    assert refused(place, region="371202", category="020101").keys() == {"region", "category"}


def test_who_may_not_register_there_registers_nothing_and_no_number_is_lost():
    place = county()
    elsewhere = AccountFactory(grants=[(RegionFactory(code="370202"), None, "case.register")])
    of_another_line = AccountFactory(grants=[(place.region, LineFactory(code="court"), "case.register")])
    viewer = AccountFactory(grants=[(place.region, None, "case.view")])

    for actor in (elsewhere, of_another_line, viewer):
        with pytest.raises(NotAllowed):
            register_case(appeal(place), actor=actor, channel="phone")

    assert (Case.objects.count(), Series.objects.count()) == (0, 0)


def test_the_callers_name_and_phone_stand_in_the_database_sealed_alone():
    place = county()

    case = filed(place).case

    with connection.cursor() as cursor:
        cursor.execute(
            "select (select c::text from hotline_case c) || (select string_agg(r::text, '') from foundation_record r)"
        )
        (stored,) = cursor.fetchone()
    for secret in (PHONE, "王建设", PHONE.encode().hex(), "王建设".encode().hex()):
        assert secret not in stored
    assert case.caller_mask == "王** 138****2046"
    assert json.loads(crypto.open_(bytes(case.caller_cipher), context=case.number)) == {
        "name": "王建设",
        "phone": PHONE,
    }


def test_one_callers_cipher_does_not_open_as_anothers():
    place = county()
    one, other = filed(place).case, filed(place, name="李某").case

    with pytest.raises(crypto.KeyProblem):
        crypto.open_(bytes(one.caller_cipher), context=other.number)


def test_an_anonymous_appeal_keeps_nobody():
    case = filed(county(), anonymous=True, phone="", name="").case

    assert (
        case.caller_cipher,
        case.phone_hash,
        case.phone_tail_hash,
        case.caller_mask,
    ) == (None, None, None, "匿名")


def test_the_check_code_is_given_once_and_kept_as_a_hash():
    receipt = filed(county())

    stored = Case.objects.values().get(pk=receipt.case.pk)
    assert re.fullmatch("[2-9A-Z]{4}-[2-9A-Z]{4}", receipt.check_code)
    assert receipt.check_code not in str(stored)
    assert len(bytes(stored["check_hash"])) == 32


def test_equal_phones_are_found_by_one_hash_but_their_tails_do_not_look_alike():
    place = county()
    one, other = filed(place).case, filed(place).case

    assert bytes(one.phone_hash) == bytes(other.phone_hash)
    assert bytes(one.phone_tail_hash) != bytes(other.phone_tail_hash)


def test_what_comes_by_night_is_numbered_under_the_day_it_came():
    place = county()
    with time_machine.travel(datetime.fromisoformat("2026-11-24T23:59:30+08:00"), tick=False):
        receipt = filed(place)

    assert receipt.number.startswith("GD370102-20261124-00001-")


def test_many_cases_are_numbered_county_by_county_in_one_statement_each(django_assert_num_queries):
    place = county()
    RegionFactory(code="370103")
    given = [appeal(place), appeal(place, region="370103"), appeal(place)]
    cases = [unnumbered_case(one, channel="sheet") for one in given]
    at = datetime.fromisoformat("2026-11-24T10:00:00+08:00")

    with django_assert_num_queries(2):
        number_all(cases, at=at)

    assert [case.number[:-2] for case in cases] == [
        "GD370102-20261124-00001",
        "GD370103-20261124-00001",
        "GD370102-20261124-00002",
    ]
    assert [numbering.problem_with(case.number) for case in cases] == [None] * 3


def test_the_caller_in_full_takes_the_right_and_a_reason_and_leaves_a_record():
    place = county()
    case = filed(place).case

    shown = reveal_caller(case, actor=place.handler, reason=" 电话核实情况 ")

    line = history(case).last()
    assert shown == {"name": "王建设", "phone": PHONE}
    assert (line.verb, line.actor_id, line.grant_id, line.reason) == (
        "reveal",
        place.handler.pk,
        place.handler.grants.get().pk,
        "电话核实情况",
    )


def test_without_a_reason_or_a_right_the_caller_is_not_shown_and_nothing_recorded():
    place = county()
    case = filed(place).case
    before = history(case).count()
    elsewhere = AccountFactory(grants=[(RegionFactory(code="370202"), None, "case.reveal")])
    of_another_line = AccountFactory(grants=[(place.region, LineFactory(code="court"), "case.reveal")])

    for actor in (place.clerk, elsewhere, of_another_line):
        with pytest.raises(NotAllowed):
            reveal_caller(case, actor=actor, reason="电话核实情况")
    for reason in ("", "  看看  "):
        with pytest.raises(Invalid):
            reveal_caller(case, actor=place.handler, reason=reason)

    assert history(case).count() == before


def test_a_party_that_was_asked_in_sees_the_case_but_not_the_caller():
    place = county()
    case = CaseFactory(region=place.region, shared_with=["hrss:370102"])
    guest = AccountFactory(grants=[(place.region, LineFactory(code="hrss"), "case.view case.reveal")])

    assert list(Case.objects.visible_to(guest, "case.view")) == [case]
    with pytest.raises(NotAllowed):
        reveal_caller(case, actor=guest, reason="电话核实情况")


def test_of_an_anonymous_caller_nothing_is_revealed():
    place = county()
    case = filed(place, anonymous=True, phone="", name="").case

    assert reveal_caller(case, actor=place.handler, reason="电话核实情况") == {"name": "", "phone": ""}


def test_a_new_check_code_opens_the_case_the_old_one_no_longer_and_the_reason_is_on_record():
    place = county()
    receipt = filed(place)

    code = reissue_check_code(receipt.case, actor=place.handler, reason=" 来电号码与登记一致 ")

    line = history(receipt.case).last()
    assert track(receipt.number, code).number == receipt.number
    with pytest.raises(NotFound):
        track(receipt.number, receipt.check_code)
    assert (line.verb, line.actor_id, line.grant_id, line.reason, line.after) == (
        "case.reissue",
        place.handler.pk,
        place.handler.grants.get().pk,
        "来电号码与登记一致",
        None,
    )


def test_without_a_right_a_reason_or_a_name_to_compare_with_the_old_check_code_stays():
    place = county()
    receipt, nameless = filed(place), filed(place, anonymous=True, phone="", name="")
    elsewhere = AccountFactory(grants=[(RegionFactory(code="370202"), None, "case.reveal")])
    of_another_line = AccountFactory(grants=[(place.region, LineFactory(code="court"), "case.reveal")])

    for actor in (place.clerk, elsewhere, of_another_line):
        with pytest.raises(NotAllowed):
            reissue_check_code(receipt.case, actor=actor, reason="来电号码与登记一致")
    with pytest.raises(Invalid):
        reissue_check_code(receipt.case, actor=place.handler, reason="  补发  ")
    with pytest.raises(Refusal, match="匿名"):
        reissue_check_code(nameless.case, actor=place.handler, reason="来电说是本人")

    assert [track(r.number, r.check_code).number for r in (receipt, nameless)] == [
        receipt.number,
        nameless.number,
    ]
    assert not Record.objects.filter(verb="case.reissue").exists()


def test_a_long_name_is_taken_or_refused_but_breaks_nothing():
    filed(county(), name="长" * 64)


def test_an_appeal_of_nobody_is_refused_with_its_reason():
    assert refused(county(), headcount=0).keys() == {"headcount"}


def test_an_amount_below_nought_is_refused_with_its_reason():
    assert refused(county(), amount_yuan=Decimal(-1)).keys() == {"amount_yuan"}
