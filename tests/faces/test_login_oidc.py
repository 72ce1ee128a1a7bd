from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
import pytest
from allauth.socialaccount.models import SocialAccount
from cryptography.hazmat.primitives.asymmetric import rsa
from django.test import Client

from tests.faces.test_login import agent, browser, enter, is_in, page
from tests.faces.test_login_second_factor import CODE, activated, code_of
from yanzhen.faces.login import devices
from yanzhen.foundation import crypto
from yanzhen.foundation.models import Account
from yanzhen.foundation.records import history

pytestmark = pytest.mark.django_db

START = "/accounts/oidc/sso/"
BACK = f"{START}callback/"
ID, SECRET = "yanzhen", "between-us-and-the-provider-only"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


class Provider(BaseHTTPRequestHandler):
    """As much of an OpenID Connect provider as a log-in needs; it vouches for whoever `claims` says."""

    claims: ClassVar[dict[str, Any]] = {}
    told: ClassVar[dict[str, Any]] = {}
    """What the userinfo endpoint says otherwise than the token."""
    asked: ClassVar[list[dict[str, str]]] = []

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def do_GET(self) -> None:
        answers = {
            "/.well-known/openid-configuration": self.discovery,
            "/userinfo": lambda: self.claims | self.told,
            "/jwks": self.jwks,
        }
        self.answer(answers[self.path]())

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        asked = {name: values[0] for name, values in parse_qs(body).items()}
        Provider.asked.append(asked)
        now = int(time.time())
        token = {"iss": self.origin, "aud": ID, "iat": now, "exp": now + 60} | self.claims
        signed = jwt.encode(token, KEY, algorithm="RS256", headers={"kid": "1"})
        self.answer({"access_token": "opaque", "token_type": "Bearer", "id_token": signed})

    def discovery(self) -> dict[str, Any]:
        return {
            "issuer": self.origin,
            "authorization_endpoint": f"{self.origin}/authorize",
            "token_endpoint": f"{self.origin}/token",
            "userinfo_endpoint": f"{self.origin}/userinfo",
            "jwks_uri": f"{self.origin}/jwks",
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
        }

    def jwks(self) -> dict[str, Any]:
        public = KEY.public_key().public_numbers()
        n = base64.urlsafe_b64encode(public.n.to_bytes(256, "big")).rstrip(b"=").decode()
        return {"keys": [{"kty": "RSA", "kid": "1", "alg": "RS256", "n": n, "e": "AQAB"}]}

    def answer(self, value: dict[str, Any]) -> None:
        body = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Say nothing: the test's output is for failures."""


@pytest.fixture(autouse=True)
def _provider(settings: Any) -> Iterator[None]:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    Provider.claims, Provider.told, Provider.asked = {}, {}, []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Provider)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    configure(settings, f"http://127.0.0.1:{server.server_address[1]}")
    yield
    server.shutdown()
    server.server_close()


def configure(settings: Any, server: str) -> None:
    app = settings.OIDC_APP | {"name": "省总统一认证", "client_id": ID, "secret": SECRET}
    app["settings"] = settings.OIDC_APP["settings"] | {"server_url": server}
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": [app]}}


def enter_by_provider(client: Client, start: str = START, **claims: Any) -> Any:
    """Go to the provider, be who `claims` says, and come back with the code."""
    Provider.claims = claims
    sent = client.get(start)
    asked = parse_qs(urlsplit(sent["Location"]).query)
    return client.get(f"{BACK}?{urlencode({'code': 'one-time', 'state': asked['state'][0]})}")


def test_the_log_in_page_offers_the_provider_and_takes_the_way_back_along():
    shown = page(browser().get("/login/?next=/console/cases/"))

    assert "用省总统一认证登录" in shown
    assert f'href="{START}?next=%2Fconsole%2Fcases%2F"' in shown


def test_without_a_provider_nothing_is_offered(settings):
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": []}}

    assert START not in page(browser().get("/login/"))
    assert browser().get(START).status_code == 404


def test_a_user_name_that_is_an_account_s_opens_it():
    account, client = agent(), browser()

    response = enter_by_provider(client, sub="77", preferred_username=account.username)

    assert (response.status_code, response["Location"], is_in(client)) == (302, "/console/", True)
    assert list(history(account).values_list("verb", "after")) == [
        ("login.connect", {"provider": "sso"}),
        ("login", {"methods": ["socialaccount"]}),
    ]
    assert devices.COOKIE in client.cookies


def test_the_provider_is_asked_with_our_secret_and_a_proof_of_the_same_browser():
    sent = browser().get(START)
    enter_by_provider(browser(), sub="77", preferred_username=agent().username)

    asked = parse_qs(urlsplit(sent["Location"]).query)
    assert (asked["client_id"], asked["code_challenge_method"]) == ([ID], ["S256"])
    assert asked["redirect_uri"] == [f"http://testserver{BACK}"]
    assert (Provider.asked[0]["client_secret"], "code_verifier" in Provider.asked[0]) == (SECRET, True)


def test_one_goes_where_one_wanted_to_and_to_no_other_host():
    account = agent()

    ours = enter_by_provider(
        browser(), f"{START}?next=/console/cases/", sub="77", preferred_username=account.username
    )
    foreign = enter_by_provider(
        browser(), f"{START}?next=https://evil.example/", sub="77", preferred_username=account.username
    )

    assert (ours["Location"], foreign["Location"]) == ("/console/cases/", "/console/")


def test_no_account_is_ever_opened():
    before = Account.objects.count()
    client = browser()

    response = enter_by_provider(
        client, sub="77", preferred_username="stranger", email="s@example.org", email_verified=True
    )

    assert (response.status_code, is_in(client)) == (403, False)
    assert "没有对应的账号" in page(response)
    assert (Account.objects.count(), SocialAccount.objects.count()) == (before, 0)


def test_a_verified_address_of_one_account_opens_it_where_no_name_fits():
    agent(email="wang@example.org")
    client = browser()

    enter_by_provider(
        client, sub="77", preferred_username="w.wang", email="Wang@Example.org", email_verified=True
    )

    assert is_in(client)


@pytest.mark.parametrize("verified", [False, None, "false", "true", 1])
def test_an_address_that_the_provider_has_not_verified_opens_nothing(verified):
    agent(email="wang@example.org")
    client = browser()

    enter_by_provider(client, sub="77", email="wang@example.org", email_verified=verified)

    assert not is_in(client)


def test_an_address_that_two_accounts_have_opens_neither():
    agent(email="office@example.org")
    agent(email="office@example.org")
    client = browser()

    enter_by_provider(client, sub="77", email="office@example.org", email_verified=True)

    assert not is_in(client)


def test_afterwards_the_subject_decides_and_not_the_name():
    mine, other = agent(), agent()
    enter_by_provider(browser(), sub="77", preferred_username=mine.username)
    client = browser()

    enter_by_provider(client, sub="77", preferred_username=other.username)

    assert client.session["_auth_user_id"] == str(mine.pk)


def test_a_second_subject_can_not_take_an_account_over_by_its_name():
    account, thief = agent(), browser()
    enter_by_provider(browser(), sub="77", preferred_username=account.username)

    response = enter_by_provider(thief, sub="666", preferred_username=account.username)

    assert (response.status_code, is_in(thief)) == (403, False)


def test_a_token_and_a_userinfo_about_different_people_are_refused():
    account, client = agent(), browser()
    Provider.told = {"sub": "666"}

    response = enter_by_provider(client, sub="77", preferred_username=account.username)

    assert (response.status_code, is_in(client)) == (401, False)


def test_a_closed_account_stays_closed():
    account, client = agent(), browser()
    enter_by_provider(browser(), sub="77", preferred_username=account.username)
    account.is_active = False
    account.save()

    response = enter_by_provider(client, sub="77", preferred_username=account.username)

    assert (response["Location"], is_in(client)) == ("/accounts/inactive/", False)
    assert "账号已停用" in page(client.get(response["Location"]))


def test_the_second_factor_is_asked_for_here_too():
    crypto.begin()
    _, secret = activated(account := agent())
    client = browser()

    response = enter_by_provider(client, sub="77", preferred_username=account.username)
    half_in = is_in(client)
    client.post(CODE, {"code": code_of(secret)})

    assert (response["Location"], half_in, is_in(client)) == (CODE, False, True)


def test_nobody_connects_an_identity_to_the_account_that_is_logged_in():
    account, client = agent(), browser()
    enter(client, account)

    response = enter_by_provider(client, f"{START}?process=connect", sub="77", preferred_username="stranger")

    assert response.status_code == 403
    assert SocialAccount.objects.count() == 0


def test_nothing_of_the_person_is_kept_but_the_subject():
    account = agent()
    for _ in range(2):
        enter_by_provider(
            browser(),
            sub="77",
            preferred_username=account.username,
            name="王建设",
            phone_number="13812345678",
        )

    kept = list(SocialAccount.objects.values_list("uid", "extra_data"))

    assert kept == [("77", {})]


def test_an_answer_without_our_question_is_refused():
    client = browser()

    response = client.get(f"{BACK}?code=one-time&state=made-up")

    assert (response.status_code, is_in(client)) == (401, False)
    assert "没有登录成功" in page(response)


def test_who_turns_back_at_the_provider_may_try_again():
    client = browser()
    asked = parse_qs(urlsplit(client.get(START)["Location"]).query)

    response = client.get(f"{BACK}?{urlencode({'error': 'access_denied', 'state': asked['state'][0]})}")

    assert "已取消登录" in page(client.get(response["Location"]))


def test_when_the_provider_is_down_the_password_still_works(settings):
    configure(settings, "http://127.0.0.1:9")
    account, client = agent(), browser()

    response = client.get(START)
    enter(client, account)

    assert (response.status_code, "没有登录成功" in page(response)) == (502, True)
    assert is_in(client)
