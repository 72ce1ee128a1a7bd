"""The sheet of appeals: the same rules as every other way in, cases like those of every other way in, and the way back."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings as django_settings
from django.core.files.base import ContentFile
from django.db import connection
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.faces.console import browser, text
from tests.factories import AccountFactory
from tests.foundation.test_sheets_files import csv_bytes
from tests.hotline import County, county, track
from tests.knowledge import library
from yanzhen.domains.hotline import rules
from yanzhen.domains.hotline.actions import reveal_caller
from yanzhen.domains.hotline.knowledge.actions import cite
from yanzhen.domains.hotline.models import Case
from yanzhen.domains.hotline.sheets import APPEALS, appeal_of
from yanzhen.engines.procedures import ladder
from yanzhen.engines.procedures.engine import advance
from yanzhen.engines.procedures.models import Clock, Escalation
from yanzhen.foundation import attachments, numbering, tasks
from yanzhen.foundation.models import Account, Batch, Parameter, Record
from yanzhen.foundation.records import history
from yanzhen.foundation.scope import database_scope
from yanzhen.foundation.sheets import UndoRefused, confirm, problems_of, running, submit, undo
from yanzhen.foundation.sheets.checking import check_rows

LABELS = {column.name: column.label for column in APPEALS.columns}
BODY = "单位拖欠三个月工资，请求帮助追讨。"
GOOD = {"region": "370102", "body": BODY, "name": "张某某", "phone": "13800000000"}
RIGHTS = "case.view case.register case.accept case.reveal sheet.import sheet.undo"

pytestmark = pytest.mark.django_db


@pytest.fixture
def place() -> County:
    return county()


@pytest.fixture
def sender(place: County) -> Account:
    return AccountFactory(grants=[(place.region.parent, None, RIGHTS)])


def checked(sender: Account, *given: dict[str, Any]) -> Batch:
    """A checked batch of rows that are GOOD but for what is given."""
    rows = [{**GOOD, **each} for each in given]
    names = [name for name in LABELS if any(name in row for row in rows)]
    table = [[LABELS[name] for name in names], *([row.get(name, "") for name in names] for row in rows)]
    batch = submit(APPEALS, ContentFile(csv_bytes(table, "utf-8"), "诉求.csv"), actor=sender)
    tasks.check_batch(batch.pk)
    batch.refresh_from_db()
    return batch


def applied(sender: Account, *given: dict[str, Any]) -> Batch:
    batch = checked(sender, *given)
    tasks.apply_batch(confirm(batch, actor=sender).pk)
    batch.refresh_from_db()
    assert batch.state == "applied", batch.problem
    return batch


def test_failed_appeals_go_to_their_sender_alone_and_on_record(place, sender):
    batch = checked(sender, {"phone": "1"}, {})
    importer = AccountFactory(
        grants=[(place.region.parent, None, "sheet.import sheet.undo organisation.edit")]
    )
    clerk = AccountFactory(grants=[(place.region.parent, None, RIGHTS)])
    pages = {who: browser(who).get(f"/console/sheets/{batch.pk}/") for who in (importer, clerk, sender)}
    files = {
        who: browser(who).get(f"/console/sheets/{batch.pk}/failed/") for who in (importer, clerk, sender)
    }

    assert [[each.status_code for each in found.values()] for found in (pages, files)] == [
        [404, 200, 200],
        [404, 403, 200],
    ]
    assert ["不合格 1 行" in text(pages[who]) for who in (clerk, sender)] == [True, True]
    assert ["手机" in text(pages[who]) for who in (clerk, sender)] == [False, True]
    assert ["failed/" in pages[who].content.decode() for who in (clerk, sender)] == [False, True]
    assert [(r.actor_id, r.after) for r in history(batch).filter(verb="sheet.failed_rows")] == [
        (sender.pk, {"bad": 1})
    ]


def problems(batch: Batch) -> list[list[str]]:
    return list(batch.lines.order_by("number").values_list("problems", flat=True))


def test_an_imported_appeal_is_a_case_like_any_other(place, sender):
    row = {
        "received_at": "2026年3月2日 9:30", "channel": "来访", "title": "欠薪", "category": "020101", "urgency": "紧急",
        "employer": "某公司", "place": "某工地", "headcount": "12", "amount_yuan": "12,800.5", "secret": "是",
    }  # fmt: skip

    batch = applied(sender, row)

    case = Case.objects.get()
    received = datetime(2026, 3, 2, 9, 30, tzinfo=ZoneInfo("Asia/Shanghai"))
    assert (case.state, case.step, case.batch, case.started_by, case.line_id) == (
        "received",
        0,
        batch,
        sender,
        "union",
    )
    assert (case.received_at, case.started_at, case.channel, case.urgency) == (
        received,
        received,
        "visit",
        "critical",  # twelve workers
    )
    assert (case.title, case.body, case.employer, case.place) == ("欠薪", BODY, "某公司", "某工地")
    assert (case.category_id, case.headcount, case.amount_yuan, case.secret, case.anonymous) == (
        "020101", 12, Decimal("12800.50"), True, False,
    )  # fmt: skip
    assert (case.caller_mask, reveal_caller(case, actor=sender, reason="核实情况")) == (
        "张** 138****0000",
        {"name": "张某某", "phone": "13800000000"},
    )
    assert numbering.problem_with(case.number) is None
    assert case.number.startswith(f"GD370102-{timezone.localdate():%Y%m%d}-00001-")
    clock = Clock.objects.get(subject_id=case.pk)
    assert (clock.started_at, clock.due_at, case.due_at) == (
        received,
        received + timedelta(hours=24),
        clock.due_at,
    )
    assert [(r.verb, r.actor_id, r.after, r.reason) for r in history(case)][:1] == [
        ("start", sender.pk, {"state": "received"}, f"导入批次 {batch.pk}")
    ]
    assert track(case.number, "0000").number == case.number
    assert advance(case, "accept", actor=sender, category=place.category).state == "accepted"


def test_a_row_that_leaves_out_what_it_may_gets_what_an_appeal_has_without_it(sender):
    before = timezone.now()

    applied(sender, {})

    case = Case.objects.get()
    assert (case.channel, case.urgency, case.headcount, case.category, case.secret) == (
        "sheet",
        "normal",
        1,
        None,
        False,
    )
    assert case.title == "单位拖欠三个月工资，请求帮助追讨"
    assert before <= case.received_at <= timezone.now()


def test_an_anonymous_appeal_keeps_nobody(sender):
    applied(sender, {"anonymous": "是", "name": "", "phone": ""})

    case = Case.objects.get()
    assert (case.caller_mask, case.caller_cipher, case.phone_hash) == ("匿名", None, None)


def test_who_called_leaves_the_staged_row_when_it_is_applied(sender):
    batch = applied(sender, {}, {"body": "太短"})

    good, bad = batch.lines.order_by("number")
    assert good.cells == {"region": "370102", "body": BODY}
    assert {"name", "phone"} <= bad.cells.keys()


def test_records_of_an_import_name_nobody(sender):
    applied(sender, {}, {"body": "太短"})

    written = " ".join(f"{r.before} {r.after} {r.reason}" for r in Record.objects.all())
    assert "张某某" not in written
    assert "13800000000" not in written


def test_numbers_of_a_batch_follow_on_without_a_gap(sender):
    applied(sender, *({"title": f"第{n}件"} for n in range(3)))
    applied(sender, {"title": "再一件"})

    numbers = Case.objects.order_by("pk").values_list("number", flat=True)
    assert [number.split("-")[2] for number in numbers] == ["00001", "00002", "00003", "00004"]


said = st.text("工资拖欠。 x", max_size=14).map(str.strip)
phones = st.sampled_from(["", "13800000000", "0531-12345678", "1380000", "没有"])
appeals = st.fixed_dictionaries(
    {
        "body": said,
        "anonymous": st.sampled_from(["", "是", "否"]),
        "name": st.sampled_from(["", "张某"]),
        "phone": phones,
    }
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(given=st.lists(appeals, min_size=1, max_size=15))
def test_the_sheet_refuses_what_the_rules_refuse_and_nothing_else(sender, given):
    batch, _ = Batch.objects.get_or_create(
        sheet=APPEALS.code, sender=sender, name="x", sha256="", region_id="370100", line_id="union"
    )
    batch.lines.all().delete()
    rows = [{name: text for name, text in row.items() if text} for row in given]
    batch.lines.bulk_create(
        batch.lines.model(batch=batch, number=n, cells={"region": "370102"} | cells)
        for n, cells in enumerate(rows)
    )

    check_rows(batch, APPEALS)

    by_sheet = [{problem.split("：")[0] for problem in found} for found in problems(batch)]
    by_rules = [
        {
            LABELS[name]
            for name, rule in rules.APPEAL_RULES
            if rule(
                appeal_of(
                    {"region": "370102", "body": ""} | row | {"anonymous": row.get("anonymous") == "是"}
                )
            )
        }
        for row in rows
    ]
    assert by_sheet == by_rules


def test_the_sheet_says_what_the_rules_say(sender):
    batch = checked(
        sender, {"body": "太短"}, {"phone": ""}, {"phone": "138"}, {"anonymous": "是"}, {"headcount": "0"}
    )

    assert problems(batch) == [
        ["诉求内容：请写明诉求：什么时间、什么单位、发生了什么、希望怎样解决（至少 10 个字）"],
        ["手机号：请留手机号以便答复；不愿留的可选择匿名，凭查询码查询"],
        ["手机号：手机号应为 11 位数字（固定电话请带区号，如 0531-12345678）"],
        ["手机号：匿名诉求不保存手机号，请清空或取消匿名", "姓名：匿名诉求不保存姓名，请清空或取消匿名"],
        ["涉及人数：至少为 1"],
    ]


def test_an_appeal_is_not_received_in_the_future_nor_before_its_term_can_be_counted(sender):
    tomorrow = timezone.localtime() + timedelta(days=1)
    batch = checked(sender, {"received_at": f"{tomorrow:%Y-%m-%d %H:%M}"}, {"received_at": "1998-01-05"})

    assert [[p.split("：")[1] for p in found] for found in problems(batch)] == [
        ["不能晚于现在"],
        ["早于受理时限参数或工作日历的最早日期，无法计算时限；请先补录参数和日历"],
    ]


def test_a_row_of_another_city_is_not_taken_in(sender):
    county("370202")

    batch = applied(sender, {}, {"region": "370202"})

    assert problems(batch) == [[], ["行政区划：您在该区划没有“登记工单”权限"]]
    assert list(Case.objects.values_list("region_id", flat=True)) == ["370102"]


def test_a_category_that_was_retired_after_the_check_makes_the_row_bad(place, sender):
    batch = confirm(checked(sender, {"category": "020101"}, {}), actor=sender)
    place.category.active = False
    place.category.save()

    tasks.apply_batch(batch.pk)

    batch.refresh_from_db()
    assert (batch.state, batch.good, batch.bad, Case.objects.count()) == ("applied", 1, 1, 1)


def test_a_missing_term_halts_the_import_with_a_sentence_and_it_goes_on_once_mended(sender):
    batch = confirm(checked(sender, {}, {}), actor=sender)
    kept = Parameter.objects.get(code="hotline.accept")
    Parameter.objects.filter(pk=kept.pk).update(starts_on=timezone.localdate() + timedelta(days=9))
    kept.save(update_fields=["source"])  # tells the process that parameters changed

    tasks.apply_batch(batch.pk)
    batch.refresh_from_db()
    assert (batch.state, Case.objects.count()) == ("halted", 0)
    assert "缺少参数“受理时限”" in batch.problem

    kept.save()
    tasks.apply_batch(confirm(batch, actor=sender).pk)
    assert Case.objects.count() == 2


def test_the_statements_of_an_import_do_not_grow_with_its_rows(sender, django_assert_max_num_queries):
    used = []
    for count in (150, 400):
        batch = confirm(checked(sender, *({"title": f"{count}之{n}"} for n in range(count))), actor=sender)
        applied(
            sender, {"title": f"先读{count}"}
        )  # what is held for seconds is read anew here, not where it is counted
        with django_assert_max_num_queries(60) as captured:
            running.apply(batch.pk)
        used.append(len(captured))

    assert used[0] == used[1]


def test_an_undo_removes_cases_and_clocks_and_each_is_on_record(sender):
    batch = applied(sender, {}, {"title": "又一件"})
    cases = list(Case.objects.order_by("pk"))

    with database_scope(sender.audience_keys()):
        undo(batch, actor=sender, reason="报错了")

    assert (Case.objects.count(), Clock.objects.count()) == (0, 0)
    grant = sender.grants.get().pk
    for case in cases:
        last = history(("hotline.case", case.pk)).last()
        assert (last.verb, last.before, last.grant_id, last.region_id, last.reason) == (
            "sheet.undo",
            {"number": case.number, "state": "received"},
            grant,
            "370102",
            f"撤销导入批次 {batch.pk}：报错了",
        )


def test_an_undo_leaves_the_cases_of_others_alone(place, sender):
    other = place.case()
    batch = applied(sender, {})

    undo(batch, actor=sender, reason="报错了")

    assert list(Case.objects.all()) == [other]
    assert Clock.objects.filter(subject_id=other.pk).exists()


def moved(case: Case, place: County, sender: Account) -> None:
    advance(case, "accept", actor=sender, category=place.category)


def with_a_file(case: Case, place: County, sender: Account) -> None:
    attachments.store(ContentFile(b"%PDF-1.7\n%%EOF\n", "a.pdf"), subject=case, actor=sender)


def cited(case: Case, place: County, sender: Account) -> None:
    books = library()
    cite(case, books.published(), actor=books.agent)


@pytest.mark.parametrize("touch", [moved, with_a_file, cited])
def test_an_undo_is_refused_where_a_case_was_taken_up_and_names_it(place, sender, touch):
    batch = applied(sender, {}, {"title": "又一件"})
    touch(Case.objects.first(), place, sender)
    number = Case.objects.first().number

    with pytest.raises(UndoRefused, match=number) as refused:
        undo(batch, actor=sender, reason="报错了")

    batch.refresh_from_db()
    assert refused.value.data == {"numbers": [number]}
    assert (batch.state, Case.objects.count(), Clock.objects.filter(stopped_at=None).exists()) == (
        "applied",
        2,
        True,
    )


def test_an_undo_takes_back_a_case_of_which_levels_were_told_and_the_telling_stays_on_record(sender):
    batch = applied(sender, {"body": "老板再不发工资我就从楼上跳楼，请马上来人。"}, {"title": "又一件"})
    late = Clock.objects.latest("due_at").due_at + timedelta(days=10)
    ladder.climb(late)
    told = Record.objects.filter(verb="escalate").count()

    undo(batch, actor=sender, reason="报错了")

    assert told > 2
    assert (Case.objects.count(), Clock.objects.count(), Escalation.objects.count()) == (0, 0, 0)
    assert Record.objects.filter(verb="escalate").count() == told


def test_the_first_of_many_obstacles_are_named(place, sender):
    batch = applied(sender, *({"title": f"第{n}件"} for n in range(7)))
    for case in Case.objects.all():
        moved(case, place, sender)

    with pytest.raises(UndoRefused, match="等 7 件") as refused:
        undo(batch, actor=sender, reason="报错了")

    assert len(refused.value.data["numbers"]) == 5


def test_failed_rows_are_shown_in_the_order_of_the_file(sender):
    batch = checked(sender, {"body": "短"}, {}, {"phone": "1"})

    assert [row.number for row in problems_of(batch)] == [2, 4]


KILLED = """
import os, signal, sys, threading
import django
django.setup()
from yanzhen.foundation.scope import EVERYTHING, database_scope
from yanzhen.foundation.sheets import checking, running
checking.CHUNK = 200
def soon(done, whole):
    if done == 400:
        threading.Timer(0.03, os.kill, (os.getpid(), signal.SIGKILL)).start()
with database_scope({EVERYTHING}):
    running.apply(int(sys.argv[1]), soon)
"""


def own_database() -> str:
    """The URL of the database of the tests, for another process that acts as the web's role."""
    kept = connection.settings_dict
    query = {"host": kept["HOST"], "options": f"-c role={django_settings.WEB_ROLE}"}
    return f"postgresql://{kept['USER']}@:{kept['PORT']}/{kept['NAME']}?{urlencode(query)}"


@pytest.mark.django_db(transaction=True)
def test_what_kill_9_cut_off_is_finished_once_and_nothing_twice():
    place = county()
    sender = AccountFactory(grants=[(place.region.parent, None, RIGHTS)])
    batch = confirm(checked(sender, *({"title": f"第{n}件"} for n in range(1500))), actor=sender)

    killed = subprocess.run(
        [sys.executable, "-c", KILLED, str(batch.pk)],
        env=os.environ
        | {"DATABASE_URL": own_database(), "DJANGO_SETTINGS_MODULE": "yanzhen.config.settings"},
        capture_output=True,
        text=True,
        check=False,
    )

    batch.refresh_from_db()
    assert killed.returncode == -9, killed.stderr
    assert 400 <= batch.done < 1500
    assert batch.state == "applying"
    assert Case.objects.count() == Record.objects.filter(verb="start").count() == batch.done
    assert batch.lines.exclude(target_id=None).count() == batch.done

    tasks.apply_batch(batch.pk)

    batch.refresh_from_db()
    assert (batch.state, batch.done) == ("applied", 1500)
    assert Case.objects.values("title").distinct().count() == Case.objects.count() == 1500
    assert Clock.objects.count() == Record.objects.filter(verb="start").count() == 1500
    serials = sorted(int(number.split("-")[2]) for number in Case.objects.values_list("number", flat=True))
    assert serials == list(range(1, 1501))
