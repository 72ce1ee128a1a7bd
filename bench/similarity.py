"""Near-duplicates and clusters at 100,000 items: recall and time beside a plain scan and pg_trgm over the same rows.

The texts are put together from sentences of real messages, so phrases repeat as they do in life. Needs ../shared.
"""

from __future__ import annotations

import random
import re
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from os import environ

from django.db import connection, transaction
from django.utils import timezone

from bench import _groups
from yanzhen.engines.similarity import index, themes
from yanzhen.engines.similarity.clusters import Item, join
from yanzhen.engines.similarity.fingerprint import RELATED, SAME, containment, grams, resemblance, sketch
from yanzhen.engines.similarity.models import Cluster, Member
from yanzhen.engines.similarity.sources import Words
from yanzhen.engines.similarity.text import text_normal
from yanzhen.foundation.bulk import copy_in, reserve_ids

ITEMS = int(environ.get("YANZHEN_BENCH_TEXTS", "100000"))
QUERIES = 200
PLAIN = 20
"""Queries of the plain ways, which take a second each."""
CUT = re.compile(r"(?<=[。！？；])")
KIND, ALIKE = "bench.text", "bench.affair"


def run(print: Callable[[str], None]) -> None:
    if not _groups.MESSAGES.exists():
        print("left out: the real messages are not beside this copy (../shared)")
        return
    messages = _groups.messages()
    texts = grown(messages, ITEMS)
    with connection.cursor() as cursor:
        cursor.execute("create table bench_text (id bigint primary key, title text, body text, normal text)")
        with cursor.cursor.copy("copy bench_text from stdin") as copy:
            for pk, words in texts.items():
                copy.write_row((pk, words.title, words.body, text_normal(words.whole)))
        cursor.execute("analyze bench_text")
    duplicates(print, texts)
    quality(print, messages)
    joining(print, texts)


def duplicates(print: Callable[[str], None], texts: Mapping[int, Words]) -> None:
    begun = time.process_time()
    keys = {pk: sketch(text_normal(words.whole)) for pk, words in texts.items()}
    index.copy_keys(index.live_corpus(KIND), keys)
    print(f"indexed {len(texts):,} texts, {(time.process_time() - begun) / len(texts) * 1e6:.0f} us CPU each")
    with connection.cursor() as cursor:
        cursor.execute("vacuum analyze similarity_key")
    queries = copies(texts)
    found, taken = [], []
    for text, origin in queries:
        begun = time.perf_counter()
        records = [m.record for m in index.candidates(KIND, text)]
        alike = {f.record for f in index.matches(KIND, text, {r: w.whole for r, w in read(records).items()})}
        taken.append(time.perf_counter() - begun)
        found.append(origin in alike)
    print(f"copies found by kind, {recalls(queries, texts, found)}")
    spell(print, "candidates + exact check", taken)
    plain = [timed(lambda text=text: scan(text, texts)) for text, _origin in queries[:3]]
    spell(print, "plain scan in Python", plain, taken)
    trigrams(print, queries, taken)


def trigrams(print: Callable[[str], None], queries: Sequence[tuple[str, int]], ours: list[float]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from pg_available_extensions where name = 'pg_trgm'")
        if not cursor.fetchone()[0]:
            print("pg_trgm: not in this PostgreSQL")
            return
        cursor.execute("create extension if not exists pg_trgm")
        cursor.execute("create index bench_trgm on bench_text using gin (normal gin_trgm_ops)")
        hits, taken = 0, []
        for text, origin in queries[:PLAIN]:
            begun = time.perf_counter()
            cursor.execute("select id from bench_text where normal %% %s", [text_normal(text)])
            taken.append(time.perf_counter() - begun)
            hits += origin in {pk for (pk,) in cursor.fetchall()}
    spell(print, f"pg_trgm, {hits} of {PLAIN} found", taken, ours)


def quality(print: Callable[[str], None], messages: Sequence[_groups.Message]) -> None:
    texts = {m.id: Words(m.title, m.body) for m in messages}
    for label, every in (("vocabulary known", None), ("vocabulary learnt every 200", 200)):
        kind = f"bench.quality.{every}"
        if every is None:
            themes.learn(kind, texts.values())
        found = {}
        for n, message in enumerate(messages):
            if every and n and n % every == 0:
                themes.learn(kind, (texts[m.id] for m in messages[:n]))
            item = Item(message.id, texts[message.id], message.at)
            found[message.id] = join(kind, item, lambda ids: {i: texts[i] for i in ids}).cluster
        big, every_group = _groups.groups(_groups.BIG), _groups.groups(_groups.SMALL)
        held = {name: ids for name, ids in big.items() if _groups.held_out(name)}
        for name, wanted in (("big", big), ("big, held out", held), ("all", every_group)):
            recall, purity, f1 = _groups.score(found, wanted.values())
            print(
                f"clusters, {label}, {name} ({len(wanted)}): recall {recall:.3f} purity {purity:.3f} F1 {f1:.3f}"
            )


def joining(print: Callable[[str], None], texts: Mapping[int, Words]) -> None:
    """Fill `ALIKE` with open items, each in a cluster of its own, and join changed ones to them."""
    themes.learn(ALIKE, list(texts.values())[:20_000])
    weights, now = themes.weights_of(ALIKE), timezone.now()
    vectors = {pk: themes.heaviest(weights.vector(words)) for pk, words in texts.items()}
    with transaction.atomic():
        index.copy_keys(index.live_corpus(f"{ALIKE}/themes"), vectors)
        ids = reserve_ids(Cluster, len(texts))
        copy_in(Cluster, [Cluster(pk=pk, kind=ALIKE, first_at=now, last_at=now, size=1) for pk in ids])
        copy_in(
            Member,
            [
                Member(pk=pk, kind=ALIKE, record=record, cluster_id=cluster, at=now)
                for pk, record, cluster in zip(reserve_ids(Member, len(texts)), texts, ids, strict=True)
            ],
        )
    with connection.cursor() as cursor:
        cursor.execute("vacuum analyze similarity_key, similarity_member, similarity_cluster")
    taken, cpu, joined = [], [], 0
    for n, (text, origin) in enumerate(copies(texts)):
        title, _line, body = text.partition("\n")
        words = Words(title, body)
        item = Item(10_000_000 + n, words, now + timedelta(seconds=n))
        begun, own = time.perf_counter(), time.process_time()
        place = join(ALIKE, item, read)
        taken.append(time.perf_counter() - begun)
        cpu.append(time.process_time() - own)
        joined += place.nearest == origin
    spell(
        print,
        f"joining one among {len(texts):,} open items, {joined} of {len(taken)} nearest to their origin",
        taken,
    )
    spell(print, "its CPU in Python", cpu)
    begun = time.process_time()
    sample = list(texts.values())[:1000]
    own = weights.vector(sample[0])
    for words in sample:
        themes.cosine(own, weights.vector(words))
    each = (time.process_time() - begun) / len(sample)
    print(
        f"comparing with all of them instead: {each * len(texts) * 1000:,.0f} ms CPU,"
        f" {each * len(texts) / statistics.median(taken):,.0f} x the time of joining"
    )


def read(records: Sequence[int]) -> dict[int, Words]:
    with connection.cursor() as cursor:
        cursor.execute("select id, title, body from bench_text where id = any(%s)", [list(records)])
        return {pk: Words(title, body) for pk, title, body in cursor.fetchall()}


def grown(messages: Sequence[_groups.Message], many: int) -> dict[int, Words]:
    """Return texts by id, each put together from the sentences of four messages."""
    dice = random.Random(7)  # noqa: S311  # a bench
    sentences = [s for m in messages for s in CUT.split(m.body) if 8 <= len(s) <= 120]
    titles = [m.title for m in messages]
    return {
        n: Words(
            dice.choice(titles)[: dice.randint(8, 20)] + dice.choice(titles)[-dice.randint(6, 14) :],
            "".join(dice.choice(sentences) for _ in range(dice.randint(4, 10))),
        )
        for n in range(1, many + 1)
    }


def copies(texts: Mapping[int, Words]) -> list[tuple[str, int]]:
    """Return changed copies with the id of their origin: a tenth, a fifth, three tenths edited, half copied, reordered."""
    dice = random.Random(11)  # noqa: S311  # a bench
    every = list(texts)
    found = []
    for n in range(QUERIES):
        origin = dice.choice(every)
        words, other = texts[origin], texts[dice.choice(every)]
        found.append((changed(dice, n % 5, words, other), origin))
    return found


def changed(dice: random.Random, how: int, words: Words, other: Words) -> str:
    if how == 3:
        return f"{words.title}\n{words.body[: len(words.body) // 2]}{other.body[: len(words.body) // 2]}"
    if how == 4:
        parts = CUT.split(words.body)
        dice.shuffle(parts)
        return f"{words.title}\n{''.join(parts)}"
    body = list(words.body)
    for _ in range(round(len(body) * (how + 1) / 10 / 4)):
        at = dice.randrange(len(body))
        body[at : at + 4] = other.body[at : at + 4]
    return f"{words.title}\n{''.join(body)}"


def recalls(queries: Sequence[tuple[str, int]], texts: Mapping[int, Words], found: Sequence[bool]) -> str:
    by: dict[str, list[bool]] = {}
    for (text, origin), hit in zip(queries, found, strict=True):
        a, b = grams(text_normal(text)), grams(text_normal(texts[origin].whole))
        alike, part = resemblance(a, b), containment(a, b)
        name = (
            "J >= .8"
            if alike >= SAME
            else "J .5-.8"
            if alike >= 0.5
            else "J < .5"
            if part >= RELATED
            else "none"
        )
        by.setdefault(name, []).append(hit)
    return ", ".join(f"{name}: {sum(hits)} of {len(hits)}" for name, hits in sorted(by.items()))


def scan(text: str, texts: Mapping[int, Words]) -> list[int]:
    own = grams(text_normal(text))
    return [pk for pk, words in texts.items() if containment(own, grams(text_normal(words.whole))) >= RELATED]


def timed(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def spell(
    print: Callable[[str], None], what: str, taken: Sequence[float], base: Sequence[float] | None = None
) -> None:
    ordered = sorted(taken)
    middle, worst = statistics.median(ordered), ordered[round(0.99 * (len(ordered) - 1))]
    ratio = f", {middle / statistics.median(base):,.0f} x ours" if base else ""
    print(f"{what}: p50 {middle * 1000:.1f} ms, p99 {worst * 1000:.1f} ms{ratio}")
