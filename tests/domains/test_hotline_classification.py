"""The hotline's use of the classifier: declared words first, then its own closed cases, and what people chose instead."""

from __future__ import annotations

import csv
import random
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from tests.factories import AccountFactory, CaseFactory, LineFactory, RegionFactory
from yanzhen.domains.hotline import categories
from yanzhen.domains.hotline.classification import actions, queries
from yanzhen.domains.hotline.classification.keywords import KEYWORDS, matches
from yanzhen.domains.hotline.models import Case, Category
from yanzhen.engines.classifier import grams, store
from yanzhen.engines.classifier.models import Suggestion, Version
from yanzhen.foundation import parameters
from yanzhen.foundation.errors import NotAllowed
from yanzhen.foundation.models import Account, Record

SAID = {
    "010101": ("单位拖欠工资三个月", "老板不发工资", "工资一直没有到账", "拖欠薪资不给说法"),
    "050101": ("上班路上受伤要求认定工伤", "车间机器压伤了手", "申请工伤认定没人管", "工地摔伤单位不报工伤"),
    "070101": ("单位没有工会要求建会", "希望帮助成立工会", "企业不让组建工会", "请求指导建立工会组织"),
}
FILLER = ("您好", "请帮助解决", "已经反映过", "希望尽快答复", "去年开始", "谢谢领导")


@pytest.fixture
def trainer(db) -> Account:
    parameters.load_defaults()
    categories.load()
    everywhere = RegionFactory(code="370000", level="province")
    LineFactory()
    return AccountFactory(grants=[(everywhere, None, "case.train")])


def close_cases(count: int, **given: Any) -> None:
    """Close `count` cases of three categories, one an hour, up to now."""
    chance = random.Random(7)  # noqa: S311  # made-up texts
    region, line = RegionFactory(code="370102"), LineFactory()
    codes = sorted(SAID)
    for index in range(count):
        code = codes[index % 3]
        ended = timezone.now() - timedelta(hours=count - index)
        said = "，".join([*chance.sample(FILLER, 2), *chance.sample(SAID[code], 2)])
        CaseFactory(
            **{
                "region": region, "line": line, "state": "closed", "quality_passed": True, "ended_at": ended,
                "category_id": code, "title": chance.choice(SAID[code]), "body": said,
            }
            | given
        )  # fmt: skip


def fewer(trainer: Account, **numbers: int) -> None:
    for code, value in numbers.items():
        row = parameters.get(f"hotline.{code}", on=timezone.localdate())
        row.__class__.objects.filter(code=f"hotline.{code}").update(value=Decimal(value))
    parameters.forget_parameters()


@pytest.fixture
def version(trainer) -> Version:
    fewer(trainer, training_cases=60, training_category_cases=5)
    close_cases(90)
    return actions.train_version(trainer).version


def test_every_declared_word_stands_for_a_leaf_of_the_shipped_tree_and_is_normal_text():
    with categories.DATA.open(encoding="utf-8", newline="") as file:
        leaves = {row["code"] for row in csv.DictReader(file) if len(row["code"]) == 6}

    assert {each.category for each in KEYWORDS} <= leaves
    assert len({each.category for each in KEYWORDS}) == len(KEYWORDS)
    assert [w for each in KEYWORDS for w in (*each.words, *each.without) if grams.normal(w) != w] == []


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("老板拖欠工资三个月", "010101"),
        ("工地包工头欠农民工钱", "010102"),
        ("骑手配送费被平台扣款", "010104"),
        ("怀孕后被辞退", "060101"),
        ("公司不交社保", "040101"),
        ("我们想成立工会", "070101"),
    ],
)
def test_the_declared_words_find_the_theme(text, code):
    assert code in [match.category for match in matches(text)][:2]


def test_before_any_training_the_declared_words_suggest(trainer):
    found = queries.suggestions("老板拖欠工资三个月")

    assert found.version is None
    assert [(s.code, s.name, s.confidence, s.words, s.source) for s in found.ranked] == [
        ("010101", "企业拖欠工资", None, ("拖欠工资",), "rules")
    ]


def test_ten_cases_are_refused_and_the_version_in_use_goes_on(trainer, version):
    Case.objects.filter(pk__in=Case.objects.order_by("pk").values("pk")[10:]).delete()

    with pytest.raises(actions.NotEnough, match="10 件，至少要 60 件"):
        actions.train_version(trainer)

    assert list(Version.objects.values_list("number", "active")) == [(1, True)]


def test_who_may_not_train_the_province_is_refused(trainer):
    clerk = AccountFactory(grants=[(RegionFactory(code="370102"), None, "case.train")])

    with pytest.raises(NotAllowed):
        actions.train_version(clerk)


def test_a_training_is_a_version_with_its_figures_and_a_record(trainer, version):
    assert (version.number, version.rows, version.active) == (1, 90, True)
    assert version.metrics["learning"] == 72
    assert version.metrics["trying"] == 18
    assert version.metrics["macro_f1"] > 0.9
    line = Record.objects.get(verb="classifier.train")
    assert (line.actor_id, line.after["number"], line.after["active"]) == (trainer.pk, 1, True)


def test_the_model_suggests_with_the_words_that_spoke(version):
    found = queries.suggestions("您好，单位没有工会，希望帮助成立工会")

    assert found.version == version.pk
    first = found.ranked[0]
    assert (first.code, first.source) == ("070101", "model v1")
    assert first.confidence is not None
    assert any("工会" in word for word in first.words)
    assert len(found.ranked) == 3


def test_a_suggestion_costs_no_statement_while_fresh(version, django_assert_num_queries):
    queries.suggestions("拖欠工资")

    with django_assert_num_queries(0):
        queries.suggestions("单位拖欠工资")


def test_a_withdrawn_category_is_neither_suggested_nor_learnt_from(trainer, version):
    Category.objects.filter(code="070101").update(active=False)
    queries._CATEGORIES.forget()

    trained = actions.train_version(trainer)

    assert "070101" not in [s.code for s in queries.suggestions("希望帮助成立工会").ranked]
    assert (trained.version.number, trained.version.rows, trained.withdrawn) == (2, 60, 30)


def test_a_rare_category_is_left_out_and_said(trainer):
    fewer(trainer, training_cases=60, training_category_cases=5)
    close_cases(90)
    close_cases(2, category_id="010201")

    assert actions.train_version(trainer).rare == 2


def test_a_worse_version_is_kept_but_not_used_unless_forced(trainer, version):
    close_cases(60)
    codes = sorted(SAID)
    for case in Case.objects.order_by("pk")[: 90 + 40]:
        wrong = codes[(codes.index(case.category_id) + case.pk % 3) % 3]
        Case.objects.filter(pk=case.pk).update(category_id=wrong)

    trained = actions.train_version(trainer)

    assert (trained.version.number, trained.version.active) == (2, False)
    assert trained.former_macro_f1 > trained.macro_f1
    assert actions.train_version(trainer, force=True).version.active
    assert list(Version.objects.filter(active=True).values_list("number", flat=True)) == [3]


def test_a_model_that_someone_changed_is_not_read(version):
    Version.objects.filter(pk=version.pk).update(artifact=bytes(version.artifact)[:-1] + b"x")
    store._IN_USE.forget()
    store._IN_USE._shared = None
    Version.objects.filter(pk=version.pk).update(seal=b"0" * 32)

    with pytest.raises(store.ForeignModel):
        queries.suggestions("拖欠工资")


def test_two_versions_of_a_kind_can_not_be_in_use(version):
    with pytest.raises(IntegrityError), transaction.atomic():
        Version.objects.create(
            kind=version.kind, number=9, trained_at=version.trained_at, rows=1, learnt_to=version.learnt_to,
            data_hash=b"", artifact=b"x", seal=b"", active=True,
        )  # fmt: skip


def choose(case: Case, code: str) -> None:
    """As a person does who accepts the case, or puts its category right."""
    Case.objects.filter(pk=case.pk).update(state="accepted", category_id=code)
    actions.settle_choices()


@pytest.mark.django_db
def test_new_cases_without_a_suggestion_get_one():
    case = CaseFactory(body="老板拖欠工资三个月", title="欠薪")
    CaseFactory(body="老板拖欠工资三个月", title="欠薪", state="accepted")

    assert actions.suggest_missed() == 1
    assert actions.suggest_missed() == 0
    assert Suggestion.objects.get().subject_id == case.pk


def test_what_was_chosen_instead_is_counted(trainer):
    agreed, changed, unsettled = (CaseFactory(body="老板拖欠工资三个月", title="欠薪") for _ in range(3))
    for case in (agreed, changed, unsettled):
        actions.suggest(case)

    choose(agreed, "010101")
    choose(changed, "040101")

    assert list(Suggestion.objects.order_by("pk").values_list("chosen", "overridden")) == [
        ("010101", False),
        ("040101", True),
        ("", None),
    ]
    assert queries.rates_by_version(trainer) == [queries.Rate("rules", 2, 1)]
    assert [(r.label, r.percent) for r in queries.rates_by_category(trainer)] == [
        ("未参加社会保险", 100.0),
        ("企业拖欠工资", 0.0),
    ]


def test_the_last_choice_counts_and_what_is_settled_is_not_suggested_over(trainer):
    case = CaseFactory(body="老板拖欠工资三个月", title="欠薪")
    actions.suggest(case)
    choose(case, "040101")
    choose(case, "010101")
    before = Suggestion.objects.values().get()

    actions.suggest(case)

    assert Suggestion.objects.values().get() == before
    assert (before["chosen"], before["overridden"]) == ("010101", False)


def test_rates_count_only_what_lies_in_reach(trainer):
    case = CaseFactory(region=RegionFactory(code="370102"), body="拖欠工资")
    actions.suggest(case)
    choose(case, "010101")
    elsewhere = AccountFactory(grants=[(RegionFactory(code="370202"), None, "case.train")])

    assert queries.rates_by_version(elsewhere) == []


@pytest.mark.parametrize("text", ["", "😀🎉", "拖欠工资" * 12_500, "老闆拖欠工資"])
def test_no_text_is_refused(version, text):
    assert len(queries.suggestions(text).ranked) <= 3
