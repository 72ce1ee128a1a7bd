"""Seats: who sits where on the telephone, and what they can deal with."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import IntegrityError, transaction

from yanzhen.domains.hotline.rosters.models import Seat, Skill
from yanzhen.foundation.errors import Invalid, NotAllowed
from yanzhen.foundation.models import Account, Grant
from yanzhen.foundation.records import record

EDIT = "seat.edit"
FIELDS = ("extension", "address", "skills", "active")


@transaction.atomic
def save_seat(
    account: Account, *, extension: str, address: str, skills: Sequence[str], active: bool, actor: Account
) -> Seat:
    """Give an account its seat, or change it. Raises Invalid by field, NotAllowed where it works out of reach."""
    _demand(actor, account)
    _check(extension, address, skills)
    seat = Seat.objects.select_for_update().filter(account=account).first() or Seat(account=account)
    before = {name: getattr(seat, name) for name in FIELDS} if seat.pk else None
    seat.extension, seat.address, seat.skills, seat.active = extension, address, sorted(set(skills)), active
    try:
        with transaction.atomic():
            seat.save()
    except IntegrityError:
        raise Invalid("分机号已被使用", fields={"extension": "分机号已被别的坐席使用"}) from None
    record(
        "seat.save", seat, actor=actor, before=before, after={name: getattr(seat, name) for name in FIELDS}
    )
    return seat


def _check(extension: str, address: str, skills: Sequence[str]) -> None:
    wrong = {}
    if not (extension.isascii() and extension.isdigit() and 2 <= len(extension) <= 16):
        wrong["extension"] = "分机号为 2 至 16 位数字"
    if not address.startswith(("sip:", "sips:")) or any(c.isspace() or c in "\"'<>;{}" for c in address):
        wrong["address"] = "写作 sip:8001@10.0.0.5:5060，不带尖括号、分号和空格"
    known = set(Skill.objects.filter(code__in=skills).values_list("code", flat=True))
    if not skills or set(skills) - known:
        wrong["skills"] = "请选择至少一项已有的技能"
    if wrong:
        raise Invalid("坐席信息有误，请按提示修改", fields=wrong)


def _demand(actor: Account, account: Account) -> None:
    """The account works where the actor looks after seats: one of its grants lies there; without any, province-wide."""
    reaches = actor.reaches(EDIT)
    held = list(Grant.objects.filter(account=account, ends_on=None).values_list("region_id", "line_id"))
    whole = any(len(reach.prefix) == 2 for reach in reaches)
    if not (whole or any(reach.covers(code, line or "") for reach in reaches for code, line in held)):
        raise NotAllowed(f"{account} 不在您维护坐席的范围内")
