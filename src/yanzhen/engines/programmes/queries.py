"""Reads of a selection. Staff begin at what they may see; an applicant at what is its own."""

from __future__ import annotations

import hmac
from math import ceil
from typing import Any, TypeVar

from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from yanzhen.engines.procedures.declare import State
from yanzhen.engines.programmes.actions.applying import check_hash
from yanzhen.engines.programmes.models import (
    Application,
    Definition,
    Finding,
    Opinion,
    QuotaCell,
    Revision,
    Round,
)
from yanzhen.engines.programmes.models.applications import APPLY_UNIT, RECOMMEND_UNIT
from yanzhen.engines.programmes.quotas import NOMINATED
from yanzhen.engines.programmes.unfold import LEVELS, WHOLE
from yanzhen.foundation import numbering
from yanzhen.foundation.errors import Refusal
from yanzhen.foundation.models import Account, Employment, Organisation, Person, Record
from yanzhen.foundation.people import with_number
from yanzhen.foundation.records import history
from yanzhen.foundation.scope import DEPTHS, EVERYTHING, database_scope

RECOMMENDED = tuple(f"move.{verb}_{level}" for level in LEVELS for verb in ("recommend", "decline"))
M = TypeVar("M", Definition, Round)
SHOWN_ROUNDS = 60
"""Rounds on a public page; older ones stand in the console."""


class NotFound(Refusal):
    code = "not_found"
    status = 404


def definitions(account: Account) -> QuerySet[Definition]:
    """The versions of programmes in the account's reach and of the levels above it, newest first."""
    return _public_to(Definition, account).select_related("region", "made_by")


def latest(account: Account) -> list[Definition]:
    """The newest version of each programme."""
    return list(definitions(account).order_by("code", "-version").distinct("code"))


def rounds(account: Account) -> QuerySet[Round]:
    """The rounds in the account's reach, and those of the levels above it: its applications run in them."""
    return _public_to(Round, account).select_related("region", "definition").prefetch_related("windows")


def _public_to(model: type[M], account: Account) -> QuerySet[M]:
    right = "programme.view"
    rows: Any = model._default_manager
    seen = Q(pk__in=rows.visible_to(account, right).values("pk"))
    for reach in account.reaches(right):
        above = [reach.prefix[:n].ljust(6, "0") for n in DEPTHS if n < len(reach.prefix)]
        seen |= Q(region__in=above, **({"line": reach.line} if reach.line else {}))
    found: QuerySet[M] = rows.filter(seen)
    return found


def round_history(round_: Round) -> list[Record]:
    """What was done to the round, newest first."""
    return list(history(round_).order_by("-id")[:SHOWN_ROUNDS])


def open_to_all() -> list[Round]:
    """The rounds that run, and those that ended of late: that they do, and by which rule, is public."""
    rows = Round.objects.exclude(status=Round.Status.CANCELLED).select_related("region")
    return list(rows.prefetch_related("windows").order_by("-opened_at", "-pk")[:SHOWN_ROUNDS])


def public_round(pk: int) -> Round | None:
    rows = Round.objects.exclude(status=Round.Status.CANCELLED).select_related("region")
    return rows.prefetch_related("windows").filter(pk=pk).first()


def by_state(round_: Round, account: Account) -> list[tuple[State, int]]:
    """How many applications of the round are in which state, of those that the account sees; one statement."""
    rows = Application.objects.visible_to(account, "application.view").filter(round=round_)
    counted = dict(rows.order_by().values_list("state").annotate(n=Count("pk")))
    return [(state, counted[state.code]) for state in WHOLE.states if state.code in counted]


def worklist(account: Account) -> QuerySet[Application]:
    """All applications that the account may look at."""
    rows: QuerySet[Application] = Application.objects.visible_to(account, "application.view")
    return rows.select_related("round", "person", "organisation", "region")


def own(account: Account) -> list[Application]:
    """The account's own applications and those that its unit put in, newest first; read beyond the wall, for they are its own."""
    with database_scope({EVERYTHING}):
        return list(_own(account).order_by("-started_at", "-pk")[:200])


def own_one(account: Account, number: str) -> Application | None:
    """The application of this number, if it is the account's own or its unit's; read beyond the wall."""
    with database_scope({EVERYTHING}):
        return _own(account).filter(number=number).first()


def own_in(account: Account, round_: Round) -> Application | None:
    """The one application that the account's worker has in the round, unless it was withdrawn; read beyond the wall."""
    if account.person_id is None:
        return None
    with database_scope({EVERYTHING}):
        rows = Application.objects.filter(round=round_, person_id=account.person_id)
        return rows.exclude(state="withdrawn").first()


def findings(application: Application) -> list[Finding]:
    """What the conditions said of an application that was read in reach, in the order of the programme."""
    return list(application.findings.select_related("settled_by"))


def revisions(application: Application) -> list[Revision]:
    """The answers as they were saved, newest first."""
    return list(application.revisions.select_related("by").order_by("-number"))


def opinions(application: Application) -> list[Opinion]:
    return list(application.opinions.select_related("line", "answered_by"))


def recommendations(application: Application) -> list[Record]:
    """The records of who put it forward, or would not, at which level, when and why; oldest first."""
    return list(history(application).filter(verb__in=RECOMMENDED).order_by("id"))


def last_note(application: Application) -> str:
    """Why it was given back or what has to be supplemented: what was written to the applicant with the last such move."""
    last = history(application).filter(verb__in=("move.give_back", "move.ask_more")).order_by("-id").first()
    return last.reason if last else ""


def _own(account: Account) -> QuerySet[Application]:
    mine = Q(pk=None)
    if account.person_id:
        mine |= Q(person_id=account.person_id)
    if speaks_for_unit(account):
        mine |= Q(organisation_id=account.organisation_id)
    rows = Application.objects.filter(mine).select_related("round", "person", "organisation", "region")
    return rows.prefetch_related("round__windows")


def speaks_for_unit(account: Account) -> bool:
    """Tell whether the account puts applications in, or forward, for the unit that it belongs to."""
    rights = (APPLY_UNIT, RECOMMEND_UNIT)
    return account.organisation_id is not None and any(account.reaches(right) for right in rights)


def followed(number: str, code: str) -> Application:
    """The application of this number and check code, read beyond the wall.

    Raises NotFound: of a number that was mistyped it says which check failed, of the rest only that the pair does not fit.
    """
    number = number.strip().upper()
    if problem := numbering.problem_with(number):
        raise NotFound(f"申报编号有误：{problem}")
    with database_scope({EVERYTHING}):
        rows = Application.objects.filter(number=number).select_related(
            "round", "organisation", "region", "person"
        )
        found: Application | None = rows.prefetch_related("round__windows").first()
    if found is None or not hmac.compare_digest(bytes(found.check_hash), check_hash(number, code)):
        raise NotFound("编号与查询码不符，请核对后再试")
    return found


def employers(person: Person) -> list[Organisation]:
    """The units where the person works today by the register."""
    today = timezone.localdate()
    held = Employment.objects.filter(
        Q(ends_on=None) | Q(ends_on__gt=today), person=person, starts_on__lte=today
    )
    return list(
        Organisation.objects.filter(pk__in=held.values("organisation"))
        .select_related("region")
        .order_by("pk")
    )


def worker_of(organisation: Organisation, number: str) -> Person | None:
    """The worker of the unit with this whole ID number or phone, read beyond the wall. Raises Invalid for a number that is none.

    Of a phone that several workers gave nobody is taken: the ID number tells them apart.
    """
    today = timezone.localdate()
    held = Employment.objects.filter(
        Q(ends_on=None) | Q(ends_on__gt=today), organisation=organisation, starts_on__lte=today
    )
    with database_scope({EVERYTHING}):
        found = list(Person.objects.filter(with_number(number), pk__in=held.values("person"))[:2])
    return found[0] if len(found) == 1 else None


def composition(round_: Round, *, cell: str | None = None) -> dict[str, Any]:
    """How the nominated stand to the ratio rules, live: counts, shares, and what each rule still allows."""
    rows = Application.objects.filter(round=round_, state__in=NOMINATED)
    if cell is not None:
        rows = rows.filter(cell=cell)
    programme = round_.programme
    counted = rows.aggregate(
        all=Count("pk"),
        **{ratio.code: Count("pk", filter=Q(traits__contains=[ratio.trait])) for ratio in programme.ratios},
    )
    places = (
        QuotaCell.objects.filter(round=round_, code=cell).values_list("nominees", flat=True).first()
        if cell is not None
        else None
    )
    return {
        "all": counted["all"],
        "places": places,
        "ratios": [_standing(r, counted[r.code], counted["all"], places) for r in programme.ratios],
    }


def _standing(ratio: Any, with_trait: int, all_: int, places: int | None) -> dict[str, Any]:
    whole = max(places or 0, all_)
    if ratio.most is not None:
        most = int(whole * ratio.most / 100)
        left = most - with_trait
        said = f"{ratio.label}至多 {most} 人，已有 {with_trait} 人" + (
            "，已满" if left <= 0 else f"，还可推荐 {left} 人"
        )
        return {"ratio": ratio, "count": with_trait, "kept": left >= 0, "full": left <= 0, "said": said}
    least = ceil(whole * ratio.least / 100)
    lack = least - with_trait
    said = f"{ratio.label}至少 {least} 人，已有 {with_trait} 人" + (
        f"，还差 {lack} 人" if lack > 0 else "，已达到"
    )
    return {"ratio": ratio, "count": with_trait, "kept": lack <= 0, "full": False, "said": said}
