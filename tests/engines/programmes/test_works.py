"""What the worker does for a round: asked once, done as the one who asked, whole or not at all, whoever is killed."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.engines.programmes.test_notices import accepted
from tests.factories import AccountFactory
from tests.results import at_stage, jury, over, published, ready
from tests.selection import programme
from tests.works import worked
from yanzhen.engines.programmes.declare import Quota
from yanzhen.engines.programmes.models import Application, Round
from yanzhen.engines.programmes.notices.actions import preview
from yanzhen.engines.programmes.notices.models import Objection
from yanzhen.engines.programmes.notices.works import OBJECTION_UPHOLD
from yanzhen.engines.programmes.results import actions
from yanzhen.engines.programmes.results.actions import DecisionRefused
from yanzhen.engines.programmes.results.models import ShortlistRun
from yanzhen.engines.programmes.results.works import LIST_AWARD, SHORTLIST_ADOPT, SHORTLIST_RUN
from yanzhen.engines.programmes.works import asking, running
from yanzhen.engines.programmes.works.models import Work
from yanzhen.foundation import calendar, crypto, parameters
from yanzhen.foundation.errors import Invalid, NotAllowed
from yanzhen.foundation.models import Grant, Record

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _rules() -> None:
    calendar.seed()
    parameters.load_defaults()
    crypto.begin()


def queued() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "select count(*) from procrastinate_jobs where task_name like '%%works.tasks.run_work'"
        )
        return int(cursor.fetchone()[0])


def test_what_is_asked_for_twice_is_done_once():
    made = ready()
    first = asking.ask(made.round, SHORTLIST_RUN, actor=made.organiser)
    second = asking.ask(made.round, SHORTLIST_RUN, actor=made.organiser)
    running.run(first.pk)
    running.run(first.pk)

    assert (first, queued(), ShortlistRun.objects.count()) == (second, 1, 1)
    work = Work.objects.get()
    assert (work.status, work.begun, work.result) == ("done", 1, {"run": ShortlistRun.objects.get().pk})
    assert "4 人入围" in work.said


def test_another_thing_waits_until_the_first_is_over_and_is_told_which():
    made = ready()
    run = actions.run_shortlist(made.round, actor=made.organiser)
    asking.ask(made.round, SHORTLIST_RUN, actor=made.organiser)

    with pytest.raises(asking.WorkRefused, match="正在后台“运行入围名单”"):
        asking.ask(made.round, SHORTLIST_ADOPT, actor=made.organiser, run=run.pk, note="")


def test_who_may_not_run_the_round_asks_for_nothing():
    made = ready()
    elsewhere = AccountFactory(grants=[(made.rows[0].region, None, "round.run")])

    with pytest.raises(NotAllowed):
        asking.ask(made.round, SHORTLIST_RUN, actor=elsewhere)
    assert not Work.objects.exists()


def test_a_right_that_was_taken_away_meanwhile_is_not_used():
    made = ready()
    asking.ask(made.round, SHORTLIST_RUN, actor=made.organiser)
    Grant.objects.filter(account=made.organiser).delete()

    work = worked()

    assert (work.status, ShortlistRun.objects.count()) == ("failed", 0)
    assert "没有“组织评选轮次”权限" in work.said


def test_an_adoption_that_the_engine_refuses_changes_nothing_and_says_why():
    made = ready()
    run = actions.run_shortlist(made.round, actor=made.organiser)
    asking.ask(made.round, SHORTLIST_ADOPT, actor=made.organiser, run=run.pk, note="")
    Application.objects.filter(pk=made.rows[0].pk).update(score=99)

    work = worked()

    assert (work.status, "名单已不成立" in work.said) == ("failed", True)
    assert set(Application.objects.values_list("state", "chosen")) == {("review", None)}


def test_a_worker_killed_in_the_middle_leaves_the_work_to_the_next():
    made = ready()
    run = actions.run_shortlist(made.round, actor=made.organiser)
    work = asking.ask(made.round, SHORTLIST_ADOPT, actor=made.organiser, run=run.pk, note="")
    running._begin(work.pk)  # and no more: killed

    running.run(work.pk)

    work.refresh_from_db()
    assert (work.status, work.begun) == ("done", 2)
    assert Application.objects.filter(state="noticed").count() == 4


def test_what_kills_every_worker_fails_with_a_sentence_and_may_be_asked_for_again():
    made = ready()
    work = asking.ask(made.round, SHORTLIST_RUN, actor=made.organiser)
    for _killed in range(running.MOST):
        running._begin(work.pk)

    running.run(work.pk)

    work.refresh_from_db()
    assert (work.status, work.said, ShortlistRun.objects.count()) == ("failed", running.GIVEN_UP, 0)
    assert asking.ask(made.round, SHORTLIST_RUN, actor=made.organiser) != work


def test_asking_and_ending_are_on_record_with_who_asked_and_by_which_right():
    made = ready()
    asking.ask(made.round, SHORTLIST_RUN, actor=made.organiser)
    worked()

    lines = Record.objects.filter(verb__in=("work.ask", "shortlist.run", "work.done")).order_by("id")
    grant = Grant.objects.get(account=made.organiser).pk
    assert list(lines.values_list("verb", "actor_id", "grant_id")) == [
        (verb, made.organiser.pk, grant) for verb in ("work.ask", "shortlist.run", "work.done")
    ]


def test_an_adopted_list_costs_the_same_statements_whatever_its_length(django_assert_max_num_queries):
    made = ready(("3701", "3702") * 30)
    run = actions.run_shortlist(made.round, actor=made.organiser)

    with django_assert_max_num_queries(60):
        actions.adopt_shortlist(run, actor=made.organiser)

    moved = Record.objects.filter(verb__in=("move.put_forward", "move.leave_out"))
    assert moved.count() == 60


def award_of(places: int) -> tuple[Round, int]:
    """Return a round with so many on its list, and what its award took in statements."""
    made, _notice = published(
        made=programme(code=f"p{places}", quota=Quota(places=places), ratios=(), per_employer=0),
        cells=("3701", "3702") * (places // 2),
    )
    round_ = over(at_stage(made.round, "decide"))
    asking.ask(round_, LIST_AWARD, actor=jury(), note="")
    with CaptureQueriesContext(connection) as asked:
        assert worked().said == f"已认定 {places} 件"
    return round_, len(asked)


def test_the_award_of_a_list_costs_the_same_statements_whatever_its_length():
    (few, price), (many, same) = award_of(4), award_of(60)

    assert price == same
    assert Record.objects.filter(verb="move.award").count() == 64
    assert Application.objects.filter(round__in=(few, many), state="awarded").count() == 64


def test_a_list_that_may_not_be_awarded_yet_is_refused_on_the_page_and_asks_nobody():
    made, _notice = published()

    with pytest.raises(DecisionRefused, match="期满后方可认定"):
        asking.ask(at_stage(made.round, "decide"), LIST_AWARD, actor=jury(), note="")
    with pytest.raises(NotAllowed):
        asking.ask(made.round, LIST_AWARD, actor=AccountFactory(), note="")
    assert not Work.objects.exists()


def test_an_objection_is_upheld_by_the_worker_as_its_handler_and_by_nobody_else():
    made, notice = published()
    handler = jury()
    row = accepted(notice, handler)
    given = {"objection": row.pk, "finding": "经查属实", "seen_mark": preview(row).mark}
    with pytest.raises(NotAllowed, match="只有受理"):
        asking.ask(made.round, OBJECTION_UPHOLD, actor=jury(), **given)
    with pytest.raises(Invalid, match="核查结论"):
        asking.ask(made.round, OBJECTION_UPHOLD, actor=handler, **(given | {"finding": " "}))

    asking.ask(made.round, OBJECTION_UPHOLD, actor=handler, **given)

    assert worked().said == "异议成立，名单已按预览更换"
    assert Objection.objects.get().state == "upheld"
