"""A hundred thousand appeals, and as many titles from outside, from a workbook to numbered rows, beside a bare COPY."""

from __future__ import annotations

import io
import random
import time
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta

from django.core.files.base import ContentFile
from django.db import connection, transaction
from django.db.models import Model

from bench.province import province, web_role
from yanzhen.domains.hotline.models import Case
from yanzhen.engines.honours.models import Honour
from yanzhen.foundation import crypto
from yanzhen.foundation.bulk import copy_in, reserve_ids
from yanzhen.foundation.models import Account, Batch, Grant, Organisation, Person, Record, Region, Role
from yanzhen.foundation.people.numbers import check_digit
from yanzhen.foundation.scope import EVERYTHING, database_scope
from yanzhen.foundation.sheets import SHEETS, Sheet, confirm, running, submit, write_rows

ROWS = 100_000
STORY = (
    "{employer}自{month}月起拖欠工资{amount}元，涉及{people}人，多次催要没有结果，请求帮助追讨。第 {n} 件。"
)


def run(say: Callable[[str], None]) -> None:
    with province(0):
        account = Account.objects.create_user("bench-sheets", name="表格")
        for role in ("dispatcher", "awarder"):
            made = Role.objects.get(code=role)
            Grant.objects.create(account=account, role=made, region_id="370000", line_id="union")
        crypto.begin()
        appeals, titles = SHEETS["hotline.appeals"], SHEETS["craftsmen.outside"]
        _beside(say, appeals, list(_appeals(appeals)), account, Case)
        _beside(say, titles, list(_titles(titles)), account, Honour)


def _beside(
    say: Callable[[str], None], sheet: Sheet, rows: list[list[object]], account: Account, made: type[Model]
) -> None:
    file = io.BytesIO()
    write_rows(file, [column.label for column in sheet.columns], rows)
    say(f"{len(rows):,} rows of {sheet.label}, {len(sheet.columns)} columns, {file.tell() / 2**20:.1f} MB")
    bare = _bare(rows)
    with web_role(), database_scope({EVERYTHING}):
        whole = _import(say, sheet, file.getvalue(), account)
        assert made._default_manager.count() == ROWS
    say(f"bare COPY of the same cells {bare:6.1f} s; the import takes {whole / bare:.0f} times as long")


def _import(say: Callable[[str], None], sheet: Sheet, content: bytes, account: Account) -> float:
    stages = []

    def timed(label: str, work: Callable[[], object]) -> None:
        begun = time.perf_counter()
        work()
        stages.append(time.perf_counter() - begun)
        say(f"{label:28}{stages[-1]:6.1f} s")

    timed(
        "submit (look, store)",
        lambda: submit(sheet, ContentFile(content, "导入.xlsx"), actor=account, foreground=True),
    )
    batch = Batch.objects.get(sheet=sheet.code)
    timed("check (read, stage, check)", lambda: running.check(batch.pk))
    batch.refresh_from_db()
    assert (batch.state, batch.good) == (Batch.State.CHECKED, ROWS), batch.problem
    timed(
        "apply (rows, clocks, records)",
        lambda: running.apply(confirm(batch, actor=account, foreground=True).pk),
    )
    batch.refresh_from_db()
    assert batch.state == Batch.State.APPLIED, batch.problem
    assert Record.objects.filter(verb="start", reason=f"导入批次 {batch.pk}").count() == ROWS
    say(f"{'in all':28}{sum(stages):6.1f} s, {ROWS / sum(stages):,.0f} rows a second")
    return sum(stages)


def _appeals(sheet: Sheet) -> Iterator[list[object]]:
    """Yield rows in the order of the sheet's columns, a year back, one in eight anonymous."""
    dice = random.Random(6)  # noqa: S311  # the same rows every time, no secret
    counties = list(Region.objects.filter(level="county", valid_to=None).values_list("code", "name"))
    newest = datetime(2026, 11, 1, 9, 0)  # noqa: DTZ001  # a cell holds a local time
    for n in range(ROWS):
        anonymous = n % 8 == 0
        words = {
            "employer": f"演示单位{n % 5000}",
            "month": n % 12 + 1,
            "amount": dice.randrange(800, 60000),
            "people": n % 30 + 1,
        }
        cells = {
            "received_at": newest - timedelta(minutes=n * 5),
            "channel": "电话",
            "region": " ".join(dice.choice(counties)),
            "body": STORY.format(n=n, **words),
            "category": "010101 企业拖欠工资",
            "urgency": "一般",
            "employer": words["employer"],
            "headcount": words["people"],
            "amount_yuan": words["amount"],
            "anonymous": "是" if anonymous else "否",
            "secret": "否",
            "name": None if anonymous else "张某某",
            "phone": None if anonymous else f"199{dice.randrange(10**8):08}",
        }
        yield [cells.get(name) for name in sheet.names]


def _titles(sheet: Sheet) -> Iterator[list[object]]:
    """Yield a title for each of as many people, who are registered here together with a unit."""
    unit = Organisation.objects.create(
        name="演示重工", kind="enterprise", region_id="370102", line_id="union", uscc="91110000600037341L"
    )
    numbers = [_id_number(n) for n in range(ROWS)]
    people = [
        Person(
            pk=pk, name=f"演示{n}", region_id="370102", line_id="union",
            id_number_hash=crypto.keyed_hash(number, purpose="id_number"),
        )
        for n, (number, pk) in enumerate(zip(numbers, reserve_ids(Person, ROWS), strict=True))
    ]  # fmt: skip
    with transaction.atomic():
        copy_in(Person, people)
    for number in numbers:
        cells = {
            "region": "370102", "title": "大国工匠", "id_number": number, "uscc": unit.uscc,
            "awarded_on": "2022-03-02", "document": "总工发2022年1号",
        }  # fmt: skip
        yield [cells.get(name) for name in sheet.names]


def _id_number(n: int) -> str:
    born = date(1950, 1, 1) + timedelta(days=n // 999)
    first = f"370102{born:%Y%m%d}{n % 999:03}"
    return first + check_digit(first)


def _bare(rows: list[list[object]]) -> float:
    columns = ", ".join(f"c{n} text" for n in range(len(rows[0])))
    with connection.cursor() as cursor:
        cursor.execute(f"drop table if exists bench_cells; create table bench_cells ({columns})")
        begun = time.perf_counter()
        with cursor.cursor.copy("copy bench_cells from stdin") as copy:
            for row in rows:
                copy.write_row([None if cell is None else str(cell) for cell in row])
        return time.perf_counter() - begun
