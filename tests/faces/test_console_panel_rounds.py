"""The organiser's pages of a panel round: judges, panels after a preview, sheets, scores that anybody can check."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.faces.console import browser, hidden, text
from tests.factories import AccountFactory, RegionFactory
from tests.panels import NAME, at, judges, mark_all, marks, panel_programme, reviewed, seated
from tests.selection import ORGANISER, open_round, organiser
from tests.works import worked
from yanzhen.engines.programmes.models import Application, Round
from yanzhen.engines.programmes.panels.actions import marking, running
from yanzhen.engines.programmes.panels.models import Assignment, Bar, Judge, ScoreRun, Sheet, VoidSheet
from yanzhen.faces.console import timeline
from yanzhen.faces.console.verbs import LABELS
from yanzhen.foundation import parameters
from yanzhen.foundation.models import Account

pytestmark = pytest.mark.django_db


@pytest.fixture
def actor() -> Account:
    parameters.load_defaults()
    return organiser()


def to_assign(actor: Account, *, applications: int = 2, judges_: int = 0) -> Round:
    round_ = open_round(actor, panel_programme())
    reviewed(round_, applications)
    round_ = at(round_, "assign")
    judges(round_, actor, judges_)
    return round_


def address(round_: Round, more: str = "") -> str:
    return f"/console/panels/{round_.pk}/{more}"


def previewed(client: Client, round_: Round, page: str = "fill/", **more: Any) -> Any:
    """Ask for a preview, let the worker compute it, and open the page again."""
    client.post(address(round_, page), {"preview": "1", **more})
    worked()
    return client.get(address(round_, page))


def fill(client: Client, round_: Round, page: str = "fill/", **more: Any) -> Any:
    shown = previewed(client, round_, page, **more)
    answer = client.post(address(round_, page), {"seen": hidden(shown, "seen"), "confirm": "1", **more})
    worked()
    return answer


def test_the_menu_marks_the_rounds_on_the_pages_of_their_panels(actor: Account) -> None:
    round_ = to_assign(actor)

    menu = browser(actor).get(address(round_)).content.decode().partition("<main")[0]

    assert '<a href="/console/rounds/" aria-current="page">' in menu


def test_a_judge_is_invited_from_those_who_may_mark(actor: Account) -> None:
    round_ = to_assign(actor)
    marker = AccountFactory(grants=[(round_.region, None, "application.mark")])
    AccountFactory(name="不能评审的人")
    region = RegionFactory(code="370200", level="city")
    client = browser(actor)
    given = {"account": marker.pk, "region": region.pk, "topics": "焊工，C36", "most": "20", "employer": ""}

    offered = text(client.get(address(round_, "judges/invite/")))
    unknown = client.post(address(round_, "judges/invite/"), {**given, "employer": "没有这家单位"})
    long = client.post(address(round_, "judges/invite/"), {**given, "topics": "长" * 33})
    made = client.post(address(round_, "judges/invite/"), given)

    assert marker.name in offered
    assert "不能评审的人" not in offered
    assert (unknown.status_code, long.status_code, made.status_code) == (422, 422, 303)
    assert "没有这个单位" in text(unknown)
    judge = Judge.objects.get()
    assert (judge.account, judge.region, judge.topics, judge.most) == (marker, region, ["C36", "焊工"], 20)
    assert marker.name in text(client.get(address(round_, "judges/")))


def test_panels_are_filled_after_a_preview_that_keeps_nothing(actor: Account) -> None:
    round_ = to_assign(actor, judges_=3)
    client = browser(actor)

    shown = previewed(client, round_)
    assert "将分出 4 项任务" in text(shown)
    assert not Assignment.objects.exists()
    assert client.post(address(round_, "fill/"), {"confirm": "1"}).status_code == 409
    answer = fill(client, round_)

    assert (answer.status_code, Assignment.objects.count()) == (303, 4)
    again = client.post(address(round_, "fill/"), {"preview": "1"})
    assert (again.status_code, "已分配评委" in text(again)) == (409, True)
    overview = text(client.get(address(round_)))
    run = Assignment.objects.select_related("run").first().run  # type: ignore[union-attr]  # four of them
    assert all(each in overview for each in (str(run.seed), run.input_hash, run.solver, "核对"))


def test_a_preview_that_is_out_of_date_is_refused_and_made_anew(actor: Account) -> None:
    round_ = to_assign(actor, judges_=2)
    client = browser(actor)
    seen = hidden(previewed(client, round_), "seen")
    judges(round_, actor, 1)

    answer = client.post(address(round_, "fill/"), {"seen": seen, "confirm": "1"})
    worked()

    assert (answer.status_code, Assignment.objects.count()) == (303, 0)
    assert "预览之后" in text(client.get(address(round_)))
    assert hidden(previewed(client, round_), "seen") != seen


def test_what_panels_lack_is_said_before_and_after(actor: Account) -> None:
    round_ = to_assign(actor, applications=1, judges_=1)
    judges(round_, actor, 1, city="370100")
    client = browser(actor)

    said = f"{Application.objects.get().number} 还缺 1 名评委（与申报人同市 1 人）"
    assert said in text(previewed(client, round_))
    fill(client, round_)
    assert said in text(client.get(address(round_)))


def test_no_judge_and_no_application_is_said_and_not_an_error(actor: Account) -> None:
    client = browser(actor)
    shown = previewed(client, to_assign(actor))

    assert "还没有评委" in text(shown)
    assert "confirm" not in shown.content.decode()


def test_a_bar_learned_late_voids_the_sheet_and_the_hole_is_filled(actor: Account) -> None:
    round_ = seated(actor, judges_=3)
    mark_all(round_)
    held = Assignment.objects.order_by("pk").first()
    assert held
    client = browser(actor)
    page = address(round_, f"judges/{held.judge_id}/bar/")
    given = {"number": held.application.number.lower(), "kind": "mentor", "why": "师徒关系，后经查明"}

    wrong = client.post(page, {**given, "number": "SB0"})
    made = client.post(page, given)
    filled = fill(client, round_, "holes/")

    assert (wrong.status_code, made.status_code, filled.status_code) == (422, 303, 303)
    assert (Bar.objects.count(), VoidSheet.objects.count()) == (1, 1)
    assert Assignment.objects.filter(status="live").count() == 1
    assert "师徒关系，后经查明" in text(client.get(address(round_, "judges/")))


def test_who_leaves_is_replaced_after_a_preview(actor: Account) -> None:
    round_ = seated(actor, applications=1, judges_=3)
    gone = Assignment.objects.order_by("pk").first().judge  # type: ignore[union-attr]  # two of them
    client = browser(actor)

    shown = previewed(client, round_, "holes/", gone=gone.pk)
    assert "将分出 1 项任务" in text(shown)
    assert Judge.objects.filter(active=True).count() == 3
    answer = client.post(
        address(round_, "holes/"), {"gone": gone.pk, "seen": hidden(shown, "seen"), "confirm": "1"}
    )
    worked()

    assert answer.status_code == 303
    assert set(Judge.objects.filter(active=False)) == {gone}
    assert not Assignment.objects.filter(status="live", judge=gone).exists()


def test_a_sheet_is_read_and_made_void_for_a_reason(actor: Account) -> None:
    round_ = seated(actor)
    mark_all(round_)
    sheet = Sheet.objects.order_by("pk").first()
    assert sheet
    client = browser(actor)
    page = address(round_, f"sheets/{sheet.pk}/")

    assert "高于要求" in text(client.get(page))
    assert client.post(f"{page}void/", {"why": "错"}).status_code == 422
    assert client.post(f"{page}void/", {"why": "评委看错了申报"}).status_code == 303
    assert client.post(f"{page}void/", {"why": "评委看错了申报"}).status_code == 409

    assert "评委看错了申报" in text(client.get(page))
    assert "待打分" in text(client.get(address(round_, "progress/?status=live")))


def test_a_text_is_redacted_and_the_judge_reads_that(actor: Account) -> None:
    round_ = seated(actor, applications=1)
    held = Assignment.objects.first()
    assert held
    page = address(round_, f"redact/{held.application.number}/")
    client = browser(actor)
    assert "未看过" in text(client.get(address(round_, "redact/")))
    opened = client.get(page).content.decode()
    assert "□□在□□做了三十年" in opened

    too_long = client.post(page, {"r-deeds": "长" * 501})
    saved = client.post(page, {"r-deeds": "某人做了三十年"})

    assert (too_long.status_code, saved.status_code) == (422, 303)
    assert "某人做了三十年" in text(browser(held.judge.account).get(f"/console/reviews/{held.pk}/"))
    assert "已遮蔽" in text(client.get(address(round_, "redact/")))
    held.application.refresh_from_db()
    assert NAME in held.application.answers["deeds"]


def test_a_run_shows_raw_beside_corrected_and_how_to_check_it(actor: Account) -> None:
    round_ = seated(actor, applications=4, judges_=3)
    client = browser(actor)
    client.post(address(round_, "scores/"), {"method": "mean"})
    worked()
    assert "还没有评委交来评分" in text(client.get(address(round_, "scores/")))
    mark_all(round_)

    client.post(address(round_, "scores/"), {"method": "mean"})
    worked()
    run = ScoreRun.objects.get()
    page = address(round_, f"scores/{run.pk}/")
    shown = text(client.get(page))

    assert page in client.get(address(round_, "scores/")).content.decode()
    assert all(each in shown for each in ("校正分", "原始分", run.input_hash, run.result_hash, "scoring/1"))
    assert hashlib.sha256(client.get(f"{page}frozen/").content).hexdigest() == run.result_hash
    assert "逐字节一致" in text(client.get(f"{page}check/"))
    assert client.post(address(round_, "scores/"), {"method": "sorcery"}).status_code == 422
    client.post(address(round_, "scores/"), {"method": "two_way"})
    worked()
    assert ScoreRun.objects.count() == 1
    assert "所评不足 8 份" in text(client.get(address(round_, "scores/")))


def test_judges_are_reported_where_the_method_tells_them_apart(actor: Account) -> None:
    round_ = seated(actor, applications=8, judges_=2)
    mark_all(round_)
    run = running.run(round_, actor=actor, method="two_way")
    client = browser(actor)

    shown = text(client.get(address(round_, f"scores/{run.pk}/check/")))

    assert "严苛" in shown
    assert all(str(judge) in shown for judge in Judge.objects.all())
    adopted = client.post(address(round_, f"scores/{run.pk}/adopt/"))
    assert (adopted.status_code, ScoreRun.objects.filter(adopted_at__isnull=False).count()) == (409, 0)
    assert "只供比较" in text(adopted)


def test_a_run_is_adopted_after_what_it_changes_was_shown(actor: Account) -> None:
    round_ = seated(actor, applications=3, judges_=3)
    mark_all(round_)
    first = running.run(round_, actor=actor)
    client = browser(actor)
    assert client.post(address(round_, f"scores/{first.pk}/adopt/")).status_code == 303
    worked()
    held = Assignment.objects.filter(application__place=1).first()
    assert held
    marking.void(held.sheets.get(), why="评委看错了申报", actor=actor)
    marking.file(held, marks(0, 0), actor=held.judge.account)
    second = running.run(round_, actor=actor)

    shown = text(client.get(address(round_, f"scores/{second.pk}/adopt/")))
    compared = text(client.get(address(round_, f"scores/{second.pk}/difference/{first.pk}/")))

    assert held.application.number in shown
    assert "退出前 1 名" in compared
    assert "重新运行" in text(client.get(address(round_, f"scores/{first.pk}/check/")))
    assert client.post(address(round_, f"scores/{second.pk}/adopt/")).status_code == 303
    worked()
    assert ScoreRun.objects.get(adopted_at__isnull=False) == second


def test_an_odd_mark_goes_to_another_judge(actor: Account) -> None:
    round_ = seated(actor, applications=1, judges_=3)
    mark_all(round_)
    held = Assignment.objects.first()
    assert held
    run = running.run(round_, actor=actor)
    ScoreRun.objects.filter(pk=run.pk).update(
        flags=[[held.application_id, held.judge_id, "10", "80", "-4.2"]]
    )
    client = browser(actor)
    page = address(round_, f"scores/{run.pk}/")
    again = f"{page}again/{held.application.number}/"

    assert "-4.2" in text(client.get(page))
    assert client.post(again).status_code == 303
    assert "已另请评委" in text(client.get(page))
    assert client.post(again).status_code == 409
    assert client.get(f"{page}again/SB0/").status_code == 404


def test_an_odd_mark_goes_to_another_judges_desk_and_into_the_next_run(actor: Account) -> None:
    round_ = seated(actor, applications=1, judges_=4)
    mark_all(round_)
    held = Assignment.objects.filter(run__round=round_).earliest("pk")
    run = running.run(round_, actor=actor)
    ScoreRun.objects.filter(pk=run.pk).update(
        flags=[[held.application_id, held.judge_id, "20", "70", "-4.2"]]
    )
    page = address(round_, f"scores/{run.pk}/again/{held.application.number}/")

    once, twice = browser(actor).post(page), browser(actor).post(page)
    given = Assignment.objects.get(remark=True)
    desk = browser(given.judge.account)
    listed, shown = desk.get("/console/reviews/"), desk.get(f"/console/reviews/{given.pk}/")
    taken = desk.post(f"/console/reviews/{given.pk}/", {"m-skill": "70", "m-lead": "2"})

    assert (once.status_code, twice.status_code) == (303, 409)
    assert "还没有评完" in text(twice)
    assert f"任务 {given.pk}" in text(listed)
    assert not any(told in text(shown) for told in ("复评", "偏离", "-4.2"))
    assert taken.status_code == 303
    again = running.run(round_, actor=actor)
    assert len(running.input_of(round_, round_.programme.stage("mark")).marks) == 3
    assert again.input_hash != run.input_hash


def test_who_does_not_run_the_round_opens_none_of_its_pages(actor: Account) -> None:
    round_ = seated(actor)
    mark_all(round_)
    run, sheet = running.run(round_, actor=actor), Sheet.objects.first()
    assert sheet
    other = Round.objects.create(
        definition=round_.definition, label="另一轮", year=2025, form=round_.form, digest=round_.digest, stage="mark",
        seed=1, region=round_.region, line=round_.line, opened_by=actor, opened_at=round_.opened_at,
    )  # fmt: skip
    held = Assignment.objects.first()
    assert held
    pages = (
        "", "judges/", "judges/invite/", f"judges/{held.judge_id}/bar/", "fill/", "holes/", "progress/", "redact/",
        f"redact/{held.application.number}/", f"sheets/{sheet.pk}/", f"sheets/{sheet.pk}/void/", "scores/",
        f"scores/{run.pk}/", f"scores/{run.pk}/frozen/", f"scores/{run.pk}/check/", f"scores/{run.pk}/adopt/",
        f"scores/{run.pk}/difference/{run.pk}/",
    )  # fmt: skip
    elsewhere = AccountFactory(grants=[(RegionFactory(code="370200", level="city"), None, ORGANISER)])

    for account in (elsewhere, held.judge.account):
        client = browser(account)
        assert {page: client.get(address(round_, page)).status_code for page in pages} == dict.fromkeys(
            pages, 404
        )
        assert client.post(address(round_, f"scores/{run.pk}/adopt/")).status_code == 404
    inner = [page for page in pages if any(sign.isdigit() for sign in page)]
    assert {browser(actor).get(address(other, page)).status_code for page in inner} == {404}


@pytest.mark.parametrize("page", ["", "judges/", "progress/", "redact/", "fill/"])
def test_a_page_of_the_round_reads_a_fixed_number_of_times(actor: Account, page: str) -> None:
    counted = []
    for size in (1, 5):
        round_ = open_round(actor, panel_programme(), label=f"轮次{size}")
        reviewed(round_, size)
        round_ = at(round_, "assign")
        judges(round_, actor, size + 1)
        client = browser(actor)
        (previewed if page == "fill/" else fill)(client, round_)
        client.get(address(round_, page))
        with CaptureQueriesContext(connection) as asked:
            assert client.get(address(round_, page)).status_code == 200
        counted.append(len(asked))

    assert counted[0] == counted[1]


@pytest.mark.parametrize("asked", ["0", "-1", "x", "99999", "9" * 40, "²"])
def test_a_page_number_that_is_none_is_read_as_near_as_can_be(actor: Account, asked: str) -> None:
    assert browser(actor).get(address(seated(actor), "progress/"), {"page": asked}).status_code == 200


def test_who_judged_stands_on_the_organisers_pages_and_not_with_the_application(actor: Account) -> None:
    round_ = seated(actor, applications=1)
    mark_all(round_)
    row, judge = Application.objects.get(), Judge.objects.first()
    assert judge
    recommender = AccountFactory(grants=[(round_.region, None, "application.view")])

    shown = text(browser(recommender).get(f"/console/applications/{row.number}/"))

    assert ("填写申报内容" in shown, judge.account.name in shown) == (True, False)
    assert judge.account.name in text(browser(actor).get(address(round_, "progress/")))


def test_every_record_of_a_selection_is_told_in_words() -> None:
    source = Path(timeline.__file__).parents[2] / "engines" / "programmes"
    verbs = {
        verb
        for file in source.rglob("*.py")
        for verb in re.findall(r'\brecord\(\s*"([a-z_.]+)"', file.read_text(encoding="utf-8"))
    }
    assert verbs - LABELS.keys() == set()
