"""Accounts, grants and keys: nobody gives what they do not hold, and everything given is on record."""

from __future__ import annotations

import hashlib
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.utils import timezone

from tests.factories import AccountFactory, LineFactory, OrganisationFactory, RegionFactory
from yanzhen.foundation import accounts
from yanzhen.foundation.accounts import (
    AccountRefused,
    GrantRefused,
    account_for_token,
    deactivate,
    grant,
    in_charge,
    issue_token,
    open_account,
    reactivate,
    reset_password,
    revoke,
    revoke_token,
)
from yanzhen.foundation.errors import Invalid, NotAllowed
from yanzhen.foundation.models import Account, Grant, Organisation, Record, Region, Role, Token
from yanzhen.foundation.records import history

pytestmark = pytest.mark.django_db

PASSWORD = "泉城路上的梧桐 2026"  # noqa: S105  # of these tests alone
EDIT = "account.edit"


@pytest.fixture
def role() -> Role:
    return Role.objects.create(code="viewer", name="查看", rights=["organisation.view"])


def region(code: str) -> Region:
    return RegionFactory(code=code)


def administrator(code: str = "370100", line: str | None = None) -> Account:
    return AccountFactory(grants=[(region(code), LineFactory(code=line) if line else None, EDIT)])


def newcomer(code: str = "370102", line: str | None = None) -> Account:
    """An account without any grant, of an organisation there."""
    body = OrganisationFactory(region=region(code), line=LineFactory(code=line or "union"))
    return AccountFactory(organisation=body)


def fresh(account: Account) -> Account:
    """Read the account again: what it holds is kept for the life of the object."""
    return Account.objects.get(pk=account.pk)


def seen(account: Account) -> set[Organisation]:
    return set(Organisation.objects.visible_to(fresh(account), "organisation.view"))


def test_an_account_is_opened_without_any_grant_and_on_record():
    actor, body = administrator(), OrganisationFactory(region=region("370102"))

    account = open_account("clerk", name="王某", password=PASSWORD, actor=actor, organisation=body)

    assert (fresh(account).check_password(PASSWORD), account.grants.count()) == (True, 0)
    line = history(account).get()
    assert (line.verb, line.actor_id, line.after) == (
        "account.open",
        actor.pk,
        {"username": "clerk", "organisation": body.pk},
    )


def test_an_account_belongs_to_its_openers_organisation_unless_another_is_chosen():
    actor, chosen = administrator(), OrganisationFactory(region=region("370102"))
    actor.organisation = OrganisationFactory(region=region("370100"))
    actor.save()

    own = open_account("own", name="王某", password=PASSWORD, actor=actor)
    other = open_account("other", name="李某", password=PASSWORD, actor=actor, organisation=chosen)

    assert [fresh(account).organisation for account in (own, other)] == [actor.organisation, chosen]


@pytest.mark.parametrize(("place", "line", "refusal"), [
    (None, "union", Invalid), ("370202", "union", NotAllowed), ("370102", "court", NotAllowed),
])  # fmt: skip
def test_an_account_is_not_opened_where_its_opener_looks_after_none(place, line, refusal):
    actor = administrator("370100", "union")
    body = OrganisationFactory(region=region(place), line=LineFactory(code=line)) if place else None

    with pytest.raises(refusal):
        open_account("clerk", name="王某", password=PASSWORD, actor=actor, organisation=body)

    assert not Account.objects.filter(username="clerk").exists()


@pytest.mark.parametrize("before", [False, True], ids=["newly opened", "grants over"])
def test_an_account_without_any_grant_is_in_the_charge_of_its_organisations_place_alone(role, before):
    own, elsewhere, court = administrator(), administrator("370202"), administrator("370100", "court")
    body = OrganisationFactory(region=region("370102"), line=LineFactory(code="union"))
    clerk, nowhere = AccountFactory(organisation=body), AccountFactory()
    if before:
        for account in (clerk, nowhere):
            grant(account, role, region("370202"), None, actor=None)
        Grant.objects.filter(role=role).update(
            starts_on=timezone.localdate() - timedelta(days=9), ends_on=timezone.localdate()
        )

    charge = [[in_charge(who, account) for who in (own, elsewhere, court)] for account in (clerk, nowhere)]
    for act in (
        lambda: issue_token(clerk, "借用", actor=elsewhere),
        lambda: reset_password(clerk, PASSWORD, actor=elsewhere, reason="不该发生"),
    ):
        with pytest.raises(NotAllowed):
            act()

    assert charge == [[True, False, False], [False, False, False]]
    assert not Token.objects.exists()


def test_a_grant_beyond_its_issuers_reach_revokes_the_key_and_no_other(role):
    county, city = administrator("370102"), administrator("370100")
    clerk = AccountFactory(organisation=OrganisationFactory(region=region("370102")))
    keys = [issue_token(clerk, "对接", actor=actor) for actor in (county, city, clerk, None)]

    grant(clerk, role, region("370102"), None, actor=county)
    within = [account_for_token(key) for key in keys]
    grant(clerk, role, region("370100"), None, actor=city)
    beyond = [account_for_token(key) for key in keys]

    assert (within, beyond) == ([clerk] * 4, [None, clerk, clerk, clerk])
    ended = Token.objects.get(issued_by=county)
    assert [(r.actor_id, r.before, r.reason) for r in history(clerk).filter(verb="token.revoke")] == [
        (city.pk, {"token": ended.pk}, "新授权超出密钥签发人的授权范围")
    ]


def test_an_account_is_not_opened_by_who_lacks_the_right():
    with pytest.raises(NotAllowed):
        open_account("clerk", name="王某", password=PASSWORD, actor=AccountFactory())

    assert not Account.objects.filter(username="clerk").exists()


@pytest.mark.parametrize(
    "given",
    [
        {"password": "short-1"},
        {"password": "password123"},
        {"username": "administrator", "password": "administrator1"},
        {"username": "taken"},
        {"username": ""},
        {"username": "有 空格"},
        {"name": ""},
    ],
)
def test_a_weak_password_or_a_wrong_name_opens_nothing(given):
    AccountFactory(username="taken")

    with pytest.raises(Invalid):
        open_account(**({"username": "clerk", "name": "王某", "password": PASSWORD} | given), actor=None)

    assert Account.objects.count() == 1


def test_a_grant_reaches_its_subtree_and_line_from_today_and_is_on_record(role):
    inside = OrganisationFactory(region=region("370102"), line=LineFactory(code="union"))
    OrganisationFactory(region=region("370102"), line=LineFactory(code="court"))
    OrganisationFactory(region=region("370202"))
    actor, clerk = administrator(), AccountFactory(organisation=inside)

    given = grant(clerk, role, region("370100"), inside.line, actor=actor)

    assert seen(clerk) == {inside}
    line = history(clerk).get()
    assert (line.verb, line.actor_id, line.before, line.after) == (
        "grant.give",
        actor.pk,
        None,
        {
            "role": "viewer",
            "region": "370100",
            "line": "union",
            "starts_on": timezone.localdate().isoformat(),
            "ends_on": None,
        },
    )
    assert given.starts_on == timezone.localdate()


@pytest.mark.parametrize(
    ("held", "on", "wanted", "wanted_on"),
    [
        ("370100", None, "370000", None),
        ("370100", None, "370200", None),
        ("370100", None, "370202", "union"),
        ("370102", None, "370100", "union"),
        ("370100", "union", "370102", None),
        ("370100", "union", "370102", "court"),
    ],
)
def test_nobody_gives_beyond_their_own_reach(role, held, on, wanted, wanted_on):
    actor, clerk = administrator(held, on), AccountFactory()

    with pytest.raises(NotAllowed, match="超出"):
        grant(
            clerk,
            role,
            region(wanted),
            LineFactory(code=wanted_on) if wanted_on else None,
            actor=actor,
        )

    assert (clerk.grants.count(), history(clerk).count()) == (0, 0)


@pytest.mark.parametrize(
    ("held", "on", "wanted", "wanted_on"),
    [
        ("370100", None, "370100", None),
        ("370100", None, "370102", "court"),
        ("370100", "union", "370102", "union"),
        ("370000", None, "370102001", None),
    ],
)
def test_what_lies_within_ones_reach_may_be_given(role, held, on, wanted, wanted_on):
    line = LineFactory(code=wanted_on) if wanted_on else None

    given = grant(newcomer(wanted, wanted_on), role, region(wanted), line, actor=administrator(held, on))

    assert (given.region_id, given.line) == (wanted, line)


def test_a_grant_over_jinan_may_be_given_in_what_was_merged_into_it(role):
    region("371200").successors.add(region("370100"))

    given = grant(newcomer("371200"), role, region("371200"), None, actor=administrator("370100"))

    assert given.region_id == "371200"


def test_the_first_grant_is_given_by_who_is_in_charge_and_makes_nobody_else_so(role):
    own, elsewhere, clerk = administrator(), administrator("370202"), newcomer()

    with pytest.raises(NotAllowed, match="所属单位"):
        grant(clerk, role, region("370202"), None, actor=elsewhere)
    grant(clerk, role, region("370102"), None, actor=own)
    grant(clerk, role, region("370202"), None, actor=elsewhere)

    assert [in_charge(who, clerk) for who in (own, elsewhere)] == [False, False]


def test_nobody_gives_to_oneself(role):
    actor = administrator()

    with pytest.raises(GrantRefused, match="不能给自己授权"):
        grant(actor, role, region("370102"), None, actor=actor)

    assert actor.grants.count() == 1


def test_who_lost_the_right_gives_nothing(role):
    actor = administrator()
    actor.grants.update(ends_on=timezone.localdate())

    with pytest.raises(NotAllowed):
        grant(AccountFactory(), role, region("370102"), None, actor=fresh(actor))


def test_a_role_with_a_right_that_nobody_declared_is_not_given():
    role = Role.objects.create(code="odd", name="异常", rights=["case.view", "case.erase"])

    with pytest.raises(GrantRefused, match=r"case\.erase"):
        grant(AccountFactory(), role, region("370100"), None, actor=None)


def test_an_ended_grant_does_not_reach_and_one_that_is_to_begin_does_not_yet(role):
    row = OrganisationFactory(region=region("370102"))
    clerk = AccountFactory()
    given = grant(clerk, role, row.region, None, actor=None, ends_on=timezone.localdate() + timedelta(days=1))
    today = seen(clerk)

    with time_machine.travel(timezone.now() + timedelta(days=1)):
        tomorrow = seen(clerk)
    given.starts_on, given.ends_on = timezone.localdate() + timedelta(days=1), None
    given.save()
    not_yet = seen(clerk)

    assert (today, tomorrow, not_yet) == ({row}, set(), set())


def test_a_grant_can_not_end_before_it_begins(role):
    with pytest.raises(GrantRefused, match="失效日期"):
        grant(AccountFactory(), role, region("370102"), None, actor=None, ends_on=timezone.localdate())

    assert not Grant.objects.exists()


def test_a_grant_is_revoked_for_a_reason_and_both_are_on_record(role):
    row = OrganisationFactory(region=region("370102"))
    actor, clerk = administrator(), AccountFactory(organisation=row)
    given = grant(clerk, role, row.region, None, actor=actor)

    with pytest.raises(GrantRefused, match="理由"):
        revoke(given, actor=actor, reason="  ")
    still = seen(clerk)
    revoke(given, actor=actor, reason="调离")

    assert (still, seen(clerk)) == ({row}, set())
    line = history(clerk).last()
    assert (line.verb, line.actor_id, line.before["ends_on"], line.reason) == (
        "grant.revoke",
        actor.pk,
        timezone.localdate().isoformat(),
        "调离",
    )
    assert Grant.objects.filter(pk=given.pk).exists()


def test_a_grant_beyond_ones_reach_is_not_revoked(role):
    clerk = AccountFactory()
    given = grant(clerk, role, region("370202"), None, actor=None)

    with pytest.raises(NotAllowed):
        revoke(given, actor=administrator("370100"), reason="调离")

    given.refresh_from_db()
    assert given.ends_on is None


def test_what_is_over_is_not_revoked_again(role):
    actor = administrator()
    given = grant(newcomer(), role, region("370102"), None, actor=actor)
    revoke(given, actor=actor, reason="调离")

    with pytest.raises(GrantRefused, match="已于"):
        revoke(given, actor=actor, reason="再次")


def test_what_was_revoked_can_be_given_again(role):
    row = OrganisationFactory(region=region("370102"))
    actor, clerk = administrator(), AccountFactory(organisation=row)
    first = grant(clerk, role, row.region, None, actor=actor)
    revoke(first, actor=actor, reason="调离")

    with time_machine.travel(timezone.now() + timedelta(days=3)):
        again = grant(clerk, role, row.region, None, actor=actor)
        reached = seen(clerk)

    assert (again.pk, again.starts_on - first.starts_on, again.ends_on) == (first.pk, timedelta(days=3), None)
    assert reached == {row}
    assert [line.verb for line in history(clerk)] == ["grant.give", "grant.revoke", "grant.give"]


def test_giving_the_same_again_records_only_what_changed(role):
    clerk = AccountFactory()
    end = timezone.localdate() + timedelta(days=30)
    for ends_on in (None, None, end, end):
        grant(clerk, role, region("370102"), None, actor=None, ends_on=ends_on)

    assert clerk.grants.get().ends_on == end
    assert [(r.before and r.before["ends_on"], r.after["ends_on"]) for r in history(clerk)] == [
        (None, None),
        (None, end.isoformat()),
    ]


def test_a_key_stands_in_the_database_as_its_hash_alone():
    account = AccountFactory()

    plain = issue_token(account, "对接", actor=account)

    token = account.tokens.get()
    with connection.cursor() as cursor:
        cursor.execute(
            "select t::text from foundation_token t union all select r::text from foundation_record r"
        )
        stored = "|".join(text for (text,) in cursor.fetchall())
    assert bytes(token.digest) == hashlib.sha256(plain.encode()).digest()
    assert (plain in stored, plain.encode().hex() in stored) == (False, False)
    assert (plain[:3], len(plain)) == ("yz_", 46)
    line = history(account).get()
    assert (line.verb, line.after) == ("token.issue", {"token": token.pk, "name": "对接"})


def test_a_key_acts_as_its_account_in_one_statement(django_assert_num_queries):
    account, other = AccountFactory(), AccountFactory()
    plain = issue_token(account, "对接", actor=None)
    issue_token(other, "对接", actor=None)

    with django_assert_num_queries(1):
        found = account_for_token(plain)

    assert found == account


def test_a_revoked_key_and_one_of_a_closed_account_refuse():
    account, closed = AccountFactory(), AccountFactory()
    plain, of_the_closed = issue_token(account, "对接", actor=None), issue_token(closed, "对接", actor=None)
    revoke_token(account.tokens.get(), actor=account)
    closed.is_active = False
    closed.save()

    assert [account_for_token(text) for text in (plain, of_the_closed, "", "yz_x", plain[:-1])] == [None] * 5
    assert [line.verb for line in history(account)] == ["token.issue", "token.revoke"]


def test_no_key_is_issued_for_somebody_who_holds_more_than_its_maker_may_give():
    leader = AccountFactory(grants=[(region("370000"), None, "case.view")])
    of_the_city = administrator("370100")

    with pytest.raises(NotAllowed, match="超出"):
        issue_token(leader, "借用", actor=of_the_city)

    assert not Token.objects.exists()
    assert not Record.objects.filter(verb="token.issue").exists()


def test_a_key_of_somebody_within_ones_reach_is_issued_and_revoked():
    actor = administrator("370100")
    clerk = AccountFactory(grants=[(region("370102"), None, "case.view")])

    plain = issue_token(clerk, "对接", actor=actor)
    revoke_token(clerk.tokens.get(), actor=actor)

    assert account_for_token(plain) is None


def test_a_stranger_neither_issues_nor_revokes_a_key():
    account, stranger = AccountFactory(), AccountFactory()
    plain = issue_token(account, "对接", actor=None)

    with pytest.raises(NotAllowed):
        issue_token(account, "借用", actor=stranger)
    with pytest.raises(NotAllowed):
        revoke_token(account.tokens.get(), actor=stranger)

    assert account_for_token(plain) == account


def clerk_in(code: str, line: str | None = None) -> Account:
    return AccountFactory(grants=[(region(code), LineFactory(code=line) if line else None, "case.view")])


ACTS = [
    pytest.param(deactivate, id="deactivate"),
    pytest.param(lambda account, **given: reset_password(account, PASSWORD, **given), id="reset_password"),
]


def test_an_account_is_shut_for_a_reason_keeps_its_grants_and_is_opened_again():
    actor, clerk = administrator(), clerk_in("370102")
    plain = issue_token(clerk, "对接", actor=None)

    deactivate(clerk, actor=actor, reason="调离")
    shut = (fresh(clerk).is_active, account_for_token(plain), clerk.grants.count())
    reactivate(clerk, actor=actor, reason="调回")

    assert shut == (False, None, 1)
    assert (fresh(clerk).is_active, account_for_token(plain)) == (True, clerk)
    assert [(r.verb, r.actor_id, r.reason) for r in history(clerk)][1:] == [
        ("account.deactivate", actor.pk, "调离"),
        ("account.reactivate", actor.pk, "调回"),
    ]


def test_a_new_password_is_on_record_without_the_password():
    actor, clerk = administrator(), clerk_in("370102")

    reset_password(clerk, PASSWORD, actor=actor, reason="本人持工作证到场")

    assert fresh(clerk).check_password(PASSWORD)
    line = history(clerk).get()
    assert (line.verb, line.actor_id, line.before, line.after, line.reason) == (
        "account.password",
        actor.pk,
        None,
        None,
        "本人持工作证到场",
    )


@pytest.mark.parametrize("password", ["short-1", "password123", "administrator1"])
def test_a_weak_new_password_changes_nothing(password):
    body = OrganisationFactory(region=region("370102"))
    clerk = AccountFactory(username="administrator", organisation=body)
    before = fresh(clerk).password

    with pytest.raises(Invalid) as refused:
        reset_password(clerk, password, actor=administrator(), reason="忘记密码")

    assert refused.value.data["fields"].keys() == {"password"}
    assert (fresh(clerk).password, history(clerk).count()) == (before, 0)


@pytest.mark.parametrize("act", ACTS)
def test_nothing_is_done_to_an_account_without_a_reason(act):
    clerk = clerk_in("370102")
    before = fresh(clerk).password

    with pytest.raises(Invalid) as refused:
        act(clerk, actor=administrator(), reason="  ")

    assert refused.value.data["fields"].keys() == {"reason"}
    assert (fresh(clerk).is_active, fresh(clerk).password, history(clerk).count()) == (True, before, 0)


@pytest.mark.parametrize("act", ACTS)
def test_nobody_does_it_to_oneself(act):
    actor = administrator()

    with pytest.raises(AccountRefused, match="另一位管理员"):
        act(actor, actor=actor, reason="自己办理")

    assert fresh(actor).is_active
    assert history(actor).count() == 0


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize(
    ("held", "on", "has", "has_on"),
    [
        ("370100", None, "370202", None),
        ("370100", None, "370000", None),
        ("370100", "union", "370102", "court"),
        ("370100", "union", "370102", None),
    ],
)
def test_nothing_is_done_to_whoever_holds_more_than_one_may_give(act, held, on, has, has_on):
    actor, clerk = administrator(held, on), clerk_in(has, has_on)
    before = fresh(clerk).password

    with pytest.raises(NotAllowed, match="超出"):
        act(clerk, actor=actor, reason="不该发生")

    assert not in_charge(actor, clerk)
    assert (fresh(clerk).is_active, fresh(clerk).password, history(clerk).count()) == (True, before, 0)


@pytest.mark.parametrize("act", ACTS)
def test_one_grant_beyond_reach_among_many_is_enough_and_so_is_one_that_is_to_begin(act):
    actor, clerk = administrator("370100"), clerk_in("370102")
    role = Role.objects.create(code="leader", name="负责人", rights=["case.view"])
    given = grant(clerk, role, region("370202"), None, actor=None)
    refused = []

    for starts_on in (timezone.localdate(), timezone.localdate() + timedelta(days=1)):
        given.starts_on = starts_on
        given.save()
        with pytest.raises(NotAllowed) as raised:
            act(clerk, actor=actor, reason="不该发生")
        refused.append(raised)
    given.starts_on, given.ends_on = timezone.localdate() - timedelta(days=9), timezone.localdate()
    given.save()
    act(clerk, actor=actor, reason="已不再兼任")

    assert len(refused) == 2
    assert history(clerk).last().reason == "已不再兼任"


def test_what_is_shut_is_not_shut_again_and_what_is_open_not_opened():
    actor, clerk = administrator(), clerk_in("370102")

    with pytest.raises(AccountRefused, match="已经启用"):
        reactivate(clerk, actor=actor, reason="多此一举")
    deactivate(clerk, actor=actor, reason="调离")
    with pytest.raises(AccountRefused, match="已经停用"):
        deactivate(clerk, actor=actor, reason="多此一举")

    assert [line.verb for line in history(clerk)] == ["account.deactivate"]


def test_whether_an_account_is_in_ones_charge_takes_one_statement(django_assert_num_queries):
    actor, clerk = administrator(), clerk_in("370102")
    for n in range(3):
        role = Role.objects.create(code=f"r{n}", name=f"角色{n}", rights=["case.view"])
        grant(clerk, role, region("370102"), None, actor=None)
    actor.reaches("account.edit")

    with django_assert_num_queries(1):
        assert in_charge(actor, clerk)


def test_roles_ship_once_and_one_that_staff_edited_stays():
    count = accounts.load_roles()
    Role.objects.filter(code="leader").update(rights=["case.view"])

    accounts.load_roles()

    assert (count, Role.objects.count()) == (26, 26)
    assert Role.objects.get(code="leader").rights == ["case.view"]
    assert Role.objects.get(code="administrator").rights == [
        "account.view",
        "account.edit",
        "parameter.edit",
        "calendar.edit",
        "organisation.view",
        "organisation.edit",
        "outbox.view",
        "outbox.edit",
        "reconciliation.view",
        "trunk.edit",
        "case.train",
        "seat.edit",
        "roster.view",
        "route.edit",
    ]


def test_every_shipped_role_can_be_given():
    accounts.load_roles()
    place = region("370000")

    for role in Role.objects.all():
        grant(AccountFactory(), role, place, None, actor=None)

    assert Grant.objects.count() == 26
