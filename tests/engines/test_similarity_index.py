from __future__ import annotations

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from yanzhen.engines.similarity import index
from yanzhen.engines.similarity.fingerprint import Answer
from yanzhen.engines.similarity.index import Found, Match, candidates, matches
from yanzhen.engines.similarity.models import Corpus, Key
from yanzhen.engines.similarity.sources import SOURCES, Source, Words

pytestmark = pytest.mark.django_db

KIND = "tests.story"
WAGES = "宏达建筑公司拖欠工资三个月一直不发，多次讨要没有结果，请工会帮助追讨。"
LAMP = "泉塘小区门口的路灯坏了半年没有人来修，晚上出行很危险，请尽快处理。"
STORIES: dict[int, str] = {}


def read(records):
    return {r: Words("", STORIES[r]) for r in records if r in STORIES}


SOURCES.add(Source(KIND, "测试", read, lambda after, most: sorted(r for r in STORIES if r > after)[:most]))


@pytest.fixture(autouse=True)
def _stories():
    STORIES.clear()


def test_a_copy_is_found_and_a_stranger_is_not():
    index.index(KIND, 1, WAGES)
    index.index(KIND, 2, LAMP)

    found = candidates(KIND, WAGES.replace("三个月", "叁個月"))

    assert [match.record for match in found] == [1]
    assert found[0].shared >= 12


def test_a_record_that_is_rolled_back_is_not_in_the_index():
    with transaction.atomic():
        index.index(KIND, 1, WAGES)
        transaction.set_rollback(True)

    assert candidates(KIND, WAGES) == []


def test_indexing_again_changes_nothing():
    index.index(KIND, 1, WAGES)
    before = set(Key.objects.values_list("key", "record"))

    index.index(KIND, 1, WAGES)

    assert set(Key.objects.values_list("key", "record")) == before


def test_a_changed_text_is_found_by_its_new_words_alone():
    index.index(KIND, 1, WAGES)

    index.index(KIND, 1, LAMP, former=WAGES)

    assert candidates(KIND, WAGES) == []
    assert [m.record for m in candidates(KIND, LAMP)] == [1]


def test_kinds_do_not_find_each_other():
    index.index("tests.other", 1, WAGES)

    assert candidates(KIND, WAGES) == []


def test_those_that_share_most_come_first_and_who_asks_is_left_out():
    for record, text in enumerate((WAGES, WAGES[:20] + LAMP, LAMP), start=1):
        index.index(KIND, record, text)

    found = candidates(KIND, WAGES, limit=2)

    assert [m.record for m in found] == [1, 2]
    assert found[0] == Match(1, 24)
    assert [m.record for m in candidates(KIND, WAGES, without=[1])] == [2]


def test_asking_takes_as_many_statements_for_many_as_for_one():
    for record in range(1, 60):
        index.index(KIND, record, WAGES)
    candidates(KIND, WAGES)

    with CaptureQueriesContext(
        connection,
    ) as queries:
        candidates(KIND, WAGES)

    assert len(queries) == 2


def test_candidates_are_compared_with_their_texts():
    texts = {1: WAGES, 2: WAGES[:22] + "现在过年没钱回家，孩子的学费也交不上。", 3: LAMP}

    assert [(f.record, f.answer) for f in matches(KIND, WAGES, texts)] == [
        (1, Answer.SAME),
        (2, Answer.OVERLAPS),
    ]
    assert matches(KIND, WAGES, texts, least=Answer.SAME) == [Found(1, Answer.SAME, 1.0, 1.0)]


def test_a_new_version_leaves_out_what_everybody_writes():
    greeting = "尊敬的领导您好，感谢您在百忙之中阅读我的来信，"
    STORIES.update({n: f"{greeting}第{n}件事是{chr(0x4E00 + n * 7) * 6}。" for n in range(1, 40)})
    STORIES[100] = greeting + WAGES
    for record, text in STORIES.items():
        index.index(KIND, record, text)
    assert len(candidates(KIND, greeting + LAMP, limit=50)) > 30

    fresh = index.renew(KIND)

    assert (fresh.version, fresh.live, fresh.sampled) == (2, True, 40)
    assert candidates(KIND, greeting + LAMP) == []
    assert [m.record for m in candidates(KIND, WAGES)] == [100]
    assert set(Key.objects.values_list("corpus", flat=True)) == {fresh.pk}


def test_what_is_written_while_a_version_is_made_is_in_both():
    STORIES[1] = LAMP
    live = index.live_corpus(KIND)
    fresh = Corpus.objects.create(kind=KIND, version=2, live=False)

    index.index(KIND, 7, WAGES)

    assert set(Key.objects.filter(record=7).values_list("corpus", flat=True)) == {live, fresh.pk}


def test_a_version_that_broke_off_is_made_from_the_start():
    STORIES[1] = WAGES
    index.live_corpus(KIND)
    Corpus.objects.create(kind=KIND, version=2, live=False)

    fresh = index.renew(KIND)

    assert list(Corpus.objects.filter(kind=KIND)) == [fresh]
    assert [m.record for m in candidates(KIND, WAGES)] == [1]
