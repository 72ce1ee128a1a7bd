"""The telephone's pages: the pop, a case from a call, a reason for a call, what is not seen from elsewhere."""

from __future__ import annotations

import re
import threading
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.calls import AGENT, CALLER, Board
from tests.faces.console import browser, fill, hidden, text
from tests.factories import AccountFactory, LineFactory, RegionFactory
from tests.rosters import shift
from yanzhen.domains.hotline.calls import indicators, queries
from yanzhen.domains.hotline.calls.actions import end_with_reason, open_trunk, recording_problem, tie_case
from yanzhen.domains.hotline.calls.models import Call, CallBack, Trunk
from yanzhen.domains.hotline.models import Case
from yanzhen.domains.hotline.rosters import skills
from yanzhen.domains.hotline.rosters.models import Seat
from yanzhen.engines.indicators.declare import Period
from yanzhen.engines.indicators.figures import figure
from yanzhen.engines.procedures.engine import advance
from yanzhen.engines.procedures.refusals import MoveRefused
from yanzhen.foundation.errors import Invalid, NotAllowed, Refusal
from yanzhen.foundation.models import Region
from yanzhen.foundation.records import history
from yanzhen.foundation.scope import EVERYTHING, database_scope

pytestmark = pytest.mark.django_db

BODY = "工地自八月起没有发工资，班组二十人，找项目部多次没有结果。"


def register(page: Any, call: Call, **more: Any) -> Any:
    address = f"/console/register/?call={call.pk}"
    given = {"channel": "phone", "body": BODY, "region": "370102", "urgency": "normal", "headcount": "20"}
    return page.post(address, {**given, "token": hidden(page.get(address), "token"), **more})


def keys(page: Any, address: str = "/console/calls/") -> list[int]:
    """Return the calls to which F2 and F4 of a page lead, by the place where they stand."""
    shown = page.get(address).content.decode()
    found = re.findall(r'data-key="F[24]"\s+href="/console/(?:register/\?call=|calls/)(\d+)', shown)
    return [int(pk) for pk in found]


def test_a_call_pops_up_and_becomes_a_case():
    board = Board()
    earlier = board.place.case(phone=CALLER, title="上一次的诉求")
    call = board.ring()
    page = browser(board.agent)

    popped = text(page.get("/console/calls/"))
    answer = register(page, call)

    for shown in ("138****2046", "振铃中", "该号码上次的诉求属地为", earlier.number, "上一次的诉求", "F2"):
        assert shown in popped
    case = Case.objects.exclude(pk=earlier.pk).get()
    call.refresh_from_db()
    assert (answer.status_code, call.case, case.channel, case.caller_mask) == (
        200,
        case,
        "phone",
        "138****2046",
    )
    assert case.phone_hash == call.phone_hash
    assert [r.verb for r in history(call)] == ["call.tie"]


def test_the_callers_number_never_leaves_the_server():
    board = Board()
    call = board.answered(recordingUrl=f"https://pbx.local/{CALLER}.wav")
    page = browser(board.agent)

    for address in (
        "/console/calls/", "/console/calls/now/", "/console/calls/all/", f"/console/calls/{call.pk}/",
        f"/console/register/?call={call.pk}", f"/console/calls/{call.pk}/finish/",
    ):  # fmt: skip
        assert CALLER not in page.get(address).content.decode()


def test_an_appeal_that_is_refused_ties_nothing_and_the_same_form_twice_is_one_case():
    board = Board()
    call = board.ring()
    page = browser(board.agent)

    refused = register(page, call, body="短")
    call.refresh_from_db()
    assert (refused.status_code, call.case, Case.objects.count()) == (422, None, 0)

    token = hidden(page.get(f"/console/register/?call={call.pk}"), "token")
    for _ in range(2):
        assert register(page, call, token=token).status_code == 200
    assert Case.objects.count() == 1
    second = register(page, call)
    assert (second.status_code, Case.objects.count()) == (409, 1)
    assert "用“同一来电再登记一件”" in text(second)


def test_a_second_matter_of_one_call_is_a_case_of_its_own_with_the_callers_number():
    board = Board()
    call = board.ring()
    page = browser(board.agent)
    address = f"/console/register/?call={call.pk}&more=1"
    given = {"channel": "phone", "body": BODY, "region": "370102", "urgency": "normal", "headcount": "1"}
    early = page.post(address, {**given, "token": hidden(page.get(address), "token")})
    first = Case.objects.get()

    refused = page.get(f"/console/register/?call={call.pk}").content.decode()
    answer = page.post(address, {**given, "token": hidden(page.get(address), "token")})

    other = Case.objects.exclude(pk=first.pk).get()
    call.refresh_from_db()
    assert (early.status_code, answer.status_code, call.case) == (200, 200, first)
    assert other.phone_hash == first.phone_hash == call.phone_hash
    assert [(r.verb, r.after) for r in history(call)] == [
        ("call.tie", {"case": first.number}),
        ("call.add_case", {"case": other.number}),
    ]
    link = f'href="/console/register/?call={call.pk}&amp;more=1"'
    assert all(link in shown for shown in (refused, page.get(f"/console/calls/{call.pk}/").content.decode()))
    assert "同一来电再登记一件" in text(answer)


def test_another_number_that_the_caller_gives_counts_and_an_anonymous_one_leaves_none():
    board = Board()
    page = browser(board.agent)

    register(page, board.ring("a"), phone="13900002222")
    register(page, board.ring("b"), anonymous="on")

    assert list(Case.objects.order_by("pk").values_list("caller_mask", flat=True)) == ["139****2222", "匿名"]


def test_the_poll_says_nothing_where_nothing_changed_and_costs_one_statement_of_its_own():
    board = Board()
    board.ring()
    page = browser(board.agent)
    seen = queries.version_of(queries.at_seat(board.agent))
    expires = page.session.get_expiry_date()

    with CaptureQueriesContext(connection) as found:
        same = page.get(f"/console/calls/now/?seen={seen}")
    told = [q["sql"] for q in found.captured_queries]
    board.send("answer", answeringNumber="8001")
    changed = page.get(f"/console/calls/now/?seen={seen}")

    assert (same.status_code, same.content, changed.status_code) == (204, b"", 200)
    assert (len([sql for sql in told if "calls_call" in sql]), len(told)) == (1, 6)
    assert not any(sql.lower().startswith("update") for sql in told)
    assert abs(page.session.get_expiry_date() - expires) < timedelta(seconds=5)


def test_a_call_at_another_seat_does_not_pop_up():
    board = Board()
    other = board.seat("8002")
    board.ring()

    assert "没有来电" in text(browser(other).get("/console/calls/"))
    assert "138****2046" in text(browser(board.agent).get("/console/calls/"))


def test_the_call_that_is_talked_on_has_the_keys_then_what_rings_then_what_is_over():
    board = Board()
    colleague = board.seat("8002")
    page = browser(board.agent)

    over = board.answered("over")
    assert keys(page) == [over.pk, over.pk]
    rings = board.ring("rings")
    assert keys(page) == [rings.pk, rings.pk]
    board.ring("talked")
    board.send("answer", "talked", answeringNumber="8001")
    talked, newest = Call.objects.get(ref="talked"), board.ring("newest")
    voicemail = board.ring("machine")
    board.send("answer", "machine", answeringNumber="voicemail")
    elsewhere = board.ring("elsewhere", user=["8001", "8002"])
    board.send("answer", "elsewhere", answeringNumber="8002")

    assert keys(page) == [talked.pk, talked.pk]
    assert list(queries.at_seat(board.agent)) == [talked, newest, rings, over, voicemail]
    assert list(queries.on_the_line(board.agent)) == [talked, newest, rings]
    assert list(queries.at_seat(colleague)) == [elsewhere]


BAR = "/console/calls/bar/"


def test_every_page_of_an_agent_but_the_pop_asks_who_rings_and_nobody_elses_does():
    board = Board()
    page = browser(board.agent)
    other = AccountFactory(grants=[(board.place.region, None, "case.view case.register call.view")])

    assert [
        re.search(rf'hx-get="{BAR}"\s+hx-trigger="load"', client.get(address).content.decode()) is not None
        for client, address in (
            (page, "/console/register/"), (page, "/console/cases/"), (page, "/console/calls/all/"),
            (page, "/console/calls/"), (browser(other), "/console/cases/"),
        )
    ] == [True, True, True, False, False]  # fmt: skip


def test_the_bar_shows_what_rings_and_gives_its_key_to_the_call_that_is_talked_on():
    board = Board()
    page = browser(board.agent)
    quiet = page.get(BAR)
    board.ring("talked")
    board.send("answer", "talked", answeringNumber="8001")
    talked = Call.objects.get(ref="talked")
    board.ring("rings", **{"from": "13900008888"})

    shown = page.get(f"{BAR}?seen=").content.decode()

    assert (quiet.status_code, "?seen=\"" in quiet.content.decode(), "<ul>" in quiet.content.decode()) == (
        200, True, False,
    )  # fmt: skip
    assert re.findall(r"\d{3}\*{4}\d{4}", shown) == ["138****2046", "139****8888", "138****2046"]
    assert all(
        words in shown for words in ("通话中", "振铃中", "呼入", str(talked.region), 'href="/console/calls/"')
    )
    assert (keys(page, BAR), CALLER in shown) == ([talked.pk], False)


def test_the_bar_has_no_key_where_the_call_is_registered_or_being_registered():
    board = Board()
    page = browser(board.agent)
    call = board.ring()
    form = f"http://testserver/console/register/?call={call.pk}"

    def offered(at: str) -> bool:
        shown = page.get(BAR, headers={"HX-Request": "true", "HX-Current-URL": at}).content.decode()
        assert "138****2046" in shown
        return "data-key" in shown

    before = [offered("http://testserver/console/register/"), offered(form), offered(f"{form}1")]
    register(page, call)

    assert (before, offered("http://testserver/console/cases/")) == ([True, False, True], False)


def test_without_a_seat_or_the_right_the_bar_says_nothing_and_is_not_asked_again():
    board = Board()
    board.ring()
    away = board.seat("8003")
    Seat.objects.filter(account=away).update(active=False)
    other = AccountFactory(grants=[(board.place.region, None, "case.view case.register call.view")])
    Seat.objects.create(account=other, extension="8004", address="sip:8004@127.0.0.1")

    answers = [browser(account).get(BAR) for account in (away, other, AccountFactory())]

    assert [(answer.status_code, answer.content) for answer in answers] == [(204, b"")] * 3


def test_a_bar_where_nothing_changed_costs_one_statement_of_its_own_and_keeps_no_session_open():
    board = Board()
    page = browser(board.agent)
    expires = page.session.get_expiry_date()

    costs = []
    for ring in (False, True):
        seen = queries.version_of([board.ring()] if ring else [])
        with CaptureQueriesContext(connection) as found:
            same = page.get(f"{BAR}?seen={seen}")
        told = [query["sql"] for query in found.captured_queries]
        costs.append((same.status_code, same.content, sum("calls_call" in sql for sql in told), len(told)))
        assert not any(sql.lower().startswith("update") for sql in told)

    assert costs == [(204, b"", 1, 6)] * 2
    assert abs(page.session.get_expiry_date() - expires) < timedelta(seconds=5)


def test_a_call_of_another_region_or_line_is_not_seen_but_at_the_seat_that_takes_it():
    board = Board()
    RegionFactory(code="370200", name="青岛市", level="city")
    qingdao = RegionFactory(code="370202")
    guest = board.seat("8009", region=qingdao)
    call = board.answered()
    strangers = [
        AccountFactory(grants=[(qingdao, None, AGENT)]),
        AccountFactory(grants=[(board.place.region, LineFactory(code="court"), AGENT)]),
        AccountFactory(grants=[(board.place.region.parent, None, "case.view")]),
    ]
    for stranger in strangers:
        assert list(queries.seen(stranger)) == []
        assert browser(stranger).get(f"/console/calls/{call.pk}/").status_code == 404
        with pytest.raises(NotAllowed):
            end_with_reason(call, "test", actor=stranger)

    taken = board.ring("b", user=["8009"])
    assert list(queries.seen(guest)) == [taken]
    assert browser(guest).get(f"/console/calls/{taken.pk}/").status_code == 200


def test_a_call_ends_in_a_reason_and_a_repeated_one_names_its_case():
    board = Board()
    call, again = board.answered("a"), board.answered("b")
    case = board.place.case()
    page = browser(board.agent)

    answer = fill(page, f"/console/calls/{call.pk}/finish/", outcome="wrong", note="打错了")
    missing = fill(page, f"/console/calls/{again.pk}/finish/", outcome="repeat")
    named = fill(
        page, f"/console/calls/{again.pk}/finish/", outcome="repeat", case_number=case.number.lower()
    )

    assert (answer.status_code, missing.status_code, named.status_code) == (303, 422, 303)
    call.refresh_from_db()
    again.refresh_from_db()
    assert (call.outcome, call.note, again.outcome, again.case) == ("wrong", "打错了", "repeat", case)
    with pytest.raises(Refusal):
        end_with_reason(call, "test", actor=board.agent)
    with pytest.raises(Refusal):
        tie_case(call, case.number, actor=board.agent)
    assert not queries.seen(board.agent).filter(queries.UNFINISHED).exists()


def test_an_answered_call_of_the_number_closes_its_call_back_with_the_reason():
    board = Board()
    lost = board.missed("a")
    task = CallBack.objects.get()
    again = board.answered("b")

    assert task.number in text(browser(board.agent).get("/console/calls/"))
    end_with_reason(again, "answered", actor=board.agent)

    task.refresh_from_db()
    lost.refresh_from_db()
    assert (task.state, task.outcome, lost.finished) == ("done", "called_again", True)
    board.missed("c")
    assert CallBack.objects.count() == 2


@pytest.mark.parametrize("reason", ["silent", "wrong", "nuisance", "test"])
def test_a_call_in_which_nobody_was_heard_leaves_the_call_back_waiting(reason):
    board = Board()
    board.missed("a")

    end_with_reason(board.answered("b"), reason, actor=board.agent)

    task = CallBack.objects.get()
    assert (task.state, task.outcome, task.ended_at) == ("waiting", "", None)


@pytest.mark.django_db(transaction=True)
def test_a_call_back_that_ends_meanwhile_takes_nothing_of_what_the_agent_wrote():
    board = Board()
    board.missed("a")
    call, task = board.answered("b"), CallBack.objects.get()
    done: list[object] = []

    def finish() -> None:
        with database_scope({EVERYTHING}):
            done.append(end_with_reason(call, "answered", actor=board.agent).outcome)
        connection.close()

    thread = threading.Thread(target=finish)
    with transaction.atomic():
        advance(task, "done", actor=board.agent, outcome="answered")
        thread.start()
        thread.join(1)
        assert done == []
    thread.join(10)

    call.refresh_from_db()
    assert (done, call.outcome) == (["answered"], "answered")
    assert [r.verb for r in history(task)] == ["start", "move.done"]


def test_a_call_back_is_tried_before_it_is_given_up_and_shows_its_number_for_a_reason():
    board = Board()
    board.missed()
    task = CallBack.objects.get()
    page = browser(board.agent)

    with pytest.raises(MoveRefused):
        advance(task, "give_up", actor=board.agent, note="不接")
    fill(page, f"/console/call-backs/{task.number}/move/tried/", note="无人接")
    fill(page, f"/console/call-backs/{task.number}/move/give_up/", note="三次无人接")
    shown = fill(page, f"/console/call-backs/{task.number}/reveal/", reason="回拨未接来电")

    task.refresh_from_db()
    assert task.state == "not_reached"
    assert [r.verb for r in history(task)] == ["start", "move.tried", "move.give_up", "reveal"]
    assert CALLER in text(shown)


def test_the_list_is_narrowed_paged_and_costs_the_same_however_long_it_is():
    board = Board()
    for n in range(3):
        board.answered(f"a{n}")
    board.missed("m")
    page = browser(board.agent)

    with CaptureQueriesContext(connection) as found:
        all_of_them = text(page.get("/console/calls/all/"))
    few = len(found.captured_queries)
    for n in range(60):
        Call.objects.create(
            trunk=board.trunk, ref=f"x{n}", direction="in", status="ringing", started_at=timezone.now(),
            region_id="370102", line_id="union",
        )  # fmt: skip
    with CaptureQueriesContext(connection) as found:
        first = page.get("/console/calls/all/")

    assert (few, len(found.captured_queries) <= few) == (12, True)
    assert (all_of_them.count("已接听"), "无人接听" in all_of_them) == (4, True)
    assert "下一页" in text(first)
    lost = text(page.get("/console/calls/all/?result=missed"))
    assert (lost.count("138****2046"), "HB370100" in lost) == (1, True)
    assert page.get("/console/calls/all/?first=x").status_code == 422
    assert "没有符合条件" in text(page.get("/console/calls/all/?region=370202"))


def test_the_events_of_a_call_and_its_recording_are_on_its_page():
    board = Board()
    call = board.answered(recordingUrl="https://pbx.local/1.wav")
    page = browser(board.agent)

    shown = text(page.get(f"/console/calls/{call.pk}/"))
    unreasoned = fill(page, f"/console/calls/{call.pk}/recording/", reason="")
    given = fill(page, f"/console/calls/{call.pk}/recording/", reason="核对通话内容")

    for word in ("来电", "接听", "挂断", "8001", str(board.agent), "调取录音", "被叫区号 0531 为济南"):
        assert word in shown
    assert unreasoned.status_code == 422
    assert 'href="https://pbx.local/1.wav"' in given.content.decode()
    without = board.answered("b")
    assert "没有录音" in text(fill(page, f"/console/calls/{without.pk}/recording/", reason="核对通话内容"))


def test_a_call_page_says_who_was_to_be_rung_and_why():
    board = Board()
    skills.load()
    duty = Seat.objects.get(account=board.agent)
    start = timezone.now() - timedelta(hours=1)
    city = Region.objects.get(code="370100")
    shift(board.agent, city, start, start + timedelta(hours=8))
    board.client.get(f"/cti/route?from={CALLER}&to=053112351&callId=c1&token={board.token}")
    call = board.answered("c1")

    shown = text(browser(board.agent).get(f"/console/calls/{call.pk}/"))

    for words in (
        "为什么派给他",
        str(board.agent),
        "被叫区号 0531 为济南",
        f"最久未派者在前：{duty.extension}",
    ):
        assert words in shown
    assert "为什么派给他" not in text(browser(board.agent).get(f"/console/calls/{board.answered('c2').pk}/"))


def test_a_recording_that_can_not_be_opened_is_said_to_be_so_and_only_named_hosts_are_asked(settings):
    settings.OUTBOX_HOSTS = frozenset({"127.0.0.1"})
    asked: list[str] = []

    class Recorder(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            asked.append(self.path)
            self.send_response(200 if self.path == "/there.wav" else 404)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Recorder)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    base = f"http://127.0.0.1:{server.server_address[1]}"
    answers = [recording_problem(f"{base}/{name}.wav") for name in ("there", "gone")]
    other = recording_problem(base.replace("127.0.0.1", "localhost"))
    server.shutdown()
    server.server_close()
    board = Board()
    dead = board.answered(recordingUrl=f"{base}/there.wav")
    page = fill(browser(board.agent), f"/console/calls/{dead.pk}/recording/", reason="核对通话内容")

    assert answers == ["", "录音服务器应答 404，这条录音已不在"]
    assert (other, asked) == ("", ["/there.wav", "/gone.wav"])
    assert "录音服务器连不上（接收方拒绝连接）" in text(page)
    assert [r.verb for r in history(dead)] == ["call.listen"]


def test_a_trunk_is_made_by_who_looks_after_them_and_its_token_is_shown_once():
    board = Board()
    keeper = AccountFactory(grants=[(Region.objects.get(code="370000"), None, "trunk.edit account.view")])
    page = browser(keeper)

    made = fill(
        page, "/console/trunks/new/", name="新总机", region="370100", machines="voicemail，ivr", signed="on"
    )
    again = fill(page, "/console/trunks/new/", name="新总机", region="370100")

    trunk = Trunk.objects.get(name="新总机")
    address = text(made).partition("http://testserver")[2].split()[0]
    assert (trunk.machines, bool(trunk.secret_cipher), again.status_code) == (["voicemail", "ivr"], True, 422)
    assert board.client.post(address, {}, content_type="application/json").status_code == 401
    closed = fill(page, f"/console/trunks/{trunk.pk}/close/", reason="更换设备")
    assert closed.status_code == 303
    assert board.client.post(address, {}, content_type="application/json").status_code == 404
    assert [r.verb for r in history(trunk)] == ["trunk.open", "trunk.close"]
    assert address.rpartition("/")[2] not in text(page.get("/console/trunks/"))
    assert browser(board.agent).get("/console/trunks/").status_code == 404
    city = AccountFactory(grants=[(RegionFactory(code="370200"), None, "trunk.edit")])
    with pytest.raises(NotAllowed):
        open_trunk("别处", Region.objects.get(code="370100"), actor=city)
    with pytest.raises(Invalid):
        open_trunk(" ", Region.objects.get(code="370100"), actor=keeper)


def test_the_figures_stand_on_the_calls_and_the_calls_are_behind_them():
    board = Board()
    at = timezone.now() - timedelta(minutes=5)
    for n, wait in enumerate((5, 20)):
        for second, kind, more in (
            (0, "newCall", {}),
            (wait, "answer", {"answeringNumber": "8001"}),
            (60, "hangup", {}),
        ):
            board.send(kind, f"a{n}", ts=(at + timedelta(seconds=second)).isoformat(), **more)
    board.missed("m")
    asked = {
        "account": board.agent,
        "region": Region.objects.get(code="370100"),
        "period": Period.year(timezone.localdate().year),
    }

    found = {
        each.code: str(figure(each, **asked).value)
        for each in (indicators.OFFERED, indicators.CONNECTED, indicators.IN_TIME, indicators.WAIT, indicators.LOST,
                     indicators.UNFINISHED)
    }  # fmt: skip

    assert found == {
        "calls.offered": "3", "calls.connection_rate": "66.67", "calls.service_level": "50.00",
        "calls.average_wait": "12.50", "calls.lost": "1", "calls.unfinished": "3",
    }  # fmt: skip
    behind = browser(board.agent).get("/console/figures/calls.lost/?region=370100")
    assert "无人接听" in text(behind)
