"""What 10,000 certificates cost (number, record, signature, PDF), how fast credentials are verified, and the check page.

Beside them stand the bare thing in the same run: signatures alone, one PDF of a page without a code, and an empty answer
of the same server.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable
from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from bench._served import flood, served
from bench.province import province
from yanzhen.engines.honours import addresses, keys, pdf, printing, tokens
from yanzhen.engines.honours.actions import Award, award_many
from yanzhen.engines.honours.models import Credential, Honour
from yanzhen.foundation.models import Account, Grant, Line, Organisation, Person, Region, Role
from yanzhen.foundation.scope import EVERYTHING, database_scope

CERTIFICATES = int(os.environ.get("YANZHEN_BENCH_CERTIFICATES", "10000"))
VERIFIED = 2000
NAMES = ("王建国", "欧阳修远", "李𠮷", "张㐂", "刘喆", "陈䶮")


def run(say: Callable[[str], None]) -> None:
    with province(0), database_scope({EVERYTHING}):
        honours = _award(say)
        _print(say, honours)
        _verify(say)
        _pages(say, [honour.number for honour in honours])


def _award(say: Callable[[str], None]) -> list[Honour]:
    from bench._titles import BENCH

    region, line = Region.objects.get(code="370102"), Line.objects.get(code="union")
    unit = Organisation.objects.create(name="演示重工有限公司", kind="enterprise", region=region, line=line)
    account = Account.objects.create_user("bench-awarder", name="bench")
    Grant.objects.create(
        account=account, role=Role.objects.get(code="awarder"), region_id="370000", line=line
    )
    people = Person.objects.bulk_create(
        Person(name=NAMES[n % len(NAMES)], region=region, line=line) for n in range(CERTIFICATES)
    )
    day = timezone.localdate() - timedelta(days=1)
    rows = [Award(person, BENCH.code, unit, day, "演示 2026 年 1 号") for person in people]
    began, cpu = time.perf_counter(), time.process_time()
    honours = award_many(rows, actor=account)
    took, cpu = time.perf_counter() - began, time.process_time() - cpu
    signer = keys.signer()
    bare = time.process_time()
    for _ in range(1000):
        signer.sign(b"x" * 1400)
    bare = (time.process_time() - bare) / 1000
    say(
        f"award: {CERTIFICATES:,} numbered, recorded, signed in {took:.1f} s ({cpu / CERTIFICATES * 1000:.2f} ms CPU each,"
        f" {cpu / CERTIFICATES / bare:.0f} times the bare signature)"
    )
    return honours


def _print(say: Callable[[str], None], honours: list[Honour]) -> None:
    began = time.perf_counter()
    sheets = pdf.sheets(honours)
    total = sum(map(len, printing.printed_each(sheets, processes=2)))
    took = time.perf_counter() - began
    cpu = time.process_time()
    for sheet in sheets[:200]:
        printing.printed([sheet])
    each = (time.process_time() - cpu) / 200
    say(
        f"print: {len(sheets):,} PDFs by 2 processes in {took:.1f} s ({len(sheets) / took:,.0f}/s, {total / len(sheets) / 1024:.0f} KB each;"
        f" {each * 1000:.1f} ms CPU each, the QR code among them)"
    )


def _verify(say: Callable[[str], None]) -> None:
    found = list(Credential.objects.values_list("token", flat=True)[:VERIFIED])
    prepared = tokens.prepared(keys.public_keys())
    now = timezone.now()
    cpu = time.process_time()
    problems = {tokens.read(token, prepared, now=now).problem for token in found}
    cpu = time.process_time() - cpu
    assert problems == {""}
    say(
        f"verify: {len(found) / cpu:,.0f} credentials a second of one core (form, key, signature, time), {len(found[0]):,} B each"
    )


def _pages(say: Callable[[str], None], numbers: list[str]) -> None:
    base = addresses.check("").removeprefix(settings.PUBLIC_URL).rstrip("/")
    random.Random(7).shuffle(numbers)  # noqa: S311  # the same order every time, no secret
    wrong = [n[:-1] + ("0" if n[-1] != "0" else "1") for n in numbers]
    with served("bench._titles:application") as to:
        bare = flood(say, to, "bare page (healthz)", ["/healthz"])
        for label, paths in (
            ("check page of one, kept", [f"{base}/{numbers[0]}/"]),
            ("check page of any", [f"{base}/{number}/" for number in numbers]),
            ("wrong by one character", [f"{base}/{number}/" for number in wrong]),
            ("status list", ["/check/status/revocation/0/"]),
        ):
            flood(say, to, label, paths, bare=bare)
