"""The demo's workers, in the enterprises of one county."""

from __future__ import annotations

import random
from datetime import timedelta

from django.utils import timezone

from yanzhen.faces.cli.province.posts import SURNAMES
from yanzhen.foundation.models import Account, Line, Organisation
from yanzhen.foundation.people import employ, register_person
from yanzhen.foundation.people.numbers import check_digit

PEOPLE = 60
JOBS = ("焊工", "钳工", "电工", "质检员", "装配工", "叉车司机")


def register(dice: random.Random, units: dict[tuple[str, str], Organisation], actor: Account) -> None:
    """Register workers of one county's enterprises. Their numbers name a year of birth that nobody living has."""
    line = Line.objects.get(code="union")
    employers = [o for (code, _), o in units.items() if code == "370102" and o.kind == "enterprise"]
    for n in range(PEOPLE):
        first17 = f"370102{1900 + dice.randrange(10)}{dice.randint(1, 12):02}{dice.randint(1, 28):02}{n:03}"
        person = register_person(
            name=dice.choice(SURNAMES) + dice.choice(("某", "某某")),
            region=employers[0].region,
            line=line,
            actor=actor,
            id_number=first17 + check_digit(first17),
            phone=f"199{dice.randrange(10**8):08}",
        )
        began = timezone.localdate() - timedelta(days=dice.randint(30, 4000))
        employ(person, dice.choice(employers), actor=actor, starts_on=began, post=dice.choice(JOBS))
