"""Factories for the models that tests build; each makes the smallest valid row."""

from __future__ import annotations

from typing import Any

import factory
from django.utils import timezone

from yanzhen.domains.hotline.names import name_key
from yanzhen.foundation.models import Account, Grant, Line, Organisation, Region, Role


class RegionFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Region
        django_get_or_create = ("code",)

    code = factory.Sequence(lambda n: f"37{n // 98 % 98 + 1:02}{n % 98 + 1:02}")
    name = factory.LazyAttribute(lambda o: f"区划{o.code}")
    level = "county"


class LineFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Line
        django_get_or_create = ("code",)

    code = "union"
    name = factory.LazyAttribute(lambda o: f"条线{o.code}")


class OrganisationFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Organisation

    name = factory.Sequence(lambda n: f"单位{n}")
    kind = "union"
    region = factory.SubFactory(RegionFactory)
    line = factory.SubFactory(LineFactory)


class AccountFactory(factory.django.DjangoModelFactory):
    """`grants` is a list of (region, line or None, "right right")."""

    class Meta:
        model = Account
        skip_postgeneration_save = True

    username = factory.Sequence(lambda n: f"user{n}")
    name = factory.Sequence(lambda n: f"用户{n}")

    @factory.post_generation
    def grants(
        self: Account, create: bool, grants: list[tuple[Region, Line | None, str]] | None, **_: Any
    ) -> None:
        for region, line, rights in grants or ():
            role, _made = Role.objects.get_or_create(
                code=f"r{abs(hash(rights))}",
                defaults={"name": rights[:24] + str(Role.objects.count()), "rights": rights.split()},
            )
            Grant.objects.create(account=self, role=role, region=region, line=line)


class CaseFactory(factory.django.DjangoModelFactory):
    """A case that was put where it is, without clocks or records: for tests that look, not for tests that move."""

    class Meta:
        model = "hotline.Case"

    region = factory.SubFactory(RegionFactory)
    line = factory.SubFactory(LineFactory)
    number = factory.Sequence(lambda n: f"GD-{n}")
    state = "received"
    procedure_version = 1
    started_at = factory.LazyFunction(timezone.now)
    received_at = factory.SelfAttribute("started_at")
    channel = "web"
    title = "拖欠工资"
    body = "单位拖欠三个月工资，请求帮助。"
    check_hash = b"0" * 32
    employer_key = factory.LazyAttribute(lambda o: name_key(getattr(o, "employer", "")))
