"""The certificates of a round: each honour's once, whatever is cut off, and a reason for each that can not be made."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection

from tests.factories import AccountFactory, LineFactory, RegionFactory
from tests.results import JURY, at_stage, over, published
from tests.selection import programme, province
from yanzhen.engines.honours import numbers, printing
from yanzhen.engines.honours.models import Honour
from yanzhen.engines.programmes.certificates import actions, queries, tasks
from yanzhen.engines.programmes.certificates.models import Certificate, CertificateRun
from yanzhen.engines.programmes.models import Application, Round
from yanzhen.engines.programmes.results.actions import award
from yanzhen.foundation import attachments, calendar, crypto, parameters
from yanzhen.foundation.errors import NotAllowed
from yanzhen.foundation.models import Account, Person

pytestmark = pytest.mark.django_db
AWARDER = f"{JURY} honour.award"


@pytest.fixture
def awarder() -> Account:
    calendar.seed()
    parameters.load_defaults()
    crypto.begin()
    return AccountFactory(grants=[(province(), LineFactory(), AWARDER)])


@pytest.fixture
def decided(awarder: Account) -> Round:
    """A round at its certificates, with four honours."""
    made, _notice = published(made=programme(title="qilu_craftsman", ratios=(), per_employer=0))
    round_ = over(at_stage(made.round, "decide"))
    award(round_, actor=awarder)
    return at_stage(round_, "credential")


def issue(round_: Round, actor: Account) -> CertificateRun:
    run = actions.issue(round_, actor=actor)
    tasks.print_certificates(run.pk)
    run.refresh_from_db()
    return run


def test_every_honour_gets_its_certificate_and_the_stage_is_over(decided: Round, awarder: Account):
    waiting = list(queries.runs(decided))
    run = issue(decided, awarder)

    files = [c.file for c in queries.certificates(decided)]
    assert waiting == []
    assert (run.done, run.refused, run.ended_at is not None) == (4, [], True)
    assert [file.name for file in files] == [f"{h.number}.pdf" for h in queries.honours_of(decided)]
    assert {attachments.bytes_of(file)[:5] for file in files} == {b"%PDF-"}
    assert queries.counts(decided) == {"honours": 4, "printed": 4, "missing": 0}
    with pytest.raises(actions.CertificatesRefused, match="证书都已制作"):
        actions.issue(decided, actor=awarder)


def test_a_run_that_is_cut_off_goes_on_and_prints_nothing_twice(
    decided: Round, awarder: Account, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(actions, "PART", 1)
    whole, printed = printing.printed, []

    def cut_off(sheets: Any) -> bytes:
        if len(printed) == 2:
            raise KeyboardInterrupt
        printed.append(sheets[0].number)
        return whole(sheets)

    monkeypatch.setattr(printing, "printed", cut_off)
    run = actions.issue(decided, actor=awarder)
    with pytest.raises(KeyboardInterrupt):
        tasks.print_certificates(run.pk)
    halfway = Certificate.objects.count()
    monkeypatch.setattr(printing, "printed", whole)
    again = issue(decided, awarder)

    assert (halfway, again.pk, again.done) == (2, run.pk, 4)
    assert Certificate.objects.count() == 4
    assert len({c.honour_id for c in Certificate.objects.all()}) == 4
    assert [(a.last, a.issued, a.missing_count) for a in numbers.audit()] == [(4, 4, 0)]


def test_what_can_not_be_printed_is_told_and_does_not_keep_the_others(decided: Round, awarder: Account):
    first, second = queries.honours_of(decided)[:2]
    Person.objects.filter(pk=first.person_id).update(name="\ue000某")
    run = actions.issue(decided, actor=awarder)
    Honour.objects.filter(pk=second.pk).update(state="suspended")
    tasks.print_certificates(run.pk)

    run.refresh_from_db()
    assert [number for number, _why in run.refused] == [first.number, second.number]
    assert "已暂停" in run.refused[1][1]
    assert (run.printed, queries.counts(decided)["printed"]) == (2, 2)


def test_before_the_decision_and_without_the_right_nothing_is_printed(decided: Round, awarder: Account):
    strangers = [
        AccountFactory(grants=[(RegionFactory(code="370100", level="city"), None, AWARDER)]),
        AccountFactory(grants=[(province(), LineFactory(code="court"), AWARDER)]),
        AccountFactory(grants=[(province(), LineFactory(), JURY)]),
    ]

    for stranger in strangers:
        with pytest.raises(NotAllowed):
            actions.issue(decided, actor=stranger)
        with pytest.raises(NotAllowed):
            actions.bundle(decided, 0, actor=stranger)
    with pytest.raises(actions.CertificatesRefused, match="认定之后才能制作证书"):
        actions.issue(at_stage(decided, "decide"), actor=awarder)
    Application.objects.update(state="not_awarded")
    with pytest.raises(actions.CertificatesRefused, match="没有授予荣誉"):
        actions.issue(at_stage(decided, "credential"), actor=awarder)
    assert not CertificateRun.objects.exists()


def test_the_printing_is_a_job_of_the_same_transaction(decided: Round, awarder: Account):
    run = actions.issue(decided, actor=awarder)

    with connection.cursor() as cursor:
        cursor.execute(
            "select args->>'pk' from procrastinate_jobs where task_name = %s",
            [tasks.print_certificates.job_name],
        )
        assert cursor.fetchall() == [(str(run.pk),)]


def test_only_the_holder_has_the_own_certificate_while_it_stands(decided: Round, awarder: Account):
    issue(decided, awarder)
    first, second = queries.honours_of(decided)[:2]

    mine = queries.own(first.person, first.number)
    assert mine is not None
    assert mine.file.name == f"{first.number}.pdf"
    assert queries.own(second.person, first.number) is None
    Honour.objects.filter(pk=first.pk).update(state="suspended")
    assert queries.own(first.person, first.number) is None
    assert queries.numbers_of(first.person) == set()
