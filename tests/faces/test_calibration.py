"""The calibration round: practice first, each alone; distance after; the marking closed until it is released."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from tests.faces.console import browser, text
from tests.factories import AccountFactory, LineFactory, RegionFactory
from tests.panels import MOTHER, NAME, UNIT, marks, seated
from tests.selection import enterprise, organiser
from yanzhen.engines.programmes.calibration import actions, queries, rules
from yanzhen.engines.programmes.calibration.models import Release, Sample, Trial
from yanzhen.engines.programmes.declare import Contradicted
from yanzhen.engines.programmes.models import Round
from yanzhen.engines.programmes.panels.actions import marking
from yanzhen.engines.programmes.panels.models import Assignment, Judge, Sheet
from yanzhen.foundation import parameters
from yanzhen.foundation.models import Account, Record

pytestmark = pytest.mark.django_db


@pytest.fixture
def actor() -> Account:
    parameters.load_defaults()
    return organiser()


def _round(actor: Account, *, judges: int = 4, samples: int = 2, reference: Decimal | None = None) -> Round:
    round_ = seated(actor, applications=samples, judges_=judges, calibrate=samples)
    for row in round_.applications.order_by("number"):
        actions.add_sample(round_, row.number, reference=reference, actor=actor)
    return round_


def _judges(round_: Round) -> list[Judge]:
    return list(Judge.objects.filter(round=round_).select_related("account").order_by("pk"))


def _tried(round_: Round, judges: list[Judge], skills: list[int], *, lead: int = 2) -> None:
    for sample in Sample.objects.filter(round=round_):
        for judge, skill in zip(judges, skills, strict=True):
            actions.mark_sample(sample, marks(skill, lead), actor=judge.account)


def _sent(skill: int = 80) -> dict[str, str]:
    return {"m-skill": str(skill), "m-lead": "2"}


def test_no_mark_is_taken_before_the_marking_is_released(actor: Account) -> None:
    round_ = _round(actor)
    held = Assignment.objects.filter(run__round=round_).select_related("judge__account").earliest("pk")
    client = browser(held.judge.account)
    shut = client.get(f"/console/reviews/{held.pk}/")
    assert "继续打分" not in text(client.get("/console/reviews/"))
    refused = client.post(f"/console/reviews/{held.pk}/", _sent())
    _tried(round_, _judges(round_), [80, 80, 80, 80])

    answer = browser(actor).post(f"/console/panels/{round_.pk}/calibration/release/", {"why": ""})
    listed = client.get("/console/reviews/")
    taken = client.post(f"/console/reviews/{held.pk}/", _sent())

    assert ("先校准、后打分" in text(shut), "继续打分" in text(listed)) == (True, True)
    assert (refused.status_code, answer.status_code, taken.status_code) == (409, 303, 303)
    assert Sheet.objects.count() == 1
    made = Release.objects.get()
    assert (made.ready, made.judges, made.by) == (4, 4, actor)
    assert Record.objects.filter(verb="calibration.release").count() == 1


def test_a_judge_marks_a_sample_blind_and_reads_the_distance_only_afterwards(actor: Account) -> None:
    round_ = _round(actor, reference=Decimal(70))
    first, *others = _judges(round_)
    sample = Sample.objects.filter(round=round_).earliest("pk")
    for judge, skill in zip(others, (60, 60, 60), strict=True):
        actions.mark_sample(sample, marks(skill), actor=judge.account)
    client = browser(first.account)
    url = f"/console/reviews/trials/{round_.pk}/"
    before = [client.get(address) for address in (url, f"{url}{sample.pk}/", "/console/reviews/")]

    answer = client.post(f"{url}{sample.pk}/", _sent(90))
    after = text(client.get(url))

    row = sample.application
    bodies = [page.content.decode() for page in before]
    assert [s for s in (NAME, UNIT, MOTHER, row.number, row.title) for body in bodies if s in body] == []
    assert "62.67" not in "".join(bodies)
    assert "70.00" not in "".join(bodies)
    assert (answer.status_code, answer.url) == (303, url)
    # 0.6 x 90 + 0.4 x 2/3 = 80.67; the others 62.67; the reference 70
    assert "80.67 62.67 18.00 70.00 10.67" in after
    assert "高 18.0 分（偏松）" in after
    again = client.post(f"{url}{sample.pk}/", _sent(62))
    assert (again.status_code, Trial.objects.filter(judge=first).count()) == (409, 1)


def test_of_one_colleague_alone_nothing_is_told(actor: Account) -> None:
    round_ = _round(actor)
    first, second, *_rest = _judges(round_)
    sample = Sample.objects.filter(round=round_).earliest("pk")
    actions.mark_sample(sample, marks(60), actor=second.account)
    actions.mark_sample(sample, marks(90), actor=first.account)

    found = queries.practice(first.account, round_.pk)

    assert found
    assert (found.owns[0].others, found.bias) == (None, None)


def test_the_organiser_sees_severity_spread_and_where_judges_lie_apart(actor: Account) -> None:
    round_ = _round(actor)
    judges = _judges(round_)
    _tried(round_, judges[:3], [60, 60, 60])
    actions.mark_sample(Sample.objects.earliest("pk"), marks(90, 0), actor=judges[3].account)

    shown = text(browser(actor).get(f"/console/panels/{round_.pk}/calibration/"))

    found = queries.standings(round_, queries.stage_of(round_))
    assert [(s.filed, s.asked, s.ready) for s in found] == [(2, 2, True)] * 3 + [(1, 2, False)]
    assert [s.bias for s in found[:3]] == [Decimal(0)] * 3
    assert "样卷 1 · 带徒" in shown
    assert "未试评完" in shown
    assert "1 / 2" in shown


def test_judges_who_are_not_ready_are_released_only_for_a_reason(actor: Account) -> None:
    round_ = _round(actor, reference=Decimal(60))
    judges = _judges(round_)
    _tried(round_, judges, [100, 55, 55, 55])
    client = browser(actor)
    url = f"/console/panels/{round_.pk}/calibration/release/"

    bare = client.post(url, {"why": ""})
    done = client.post(url, {"why": "该评委已面谈并同意标准"})

    assert (bare.status_code, done.status_code) == (422, 303)
    assert "还有 1 名评委" in text(bare)
    assert (Release.objects.get().ready, Release.objects.get().judges) == (3, 4)
    assert client.post(url, {"why": "再放行一次"}).status_code == 409
    with pytest.raises(actions.CalibrationRefused, match="试评已结束"):
        actions.add_sample(round_, "X", reference=None, actor=actor)


def test_too_few_samples_are_not_released(actor: Account) -> None:
    round_ = _round(actor)
    Sample.objects.filter(round=round_).latest("pk").delete()

    answer = browser(actor).post(f"/console/panels/{round_.pk}/calibration/release/", {"why": "先放行再说"})

    assert (answer.status_code, "方案定了 2 件样卷，现在只有 1 件" in text(answer)) == (409, True)
    assert not Release.objects.exists()


def test_a_judge_reads_no_sample_of_the_own_unit_and_is_ready_without_it(actor: Account) -> None:
    round_ = _round(actor)
    judges = _judges(round_)
    one = Sample.objects.earliest("pk")
    other = enterprise("370104")
    later = Sample.objects.latest("pk")
    later.application.organisation = other
    later.application.save()
    judges[0].employer_id = one.application.organisation_id
    judges[0].save()
    client = browser(judges[0].account)
    url = f"/console/reviews/trials/{round_.pk}/{one.pk}/"
    assert (client.get(url).status_code, client.post(url, _sent()).status_code) == (404, 404)
    with pytest.raises(actions.CalibrationRefused, match="须回避"):
        actions.mark_sample(one, marks(80), actor=judges[0].account)
    for judge in judges:
        for sample in (one, later):
            if (judge, sample) != (judges[0], one):
                actions.mark_sample(sample, marks(80), actor=judge.account)

    found = queries.standings(round_, queries.stage_of(round_))

    assert "须回避，不必试评" in text(client.get(f"/console/reviews/trials/{round_.pk}/"))
    assert [(s.asked, s.left, s.ready) for s in found] == [
        (1, 0, True),
        (2, 0, True),
        (2, 0, True),
        (2, 0, True),
    ]


def test_samples_are_added_and_dropped_only_by_who_runs_the_round(actor: Account) -> None:
    round_ = seated(actor, applications=2, judges_=3, calibrate=1)
    row = round_.applications.earliest("pk")
    client = browser(actor)
    url = f"/console/panels/{round_.pk}/calibration/"
    assert "方案定了 1 件样卷" in text(client.get(url))
    wrong = client.post(f"{url}add/", {"number": "没有的编号"})
    far = client.post(f"{url}add/", {"number": row.number, "reference": "101"})
    added = client.post(f"{url}add/", {"number": row.number, "reference": "85"})
    twice = client.post(f"{url}add/", {"number": row.number})
    assert [a.status_code for a in (wrong, far, added, twice)] == [422, 422, 303, 422]
    sample = Sample.objects.get()

    elsewhere = AccountFactory(
        grants=[(RegionFactory(code="370300", level="city"), LineFactory(), "round.run")]
    )
    line = AccountFactory(grants=[(round_.region, LineFactory(code="court"), "round.run")])
    for account in (elsewhere, line, row.person.account, _judges(round_)[0].account):
        for path in ("", "add/", f"{sample.pk}/drop/", "release/"):
            assert browser(account).get(f"{url}{path}").status_code == 404
    for account in (elsewhere, row.person.account, actor):
        assert browser(account).get(f"/console/reviews/trials/{round_.pk}/").status_code == 404
        assert browser(account).get(f"/console/reviews/trials/{round_.pk}/{sample.pk}/").status_code == 404

    assert client.post(f"{url}{sample.pk}/drop/").status_code == 303
    assert not Sample.objects.exists()


def test_a_sample_that_was_marked_stays_and_a_trial_is_never_changed(actor: Account) -> None:
    round_ = _round(actor)
    sample = Sample.objects.earliest("pk")
    made = actions.mark_sample(sample, marks(80), actor=_judges(round_)[0].account)

    with pytest.raises(actions.CalibrationRefused, match="不能再撤"):
        actions.drop_sample(sample, actor=actor)
    with pytest.raises(DatabaseError), transaction.atomic():
        Trial.objects.filter(pk=made.pk).update(total=1)


def test_trials_never_count_as_marks(actor: Account) -> None:
    round_ = _round(actor)
    _tried(round_, _judges(round_), [80, 80, 80, 80])

    assert not Sheet.objects.exists()
    assert all(held.status == "live" for held in Assignment.objects.filter(run__round=round_))


def test_a_round_without_samples_asks_for_no_calibration(actor: Account) -> None:
    round_ = seated(actor)
    held = Assignment.objects.filter(run__round=round_).select_related("judge__account").earliest("pk")

    marking.file(held, marks(80), actor=held.judge.account)

    assert browser(actor).get(f"/console/panels/{round_.pk}/calibration/").status_code == 404
    with pytest.raises(Contradicted, match="校准样卷数"):
        seated(actor, calibrate=21)


def test_pages_cost_the_same_for_few_and_many_judges(actor: Account) -> None:
    costs: dict[str, list[int]] = {}
    for judges in (3, 9):
        round_ = _round(actor, judges=judges)
        _tried(round_, _judges(round_), [70] * judges)
        one = _judges(round_)[0].account
        pages: list[tuple[str, Account, str]] = [
            ("organiser", actor, f"/console/panels/{round_.pk}/calibration/"),
            ("judge", one, f"/console/reviews/trials/{round_.pk}/"),
        ]
        for name, account, url in pages:
            client: Any = browser(account)
            client.get(url)
            with CaptureQueriesContext(connection) as seen:
                client.get(url)
            costs.setdefault(name, []).append(len(seen))

    assert all(few == many for few, many in costs.values()), costs


def test_a_value_is_agreed_by_the_reference_else_by_three_judges() -> None:
    two = [Decimal(60), Decimal(90)]

    assert rules.agreed(Decimal(70), two) == Decimal(70)
    assert rules.agreed(None, two) is None
    assert rules.agreed(None, [*two, Decimal(61), None]) == Decimal(61)
