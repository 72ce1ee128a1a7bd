from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bench import _groups
from yanzhen.engines.similarity.clusters import Home, Item, Place, close, join, learn_words
from yanzhen.engines.similarity.models import Cluster, Key, Member, Vocabulary
from yanzhen.engines.similarity.sources import SOURCES, Source, Words
from yanzhen.engines.similarity.themes import learn

pytestmark = pytest.mark.django_db

KIND = "tests.appeal"
NOON = datetime(2026, 3, 2, 4, tzinfo=UTC)
SAID: dict[int, Words] = {}
MIXER = Words("丽水新城旁边的搅拌站噪音扰民", "搅拌站日夜施工，噪音和粉尘严重影响丽水新城的居民。")
AGAIN = Words("丽水新城搅拌站粉尘污染严重", "丽水新城边上的搅拌站粉尘大、噪音大，孩子睡不着。")
LAMP = Words("泉塘街道路灯不亮", "泉塘街道的路灯坏了半年没有人来修，晚上出行危险。")


def read(records):
    return {r: SAID[r] for r in records if r in SAID}


SOURCES.add(Source(KIND, "测试", read, lambda after, most: sorted(r for r in SAID if r > after)[:most]))


@pytest.fixture(autouse=True)
def _said():
    SAID.clear()


def say(record: int, words: Words, *, days: float = 0, **more) -> Place:
    SAID[record] = words
    return join(KIND, Item(record, words, NOON + timedelta(days=days), **more), read)


def test_the_same_affair_joins_and_another_stands_alone():
    first, lamp, second = say(1, MIXER), say(2, LAMP), say(3, AGAIN, days=2)

    assert (first.nearest, lamp.nearest, second.nearest) == (None, None, 1)
    assert second.cluster == first.cluster != lamp.cluster
    assert list(Cluster.objects.order_by("pk").values_list("size", "first_at", "last_at")) == [
        (2, NOON, NOON + timedelta(days=2)),
        (1, NOON, NOON),
    ]


def test_joining_again_changes_nothing():
    say(1, MIXER)
    say(2, AGAIN)
    before = list(Member.objects.values()), list(Cluster.objects.values()), Key.objects.count()

    place = say(2, AGAIN)

    assert place.cluster == before[1][0]["id"]
    assert (list(Member.objects.values()), list(Cluster.objects.values()), Key.objects.count()) == before


def test_equal_words_about_different_firms_never_join():
    wages = Words("拖欠工资", "单位拖欠三个月工资，请求帮助追讨。")

    ours = say(1, wages, names=["宏达建筑有限公司"])
    theirs = say(2, wages, names=["远洋食品厂"])
    same = say(3, wages, names=["山东省济南市宏达建筑公司"])
    unknown = say(4, wages)

    assert ours.cluster != theirs.cluster
    assert same.cluster == ours.cluster
    assert unknown.nearest is not None


LIXIA, ZICHUAN = Home("370102", "历下区"), Home("370302", "淄川区")
OVERTIME = Words(
    "历下区演示机械制造1号有限公司每天加班", "历下区演示机械制造1号有限公司长期要求每天加班三小时。"
)
PENSION = Words(
    "历下区演示机械制造1号有限公司停缴养老保险", "历下区演示机械制造1号有限公司从3月起停缴了养老保险。"
)


def test_two_affairs_of_one_firm_stay_two_however_often_they_say_its_name():
    firm = {"names": ["历下区演示机械制造1号有限公司"], "home": LIXIA}

    places = [say(n, words, **firm) for n, words in enumerate((OVERTIME, PENSION, OVERTIME), 1)]

    assert [place.nearest for place in places] == [None, None, 1]


def test_firms_of_two_counties_are_two_unless_they_are_called_the_same():
    wages = Words("拖欠工资", "单位拖欠三个月工资，请求帮助追讨。")
    named = (("历下区宏达建筑公司", LIXIA), ("淄川区宏达建筑公司", ZICHUAN), ("宏达建筑厂", LIXIA))
    ours, theirs, at_home = (
        say(n, wages, names=[name], home=home) for n, (name, home) in enumerate(named, 1)
    )
    elsewhere = say(4, wages, names=["历下区宏达建筑公司"], home=ZICHUAN)

    assert theirs.cluster != ours.cluster == at_home.cluster == elsewhere.cluster


def test_one_common_name_is_enough():
    say(1, MIXER, names=["丽水新城", "发同投资公司"])

    assert say(2, AGAIN, names=["丽水新城", "另一家公司"]).nearest == 1


def test_nothing_joins_what_was_closed():
    say(1, MIXER)
    say(2, LAMP, days=40)

    closed = close(KIND, NOON + timedelta(days=30))

    assert closed == 1
    assert set(Key.objects.values_list("record", flat=True)) == {2}
    assert say(3, AGAIN, days=41).nearest is None


def test_an_item_without_words_stands_alone():
    assert [say(n, Words("", "……")).nearest for n in (1, 2)] == [None, None]


def test_what_is_learnt_tells_rare_words_from_common_ones():
    for n in range(60):
        say(
            n + 1,
            Words("关于小区问题的投诉", f"领导您好，{chr(0x4E00 + 31 * n) * 4}的问题请尽快处理，谢谢。"),
        )

    assert learn_words(KIND) == 60

    assert say(100, Words("关于小区问题的投诉", "领导您好，龘靐的问题请尽快处理，谢谢。")).nearest is None
    assert Vocabulary.objects.get().documents == 60


def test_a_few_texts_teach_nothing():
    say(1, MIXER)

    assert learn_words(KIND) == 0


def test_joining_takes_as_many_statements_among_many_as_among_few():
    counts = []
    for start, many in ((1, 2), (100, 60)):
        for n in range(many):
            say(start + n, MIXER)
        with CaptureQueriesContext(connection) as queries:
            say(start + many, AGAIN)
        counts.append(len(queries))

    assert counts[0] == counts[1] <= 11


@pytest.mark.slow
@pytest.mark.skipif(
    not _groups.MESSAGES.exists(), reason="the real messages are not beside this copy: ../shared"
)
def test_real_messages_meet_the_groups_that_people_labelled():
    labelled = set().union(*_groups.groups(1).values())
    messages = [m for n, m in enumerate(_groups.messages()) if m.id in labelled or n % 4 == 0]
    SAID.update({m.id: Words(m.title, m.body) for m in messages})
    learn(KIND, SAID.values())

    clusters = {m.id: join(KIND, Item(m.id, SAID[m.id], m.at), read).cluster for m in messages}

    big = _groups.groups(_groups.BIG)
    assert _groups.score(clusters, big.values()).f1 >= 0.82
    assert _groups.score(clusters, big.values()).purity >= 0.9
    held = [ids for name, ids in big.items() if _groups.held_out(name)]
    assert _groups.score(clusters, held).f1 >= 0.82
