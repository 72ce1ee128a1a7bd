"""Registering people, finding them, and showing a number in full."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Iterator
from datetime import date

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Q, Value
from django.utils import timezone

from yanzhen.foundation import crypto, keys
from yanzhen.foundation.errors import Invalid, NotAllowed
from yanzhen.foundation.fields import field_of
from yanzhen.foundation.models import Account, Employment, Line, Organisation, Person, Region
from yanzhen.foundation.people.masks import mask_id_number, mask_phone
from yanzhen.foundation.people.numbers import phone_problem, read_id_number
from yanzhen.foundation.records import record

FIELDS = {"id_number": "证件号码", "phone": "手机号"}
REVEALABLE = {"name": "姓名", **FIELDS}
SHORTEST_REASON = 4
KNOWN = "该证件号码已登记，请在原记录上更新"


@transaction.atomic
def register_person(
    *, name: str, region: Region, line: Line, actor: Account, id_number: str = "", phone: str = ""
) -> Person:
    """Register a person, or refuse with every reason. One record for life: a known ID number is refused.

    It is refused as well where the one who has it lies beyond the caller's reach; nothing else is told of that record.
    """
    person = Person(name=name.strip(), region=region, line=line)
    if not actor.has_right("person.edit", person):
        raise NotAllowed(f"您在{region}没有“维护人员”权限")
    problems = dict(_name_problems(person))
    if id_number and (problem := _take_id_number(person, id_number)):
        problems["id_number"] = problem
    if phone and (problem := phone_problem(phone)):
        problems["phone"] = problem
    if problems:
        raise Invalid("；".join(problems.values()), fields=problems)
    if phone:
        _put(person, "phone", phone, mask_phone)
    try:
        with transaction.atomic():
            person.save()
    except IntegrityError:
        raise Invalid(KNOWN, fields={"id_number": KNOWN}) from None
    record("person.register", person, actor=actor, right="person.edit", after={"name": str(person)})
    return person


def find_by_id_number(number: str) -> Person | None:
    """Return the person with this ID number, if within reach."""
    found = read_id_number(number, today=timezone.localdate())
    return None if isinstance(found, str) else Person.objects.filter(_with_id_number(found.number)).first()


def find_by_id_numbers(numbers: Collection[str]) -> dict[str, Person]:
    """Return the people within reach by their ID numbers, which are in their one form: a statement for all."""
    hashes = {crypto.keyed_hash(number, purpose="id_number"): number for number in numbers}
    found = Person.objects.filter(id_number_hash__in=list(hashes))
    return {hashes[bytes(person.id_number_hash)]: person for person in found}


def find_by_phone(phone: str) -> list[Person]:
    """Return the people who gave this phone: a phone may be shared."""
    return list(Person.objects.filter(_with_phone(phone)).order_by("pk"))


def with_number(text: str) -> Q:
    """Return the condition that finds the people with this whole ID number or phone; raises Invalid."""
    text = re.sub(r"\s", "", unicodedata.normalize("NFKC", text))
    if phone_problem(text) is None:
        return _with_phone(text)
    found = read_id_number(text, today=timezone.localdate())
    if isinstance(found, str):
        reason = f"请填写完整的手机号或身份证号。{found}"
        raise Invalid(reason, fields={"number": reason})
    return _with_id_number(found.number)


@transaction.atomic
def reveal(person: Person, field: str, *, actor: Account, reason: str) -> str:
    """Return a field of REVEALABLE in full; the look and its reason are on record.

    The name is one of them, although the row has it in clear: lists mask it for everybody, so that to look the register
    over tells nobody who is in it, and whose name was looked at can be told as surely as whose number.
    """
    if not actor.has_right("person.reveal", person):
        raise NotAllowed("您在该区划和条线没有“查看人员完整信息”权限")
    if len(reason.strip()) < SHORTEST_REASON:
        raise Invalid(
            f"查看{REVEALABLE[field]}须说明理由（至少 {SHORTEST_REASON} 个字）",
            fields={"reason": "请说明理由"},
        )
    record(
        "reveal", person, actor=actor, right="person.reveal", after={"field": field}, reason=reason.strip()
    )
    if field == "name":
        return person.name
    sealed = getattr(person, f"{field}_cipher")
    return crypto.open_(bytes(sealed), context=f"person.{field}") if sealed else ""


@transaction.atomic
def employ(
    person: Person, organisation: Organisation, *, actor: Account, starts_on: date, post: str = ""
) -> Employment:
    """Begin an employment; the former one at the same organisation has to be over by then."""
    _demand_edit(actor, person)
    Person.objects.select_for_update().get(pk=person.pk)
    running = person.employments.filter(Q(ends_on=None) | Q(ends_on__gt=starts_on), organisation=organisation)
    if running.exists():
        raise Invalid(
            f"{person} 已在 {organisation} 任职，请先结束原任职", fields={"organisation": "已在该单位任职"}
        )
    employment = Employment.objects.create(
        person=person, organisation=organisation, post=post, starts_on=starts_on
    )
    record(
        "person.employ",
        person,
        actor=actor,
        right="person.edit",
        after={"organisation": organisation.pk, "starts_on": starts_on},
    )
    return employment


@transaction.atomic
def end_employment(employment: Employment, *, actor: Account, ends_on: date, reason: str) -> Employment:
    """End an employment that lasts; `ends_on` is the first day on which the person no longer works there."""
    _demand_edit(actor, employment.person)
    employment = Employment.objects.select_for_update().get(pk=employment.pk)
    if employment.ends_on:
        raise Invalid(f"这段任职已于 {employment.ends_on} 结束", fields={"ends_on": "已经结束"})
    if ends_on <= employment.starts_on:
        raise Invalid("离职日期有误", fields={"ends_on": f"离职日期须在入职日期 {employment.starts_on} 之后"})
    if not reason.strip():
        raise Invalid("结束任职须说明理由", fields={"reason": "请说明理由"})
    employment.ends_on = ends_on
    employment.save(update_fields=["ends_on"])
    record(
        "person.leave",
        employment.person,
        actor=actor,
        right="person.edit",
        before={"organisation": employment.organisation_id, "starts_on": employment.starts_on},
        after={"ends_on": ends_on},
        reason=reason.strip(),
    )
    return employment


def _demand_edit(actor: Account, person: Person) -> None:
    if not actor.has_right("person.edit", person):
        raise NotAllowed("您在该区划和条线没有“维护人员”权限")


def _with_id_number(number: str) -> Q:
    return Q(id_number_hash=crypto.keyed_hash(number, purpose="id_number"))


def _with_phone(phone: str) -> Q:
    return Q(phone_hash=crypto.keyed_hash(phone, purpose="phone"))


def _take_id_number(person: Person, text: str) -> str | None:
    found = read_id_number(text, today=timezone.localdate())
    if isinstance(found, str):
        return found
    _put(person, "id_number", found.number, mask_id_number)
    person.born_on, person.sex = found.born_on, found.sex
    return KNOWN if Person.objects.filter(id_number_hash=person.id_number_hash).exists() else None


def _name_problems(person: Person) -> Iterator[tuple[str, str]]:
    try:
        field_of(person, "name").clean(person.name, person)
    except ValidationError as error:
        yield "name", "；".join(error.messages) if person.name else "请填写姓名"


def _put(person: Person, field: str, value: str, mask: Callable[[str], str]) -> None:
    setattr(person, f"{field}_cipher", crypto.seal(value, context=f"person.{field}"))
    setattr(person, f"{field}_hash", crypto.keyed_hash(value, purpose=field))
    setattr(person, f"{field}_mask", mask(value))


for _field, _label in FIELDS.items():
    keys.column(
        f"person.{_field}", f"人员{_label}", Person, f"{_field}_cipher", context=Value(f"person.{_field}")
    )
