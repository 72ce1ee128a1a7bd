"""An application comes to be, is filled in, and asks its conditions: by the worker, or by the unit for the worker."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from yanzhen.engines.procedures.engine import advance, start
from yanzhen.engines.procedures.parties import beyond_the_wall
from yanzhen.engines.programmes import eligibility, guards
from yanzhen.engines.programmes.declare import Programme, Question
from yanzhen.engines.programmes.models import Application, Finding, Revision, Round
from yanzhen.engines.programmes.models.applications import APPLY_UNIT
from yanzhen.foundation import crypto, numbering
from yanzhen.foundation.errors import Invalid, NotAllowed, Refusal
from yanzhen.foundation.models import Account, Organisation, Person
from yanzhen.foundation.records import record

EDITED = ("draft", "supplement")
SUBMIT = "application.submit"


class ApplicationRefused(Refusal):
    code = "application_refused"


@dataclass(frozen=True, slots=True)
class Opened:
    """What the applicant takes away. The check code is shown this once; only its hash is kept."""

    application: Application
    check_code: str


@beyond_the_wall
def apply(
    round_: Round,
    *,
    person: Person | None,
    organisation: Organisation,
    title: str,
    actor: Account,
    track: str = "",
) -> Opened:
    """Begin an application of `person` (of `organisation` itself where a unit applies). `actor` is the person's own
    account, one of the organisation that may apply for it, or one that holds `application.submit` there.

    Raises ApplicationRefused, Invalid or NotAllowed.
    """
    programme = round_.programme
    if (programme.applicant == "person") != (person is not None):
        raise Invalid(
            "本项目由" + ("职工本人申报，请选择申报人" if person is None else "单位申报，不填申报人")
        )
    number = numbering.next_number(f"SB{organisation.region_id[:6]}", at=timezone.now())
    code = numbering.check_code()
    application = Application(
        round=round_, person=person, organisation=organisation, region=organisation.region, line_id=round_.line_id,
        title=title.strip() or round_.label, track=track, industry=organisation.industry, number=number,
        cell=_cell(programme, organisation), check_hash=check_hash(number, code), answers={},
        traits=["woman"] if person and person.sex == Person.Sex.FEMALE else [],
    )  # fmt: skip
    if not may_fill_in(application, actor):
        raise NotAllowed(
            "只能为本人填报；为本单位填报须有“以本单位名义填报与提交申报”权限，为其他单位须有“填报与提交申报”权限"
        )
    if reason := round_.standstill or guards.round_is_open(application):
        raise ApplicationRefused(reason)
    try:
        with transaction.atomic():
            start(application, actor=actor, right=_right(application, actor))
    except IntegrityError as error:
        if "application_once" not in str(error):
            raise
        raise ApplicationRefused(_twice(round_, person), round=round_.pk) from None
    eligibility.examine(application)
    return Opened(application, code)


@beyond_the_wall
def save_answers(application: Application, answers: Mapping[str, Any], *, actor: Account) -> Application:
    """Keep what was filled in, incomplete too, as a new revision; ask the conditions again. Raises Invalid by field."""
    row: Application = (
        Application.objects.select_for_update(of=("self",))
        .select_related("round", "organisation", "person")
        .get(pk=application.pk)
    )
    if not may_fill_in(row, actor):
        raise NotAllowed("只能修改本人或本单位的申报")
    if row.state not in EDITED:
        raise ApplicationRefused(
            f"{row.number} 现为“{row.stage.label}”，不能再修改；需要修改的，请推荐单位退回"
        )
    values = read_answers(row.programme, answers)
    if values == row.answers:
        return row
    before = sorted(code for code in {*values, *row.answers} if values.get(code) != row.answers.get(code))
    row.answers, row.revision = values, row.revision + 1
    row.traits = traits_of(row)
    row.redacted = None
    row.save(update_fields=["answers", "revision", "traits", "redacted"])
    Revision.objects.create(application=row, number=row.revision, answers=values, at=timezone.now(), by=actor)
    record(
        "application.fill_in",
        row,
        actor=actor,
        right=_right(row, actor),
        after={"revision": row.revision, "fields": before},
    )
    eligibility.examine(row)
    return row


@beyond_the_wall
def examine_again(application: Application, *, actor: Account) -> list[Finding]:
    """Ask the conditions anew, as after a record was put right. Raises NotAllowed, or ApplicationRefused at its end."""
    row: Application = (
        Application.objects.select_for_update(of=("self",))
        .select_related("round", "organisation", "person")
        .get(pk=application.pk)
    )
    if not (may_fill_in(row, actor) or actor.has_right("application.screen", row)):
        raise NotAllowed("只有申报人、所在单位和资格审查人可以重新核对资格条件")
    if row.ended_at:
        raise ApplicationRefused(f"{row.number} 已是“{row.stage.label}”，不再核对资格条件")
    found = eligibility.examine(row)
    record("application.examine", row, actor=actor, after={"answers": [f.answer for f in found]})
    return found


@beyond_the_wall
def submit(application: Application, *, actor: Account, seen: int | None = None) -> Application:
    """Hand it in: the conditions are asked once more as of today, then it moves. Raises what `advance` raises."""
    if not may_fill_in(application, actor):
        raise NotAllowed("只能提交本人或本单位的申报")
    eligibility.examine(application)
    return advance(application, "submit", actor=actor, seen=seen)


@beyond_the_wall
def move_own(
    application: Application, code: str, *, actor: Account, note: str = "", seen: int | None = None
) -> Application:
    """Make a move that the applicant or its unit makes: withdraw, supplement, the unit's recommendation."""
    if not (application.belongs_to(actor) or application.is_of_unit(actor)):
        raise NotAllowed("只能办理本人或本单位的申报")
    return advance(application, code, actor=actor, note=note, seen=seen)


def may_fill_in(application: Application, actor: Account) -> bool:
    """Tell whether the account speaks for the applicant: itself, its unit, or the staff who help to fill in."""
    return application.belongs_to(actor) or actor.has_right(SUBMIT, application)


def _right(application: Application, actor: Account) -> str:
    """Return the right by which the account speaks for the unit or helps; the worker's own needs none, and uses none."""
    return APPLY_UNIT if application.is_of_unit(actor) else SUBMIT


def read_answers(programme: Programme, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the answers in their stored form; raises Invalid with a reason for each question."""
    values: dict[str, Any] = {}
    problems: dict[str, str] = {}
    for question in programme.questions:
        text = given.get(question.code)
        if text in (None, ""):
            continue
        try:
            values[question.code] = _read(question, text)
        except ValueError as error:
            problems[question.code] = str(error)
    if unknown := set(given) - {question.code for question in programme.questions}:
        problems.update(dict.fromkeys(unknown, "本轮没有这一项"))
    if problems:
        raise Invalid("；".join(problems.values()), fields=problems)
    return values


def traits_of(application: Application) -> list[str]:
    """Return what ratio rules count of it."""
    asked = (question for question in application.programme.questions if question.trait)
    traits = {question.code for question in asked if application.answers.get(question.code) is True}
    if application.person and application.person.sex == Person.Sex.FEMALE:
        traits.add("woman")
    return sorted(traits)


def check_hash(number: str, code: str) -> bytes:
    """Return the keyed hash of an application's number and its check code."""
    return crypto.keyed_hash(f"{number}/{code.replace('-', '').upper()}", purpose="application.check")


def _cell(programme: Programme, organisation: Organisation) -> str:
    if programme.quota.by == "city":
        return organisation.region_id[:4]
    return organisation.industry[:1] if programme.quota.by == "industry" else ""


def _twice(round_: Round, person: Person | None) -> str:
    first = Application.objects.filter(round=round_, person=person).exclude(state="withdrawn").first()
    where = f"（{first.number}，现为“{first.stage.public_label}”）" if first else ""
    return f"同一人在同一轮只能有一件申报，已有一件{where}；要改报，请先撤回原来的一件"


def _read(question: Question, text: Any) -> Any:
    return READERS[question.kind](question, text)


def _line(question: Question, text: Any) -> str:
    value = str(text).strip()
    if len(value) > question.longest:
        raise ValueError(f"“{question.label}”最长 {question.longest} 个字，现为 {len(value)} 个字")
    return value


def _number(question: Question, text: Any) -> str:
    try:
        value = Decimal(str(text).strip())
    except InvalidOperation:
        raise ValueError(f"“{question.label}”须填数字") from None
    if not value.is_finite() or abs(value) > 10**15:
        raise ValueError(f"“{question.label}”的数字过大或无效")
    return f"{value:f}"


def _date(question: Question, text: Any) -> str:
    try:
        return date.fromisoformat(str(text)).isoformat()
    except ValueError:
        raise ValueError(f"“{question.label}”须是日期，如 2026-05-01") from None


def _yes_no(question: Question, text: Any) -> bool:
    if text in (True, "yes", "true", "是"):
        return True
    if text in (False, "no", "false", "否"):
        return False
    raise ValueError(f"“{question.label}”须选是或否")


def _choice(question: Question, text: Any) -> str:
    if text not in question.choices:
        raise ValueError(f"“{question.label}”须从 {'、'.join(question.choices)} 中选择")
    return str(text)


READERS = {
    "line": _line,
    "text": _line,
    "number": _number,
    "date": _date,
    "yes_no": _yes_no,
    "choice": _choice,
}
