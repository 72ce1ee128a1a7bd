"""Accounts in the console: shut, let in again, given a new password, freed of a lost phone; by who is in charge alone."""

from __future__ import annotations

from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from django.test import Client

from tests.faces.console import browser, text
from tests.factories import AccountFactory, LineFactory, OrganisationFactory, RegionFactory
from yanzhen.foundation import crypto
from yanzhen.foundation.models import Account, Region
from yanzhen.foundation.records import history

pytestmark = pytest.mark.django_db

HOME = "/console/accounts/"
EDIT = "account.view account.edit"
PASSWORD = "泉城路上的梧桐 2026"  # noqa: S105  # of these tests alone
REASON = "本人持工作证到场"
ACTS = {
    "deactivate/": {},
    "reactivate/": {},
    "password/": {"password": PASSWORD},
    "second-factor/remove/": {},
}


@pytest.fixture(autouse=True)
def _no_second_factor_of_ones_own(settings: Any) -> None:
    settings.SECOND_FACTOR_RIGHTS = ()
    crypto.forget_keys()
    crypto.begin()


@pytest.fixture
def place() -> Region:
    return RegionFactory(code="370102")


@pytest.fixture
def clerk(place: Region) -> Account:
    account = AccountFactory(grants=[(place, None, "case.view")])
    TOTP.activate(account, "JBSWY3DPEHPK3PXP")
    RecoveryCodes.activate(account)
    return account


@pytest.fixture
def administrator() -> Account:
    return AccountFactory(grants=[(RegionFactory(code="370100", level="city"), None, EDIT)])


def state(account: Account) -> tuple[Any, ...]:
    row = Account.objects.get(pk=account.pk)
    return row.is_active, row.password, Authenticator.objects.filter(user=account).count()


def act(actor: Account, account: Account, path: str, **given: Any) -> Any:
    return browser(actor).post(f"{HOME}{account.pk}/{path}", {"reason": REASON} | ACTS[path] | given)


def test_who_is_shut_out_is_out_at_the_next_request_and_in_again_only_after_logging_in(administrator, clerk):
    working = browser(clerk)
    before = working.get("/console/").status_code

    done = act(administrator, clerk, "deactivate/")
    shut = working.get("/console/")
    act(administrator, clerk, "reactivate/")
    clerk.refresh_from_db()

    assert (before, done.status_code, done["Location"]) == (200, 303, f"{HOME}{clerk.pk}/")
    assert (shut.status_code, shut["Location"].partition("?")[0]) == (302, "/login/")
    assert clerk.is_active
    assert [(r.verb, r.actor_id, r.reason) for r in history(clerk)] == [
        ("account.deactivate", administrator.pk, REASON),
        ("account.reactivate", administrator.pk, REASON),
    ]


def test_a_shut_account_does_not_log_in(administrator, clerk):
    Authenticator.objects.all().delete()
    act(administrator, clerk, "password/")
    act(administrator, clerk, "deactivate/")
    client = Client()

    page = client.post("/login/", {"login": clerk.username, "password": PASSWORD})

    assert (page.status_code, client.get("/console/").status_code) == (422, 302)


def test_a_new_password_logs_in_and_ends_what_was_logged_in_with_the_old_one(administrator, clerk):
    Authenticator.objects.all().delete()
    working, fresh = browser(clerk), Client()

    done = act(administrator, clerk, "password/")
    fresh.post("/login/", {"login": clerk.username, "password": PASSWORD})

    assert done.status_code == 303
    assert working.get("/console/").status_code == 302
    assert fresh.get("/console/").status_code == 200
    assert [line.verb for line in history(clerk)] == ["account.password", "login"]
    assert PASSWORD not in repr(list(history(clerk).values()))


def test_a_lost_phone_is_taken_off_with_its_recovery_codes(administrator, clerk):
    other = AccountFactory()
    TOTP.activate(other, "JBSWY3DPEHPK3PXP")

    done = act(administrator, clerk, "second-factor/remove/")
    again = act(administrator, clerk, "second-factor/remove/")

    assert (done.status_code, again.status_code) == (303, 409)
    assert "没有启用动态验证码" in text(again)
    assert [a.user_id for a in Authenticator.objects.all()] == [other.pk]
    assert [(r.verb, r.actor_id, r.reason) for r in history(clerk)] == [
        ("second_factor.off", administrator.pk, REASON)
    ]


@pytest.mark.parametrize("path", ACTS)
def test_without_a_reason_nothing_is_done_and_the_form_says_so(administrator, clerk, path):
    before = state(clerk)

    page = act(administrator, clerk, path, reason=" ")

    assert (page.status_code, state(clerk), history(clerk).count()) == (422, before, 0)
    assert page.context["form"].errors.keys() == {"reason"}


@pytest.mark.parametrize("password", ["", "short-1", "password123"])
def test_a_weak_password_is_refused_beside_its_field_and_is_not_sent_back(administrator, clerk, password):
    before = state(clerk)

    page = act(administrator, clerk, "password/", password=password)

    assert (page.status_code, state(clerk)) == (422, before)
    assert page.context["form"].errors.keys() == {"password"}
    assert not password or password not in page.content.decode()


@pytest.mark.parametrize("way", ["get", "post"])
@pytest.mark.parametrize("path", ACTS)
def test_nobody_does_it_to_their_own_account(administrator, path, way):
    TOTP.activate(administrator, "JBSWY3DPEHPK3PXP")
    before = state(administrator)

    page = getattr(browser(administrator), way)(
        f"{HOME}{administrator.pk}/{path}", {"reason": REASON} | ACTS[path]
    )

    assert (page.status_code, state(administrator), history(administrator).count()) == (409, before, 0)
    assert "另一位管理员" in text(page)


@pytest.mark.parametrize("way", ["get", "post"])
@pytest.mark.parametrize("path", ACTS)
def test_one_grant_beyond_reach_shuts_the_way(administrator, clerk, path, way):
    extra = AccountFactory(grants=[(RegionFactory(code="370202"), None, "case.view")]).grants.get()
    clerk.grants.create(role=extra.role, region=extra.region)
    before = state(clerk)

    page = getattr(browser(administrator), way)(f"{HOME}{clerk.pk}/{path}", {"reason": REASON} | ACTS[path])

    assert (page.status_code, state(clerk), history(clerk).count()) == (403, before, 0)
    assert "超出您" in text(page)


@pytest.mark.parametrize("path", ACTS)
def test_a_viewer_does_nothing_and_a_stranger_finds_nobody(place, clerk, path):
    viewer = AccountFactory(grants=[(place, None, "account.view")])
    strangers = [
        AccountFactory(grants=[(RegionFactory(code="370202"), None, EDIT)]),
        AccountFactory(grants=[(place, LineFactory(code="justice"), EDIT)]),
    ]
    before = state(clerk)

    answers = [act(who, clerk, path).status_code for who in (viewer, *strangers)]

    assert (answers, state(clerk), history(clerk).count()) == ([403, 404, 404], before, 0)


def test_the_page_offers_what_may_be_done_and_to_whom(place, administrator, clerk):
    plain = AccountFactory(grants=[(place, None, "case.view")])
    beyond = AccountFactory(
        grants=[(place, None, "case.view"), (RegionFactory(code="370202"), None, "case.view")]
    )
    viewer = AccountFactory(grants=[(place, None, "account.view")])

    def offered(who: Account, whose: Account) -> list[str]:
        page = browser(who).get(f"{HOME}{whose.pk}/").content.decode()
        return [path for path in ACTS if f"{HOME}{whose.pk}/{path}" in page]

    before = offered(administrator, clerk)
    act(administrator, clerk, "deactivate/")

    assert before == ["deactivate/", "password/", "second-factor/remove/"]
    assert offered(administrator, clerk) == ["reactivate/", "password/", "second-factor/remove/"]
    assert offered(administrator, plain) == ["deactivate/", "password/"]
    for nothing in ((administrator, administrator), (administrator, beyond), (viewer, clerk)):
        assert offered(*nothing) == []
    assert "停用" in text(browser(administrator).get(f"{HOME}{clerk.pk}/"))


def test_an_account_is_opened_in_an_organisation_within_reach_and_found_there_alone(place, administrator):
    body = OrganisationFactory(region=place, name="历下区总工会")
    OrganisationFactory(region=RegionFactory(code="370202"), name="市南区总工会")
    elsewhere = AccountFactory(grants=[(RegionFactory(code="370202"), None, EDIT)])
    given = {"username": "clerk", "name": "王某", "password": PASSWORD}

    form = browser(administrator).get(f"{HOME}open/")
    without = browser(administrator).post(f"{HOME}open/", given)
    done = browser(administrator).post(f"{HOME}open/", given | {"organisation": body.pk})

    assert ("历下区总工会" in text(form), "市南区总工会" in text(form)) == (True, False)
    assert (without.status_code, without.context["form"].errors.keys()) == (422, {"organisation"})
    account = Account.objects.get(username="clerk")
    assert (done.status_code, account.organisation) == (303, body)
    assert [browser(who).get(f"{HOME}{account.pk}/").status_code for who in (administrator, elsewhere)] == [
        200,
        404,
    ]
    assert [account in browser(who).get(HOME).context["accounts"] for who in (administrator, elsewhere)] == [
        True,
        False,
    ]
