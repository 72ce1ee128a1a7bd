"""Double entry: two people, neither sees the other's before both are in, a third decides where they differ."""

from __future__ import annotations

import re

import pytest

from tests.faces.console import browser, text
from tests.factories import AccountFactory, LineFactory, RegionFactory
from tests.panels import marks, seated
from tests.selection import organiser, province
from yanzhen.engines.programmes.models import Round
from yanzhen.engines.programmes.panels.actions import marking, running
from yanzhen.engines.programmes.panels.models import Assignment, Sheet
from yanzhen.engines.programmes.panels.refusals import MarkRefused
from yanzhen.foundation import parameters
from yanzhen.foundation.models import Account

pytestmark = pytest.mark.django_db


@pytest.fixture
def actor() -> Account:
    parameters.load_defaults()
    return organiser()


def _clerk() -> Account:
    return AccountFactory(grants=[(province(), LineFactory(), "programme.view round.run application.view")])


def _held(actor: Account) -> tuple[Round, Assignment]:
    round_ = seated(actor, applications=1, entries=2)
    return round_, Assignment.objects.filter(run__round=round_).select_related("judge__account").earliest(
        "pk"
    )


def _url(round_: Round, held: Assignment) -> str:
    return f"/console/panels/{round_.pk}/entries/{held.pk}/"


def _sent(skill: int, lead: int = 2) -> dict[str, str]:
    return {"m-skill": str(skill), "m-lead": str(lead)}


def test_the_second_person_types_without_seeing_the_first_and_what_agrees_is_done(actor: Account) -> None:
    round_, held = _held(actor)
    marking.file(held, marks(81), actor=held.judge.account)
    client = browser(actor)
    sheet = Sheet.objects.get()

    before = client.get(_url(round_, held))
    looked = client.get(f"/console/panels/{round_.pk}/sheets/{sheet.pk}/")
    answer = client.post(_url(round_, held), _sent(81))

    held.refresh_from_db()
    assert ("81" in text(before), looked.status_code, "只有录入人自己" in text(looked)) == (False, 403, True)
    assert (answer.status_code, held.status) == (303, "done")
    assert "第 1 份" in text(client.get(_url(round_, held)))
    assert client.get(f"/console/panels/{round_.pk}/sheets/{sheet.pk}/").status_code == 200


def test_what_differs_is_shown_when_both_are_in_and_settled_by_a_third(actor: Account) -> None:
    round_, held = _held(actor)
    marking.file(held, marks(81), actor=held.judge.account)
    second, third = browser(actor), browser(_clerk())
    second.post(_url(round_, held), _sent(18))

    listed = second.get(f"/console/panels/{round_.pk}/entries/?box=settle")
    own = second.get(_url(round_, held))
    refused = second.post(_url(round_, held), _sent(81))
    shown = third.get(_url(round_, held))
    settled = third.post(_url(round_, held), _sent(81))

    held.refresh_from_db()
    assert held.application.number in text(listed)
    assert "请由另一人录入" in text(own)
    assert (refused.status_code, settled.status_code, held.status) == (409, 303, "done")
    assert "技艺 81 18 不一致" in text(shown)
    filled = re.findall(r'name="m-lead"[^>]*value="(\d)"[^>]*checked', shown.content.decode())
    assert filled == ["2"], "what both say alike is filled in, what differs is not"
    assert re.search(r'name="m-skill" value=', shown.content.decode()) is None
    assert "带徒 2 2 不一致" not in text(shown)
    assert [s.entry for s in Sheet.objects.order_by("pk")] == [1, 2, 3]
    (given,) = running.input_of(round_, round_.programme.stage("mark")).marks
    assert given.value == Sheet.objects.latest("pk").total


def test_whichever_comes_first_both_are_laid_side_by_side(actor: Account) -> None:
    _round, held = _held(actor)
    marking.file(held, marks(81), actor=actor, entry=2)

    filed = marking.file(held, marks(18), actor=held.judge.account)

    held.refresh_from_db()
    assert ([d.aspect for d in filed.differs], held.status) == (["skill"], "live")


def test_nothing_is_settled_before_both_are_in_or_where_they_agree(actor: Account) -> None:
    _round, held = _held(actor)
    with pytest.raises(MarkRefused, match="还没有录齐"):
        marking.file(held, marks(81), actor=actor, entry=3)
    marking.file(held, marks(81), actor=held.judge.account)
    with pytest.raises(MarkRefused, match="还没有录齐"):
        marking.file(held, marks(81), actor=actor, entry=3)

    assert Sheet.objects.count() == 1


def test_the_judge_does_not_type_the_second_entry_even_before_the_first(actor: Account) -> None:
    round_, held = _held(actor)
    judge = held.judge
    judge.account = _clerk()
    judge.save()
    client = browser(judge.account)

    shown = client.get(_url(round_, held))
    answer = client.post(_url(round_, held), _sent(81))

    assert "请由另一人录入" in text(shown)
    assert (answer.status_code, Sheet.objects.count()) == (409, 0)


def test_a_wrong_mark_is_refused_at_its_field(actor: Account) -> None:
    round_, held = _held(actor)

    answer = browser(actor).post(_url(round_, held), _sent(101))

    assert (answer.status_code, "量程是 0 至 100" in text(answer)) == (422, True)


def test_another_region_another_line_the_applicant_and_the_judge_open_no_entries(actor: Account) -> None:
    round_, held = _held(actor)
    elsewhere = AccountFactory(
        grants=[(RegionFactory(code="370300", level="city"), LineFactory(), "round.run")]
    )
    line = AccountFactory(grants=[(round_.region, LineFactory(code="court"), "round.run")])
    assert held.application.person

    for account in (elsewhere, line, held.application.person.account, held.judge.account):
        client = browser(account)
        assert client.get(f"/console/panels/{round_.pk}/entries/").status_code == 404
        assert client.get(_url(round_, held)).status_code == 404
        assert client.post(_url(round_, held), _sent(81)).status_code == 404


def test_a_round_with_single_entry_has_no_such_page(actor: Account) -> None:
    round_ = seated(actor, applications=1)
    held = Assignment.objects.filter(run__round=round_).earliest("pk")

    assert "双人录入" not in text(browser(actor).get(f"/console/panels/{round_.pk}/progress/"))
    assert browser(actor).get(_url(round_, held)).status_code == 404
