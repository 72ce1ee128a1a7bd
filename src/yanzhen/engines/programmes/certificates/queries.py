"""Reads of certificates. They begin at a round in the reader's reach; honours and files lie wherever their holders do."""

from __future__ import annotations

from django.db.models import QuerySet

from yanzhen.engines.honours.models import Honour
from yanzhen.engines.programmes.certificates.models import Certificate, CertificateRun
from yanzhen.engines.programmes.models import Application, Round
from yanzhen.foundation.models import Person
from yanzhen.foundation.scope import EVERYTHING, database_scope


def honours_of(round_: Round) -> QuerySet[Honour]:
    """The honours that the round's decision made, by number. Read with everything in reach."""
    awarded = Application.objects.filter(round=round_, state="awarded").values("pk")
    made = Honour.objects.filter(source_kind=Application.procedure_code, source_id__in=awarded)
    return made.order_by("title", "year", "serial")


def unprinted(round_: Round) -> QuerySet[Honour]:
    """Those of them that a certificate can be made of and is not yet."""
    return honours_of(round_).filter(certificate=None, state__in=Honour.GOOD)


def runs(round_: Round) -> list[CertificateRun]:
    return list(CertificateRun.objects.filter(round=round_).select_related("by"))


def counts(round_: Round) -> dict[str, int]:
    """Return how many honours the round made, how many have their certificate, and how many lack it."""
    with database_scope({EVERYTHING}):
        return {
            "honours": honours_of(round_).count(),
            "printed": certificates(round_).count(),
            "missing": unprinted(round_).count(),
        }


def certificates(round_: Round) -> QuerySet[Certificate]:
    return Certificate.objects.filter(run__round=round_).order_by("honour__number")


def own(person: Person, number: str) -> Certificate | None:
    """The certificate of the person's own honour, while it is in good standing. Read with everything in reach."""
    mine = Certificate.objects.filter(
        honour__person=person, honour__number=number, honour__state__in=Honour.GOOD
    )
    return mine.select_related("file").first()


def numbers_of(person: Person) -> set[str]:
    """The numbers of the person's own honours whose certificates can be fetched."""
    mine = Certificate.objects.filter(honour__person=person, honour__state__in=Honour.GOOD)
    return set(mine.values_list("honour__number", flat=True))
