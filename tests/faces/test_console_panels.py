"""The judge's pages: blind, one's own alone, every refusal at its field."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.faces.console import browser, text
from tests.factories import AccountFactory
from tests.panels import MOTHER, NAME, UNIT, marks, seated
from tests.selection import organiser
from yanzhen.engines.programmes.models import Application, Round, Window
from yanzhen.engines.programmes.panels.actions import marking
from yanzhen.engines.programmes.panels.models import Assignment, Bar, Sheet
from yanzhen.foundation import parameters
from yanzhen.foundation.models import Account, Organisation

pytestmark = pytest.mark.django_db


@pytest.fixture
def actor() -> Account:
    parameters.load_defaults()
    return organiser()


def held_by(round_: Round) -> tuple[Assignment, Any]:
    """Return an assignment and the browser of its judge, who holds no grant at all."""
    held = Assignment.objects.filter(run__round=round_).order_by("pk").first()
    assert held
    return held, browser(held.judge.account)


def address(held: Assignment, more: str = "") -> str:
    return f"/console/reviews/{held.pk}/{more}"


SENT = {"m-skill": "80", "m-lead": "2", "m-_opinion": "扎实"}


def test_a_blind_judge_reads_nothing_that_tells_who_applied(actor: Account) -> None:
    held, client = held_by(seated(actor))
    row = held.application
    shown = (client.get(address(held)), client.get("/console/reviews/"), client.get(address(held, "recuse/")))

    secrets = (NAME, UNIT, MOTHER, row.number, row.title, str(row.region))
    bodies = [page.content.decode() for page in shown]
    assert [page.status_code for page in shown] == [200, 200, 200]
    assert [(s, n) for s in secrets for n, body in enumerate(bodies) if s in body] == []
    assert "□□在□□做了三十年 一线职工 是 单位负责人 否" in text(shown[0])
    assert "籍贯" not in bodies[0]


def test_a_blind_judge_reads_the_redacted_text_where_there_is_one(actor: Account) -> None:
    held, client = held_by(seated(actor))
    marking.redact(held.application, {"deeds": "某人在某厂做了三十年"}, actor=actor)

    shown = text(client.get(address(held)))

    assert "某人在某厂做了三十年" in shown
    assert "□□" not in shown.replace("□□ 处为", "")


def test_a_stage_that_shows_names_shows_them(actor: Account) -> None:
    held, client = held_by(seated(actor, shows=("names",)))

    shown = text(client.get(address(held)))

    assert all(each in shown for each in (NAME, UNIT, MOTHER, f"{NAME}在{UNIT}做了三十年"))


def test_the_sheet_shows_scales_and_levels_and_goes_on_to_the_next(actor: Account) -> None:
    held, client = held_by(seated(actor))
    following = Assignment.objects.filter(judge=held.judge).exclude(pk=held.pk).get()
    shown = text(client.get(address(held)))
    assert all(each in shown for each in ("0 至 100，每档 1", "3：出众", "权重 60", "交出，到下一件"))

    answer = client.post(address(held), SENT)
    assert (answer.status_code, answer.url) == (303, address(following))
    last = client.post(address(following), {**SENT, "m-lead": "", "m-_na_lead": "没有徒弟"})

    assert (last.status_code, last.url) == (303, "/console/reviews/")
    assert "已交 2，共 2" in text(client.get("/console/reviews/"))
    read = text(client.get(address(following)))
    assert "不适用 ：没有徒弟" in read or "不适用：没有徒弟" in read
    assert [int(s.total or 0) for s in Sheet.objects.order_by("pk")] == [74, 80]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"m-skill": "101"}, "量程是 0 至 100"),
        ({"m-skill": "1e400"}, "量程是 0 至 100"),
        ({"m-skill": "80.5"}, "每档 1"),
        ({"m-skill": "八十"}, "请填数字，量程为 0 至 100"),
        ({"m-skill": "NaN"}, "请填数字"),
        ({"m-lead": "4"}, "请从 0、1、2、3 四级中选一级"),
        ({"m-lead": ""}, "“带徒”还没有打分"),
        ({"m-_na_lead": "没有徒弟"}, "请只留一样"),
        ({"m-_opinion": "好" * 2001}, "2000"),
    ],
)
def test_a_wrong_mark_is_refused_at_its_field_and_what_was_typed_stays(
    actor: Account, changes: dict[str, str], said: str
) -> None:
    held, client = held_by(seated(actor, applications=1))

    answer = client.post(address(held), SENT | changes)

    body = answer.content.decode()
    assert answer.status_code == 422
    assert said in body
    assert "field-error" in body
    assert 'value="80"' in body or "m-skill" in changes
    assert not Sheet.objects.exists()


def test_nobody_else_opens_a_judges_sheet(actor: Account) -> None:
    round_ = seated(actor)
    held, client = held_by(round_)
    other = Assignment.objects.filter(run__round=round_).exclude(judge=held.judge).first()
    assert other
    client.post(address(held), SENT)

    for account in (other.judge.account, actor, AccountFactory()):
        stranger = browser(account)
        assert stranger.get(address(held)).status_code == 404
        assert stranger.post(address(held), SENT).status_code == 404
        assert stranger.get(address(held, "recuse/")).status_code == 404
    assert client.get(address(held)).status_code == 200
    assert Sheet.objects.count() == 1


def test_a_bar_learned_since_shuts_the_sheet(actor: Account) -> None:
    held, client = held_by(seated(actor))
    judge = held.judge
    judge.employer = Organisation.objects.get(pk=held.application.organisation_id)
    judge.save()

    for answer in (client.get(address(held)), client.post(address(held), SENT)):
        assert answer.status_code == 403
        assert "与申报人同单位" in text(answer)
        assert "做了三十年" not in text(answer)
    assert not Sheet.objects.exists()


def test_a_judge_gives_an_assignment_up_for_a_reason(actor: Account) -> None:
    held, client = held_by(seated(actor))
    bare = client.post(address(held, "recuse/"), {"kind": "kin", "why": "亲"})
    long = client.post(address(held, "recuse/"), {"kind": "kin", "why": "亲" * 201})
    assert (bare.status_code, long.status_code, Bar.objects.count()) == (422, 422, 0)

    answer = client.post(address(held, "recuse/"), {"kind": "kin", "why": "申报人是我的表弟"})

    held.refresh_from_db()
    assert (answer.status_code, held.status) == (303, "recused")
    assert client.get(address(held)).status_code == 404
    assert "已回避" in text(client.get("/console/reviews/"))


def test_outside_its_window_a_sheet_is_read_and_not_taken(actor: Account) -> None:
    round_ = seated(actor)
    held, client = held_by(round_)
    Window.objects.filter(round=round_, stage="mark").update(closes_at=timezone.now() - timedelta(hours=1))

    shown, answer = client.get(address(held)), client.post(address(held), SENT)

    assert "现在不接受打分" in text(shown)
    assert "<fieldset" not in shown.content.decode()
    assert (answer.status_code, Sheet.objects.count()) == (409, 0)
    assert "现在不接受打分" in text(answer)


def test_what_has_left_the_review_is_marked_no_more(actor: Account) -> None:
    held, client = held_by(seated(actor))
    Application.objects.filter(pk=held.application_id).update(state="withdrawn")

    assert client.get(address(held)).status_code == 404
    assert f"任务 {held.pk}" not in text(client.get("/console/reviews/"))
    with pytest.raises(marking.MarkRefused, match="不必再打分"):
        marking.file(held, marks(80), actor=held.judge.account)


def test_a_void_sheet_is_shown_with_its_reason_and_marked_anew(actor: Account) -> None:
    held, client = held_by(seated(actor, applications=1))
    client.post(address(held), SENT)
    marking.void(Sheet.objects.get(), why="录入时看错了申报", actor=actor)

    assert "录入时看错了申报" in text(client.get(address(held)))
    client.post(address(held), {**SENT, "m-skill": "60"})

    assert Sheet.objects.filter(void=None).count() == 1
    again = client.post(address(held), SENT)
    assert again.status_code == 409
    assert Sheet.objects.count() == 2


def test_the_menu_shows_a_judge_what_is_to_be_marked(actor: Account) -> None:
    held, client = held_by(seated(actor))
    entry = 'href="/console/reviews/"'
    assert entry not in client.get("/console/reviews/").content.decode().partition("<main")[0]
    marker = AccountFactory(grants=[(held.application.region, None, "application.mark")])

    shown = browser(marker).get("/console/reviews/")

    assert entry in shown.content.decode().partition("<main")[0]
    assert "没有分给您的评审任务" in text(shown)


def test_the_judges_list_and_sheet_read_a_fixed_number_of_times(actor: Account) -> None:
    counted = []
    for applications in (1, 6):
        held, client = held_by(seated(actor, applications=applications))
        client.get("/console/reviews/")
        for path in ("/console/reviews/", address(held)):
            with CaptureQueriesContext(connection) as asked:
                assert client.get(path).status_code == 200
            counted.append(len(asked))

    assert counted[:2] == counted[2:]
