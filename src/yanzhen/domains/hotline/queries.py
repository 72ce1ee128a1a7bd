"""What is asked of cases."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from yanzhen.domains.hotline import rules
from yanzhen.domains.hotline.models import Case, Category
from yanzhen.domains.hotline.procedures import CASE
from yanzhen.engines.procedures.declare import State
from yanzhen.engines.procedures.models import Escalation
from yanzhen.engines.procedures.queries import seen_by
from yanzhen.foundation import crypto, numbering
from yanzhen.foundation.errors import Refusal
from yanzhen.foundation.models import Account, Organisation
from yanzhen.foundation.records import history

DECLINED = "declined"


class NotFound(Refusal):
    """Number and secret do not belong together, or there is no such number: one answer for both."""

    code = "not_found"
    status = 404


@dataclass(frozen=True, slots=True)
class Step:
    label: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Progress:
    """What the one whose matter it is may see. No personal data; the reply only for the holder of the check code."""

    number: str
    label: str
    final: bool
    started_at: datetime
    due_on: date | None
    steps: tuple[Step, ...]
    reply: str
    declined: bool = False
    withheld: bool = False
    """Whether there is a reply that only the check code opens."""


def worklist(account: Account) -> QuerySet[Case]:
    """All cases that the account may see."""
    return seen_by(Case, account).select_related("category", "region", "line", "organisation", "handler")


def escalated_since(rows: QuerySet[Case], at: datetime) -> QuerySet[Case]:
    """Keep the cases of which a level was told since `at`."""
    told = Escalation.objects.filter(procedure=CASE.code, at__gte=at)
    return rows.filter(pk__in=told.values("subject_id"))


def categories() -> QuerySet[Category]:
    """The leaves that a case may be put under."""
    return Category.objects.filter(active=True, code__regex=r"^\d{6}$")


def category_names() -> tuple[tuple[str, str], ...]:
    """Return (code, name) of the whole tree in force, in order of code."""
    return tuple(Category.objects.filter(active=True).order_by("code").values_list("code", "name"))


def returned(case: Case) -> tuple[str, ...]:
    """Say of each time that a unit returned the case which one it was, whom it proposed and why; two statements."""
    if not case.returns:
        return ()
    returns = list(history(case).filter(verb__in=("move.send_back", "move.dispute")))
    ids = {
        pk for r in returns for pk in (_unit(r.before, "organisation"), _unit(r.after, "counter_proposal"))
    }
    names = dict(Organisation.objects.filter(pk__in=ids - {None}).values_list("pk", "name"))
    return tuple(
        f"{names.get(_unit(r.before, 'organisation'), '原承办单位')}退回，"
        f"建议由{names.get(_unit(r.after, 'counter_proposal'), '其他单位')}承办：{r.reason}"
        for r in returns
    )


def _unit(values: dict[str, Any] | None, name: str) -> int | None:
    return (values or {}).get(name)


def category_problem(code: str) -> str | None:
    """Return why the category of a code may not be chosen; None where it is in force."""
    found = Category.objects.filter(code=code).first()
    return rules.category_is_in_force(found)


def track_hash(number: str, secret: str) -> bytes:
    """Hash what the caller shows to follow a case; bound to the number, so that equal tails do not look alike."""
    return crypto.keyed_hash(f"{number}:{secret.strip().upper()}", purpose="case.track")


def open_case(number: str, secret: str) -> tuple[Case, bool]:
    """Return the case that number and secret open, and whether it was the check code that opened it.

    The secret is the check code or the last four digits of the phone, and it is the right: runs with everything in reach.
    Raises NotFound, which says of a slip in the number that it is one.
    """
    number = number.strip().upper()
    if problem := numbering.problem_with(number):
        raise NotFound(f"受理编号有误：{problem}")
    case = by_number(number)
    given = track_hash(number, secret)
    by_code = case is not None and hmac.compare_digest(bytes(case.check_hash), given)
    by_tail = (
        case is not None
        and case.phone_tail_hash is not None
        and hmac.compare_digest(bytes(case.phone_tail_hash), given)
    )
    if case is None or not (by_code or by_tail):
        raise NotFound("编号与查询码（或手机号后四位）不符，请核对后再试")
    return case, by_code


def by_number(number: str) -> Case | None:
    """Return the case of a number, whoever asks: for pages that check a secret next."""
    return Case.objects.filter(number=number).first()


def progress(case: Case, with_reply: bool) -> Progress:
    """Return what may be seen of the case; the reply only for the holder of the check code."""
    stage = case.stage
    answered = stage.final or case.state in {"answered", "called_back"}
    return Progress(
        number=case.number,
        label=_label(stage, with_reply=with_reply),
        final=stage.final,
        started_at=case.started_at,
        due_on=timezone.localdate(case.due_at) if case.due_at else None,
        steps=tuple(_steps(case, with_reply=with_reply)),
        reply=case.reply if with_reply and answered else "",
        declined=case.state == DECLINED,
        withheld=bool(case.reply and answered and not with_reply),
    )


def _label(stage: State, *, with_reply: bool) -> str:
    """Return what the state is called outside; who does not see the reply is not sent there for the reason."""
    return stage.label if stage.code == DECLINED and not with_reply else stage.public_label


def _steps(case: Case, *, with_reply: bool) -> list[Step]:
    """The states the case went through under their public labels; equal neighbours are one."""
    steps: list[Step] = []
    for entry in history(case).filter(after__state__isnull=False):
        label = _label(CASE.state(entry.after["state"]), with_reply=with_reply) if entry.after else ""
        if label and (not steps or steps[-1].label != label):
            steps.append(Step(label, entry.at))
    return steps
