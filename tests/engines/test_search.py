"""Searching the texts of cases: what is found, by whom, and what stays hidden."""

from __future__ import annotations

import pytest

from tests.factories import CaseFactory
from yanzhen.domains.hotline.models import Case
from yanzhen.domains.hotline.searching import CASES
from yanzhen.engines.search.finding import find

pytestmark = pytest.mark.django_db


def found(text: str) -> set[Case]:
    return set(find(CASES, text).narrow(Case.objects.all()))


def test_words_in_any_searched_field_find_the_case():
    case = CaseFactory(
        title="拖欠工资",
        body="项目部不签劳动合同。",
        employer="济南演示建筑公司",
        place="工业南路",
        reply="已经约谈。",
    )
    CaseFactory(title="咨询", body="想问问退休手续。")

    assert [found(text) for text in ("欠工", "劳动合同", "示建", "业南", "约谈", "合同 工业")] == [{case}] * 6
    assert found("欠资") == set()
