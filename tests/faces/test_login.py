from __future__ import annotations

import re
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
import time_machine
from django.conf import settings as configured
from django.contrib.auth.decorators import login_required
from django.contrib.auth.hashers import MD5PasswordHasher
from django.contrib.sessions.models import Session
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import include, path
from django.utils import timezone

from tests.factories import AccountFactory
from yanzhen.faces.login import devices, tries
from yanzhen.faces.login.middleware import unattended
from yanzhen.foundation.models import Account, Record, Tally
from yanzhen.foundation.records import history

pytestmark = pytest.mark.django_db

RIGHT = "jinan-spring-72-fountains"
HOME = "10.1.1.1"


@unattended
@login_required
def poll(_request: HttpRequest) -> HttpResponse:
    return HttpResponse(status=204)


urlpatterns = [path("poll/", poll), path("", include("yanzhen.faces.login.urls"))]


class Hasher(MD5PasswordHasher):
    """Quick, and it counts: what is refused before the hash costs none."""

    hashed = 0

    def encode(self, password: str, salt: str) -> str:
        Hasher.hashed += 1
        return super().encode(password, salt)


@pytest.fixture(autouse=True)
def _quick_hash(settings: Any) -> None:
    settings.PASSWORD_HASHERS = [f"{Hasher.__module__}.Hasher"]


def agent(**more: Any) -> Account:
    account: Account = AccountFactory(**more)
    account.set_password(RIGHT)
    account.save()
    return account


def browser(address: str = HOME) -> Client:
    return Client(REMOTE_ADDR=address, headers={"Accept": "text/html"})


def enter(client: Client, account: Account | str, password: str = RIGHT, **more: str) -> Any:
    name = account if isinstance(account, str) else account.username
    return client.post("/login/", {"login": name, "password": password, **more})


def guess(account: Account | str, *, times: int, address: str = HOME) -> None:
    for _ in range(times):
        enter(browser(address), account, "wrong")


def guess_from_everywhere(account: Account | str, times: int) -> None:
    for n in range(times):
        guess(account, times=1, address=f"172.16.{n // 250}.{n % 250 + 1}")


def is_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def page(response: Any) -> str:
    return str(response.content.decode())


def logged(account: Account) -> list[tuple[str, Any]]:
    return list(history(account).filter(verb__startswith="login").values_list("verb", "after"))


def test_the_right_password_opens_the_console_and_is_recorded():
    account, client = agent(), browser()

    response = enter(client, account)

    assert (response.status_code, response["Location"]) == (302, "/console/")
    assert is_in(client)
    assert logged(account) == [("login", {"methods": ["password"]})]


def test_an_unknown_name_and_a_wrong_password_get_the_same_answer_for_the_same_work():
    account, answers, work = agent(), [], []
    for name in (account.username, "nobody-of-that-name"):
        before = Hasher.hashed
        with CaptureQueriesContext(connection) as context:
            response = enter(browser(), name, "wrong")
        text = re.sub(r'value="[^"]*"', "", page(response))
        answers.append((response.status_code, text))
        writes = [q for q in context.captured_queries if "foundation_record" not in q["sql"]]
        work.append((Hasher.hashed - before, len(writes)))

    assert answers[0] == answers[1]
    assert answers[0][0] == 422
    assert work[0] == work[1]
    assert work[0][0] == 1


def test_a_closed_account_gets_the_answer_of_a_wrong_password():
    closed, client = agent(is_active=False), browser()

    response = enter(client, closed)

    assert "用户名或密码不对" in page(response)
    assert not is_in(client)


@pytest.mark.parametrize(("address", "stopped"), [("2001:db8:1:2:ffff::9", True), ("2001:db8:1:3::1", False)])
def test_who_holds_a_network_of_ipv6_has_the_guesses_of_one_address(address, stopped):
    account = agent()
    guess(account, times=tries.FROM_ONE_ADDRESS, address="2001:db8:1:2::1")

    response = enter(browser(address), account)

    assert (response.status_code == 429) is stopped


def test_one_address_has_five_guesses_at_an_account_and_then_not_even_the_right_password_counts():
    account = agent()
    guess(account, times=tries.FROM_ONE_ADDRESS)
    before, client = Hasher.hashed, browser()

    response = enter(client, account)

    assert not is_in(client)
    assert response.status_code == 429
    assert 0 < int(response["Retry-After"]) <= tries.WINDOW
    assert "15 分钟后再试" in page(response)
    assert "常用浏览器" in page(response)
    assert Hasher.hashed == before


@pytest.mark.django_db(transaction=True)
def test_guesses_made_at_the_same_time_are_no_more_than_those_made_one_by_one():
    account = agent()

    def one(_n: int) -> int:
        try:
            return enter(browser(), account, "wrong").status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        answers = Counter(pool.map(one, range(32)))

    assert answers == {422: tries.FROM_ONE_ADDRESS, 429: 32 - tries.FROM_ONE_ADDRESS}


def test_elsewhere_the_account_can_still_be_entered():
    account, client = agent(), browser("10.2.2.2")
    guess(account, times=tries.FROM_ONE_ADDRESS + 1)

    enter(client, account)

    assert is_in(client)


def test_the_window_ends():
    account, client = agent(), browser()
    guess(account, times=tries.FROM_ONE_ADDRESS + 1)
    Tally.objects.update(until=timezone.now() - timedelta(seconds=1))

    enter(client, account)

    assert is_in(client)


def test_from_many_addresses_twenty_guesses_are_let_through_and_then_unknown_browsers_are_refused():
    account, client = agent(), browser("10.2.2.2")
    before = Hasher.hashed
    guess_from_everywhere(account, 2 * tries.FROM_ALL)
    let_through = Hasher.hashed - before

    response = enter(client, account)

    assert let_through == tries.FROM_ALL
    assert not is_in(client)
    assert response.status_code == 429
    assert "没有登录过的设备" in page(response)


@pytest.mark.parametrize("address", [HOME, "10.9.9.9"])
def test_strangers_never_lock_out_a_browser_that_has_been_in_before(address):
    account, known = agent(), browser()
    enter(known, account)
    known.post("/accounts/logout/")
    guess_from_everywhere(account, 2 * tries.FROM_ALL)
    guess(account, times=tries.OF_ONE_ADDRESS, address=address)

    known.defaults["REMOTE_ADDR"] = address
    enter(known, account)

    assert is_in(known)


def test_a_known_browser_may_not_guess_for_ever():
    account, known = agent(), browser()
    enter(known, account)
    known.post("/accounts/logout/")
    for _ in range(tries.OF_ONE_DEVICE):
        enter(known, account, "wrong")

    response = enter(known, account)

    assert response.status_code == 429
    assert not is_in(known)


def test_a_browser_known_to_one_account_is_a_stranger_to_another():
    mine, other, client = agent(), agent(), browser()
    enter(client, mine)
    client.post("/accounts/logout/")
    guess(other, times=tries.FROM_ONE_ADDRESS)

    enter(client, other)

    assert not is_in(client)


def test_several_shifts_share_a_browser():
    shifts, desk = [agent() for _ in range(3)], browser()
    for account in shifts:
        enter(desk, account)
        desk.post("/accounts/logout/")
    guess_from_everywhere(shifts[0], tries.FROM_ALL)

    enter(desk, shifts[0])

    assert is_in(desk)


def test_a_changed_password_makes_every_browser_unknown_but_the_one_it_was_changed_in():
    account, old, changing = agent(), browser(), browser("10.2.2.2")
    enter(old, account)
    old.post("/accounts/logout/")
    enter(changing, account)
    fresh = "weifang-kites-in-april"

    response = changing.post(
        "/accounts/password/", {"oldpassword": RIGHT, "password1": fresh, "password2": fresh}
    )
    guess_from_everywhere(account, tries.FROM_ALL)

    assert (response.status_code, response["Location"]) == (302, "/console/")
    assert enter(old, account, fresh).status_code == 429
    assert is_in(changing)
    changing.post("/accounts/logout/")
    assert enter(changing, account, fresh).status_code == 302
    assert history(account).filter(verb="password.change").count() == 1


def test_the_cookie_of_a_known_browser_tells_nothing_and_can_not_be_made_up():
    account, known, forger = agent(), browser(), browser()

    enter(known, account)

    cookie = known.cookies[devices.COOKIE]
    assert (cookie["httponly"], cookie["samesite"], cookie["max-age"]) == (True, "Lax", devices.SECONDS)
    assert account.password not in cookie.value
    forger.cookies[devices.COOKIE] = cookie.value[:-1] + ("A" if cookie.value[-1] != "A" else "B")
    guess_from_everywhere(account, tries.FROM_ALL)
    assert enter(forger, account).status_code == 429


def test_one_address_may_not_try_name_after_name():
    client = browser()
    for n in range(tries.OF_ONE_ADDRESS):
        enter(browser(), f"name{n}", "wrong")

    enter(client, agent())

    assert not is_in(client)


def test_an_office_full_of_agents_logs_in_from_one_address():
    for _ in range(tries.OF_ONE_ADDRESS + 5):
        client = browser()
        enter(client, agent())
        assert is_in(client)


def test_the_rest_of_an_ipv6_site_is_the_same_address():
    account, client = agent(), browser("2001:db8:1:2::ffff")
    for n in range(tries.FROM_ONE_ADDRESS):
        guess(account, times=1, address=f"2001:db8:1:2::{n + 1}")

    enter(client, account)

    assert not is_in(client)


def test_a_name_that_no_account_has_is_refused_like_one_that_is():
    guess("nobody-of-that-name", times=tries.FROM_ONE_ADDRESS)

    assert enter(browser(), "Nobody-Of-That-Name", "wrong").status_code == 429


def test_refusals_are_recorded_once_for_each_guess_and_once_for_a_limit():
    account = agent()
    guess(account, times=tries.FROM_ONE_ADDRESS + 10)

    causes = [after["cause"] for _verb, after in logged(account)]

    assert causes == ["password"] * tries.FROM_ONE_ADDRESS + ["limit"]


def test_nothing_of_what_was_typed_is_kept(caplog):
    guess("someone-who-typed-a-secret-here", times=tries.FROM_ONE_ADDRESS + 1)
    enter(browser(), agent(), "hunter2-hunter2")

    kept = caplog.text + repr(list(Record.objects.values())) + repr(list(Tally.objects.values()))

    assert "log-in refused: password, account None" in kept
    for hidden in ("someone-who-typed", "hunter2", HOME):
        assert hidden not in kept


@pytest.mark.parametrize(
    ("target", "goes_to"),
    [
        ("/console/cases/?state=received", "/console/cases/?state=received"),
        ("http://testserver/console/", "http://testserver/console/"),
        ("https://evil.example/", "/console/"),
        ("//evil.example/", "/console/"),
        ("http://localhost/console/", "/console/"),
        ("javascript:alert(1)", "/console/"),
    ],
)
def test_after_logging_in_one_goes_to_our_own_host_only(target, goes_to):
    client = browser()
    shown = client.get(f"/login/?next={quote(target)}")

    response = enter(client, agent(), next=target)

    assert shown.status_code == 200
    assert response["Location"] == goes_to


def test_the_page_costs_no_statement_and_logging_in_a_few(django_assert_num_queries):
    account, client = agent(), browser()

    with django_assert_num_queries(0):
        client.get("/login/")
    with CaptureQueriesContext(connection) as context:
        enter(client, account)

    assert len(context) <= 22, "\n".join(q["sql"][:110] for q in context.captured_queries)


def test_a_new_key_is_made_at_log_in():
    client = browser()
    session = client.session
    session["before"] = True
    session.save()
    client.cookies[configured.SESSION_COOKIE_NAME] = session.session_key

    enter(client, agent())

    assert client.session.session_key != session.session_key
    assert not Session.objects.filter(pk=session.session_key).exists()


def test_the_session_ends_after_half_an_hour_without_work():
    client = browser()
    now = timezone.now()
    enter(client, agent())

    with time_machine.travel(now + timedelta(seconds=configured.SESSION_IDLE_SECONDS + 5)):
        response = client.get("/accounts/2fa/")

    assert response.status_code == 302
    assert response["Location"].startswith("/login/?next=")


def test_work_keeps_the_session_open_until_the_working_day_is_over():
    client = browser()
    enter(client, agent())
    now = timezone.now()
    hours = configured.SESSION_COOKIE_AGE // 3600
    seen = []

    for minutes in range(20, hours * 60 + 21, 20):
        with time_machine.travel(now + timedelta(minutes=minutes)):
            seen.append(client.get("/accounts/2fa/").status_code)

    assert seen == [200] * (hours * 3 - 1) + [302, 302]


def test_putting_the_end_off_costs_one_statement_a_minute():
    client = browser()
    now = timezone.now()
    enter(client, agent())
    updates = []

    for seconds in (10, 50, 70, 90, 125, 140):
        with (
            time_machine.travel(now + timedelta(seconds=seconds)),
            CaptureQueriesContext(connection) as context,
        ):
            client.get("/accounts/2fa/")
        updates.append(len([q for q in context.captured_queries if "UPDATE" in q["sql"]]))

    assert updates == [0, 0, 1, 0, 0, 1]


@pytest.mark.urls("tests.faces.test_login")
def test_a_page_that_calls_by_itself_does_not_keep_the_session_open():
    client = browser()
    now = timezone.now()
    enter(client, agent())

    for minutes in (10, 20, 29):
        with time_machine.travel(now + timedelta(minutes=minutes)):
            assert client.get("/poll/").status_code == 204

    with time_machine.travel(now + timedelta(minutes=31)):
        assert client.get("/poll/").status_code == 302


def test_the_session_cookie_goes_with_the_browser():
    client = browser()

    enter(client, agent())

    cookie = client.cookies[configured.SESSION_COOKIE_NAME]
    assert (cookie["max-age"], cookie["httponly"], cookie["samesite"]) == ("", True, "Lax")


def test_logging_out_takes_a_post():
    client = browser()
    enter(client, agent())

    asked = client.get("/accounts/logout/")
    still_in = is_in(client)
    done = client.post("/accounts/logout/")

    assert (asked.status_code, still_in) == (200, True)
    assert (done.status_code, done["Location"], is_in(client)) == (302, "/login/", False)


def test_the_account_s_language_is_spoken():
    english, plain = browser(), browser()

    enter(english, agent(language="en"))
    enter(plain, agent())

    assert english.cookies[configured.LANGUAGE_COOKIE_NAME].value == "en"
    assert configured.LANGUAGE_COOKIE_NAME not in plain.cookies


def test_a_fragment_is_never_a_log_in_page():
    response = browser().get(
        "/accounts/2fa/",
        headers={"HX-Request": "true", "HX-Current-URL": "http://testserver/console/cases/?q=1"},
    )

    assert response["HX-Redirect"] == "/login/?next=%2Fconsole%2Fcases%2F%3Fq%3D1"


@pytest.mark.parametrize("path", ["signup/", "email/", "password/reset/", "password/set/", "3rdparty/"])
def test_what_staff_do_not_need_is_not_there(path):
    assert browser().get(f"/accounts/{path}").status_code == 404
