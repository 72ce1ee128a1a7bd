from __future__ import annotations

import re
from typing import Any

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from tests.faces.test_login import RIGHT, agent, browser, enter, guess, is_in, page
from tests.factories import RegionFactory
from yanzhen.faces.login import tries
from yanzhen.foundation import crypto
from yanzhen.foundation.models import Account
from yanzhen.foundation.records import history

pytestmark = pytest.mark.django_db

ACTIVATE = "/accounts/2fa/totp/"
CODE = "/accounts/2fa/code/"
CODES = "/accounts/2fa/recovery-codes/"
OFF = "/accounts/2fa/totp/off/"
AGAIN = "/accounts/again/"


@pytest.fixture(autouse=True)
def _quick_hash(settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    crypto.begin()
    cache.clear()


def administrator() -> Account:
    return agent(grants=[(RegionFactory(code="370000", level="province"), None, "account.edit")])


def code_of(secret: str, *, steps: int = 0) -> str:
    """Return what the phone shows now, or some steps of 30 seconds later."""
    return format_hotp_value(hotp_value(secret, int(timezone.now().timestamp()) // 30 + steps))


def activated(account: Account) -> tuple[Client, str]:
    """Have the account turn its second factor on; return its browser and the secret on its phone."""
    client = browser()
    enter(client, account)
    secret = re.search(r"<code[^>]*>([A-Z2-7]+)</code>", page(client.get(ACTIVATE)))[1]
    done = client.post(ACTIVATE, {"code": code_of(secret)})
    assert done["Location"] == CODES
    return client, secret


def recovery_codes(client: Client) -> list[str]:
    return re.findall(r"<code[^>]*>(\d{8})</code>", page(client.get(CODES)))


def verbs(account: Account) -> list[str]:
    return list(history(account).values_list("verb", flat=True))


def test_activation_shows_a_code_to_scan_and_a_secret_to_type_and_hands_out_recovery_codes():
    account, client = agent(), browser()
    enter(client, account)

    shown = client.get(ACTIVATE)
    wrong = client.post(ACTIVATE, {"code": "000000"})
    _, secret = activated(account)

    assert 'src="data:image/svg+xml;base64,' in page(shown)
    assert "data:" in shown["Content-Security-Policy"]
    assert (wrong.status_code, "验证码不对" in page(wrong)) == (422, True)
    assert len(secret) == 32
    assert verbs(account)[-2:] == ["login", "second_factor.on"]


def test_secret_and_recovery_codes_stay_in_no_cache():
    client, _ = activated(agent())
    fresh = browser()
    enter(fresh, agent())

    for response in (fresh.get(ACTIVATE), client.get(CODES), client.get(f"{CODES}file/")):
        assert "no-store" in response["Cache-Control"]


def test_the_secret_is_kept_encrypted():
    _, secret = activated(account := agent())

    stored = repr(list(Authenticator.objects.filter(user=account).values_list("data", flat=True)))

    assert secret not in stored


def test_with_a_second_factor_the_password_alone_lets_nobody_in():
    _, secret = activated(account := agent())
    client = browser()

    half = enter(client, account)
    half_in = is_in(client)
    whole = client.post(CODE, {"code": code_of(secret)})

    assert (half["Location"], half_in) == (CODE, False)
    assert (whole.status_code, whole["Location"], is_in(client)) == (302, "/console/", True)
    assert history(account).filter(verb="login").last().after == {"methods": ["password", "totp"]}


def test_where_one_wanted_to_go_is_kept_over_the_code():
    _, secret = activated(account := agent())
    client = browser()

    enter(client, account, next="/console/cases/")

    assert client.post(CODE, {"code": code_of(secret)})["Location"] == "/console/cases/"


def test_the_code_page_is_of_no_use_without_the_password():
    activated(agent())

    assert browser().get(CODE)["Location"] == "/login/"


def test_a_code_works_once_in_whatever_process():
    _, secret = activated(account := agent())
    first, second = browser(), browser()
    code = code_of(secret)
    enter(first, account)
    enter(second, account)

    first.post(CODE, {"code": code})
    cache.clear()  # as in another process, whose own memory knows nothing of it
    refused = second.post(CODE, {"code": f"{code[:3]} {code[3:]}"})

    assert is_in(first)
    assert (refused.status_code, is_in(second)) == (422, False)


def test_yesterday_s_and_tomorrow_s_codes_are_wrong():
    _, secret = activated(account := agent())
    client = browser()
    enter(client, account)

    with time_machine.travel(timezone.now().replace(second=10), tick=False):
        for steps in (-2880, -2, 2, 2880):
            client.post(CODE, {"code": code_of(secret, steps=steps)})

    assert not is_in(client)


def test_a_recovery_code_stands_in_for_the_phone_once():
    owner, _ = activated(account := agent())
    codes = recovery_codes(owner)
    first, second = browser(), browser()
    enter(first, account)
    enter(second, account)

    first.post(CODE, {"code": codes[0]})
    second.post(CODE, {"code": codes[0]})

    assert len(codes) == 10
    assert (is_in(first), is_in(second)) == (True, False)
    assert len(recovery_codes(owner)) == 9


def test_recovery_codes_can_be_downloaded_and_renewed():
    owner, _ = activated(account := agent())
    old = recovery_codes(owner)

    file = owner.get(f"{CODES}file/")
    renewed = owner.post(f"{CODES}renew/")

    assert [line for line in page(file).splitlines() if line.isdigit()] == old
    assert "attachment" in file["Content-Disposition"]
    assert renewed["Location"] == CODES
    assert not set(old) & set(recovery_codes(owner))
    assert verbs(account)[-1] == "recovery_codes.renew"


def test_codes_can_not_be_guessed_at_for_long():
    _, secret = activated(account := agent())
    thief = browser("10.6.6.6")
    enter(thief, account)
    for n in range(tries.FROM_ONE_ADDRESS):
        thief.post(CODE, {"code": f"{n:06}"})

    stopped = thief.post(CODE, {"code": code_of(secret)})

    assert (stopped.status_code, is_in(thief)) == (429, False)
    assert int(stopped["Retry-After"]) > 0
    causes = history(account).filter(verb="login.refused").values_list("after__cause", flat=True)
    assert list(causes) == ["code"] * tries.FROM_ONE_ADDRESS + ["limit"]


def test_who_knows_the_password_can_not_lock_the_owner_s_browser_out_by_wrong_codes():
    owner, secret = activated(account := agent())
    owner.post("/accounts/logout/")
    for n in range(2 * tries.FROM_ALL):
        thief = browser(f"10.6.6.{n}")
        enter(thief, account)
        thief.post(CODE, {"code": "000000"})

    enter(owner, account)
    owner.post(CODE, {"code": code_of(secret)})

    assert is_in(owner)


def test_a_browser_is_known_only_after_the_second_factor():
    activated(account := agent())
    thief = browser("10.6.6.6")
    enter(thief, account)
    guess(account, times=tries.FROM_ONE_ADDRESS, address="10.6.6.6")

    assert enter(thief, account).status_code != 200
    assert "known_device" not in thief.cookies


def test_who_may_edit_accounts_is_led_to_a_second_factor_and_nowhere_else():
    account, client = administrator(), browser()
    enter(client, account)

    led = client.get("/console/")
    shown = client.get(led["Location"])

    assert (led.status_code, led["Location"]) == (302, f"{ACTIVATE}?required=1")
    assert (shown.status_code, "启用后才能继续工作" in page(shown)) == (200, True)
    assert client.get("/accounts/password/")["Location"] == led["Location"]
    assert client.post("/accounts/logout/")["Location"] == "/login/"


def test_with_it_they_work():
    client, _ = activated(administrator())

    assert client.get("/console/").status_code == 200


def test_they_can_not_turn_it_off_again():
    client, _ = activated(administrator())

    shown, tried = client.get(OFF), client.post(OFF)

    assert "不能停用" in page(shown)
    assert "不能停用" in page(tried)
    assert client.get("/console/").status_code == 200


def test_others_may_go_without():
    client = browser()
    enter(client, agent())

    assert client.get("/console/").status_code == 200


def test_the_demo_asks_nobody_for_a_second_factor(settings):
    client = browser()
    enter(client, administrator())

    led = client.get("/accounts/2fa/").status_code
    settings.DEMO = True
    free = client.get("/accounts/2fa/").status_code

    assert (led, free) == (302, 200)


def test_others_turn_it_off_by_a_post_and_the_recovery_codes_go_with_it():
    client, _ = activated(account := agent())

    asked = client.get(OFF)
    still = Authenticator.objects.filter(user=account).count()
    client.post(OFF)

    assert (asked.status_code, still) == (200, 2)
    assert Authenticator.objects.filter(user=account).count() == 0
    assert verbs(account)[-1] == "second_factor.off"


def test_later_the_password_is_asked_for_again():
    client, _ = activated(agent())
    now = timezone.now()

    with time_machine.travel(now.timestamp() + 400):
        asked = client.get(CODES)
        wrong = client.post(asked["Location"], {"password": "wrong"})
        right = client.post(asked["Location"], {"password": RIGHT})

    assert asked["Location"].startswith(AGAIN)
    assert (wrong.status_code, "密码不对" in page(wrong)) == (422, True)
    assert (right.status_code, right["Location"]) == (302, CODES)


def test_or_the_code_instead_of_the_password():
    client, secret = activated(agent())
    now = timezone.now()

    with time_machine.travel(now.timestamp() + 400):
        link = re.search(
            r'href="(/accounts/2fa/again/[^"]*)"', page(client.get(client.get(CODES)["Location"]))
        )
        right = client.post(link[1].replace("&amp;", "&"), {"code": code_of(secret)})

    assert (right.status_code, right["Location"]) == (302, CODES)


def test_the_old_password_can_not_be_guessed_in_a_browser_left_open():
    client = browser()
    enter(client, agent())
    new = {"password1": "weifang-kites-in-april", "password2": "weifang-kites-in-april"}
    for _ in range(tries.OF_ONE_DEVICE):
        client.post("/accounts/password/", {"oldpassword": "wrong", **new})

    stopped = client.post("/accounts/password/", {"oldpassword": RIGHT, **new})

    assert stopped.status_code == 429


@pytest.mark.parametrize(
    "path", ["/accounts/2fa/", ACTIVATE, OFF, CODES, f"{CODES}renew/", "/accounts/password/"]
)
def test_pages_of_an_account_are_for_those_who_are_logged_in(path):
    assert browser().get(path)["Location"].startswith("/login/")
