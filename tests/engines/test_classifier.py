"""The classifier on made-up texts: what it learns, how sure it is, what it says spoke for a class."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yanzhen.engines.classifier import evidence, grams
from yanzhen.engines.classifier.artifact import pack, unpack
from yanzhen.engines.classifier.evaluate import evaluate
from yanzhen.engines.classifier.model import Model, Row, TooFew, cut, train

WORDS = {
    "pay": ("拖欠工资", "克扣奖金", "加班费没有发放", "老板不给工钱"),
    "road": ("路面坑洼", "公交车班次太少", "红绿灯损坏", "停车位不足"),
    "school": ("补课收费", "学校食堂", "老师体罚学生", "入学名额"),
}
FILLER = (
    "尊敬的领导您好",
    "请帮助我们解决",
    "已经反映多次",
    "住在附近的居民",
    "希望尽快答复",
    "去年开始",
    "谢谢",
)


def rows(count: int, seed: int = 0) -> list[Row]:
    chance = random.Random(seed)  # noqa: S311  # made-up texts
    found = []
    for index in range(count):
        label = sorted(WORDS)[index % 3]
        said = [*chance.sample(FILLER, 3), *chance.sample(WORDS[label], 2)]
        chance.shuffle(said)
        found.append(Row(f"{chance.choice(WORDS[label])}\n{'，'.join(said)}。", label))
    return found


@pytest.fixture(scope="module")
def model() -> Model:
    return train(rows(120), precision=0.95)


def test_what_was_learnt_is_known_again(model):
    report = evaluate(model, rows(60, seed=1), precision=0.95)

    assert (report.macro_f1, report.top2, report.auto_share, set(report.f1)) == (1.0, 1.0, 1.0, set(WORDS))


def test_the_same_rows_give_the_same_model():
    assert pack(train(rows(60), precision=0.95)) == pack(train(rows(60), precision=0.95))


def test_wrong_labels_do_not_carry_the_day():
    wrong = [Row(row.text, "road") if index % 9 == 0 else row for index, row in enumerate(rows(180))]

    report = evaluate(train(wrong, precision=0.95), rows(60, seed=1), precision=0.95)

    assert report.macro_f1 > 0.95


def test_a_packed_model_suggests_as_it_did(model):
    texts = [row.text for row in rows(30, seed=2)]

    again = unpack(pack(model))

    assert [[g.label for g in each] for each in again.suggest_many(texts)] == [
        [g.label for g in each] for each in model.suggest_many(texts)
    ]


@pytest.mark.parametrize(
    "text", ["", "😀🎉", "\0", "\ud800", "工" * 50_000, "   \n\t ", "老闆拖欠工資", "x" * 60 + "\n" + "y"]
)
def test_no_text_is_refused(model, text):
    guesses = model.suggest(text)

    assert len(guesses) == 3
    assert all(0 <= guess.confidence <= 1 for guess in guesses)
    assert evidence.words(model, text, guesses[0].label) is not None


def test_confidences_never_rise_along_the_list(model):
    for row in rows(30, seed=3):
        sure = [guess.confidence for guess in model.suggest(row.text)]
        assert sure == sorted(sure, reverse=True)


def test_the_words_that_spoke_are_whole_stretches_of_the_text(model):
    text = "尊敬的领导您好，厂里拖欠工资，请帮助我们解决。"

    words = evidence.words(model, text, "pay")

    assert all(word in text for word in words)
    assert any("工资" in word for word in words)
    assert not any(word != other and word in other for word in words for other in words)


def test_one_class_is_nothing_to_learn():
    with pytest.raises(TooFew):
        train([Row("拖欠工资", "pay")] * 20, precision=0.95)


def test_ten_rows_are_learnt_without_a_class_of_its_own_for_the_unseen():
    tiny = train(rows(10), precision=0.95)

    report = evaluate(tiny, [Row("拖欠工资", "unheard of")], precision=0.95)

    assert report.f1["unheard of"] == 0


def test_the_threshold_is_the_lowest_that_keeps_the_precision():
    sure = np.array([0.9, 0.8, 0.7, 0.7, 0.6], np.float32)
    right = np.array([True, True, True, False, True])

    assert cut(sure, right, 0.8) == (pytest.approx(0.6), 1.0)
    assert cut(sure, right, 0.95) == (pytest.approx(0.8), 0.4)
    assert cut(sure, ~right, 0.95) == (2.0, 0.0)


@given(st.text(max_size=200))
@settings(max_examples=200, deadline=None)
def test_normal_text_is_normal_and_its_grams_read_back(text):
    plain = grams.normal(text)

    assert grams.normal(plain) == plain
    assert {grams.text_of(int(code)) for code in grams.codes(plain)} == {
        plain[i : i + size] for size in (1, 2, 3) for i in range(len(plain) - size + 1)
    } or any("\ud800" <= c <= "\udfff" for c in plain)


@pytest.mark.parametrize(
    ("text", "head"),
    [
        ("拖欠工资\n老板不给钱", "拖欠工资"),
        ("请求追讨工资。老板不给钱", "请求追讨工资"),
        ("请求追讨工资 老板不给钱", "请求追讨工资"),
        ("工" * 80, "工" * 25),
        ("", ""),
    ],
)
def test_the_head_is_the_first_line_or_sentence(text, head):
    assert grams.head(text) == head
