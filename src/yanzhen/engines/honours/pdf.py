"""From honours to the sheets that are printed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from django.db import transaction

from yanzhen.engines.honours import addresses, fonts
from yanzhen.engines.honours.models import Honour
from yanzhen.engines.honours.printing import Sheet, printed
from yanzhen.foundation.errors import NotAllowed, Refusal
from yanzhen.foundation.models import Account
from yanzhen.foundation.records import record
from yanzhen.foundation.scope import EVERYTHING, database_scope


@transaction.atomic
def certificate(honour: Honour, *, actor: Account) -> bytes:
    """Return the certificate of an honour in force as PDF; it shows the name in full, so that it was made is on record.

    Raises NotAllowed, or Refusal where none can be made.
    """
    if not actor.has_right("honour.award", honour):
        raise NotAllowed("您在该区划和条线没有“登记荣誉、签发证书”权限")
    with database_scope({EVERYTHING}):
        whole = Honour.objects.select_related("person").get(pk=honour.pk)
    document = printed(sheets([whole]))
    record("honour.certificate", honour, actor=actor, right="honour.award")
    return document


def sheets(honours: Iterable[Honour]) -> list[Sheet]:
    """Return what stands on the certificates of honours read with `person`; raises Refusal for the first that none can be made of, and says why."""
    made = []
    for honour in honours:
        if problem := problem_with(honour):
            raise Refusal(f"{honour.number}：{problem}")
        made.append(_sheet(honour))
    return made


def problem_with(honour: Honour) -> str | None:
    """Return why no certificate can be made of an honour read with `person`; None where one can."""
    if honour.declared.outside:
        return f"“{honour.get_title_display()}”由其他单位授予，本系统只作登记，不制作证书"
    if honour.state not in Honour.GOOD:
        return f"现为“{honour.stage.label}”，不能制作证书"
    return fonts.problem_with(honour.person.name)


def _sheet(honour: Honour) -> Sheet:
    title = honour.declared
    return Sheet(
        number=honour.number, name=honour.person.name, label=title.label, citation=title.citation, issuer=title.issuer,
        awarded=_written(honour.awarded_on), term=_term(honour), document=honour.document,
        address=addresses.check(honour.number),
    )  # fmt: skip


def _term(honour: Honour) -> str:
    if honour.term_until is None:
        return "长期"
    return f"{_written(honour.awarded_on)}至{_written(honour.term_until)}"


def _written(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"
