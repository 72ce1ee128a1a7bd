"""What is done to close a case: calls noted and taken back, the caller's answer, the end of the call-back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from yanzhen.domains.hotline.closing import guards, rules
from yanzhen.domains.hotline.closing.models import Attempt, Survey
from yanzhen.domains.hotline.models import Case
from yanzhen.engines.procedures.engine import advance
from yanzhen.foundation.errors import Invalid, NotAllowed, Refusal
from yanzhen.foundation.fields import field_of
from yanzhen.foundation.models import Account
from yanzhen.foundation.records import record
from yanzhen.foundation.records.write import masked

CALL_BACK, CHECK = "case.call_back", "case.check"
ANSWERED = "answered"
CALLED_BACK = "called_back"
OPEN_TO_THE_CALLER = (ANSWERED, CALLED_BACK)
"""States in which the caller may say online what came of it."""
CARRIED = ("reached", "solved", "satisfaction")
Outcome = Attempt.Outcome


@dataclass(frozen=True, slots=True)
class Answer:
    """What a caller says of the result; ratings are codes of Case.Satisfaction, "" where none was given."""

    solved: bool
    satisfaction: str = ""
    service: str = ""
    words: str = ""


@transaction.atomic
def note_attempt(
    case: Case,
    *,
    actor: Account,
    outcome: str,
    at: datetime | None = None,
    again_at: datetime | None = None,
    note: str = "",
) -> Attempt:
    """Note a call to the caller. `again_at` is when the caller asked to be called, with that outcome alone."""
    case = _locked(case, actor)
    now = timezone.now()
    # only of a call that is put in afterwards: a call noted as it is made happened when its record was written
    happened = {"at": at} if at else {}
    at = at or now
    tries = guards.tries_of(case)
    problems = _problems(case, outcome, at, again_at, note, now=now)
    if problems:
        raise Invalid("；".join(problems.values()), fields=problems)
    if outcome != Outcome.REACHED and (reason := _must_not_call(case, tries, at)):
        raise Refusal(reason)
    attempt = Attempt.objects.create(
        **_place(case), at=at, by=actor, outcome=outcome, again_at=again_at, note=masked(note.strip()),
        slot=guards.slot_of(at, case.region_id),
    )  # fmt: skip
    after = {"attempt": attempt.pk, "outcome": outcome, "slot": attempt.slot, "again_at": again_at}
    record("attempt", case, actor=actor, right=CALL_BACK, after={**after, **happened})
    return attempt


@transaction.atomic
def take_back_attempt(attempt: Attempt, *, actor: Account) -> Attempt:
    """Take back a call noted by mistake: by whoever noted it, on the same day, before the call-back has ended."""
    case = _locked(attempt.case, actor)
    attempt = Attempt.objects.get(pk=attempt.pk)
    reasons = [
        reason
        for reason, holds in (
            ("只能更正自己记下的尝试", attempt.by_id == actor.pk),
            ("只能更正当天的尝试", timezone.localdate(attempt.at) == timezone.localdate()),
            ("该尝试已经更正过", attempt in guards.standing(case)),
        )
        if not holds
    ]
    if reasons:
        raise Refusal("；".join(reasons), reasons=reasons)
    taken = Attempt.objects.create(
        **_place(case),
        at=timezone.now(),
        by=actor,
        outcome=Outcome.MISTAKE,
        slot=attempt.slot,
        corrects=attempt,
    )
    record("attempt.take_back", case, actor=actor, right=CALL_BACK, after={"attempt": attempt.pk})
    return taken


@transaction.atomic
def finish_by_phone(case: Case, answer: Answer, *, actor: Account, note: str = "", again: str = "") -> Case:
    """The caller was reached: keep the answer and move the case on.

    `again`: why it is to be handled once more, at once and by somebody else; "" leaves that to the quality check.
    """
    case = _locked(case, actor)
    case.solved = answer.solved
    if reason := guards.not_solved_against_the_caller(case):
        raise Invalid(reason, fields={"solved": reason})
    if not any(t.outcome == Outcome.REACHED for t in guards.tries_of(case)):
        note_attempt(case, actor=actor, outcome=Outcome.REACHED)
    _keep(case, answer, channel=Survey.Channel.PHONE, by=actor)
    case = advance(
        case, "call_back", actor=actor, note=note,
        reached=True, solved=answer.solved, satisfaction=answer.satisfaction,
    )  # fmt: skip
    return advance(case, "redo", actor=actor, note=again) if again else case


def why_again(words: str) -> str:
    """Return the reason with which a case that was not solved is handled again: what the caller said of it."""
    return f"诉求人反映未解决：{words.strip()}" if words.strip() else "诉求人反映未解决"


@transaction.atomic
def finish_by_web(case: Case, *, actor: Account, again: str = "") -> Case:
    """The caller answered online: that is the call-back, and nobody is called for it again; `again` as in `finish_by_phone`."""
    case = _locked(case, actor)
    said = guards.answer_online(case)
    if said is None:
        raise Refusal("诉求人没有在网上作答，请电话回访")
    case = advance(
        case, "call_back", actor=actor, note="按诉求人网上评价",
        reached=True, solved=said.solved, satisfaction=said.satisfaction,
    )  # fmt: skip
    return advance(case, "redo", actor=actor, note=again) if again else case


@transaction.atomic
def give_up(case: Case, *, actor: Account, note: str = "") -> Case:
    """End the call-back without an answer; only after enough calls, or a refusal."""
    case = _locked(case, actor)
    return advance(case, "call_back", actor=actor, note=note, reached=False)


@transaction.atomic
def answer_online(case: Case, answer: Answer) -> Survey:
    """Keep what the caller says in the portal; whoever calls has shown the secret. The last answer counts.

    Once called back, the caller's own word also stands on the case: so that closing, alone or in a list, sees it
    without looking further. A "solved" that takes back an "unsolved" told by telephone waits for `adopt_answer`.
    """
    case = Case.objects.select_for_update(of=("self",)).get(pk=case.pk)
    if case.state not in OPEN_TO_THE_CALLER or case.answered_at is None:
        raise Refusal("这件诉求现在不能评价：尚未答复，或者已经办结。如有意见请拨打 12351")
    said = _keep(case, answer, channel=Survey.Channel.WEB, by=None)
    if case.state == CALLED_BACK and guards.takes_back_what_was_said(case) is None:
        _carry(case, said, actor=None)
    return said


@transaction.atomic
def adopt_answer(case: Case, *, actor: Account) -> Case:
    """Carry what the caller said online onto the case, by name, where it takes back what they told us by telephone."""
    row: Case | None = Case.objects.select_for_update(of=("self",)).filter(pk=case.pk).first()
    if row is None or not actor.has_right(CHECK, row):
        raise NotAllowed("您在该区划和条线没有“质检与办结”权限，不能采用网上评价")
    if actor.pk in (row.handler_id, row.former_handler_id):
        raise NotAllowed("承办人不能采用自己所办工单的评价，须由他人采用")
    said = guards.takes_back_what_was_said(row) if row.state == CALLED_BACK else None
    if said is None:
        raise Refusal("没有与电话回访结果不一致、须由工作人员采用的网上评价；请刷新后查看")
    _carry(row, said, actor=actor)
    return row


def _carry(case: Case, said: Survey, *, actor: Account | None) -> None:
    before = {name: getattr(case, name) for name in CARRIED}
    case.reached, case.solved, case.satisfaction = True, said.solved, said.satisfaction
    case.save(update_fields=CARRIED)
    after = {name: getattr(case, name) for name in CARRIED}
    right = CHECK if actor else None
    record(
        "survey.carried", case, actor=actor, right=right, before=before, after={**after, "survey": said.pk}
    )


def _locked(case: Case, actor: Account) -> Case:
    """Lock the case and demand the right, the state and a second person."""
    row: Case | None = Case.objects.select_for_update(of=("self",)).filter(pk=case.pk).first()
    if row is None or not actor.has_right(CALL_BACK, row):
        raise NotAllowed("您在该区划和条线没有“回访”权限")
    if row.handler_id == actor.pk:
        raise NotAllowed("承办人不能回访自己办的件，须由他人回访")
    if row.state != ANSWERED or row.answered_at is None:
        raise Refusal(f"{row.number} 现为“{row.stage.label}”，不在回访环节；请刷新后查看")
    return row


def _must_not_call(case: Case, tries: list[rules.Tried], at: datetime) -> str | None:
    """Return why nobody should have called. It does not stand against a talk: the caller may have rung back."""
    if any(t.outcome == Outcome.REFUSED for t in tries):
        return "诉求人已明确拒绝回访，不得再拨；请按“未联系到（拒访）”结束回访"
    most = guards.number("hotline.call_backs_a_day", case)
    return rules.too_many_today(tries, day=timezone.localdate(at), most=most)


def _problems(
    case: Case, outcome: str, at: datetime, again_at: datetime | None, note: str, *, now: datetime
) -> dict[str, str]:
    """Return what is wrong about an attempt, by field."""
    found: dict[str, str] = {}
    if not case.phone_hash:
        found["outcome"] = "诉求人没有留电话，无从拨打"
    elif outcome not in set(Outcome) - {Outcome.MISTAKE}:
        found["outcome"] = "请选择拨打结果"
    if at > now or (case.answered_at and at < case.answered_at):
        found["at"] = "拨打时间应在答复之后、现在之前"
    if outcome == Outcome.LATER and (again_at is None or again_at <= now):
        found["again_at"] = "请填写诉求人约定的时间（晚于现在）"
    if outcome != Outcome.LATER and again_at:
        found["again_at"] = "只有“约定再联系”才填约定时间"
    if outcome == Outcome.WRONG and len(note.strip()) < 4:
        found["note"] = "号码有误的，请写明怎样核对的（至少 4 个字）"
    if len(note) > 200:
        found["note"] = "备注不超过 200 字"
    return found


def _keep(case: Case, answer: Answer, *, channel: str, by: Account | None) -> Survey:
    survey = Survey(
        **_place(case), at=timezone.now(), by=by, channel=channel, solved=answer.solved,
        satisfaction=answer.satisfaction, service=answer.service, words=masked(answer.words.strip()),
    )  # fmt: skip
    wrong = {
        name: "请从列出的评价中选择"
        for name in ("satisfaction", "service")
        if getattr(survey, name) not in ("", *Case.Satisfaction.values)
    }
    if len(survey.words) > (field_of(survey, "words").max_length or 0):
        wrong["words"] = "不超过 500 字"
    if wrong:
        raise Invalid("；".join(wrong.values()), fields=wrong)
    survey.save(force_insert=True)
    said = {"survey": survey.pk, "channel": channel, "solved": answer.solved,
            "satisfaction": answer.satisfaction, "service": answer.service}  # fmt: skip
    record("survey", case, actor=by, right=CALL_BACK if by else None, after=said)
    return survey


def _place(case: Case) -> dict[str, object]:
    """What a row about a case has from it: as visible as the case is now."""
    return {
        "case": case, "round_at": case.answered_at,
        "region_id": case.region_id, "line_id": case.line_id, "shared_with": case.shared_with,
    }  # fmt: skip
