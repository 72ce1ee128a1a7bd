"""Accounts: opened, granted and revoked by those who hold the right over the place; keys for programs."""

from __future__ import annotations

import csv
import hashlib
import secrets
from datetime import date
from pathlib import Path

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from yanzhen.foundation.errors import Invalid, NotAllowed, Refusal
from yanzhen.foundation.models import Account, Grant, Line, Organisation, Region, Role, Token
from yanzhen.foundation.records import record
from yanzhen.foundation.rights import RIGHTS
from yanzhen.foundation.scope import Reach, prefix_of

ROLES = Path(__file__).parent / "data" / "roles.csv"


class GrantRefused(Refusal):
    code = "grant_refused"


class AccountRefused(Refusal):
    code = "account_refused"


def load_roles() -> int:
    """Add the shipped roles; those that staff edited stay."""
    with ROLES.open(encoding="utf-8", newline="") as file:
        rows = [
            Role(code=row["code"], name=row["name"], rights=row["rights"].split())
            for row in csv.DictReader(file)
        ]
    Role.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)


@transaction.atomic
def open_account(
    username: str,
    *,
    name: str,
    password: str,
    actor: Account | None,
    organisation: Organisation | None = None,
) -> Account:
    """Open an account without any grant, in `organisation` or else the actor's own.

    `actor` None is the command line. Raises Invalid, NotAllowed.
    """
    if actor:
        # Read anew: a plain look along the key fails where the wall hides the row.
        organisation = organisation or Organisation.objects.filter(account=actor).first()
        _demand_place(actor, organisation)
    account = Account(username=username, name=name, organisation=organisation)
    try:
        validate_password(password, account)
        account.set_password(password)
        account.full_clean()
    except ValidationError as error:
        raise Invalid("；".join(error.messages), fields={"account": "；".join(error.messages)}) from None
    account.save()
    after = {"username": username, "organisation": account.organisation_id}
    record("account.open", account, actor=actor, after=after)
    return account


@transaction.atomic
def grant(
    account: Account,
    role: Role,
    region: Region,
    line: Line | None,
    *,
    actor: Account | None,
    ends_on: date | None = None,
) -> Grant:
    """Give `account` a role over a subtree and a line, from today until `ends_on` (not included).

    Nobody gives a reach that lies beyond their own; the first grant is given by who is in charge of the account. What was given before is prolonged, shortened or given again.
    Keys whose issuer could not have given this grant are revoked: a key opens all that the account holds. `actor` None is the command line. Raises GrantRefused or NotAllowed.
    """
    today = timezone.localdate()
    if unknown := sorted(set(role.rights) - {right.code for right in RIGHTS}):
        raise GrantRefused(f"角色“{role.name}”含有不存在的权限：{'、'.join(unknown)}")
    if ends_on and ends_on <= today:
        raise GrantRefused("授权的失效日期须在今天之后")
    if actor:
        _demand_giver(actor, account, region, line)
    given, made = Grant.objects.select_for_update().get_or_create(
        account=account, role=role, region=region, line=line, defaults={"ends_on": ends_on}
    )
    before = None if made else _spoken(given)
    if not made:
        if given.starts_on > today or _over(given):
            given.starts_on = today
        given.ends_on = ends_on
        given.save(update_fields=["starts_on", "ends_on"])
    if before != (after := _spoken(given)):
        record("grant.give", account, actor=actor, before=before, after=after)
        _revoke_outgrown(account, Reach(prefix_of(region.code), line.pk if line else None), actor=actor)
    return given


@transaction.atomic
def revoke(given: Grant, *, actor: Account, reason: str) -> None:
    """End a grant today; the row stays as long as records may name it."""
    _demand_reach(actor, given.region, given.line)
    if not reason.strip():
        raise GrantRefused("收回授权须说明理由")
    if _over(given):
        raise GrantRefused(f"这项授权已于 {given.ends_on} 失效")
    given.ends_on = max(timezone.localdate(), given.starts_on)
    given.save(update_fields=["ends_on"])
    record("grant.revoke", given.account, actor=actor, before=_spoken(given), reason=reason)


@transaction.atomic
def deactivate(account: Account, *, actor: Account, reason: str) -> None:
    """Shut an account: from its next request on it is logged out, and its keys refuse. Its grants stay as they are."""
    demand_charge(actor, account)
    demand_reason(reason)
    _switch(account, active=False)
    record("account.deactivate", account, actor=actor, reason=reason)


@transaction.atomic
def reactivate(account: Account, *, actor: Account, reason: str) -> None:
    """Open an account again with the grants that it still has."""
    demand_charge(actor, account)
    demand_reason(reason)
    _switch(account, active=True)
    record("account.reactivate", account, actor=actor, reason=reason)


@transaction.atomic
def reset_password(account: Account, password: str, *, actor: Account, reason: str) -> None:
    """Give somebody else a new initial password; wherever the account is logged in, that ends."""
    demand_charge(actor, account)
    demand_reason(reason)
    try:
        validate_password(password, account)
    except ValidationError as error:
        raise Invalid("；".join(error.messages), fields={"password": "；".join(error.messages)}) from None
    account.set_password(password)
    account.save(update_fields=["password"])
    record("account.password", account, actor=actor, reason=reason)


@transaction.atomic
def issue_token(account: Account, name: str, *, actor: Account | None) -> str:
    """Return a new key with which a program acts as `account`; it is shown this once, only its hash is kept.

    A key gives all that the account holds, so only those make one who could have given every grant of it.
    """
    if actor:
        _demand_own_or_charge(actor, account)
    plain = f"yz_{secrets.token_urlsafe(32)}"
    token = Token.objects.create(account=account, name=name, digest=_digest(plain), issued_by=actor)
    record("token.issue", account, actor=actor, after={"token": token.pk, "name": name})
    return plain


def account_for_token(plain: str) -> Account | None:
    """Return the account whose key this is, if key and account are in force. One statement."""
    token = Token.objects.select_related("account").filter(
        digest=_digest(plain), revoked_at=None, account__is_active=True
    )
    found = token.first()
    return found.account if found else None


@transaction.atomic
def revoke_token(token: Token, *, actor: Account) -> None:
    _demand_own_or_charge(actor, token.account)
    _end_token(token, actor=actor)


def _end_token(token: Token, *, actor: Account | None, reason: str = "") -> None:
    token.revoked_at = timezone.now()
    token.save(update_fields=["revoked_at"])
    record("token.revoke", token.account, actor=actor, before={"token": token.pk}, reason=reason)


def _revoke_outgrown(account: Account, given: Reach, *, actor: Account | None) -> None:
    """Revoke the keys that somebody else issued who may not give `given`; those of the command line stay."""
    others = account.tokens.filter(revoked_at=None).exclude(issued_by=None).exclude(issued_by=account)
    for token in others.select_related("account", "issued_by").order_by("pk"):
        if token.issued_by and not _may_give(token.issued_by, given):
            _end_token(token, actor=actor, reason="新授权超出密钥签发人的授权范围")


def _demand_place(actor: Account, organisation: Organisation | None) -> None:
    """Raise unless the actor looks after accounts where `organisation` lies: until the first grant they answer for it."""
    if not actor.reaches("account.edit"):
        raise NotAllowed("您没有“维护账号与授权”权限")
    if organisation is None:
        raise Invalid("须选择账号所属单位", fields={"organisation": "请选择所属单位"})
    if not actor.has_right("account.edit", organisation):
        raise NotAllowed(f"{organisation}不在您“维护账号与授权”的范围内，不能为其开立账号")


def _demand_giver(actor: Account, account: Account, region: Region, line: Line | None) -> None:
    _demand_reach(actor, region, line)
    if actor.pk == account.pk:
        raise GrantRefused("不能给自己授权，请由另一位管理员办理")
    if not _held(account):
        _demand_own_or_charge(actor, account)


def _demand_reach(actor: Account, region: Region, line: Line | None) -> None:
    if not _may_give(actor, Reach(prefix_of(region.code), line.pk if line else None)):
        where = f"{region.name}、{line.name if line else '全部条线'}"
        raise NotAllowed(f"您不能在{where}授权：超出您“维护账号与授权”的范围")


def demand_charge(actor: Account, account: Account) -> None:
    """Raise unless `account` is somebody else's and in the actor's charge.

    Nobody is shut out or let in by themselves: who took over a session could do either.
    """
    if actor.pk == account.pk:
        raise AccountRefused("不能办理自己的账号，请由另一位管理员办理")
    _demand_own_or_charge(actor, account)


def demand_reason(reason: str) -> None:
    if not reason.strip():
        raise Invalid("须说明理由", fields={"reason": "请说明理由"})


def in_charge(actor: Account, account: Account) -> bool:
    """Tell whether the actor could have given every grant that the account has or is to have.

    An account without any is in the charge of who looks after accounts where its organisation lies.
    """
    if not actor.reaches("account.edit"):
        return False
    held = _held(account)
    if not held:
        place: QuerySet[Organisation] = Organisation.objects.visible_to(actor, "account.edit")
        return place.filter(account=account).exists()
    return all(_may_give(actor, Reach(prefix_of(region), line)) for region, line in held)


def _held(account: Account) -> list[tuple[str, str | None]]:
    """Return (region, line) of the grants in force and to come."""
    grants = account.grants.exclude(ends_on__lte=timezone.localdate())
    return list(grants.values_list("region_id", "line_id"))


def _demand_own_or_charge(actor: Account, account: Account) -> None:
    if actor.pk == account.pk:
        return
    if not actor.reaches("account.edit"):
        raise NotAllowed("您没有“维护账号与授权”权限")
    if not in_charge(actor, account):
        raise NotAllowed(f"{account}的授权或所属单位超出您“维护账号与授权”的范围，不能由您办理")


def _switch(account: Account, *, active: bool) -> None:
    changed = Account.objects.filter(pk=account.pk, is_active=not active).update(is_active=active)
    if not changed:
        raise AccountRefused(f"{account}已经{'启用' if active else '停用'}")
    account.is_active = active


def _may_give(actor: Account, wanted: Reach) -> bool:
    held = actor.reaches("account.edit")
    return any(wanted.prefix.startswith(r.prefix) and r.line in (None, wanted.line) for r in held)


def _over(given: Grant) -> bool:
    return given.ends_on is not None and given.ends_on <= timezone.localdate()


def _spoken(given: Grant) -> dict[str, object]:
    return {
        "role": given.role_id,
        "region": given.region_id,
        "line": given.line_id,
        "starts_on": given.starts_on,
        "ends_on": given.ends_on,
    }


def _digest(plain: str) -> bytes:
    return hashlib.sha256(plain.encode()).digest()
