"""Finding words in a million cases: what is found, how fast, and what an entry costs who takes a case in.

Beside it stand what was there before (a scan by ILIKE over title and employer) and pg_trgm over a tenth of the texts.
Texts are made of 3,755 common characters (GB 2312, level 1) and a few hundred words, which most sentences share.
"""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from django.db import connection
from django.db.models import Q
from django.utils import timezone

from bench.province import CASES, province, web_role
from yanzhen.domains.hotline.models import Case
from yanzhen.domains.hotline.queries import worklist
from yanzhen.domains.hotline.searching import CASES as SEARCHED
from yanzhen.domains.hotline.searching import tail_code
from yanzhen.engines.search.finding import find
from yanzhen.engines.search.install import install
from yanzhen.faces.console.keys import page_of
from yanzhen.faces.console.lists import ORDERS
from yanzhen.foundation.models import Account, Grant, Role
from yanzhen.foundation.scope import database_scope

TIMES = 100
TRUTHS = 8
"""Questions of each kind whose answer is compared with a scan of everything."""
REACHES = (("province", "370000"), ("city", "370200"), ("county", "371623"))
HAN = bytes(b for high in range(0xB0, 0xD8) for low in range(0xA1, 0xFF) for b in (high, low)).decode(
    "gb2312", "ignore"
)
PAGE = 20

Ask = Callable[[], str]


def run(say: Callable[[str], None]) -> None:
    with province(0):
        dice = random.Random(14)  # noqa: S311  # the same texts every time, no secret
        begun = time.perf_counter()
        texts = _fill(dice)
        say(f"search: {CASES:,} cases and their index made in {time.perf_counter() - begun:.0f} s, {_size()}")
        kinds = _kinds(dice, texts)
        _recall(say, kinds)
        for name, region in REACHES:
            account = Account.objects.create_user(f"bench-{name}", name=name)
            Grant.objects.create(
                account=account, role=Role.objects.get(code="leader"), region_id=region, line_id="union"
            )
            _speed(say, name, account, kinds)
        _wrong(say, dice, texts)
        _others(say, kinds)
        _cost(say, dice)


def _words(dice: random.Random) -> list[str]:
    return ["".join(dice.choices(HAN, k=dice.choice((2, 2, 2, 3, 4)))) for _ in range(4000)]


def _fill(dice: random.Random) -> list[str]:
    """Make the cases without the index, then the index, as a restore does; return a sample of the bodies."""
    words = _words(dice)
    weights = [1 / (n + 8) for n in range(len(words))]
    employers = [
        "".join(dice.choices(HAN, k=3)) + dice.choice(("建筑", "劳务", "机械")) + "有限公司"
        for _ in range(20_000)
    ]
    with connection.cursor() as cursor:
        cursor.execute("drop index search_entry_keys; alter table hotline_case disable trigger search_fresh")
        cursor.execute("create temporary table made (n int, title text, body text, employer text)")
        with cursor.cursor.copy("copy made from stdin") as copy:
            sample = []
            for n in range(1, CASES + 1):
                said = dice.choices(words, weights, k=70)
                body = "，".join("".join(said[i : i + 7]) for i in range(0, 70, 7)) + "。"
                copy.write_row((n, "".join(said[:4]), body, dice.choice(employers)))
                if len(sample) < 2000 and n % (CASES // 2000 or 1) == 0:
                    sample.append(body)
        cursor.execute(MAKE)
        cursor.execute("select setval('hotline_case_id_seq', %s); ", [CASES])
        cursor.execute("alter table hotline_case enable trigger search_fresh")
        cursor.execute(
            "comment on function search_find(text, text[], int) is null; set maintenance_work_mem = '1GB'"
        )
        install()
        cursor.execute(TAILS, [[tail_code(f"{n:04}") for n in range(10_000)]])
        cursor.execute("vacuum analyze hotline_case; ")
        cursor.execute("vacuum analyze search_entry")
    return sample


TAILS = """
update hotline_case set phone_tail_code = t.code from unnest(%s::int[]) with ordinality t (code, n)
where id %% 7 = 1 and id %% 10000 = t.n - 1
"""
MAKE = """
insert into hotline_case (
    id, region_id, line_id, shared_with, party_keys, open_parties, number, state, procedure_version, due_at, late, step, started_at, ended_at,
    channel, received_at, title, body, urgency, employer, employer_key, place, headcount, anonymous, secret, caller_mask, check_hash, reply, satisfaction,
    quality_passed, complexity, returns)
select n, c.code, 'union', '{}', '{}', 0, 'GD' || c.code || '-' || to_char(t, 'YYYYMMDD') || '-' || lpad(n::text, 7, '0'),
       case when n % 20 = 0 then 'handling' else 'closed' end, 1, null, false, 5, t, case when n % 20 <> 0 then t end,
       'phone', t, left(title, 80), body, 'normal', employer, regexp_replace(employer, '有限公司$', ''), '', 1, false, false, '', '\\x00', '', '',
       case when n % 20 <> 0 then true end, 'ordinary', 0
from made cross join lateral (select now() - (1000000 - n) * interval '1 minute' as t) at
join (select code, row_number() over (order by code) - 1 as k, count(*) over () as many
      from foundation_region where level = 'county' and valid_to is null) c on c.k = (n::bigint * 7919) % c.many
order by n
"""


def _kinds(dice: random.Random, texts: list[str]) -> dict[str, Ask]:
    words = _words(random.Random(14))  # noqa: S311  # the words of _fill

    def cut(size: int) -> str:
        parts = [part for part in dice.choice(texts).strip("。").split("，") if len(part) >= size]
        part = dice.choice(parts)
        first = dice.randrange(len(part) - size + 1)
        return part[first : first + size]

    employers = list(Case.objects.order_by("-pk").values_list("employer", flat=True)[:2000])
    numbers = list(Case.objects.order_by("-pk").values_list("number", flat=True)[:2000])
    return {
        "frequent word": lambda: dice.choice([w for w in words[:60] if len(w) == 2]),
        "2 characters": lambda: cut(2),
        "phrase of 4": lambda: dice.choice([w for w in words if len(w) == 4]),
        "any 4": lambda: cut(4),
        "two words": lambda: f"{cut(2)} {cut(2)}",
        "employer": lambda: dice.choice(employers),
        "absent": lambda: "".join(dice.choices(HAN, k=4)),
        "phone tail": lambda: f"{dice.randrange(10_000):04}",
        "number": lambda: dice.choice(numbers)[:-2],
    }


def _recall(say: Callable[[str], None], kinds: dict[str, Ask]) -> None:
    for kind in ("frequent word", "2 characters", "phrase of 4", "any 4", "two words", "employer"):
        right = 0
        for _ in range(TRUTHS):
            text = kinds[kind]()
            truth = Q(pk__gt=0)
            for word in text.split():
                truth &= Q(title__contains=word) | Q(body__contains=word) | Q(employer__contains=word)
            with database_scope({"*:"}):
                given = find(SEARCHED, text).narrow(Case.objects.all())
                right += set(given.values_list("pk", flat=True)) == set(
                    Case.objects.filter(truth).values_list("pk", flat=True)
                )
        say(f"search {kind:14} {right} of {TRUTHS} answers are the same rows as a scan of everything gives")


def _speed(say: Callable[[str], None], name: str, account: Account, kinds: dict[str, Ask]) -> None:
    with web_role(), database_scope(account.audience_keys()):
        for kind, ask in kinds.items():
            took = sorted(_timed(lambda: _page(account, ask())) for _ in range(TIMES))  # noqa: B023  # called at once
            wall = [t for t, _ in took]
            cpu = sorted(c for _, c in took)
            say(
                f"search {name:9}{kind:14} first {PAGE}: p50 {statistics.median(wall):6.1f} p99 {wall[-2]:6.1f} ms;"
                f" CPU of the database p50 {cpu[TIMES // 2]:5.1f} p99 {cpu[-2]:5.1f} ms"
            )


def _page(account: Account, text: str) -> list[Any]:
    return page_of(find(SEARCHED, text).narrow(worklist(account)), ORDERS["new"], size=PAGE).rows


def _wrong(say: Callable[[str], None], dice: random.Random, texts: list[str]) -> None:
    seen, took = 0, []
    with web_role(), database_scope({"*:37"}):
        for _ in range(TIMES):
            part = max(dice.choice(texts).split("，"), key=len)[:8]
            place = dice.randrange(len(part))
            asked = part[:place] + dice.choice(HAN) + part[place + 1 :]
            begun = time.perf_counter()
            found = find(SEARCHED, asked)
            took.append((time.perf_counter() - begun) * 1000)
            seen += any(
                part in body
                for body in Case.objects.filter(pk__in=(found.ids or ())[:PAGE]).values_list(
                    "body", flat=True
                )
            )
    took.sort()
    say(
        f"search one wrong character in 8: {seen} of {TIMES} found; p50 {took[TIMES // 2]:.1f} p99 {took[-2]:.1f} ms"
    )


def _others(say: Callable[[str], None], kinds: dict[str, Ask]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("create extension if not exists pg_trgm")
        cursor.execute(
            "create table bench_tenth as select subject_id, text from search_entry where subject_id % 10 = 0"
        )
        cursor.execute("create index on bench_tenth using gin (text gin_trgm_ops); analyze bench_tenth")
        for kind in ("2 characters", "any 4"):
            scan = [_timed(lambda: _scan(kinds[kind]()))[0] for _ in range(5)]  # noqa: B023
            trgm = [_timed(lambda: cursor.execute(TRGM, [f"%{kinds[kind]()}%"]))[0] for _ in range(5)]  # noqa: B023
            say(
                f"search {kind:14} ILIKE over two columns {max(scan):8.1f} ms; pg_trgm over a tenth {max(trgm):8.1f} ms (longest of 5)"
            )


TRGM = "select subject_id from bench_tenth where text like %s order by subject_id desc limit 20"


def _scan(text: str) -> None:
    rows = Case.objects.filter(Q(title__icontains=text) | Q(employer__icontains=text))
    list(rows.order_by("-started_at", "-pk")[:PAGE])


def _cost(say: Callable[[str], None], dice: random.Random) -> None:
    """Insert rows one by one, each in a transaction, with the trigger and without: CPU of the backend that does it."""
    made = iter(_arrivals(dice))
    for label, state in (("with its entry", "enable"), ("without", "disable")):
        with connection.cursor() as cursor:
            cursor.execute(f"alter table hotline_case {state} trigger search_fresh")
        before = _cpu()
        for _ in range(3000):
            next(made).save(force_insert=True)
        say(
            f"search: a case of 160 characters {label}: {(_cpu() - before) / 3000:.2f} ms CPU of the database"
        )


def _arrivals(dice: random.Random) -> Iterator[Case]:
    words = _words(random.Random(14))  # noqa: S311  # the words of _fill
    for n in range(6000):
        yield Case(
            region_id="370102", line_id="union", number=f"NEW-{n}", state="received", procedure_version=1, channel="web",
            started_at=timezone.now(), received_at=timezone.now(), title="".join(dice.choices(words, k=4)),
            body="".join(dice.choices(words, k=60)), check_hash=b"0" * 32,
        )  # fmt: skip


def _timed(work: Callable[[], object]) -> tuple[float, float]:
    """Return how many ms it took, and the database's CPU of it."""
    cpu, begun = _cpu(), time.perf_counter()
    work()
    return (time.perf_counter() - begun) * 1000, _cpu() - cpu


def _cpu() -> float:
    """Return the ms of CPU that this connection's backend has used."""
    connection.ensure_connection()
    pid = connection.connection.info.backend_pid
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e6


def _size() -> str:
    with connection.cursor() as cursor:
        cursor.execute(
            "select pg_size_pretty(pg_table_size('search_entry')), pg_size_pretty(pg_relation_size('search_entry_keys'))"
        )
        table, index = cursor.fetchone()
    return f"entries {table}, index {index}"
