"""Registering people, finding them, and showing a number in full."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import BinaryField, F, Func, Q
from django.db.models.lookups import Exact
from django.utils import timezone

from yanzhen.foundation import crypto
from yanzhen.foundation.errors import Invalid, NotAllowed
from yanzhen.foundation.fields import field_of
from yanzhen.foundation.models import Account, Employment, Line, Organisation, Person, Region
from yanzhen.foundation.people.masks import mask_id_number, mask_phone
from yanzhen.foundation.people.numbers import phone_problem, read_id_number
from yanzhen.foundation.records import record

FIELDS = {"id_number": "证件号码", "phone": "手机号"}
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
    if isinstance(found, str):
        return None
    return Person.objects.filter(id_number_hash=crypto.keyed_hash(found.number, purpose="id_number")).first()


def find_by_phone(phone: str) -> list[Person]:
    """Return the people who gave this phone: a phone may be shared."""
    return list(Person.objects.filter(phone_hash=crypto.keyed_hash(phone, purpose="phone")).order_by("pk"))


@transaction.atomic
def reveal(person: Person, field: str, *, actor: Account, reason: str) -> str:
    """Return `id_number` or `phone` in full; the look and its reason are on record."""
    if not actor.has_right("person.reveal", person):
        raise NotAllowed("您在该区划和条线没有“查看人员完整信息”权限")
    if len(reason.strip()) < SHORTEST_REASON:
        raise Invalid(
            f"查看{FIELDS[field]}须说明理由（至少 {SHORTEST_REASON} 个字）", fields={"reason": "请说明理由"}
        )
    record(
        "reveal", person, actor=actor, right="person.reveal", after={"field": field}, reason=reason.strip()
    )
    sealed = getattr(person, f"{field}_cipher")
    return crypto.open_(bytes(sealed), context=f"person.{field}") if sealed else ""


@transaction.atomic
def employ(
    person: Person, organisation: Organisation, *, actor: Account, starts_on: date, post: str = ""
) -> Employment:
    """Begin an employment; the former one at the same organisation has to be over by then."""
    if not actor.has_right("person.edit", person):
        raise NotAllowed("您在该区划和条线没有“维护人员”权限")
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


def seal_again(limit: int = 1000) -> int:
    """Put up to `limit` people's numbers under the newest data key; return how many were still under an old one."""
    newest = crypto.newest_key().to_bytes(crypto.HEAD, "big")
    old = Q()
    for field in FIELDS:
        head = Func(F(f"{field}_cipher"), 1, crypto.HEAD, function="substr", output_field=BinaryField())
        old |= ~Q(Exact(head, newest)) & Q(**{f"{field}_cipher__isnull": False})
    with transaction.atomic():
        people = list(Person.objects.filter(old).select_for_update().order_by("pk")[:limit])
        for person in people:
            for field in FIELDS:
                if sealed := getattr(person, f"{field}_cipher"):
                    text = crypto.open_(bytes(sealed), context=f"person.{field}")
                    setattr(person, f"{field}_cipher", crypto.seal(text, context=f"person.{field}"))
        Person.objects.bulk_update(people, [f"{field}_cipher" for field in FIELDS])
    return len(people)


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
