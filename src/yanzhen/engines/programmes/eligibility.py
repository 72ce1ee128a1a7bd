"""Eligibility: named rules with parameters, three answers, each with its reason and the record it rests on.

Engines and domains add rules. What no record tells is open: a person settles it, on record, and is named.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import transaction
from django.utils import timezone

from yanzhen.engines.programmes.declare import Condition
from yanzhen.engines.programmes.models import Application, Finding
from yanzhen.foundation.errors import Invalid, NotAllowed, Refusal
from yanzhen.foundation.models import Account, Employment
from yanzhen.foundation.records import record
from yanzhen.foundation.registry import Registry

YES, NO, OPEN = Finding.Answer.YES, Finding.Answer.NO, Finding.Answer.OPEN


@dataclass(frozen=True, slots=True)
class Told:
    """What a rule says: the answer, the sentence that the applicant reads, and the record it rests on."""

    answer: Finding.Answer
    reason: str
    evidence: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """`check` takes the application, the day that counts and the parameters of the condition."""

    code: str
    label: str
    check: Callable[[Application, date, Mapping[str, Any]], Told]
    needs: tuple[str, ...] = ()
    """Names of the parameters that a condition has to give."""
    knows: tuple[str, ...] = ()
    """Names of those that it may give."""
    mend: str = "所据记录有误的，请本单位或当地工会更正人员记录，再点“重新核对”"
    """What the applicant can do about a no or an open, as a sentence."""


RULES: Registry[Rule] = Registry("eligibility rule")


class NotOpen(Refusal):
    code = "finding_not_open"


def label_of(rule: str) -> str:
    """Return what a rule is called; a rule that is gone is called by its code."""
    return RULES[rule].label if rule in RULES else rule


def mend_of(rule: str) -> str:
    """Return what the applicant can do about a no or an open."""
    return RULES[rule].mend if rule in RULES else ""


def problems_with(conditions: Iterable[Condition]) -> list[str]:
    """Return what is wrong with the conditions of a programme."""
    problems = []
    for condition in conditions:
        if condition.rule not in RULES:
            problems.append(f"没有名为“{condition.rule}”的资格规则")
        elif missing := set(RULES[condition.rule].needs) - condition.given.keys():
            problems.append(f"资格规则“{RULES[condition.rule].label}”缺少参数 {'、'.join(sorted(missing))}")
    return problems


@transaction.atomic
def examine(application: Application, *, on: date | None = None) -> list[Finding]:
    """Ask every condition of the round again and keep the answers; what a person settled stays settled.

    `on` is the day that counts, today where it is not given.
    """
    day = on or timezone.localdate()
    now = timezone.now()
    settled = {f.order: f for f in application.findings.exclude(settled_by=None)}
    found = []
    for order, condition in enumerate(application.programme.conditions):
        told = RULES[condition.rule].check(application, day, condition.given)
        if told.answer == OPEN and order in settled:
            found.append(settled[order])
            continue
        found.append(
            Finding(
                application=application, order=order, rule=condition.rule, answer=told.answer, reason=told.reason,
                evidence=told.evidence, at=now,
            )
        )  # fmt: skip
    keep = {f.pk for f in found if f.pk}
    application.findings.exclude(pk__in=keep).delete()
    Finding.objects.bulk_create([f for f in found if not f.pk])
    _keep(application, found)
    return found


@transaction.atomic
def settle(finding: Finding, answer: str, *, reason: str, evidence: str, actor: Account) -> Finding:
    """Answer by hand what no record tells. Raises NotOpen, NotAllowed or Invalid."""
    application = (
        Application.objects.select_for_update(of=("self",))
        .select_related("round")
        .get(pk=finding.application_id)
    )
    finding = application.findings.select_for_update().get(pk=finding.pk)
    if not actor.has_right("application.screen", application):
        raise NotAllowed("您在该区划和条线没有“资格审查”权限，不能认定资格条件")
    if actor.pk == application.started_by_id:
        raise NotAllowed("填报人不能认定自己填报的申报：须由他人审查")
    if finding.answer != OPEN and finding.settled_by_id is None:
        raise NotOpen("这一项由记录得出，不能手工改判：所据记录有误的，请先更正记录，再点“重新核对”")
    if answer not in (YES, NO):
        raise Invalid("请选择符合或不符合", fields={"answer": "请选择"})
    if len(reason.strip()) < 4:
        raise Invalid("请写明认定的理由（至少 4 个字）", fields={"reason": "请写明理由"})
    before = finding.answer
    finding.answer, finding.reason, finding.evidence = answer, reason.strip(), evidence.strip()
    finding.settled_by, finding.at = actor, timezone.now()
    finding.save()
    _keep(application, application.findings.all())
    record(
        "application.settle", application, actor=actor, right="application.screen",
        before={"rule": finding.rule, "answer": before}, after={"rule": finding.rule, "answer": answer}, reason=reason,
    )  # fmt: skip
    return finding


def verdict(findings: Iterable[Finding]) -> bool | None:
    """Return whether all are yes; None where none is no and one is open."""
    answers = {finding.answer for finding in findings}
    if NO in answers:
        return False
    return None if OPEN in answers else True


def _keep(application: Application, findings: Iterable[Finding]) -> None:
    application.eligible = verdict(findings)
    application.save(update_fields=["eligible"])


def _age(application: Application, on: date, given: Mapping[str, Any]) -> Told:
    born = application.person.born_on if application.person else None
    if born is None:
        return Told(OPEN, "人员记录没有出生日期，年龄待核实")
    age = on.year - born.year - ((on.month, on.day) < (born.month, born.day))
    low, high = given.get("least", 0), given.get("most", 200)
    fits = low <= age <= high
    return Told(
        YES if fits else NO,
        f"截至 {on} 年满 {age} 周岁，要求 {low} 至 {high} 周岁",
        f"foundation.person#{application.person_id}",
    )


def _years_in_post(application: Application, on: date, given: Mapping[str, Any]) -> Told:
    """Count whole months of all employments up to `on`, overlaps once."""
    if application.person_id is None:
        return Told(OPEN, "没有申报人，从业年限待核实")
    spans = sorted(
        (e.starts_on, min(e.ends_on or on, on))
        for e in Employment.objects.filter(person_id=application.person_id, starts_on__lt=on)
    )
    if not spans:
        return Told(OPEN, "人员记录没有任职经历，从业年限待核实")
    days, reached = 0, spans[0][0]
    for start, end in spans:
        days += max((end - max(start, reached)).days, 0)
        reached = max(reached, end)
    years, least = days / 365.2425, given["years"]
    return Told(
        YES if years >= least else NO,
        f"任职记录合计 {years:.1f} 年，要求满 {least} 年",
        f"foundation.person#{application.person_id}",
    )


def _said_yes(application: Application, _on: date, given: Mapping[str, Any]) -> Told:
    """What the applicant says and the recommending unit confirms by putting it forward."""
    said = application.answers.get(given["question"])
    label = next(
        (q.label for q in application.programme.questions if q.code == given["question"]), given["question"]
    )
    if said is None:
        return Told(OPEN, f"“{label}”没有填写")
    return Told(YES if said else NO, f"“{label}”填报为{'是' if said else '否'}")


def _employed(application: Application, on: date, _given: Mapping[str, Any]) -> Told:
    if application.person_id is None or application.organisation_id is None:
        return Told(OPEN, "没有申报人或所在单位，在职情况待核实")
    held = Employment.objects.filter(
        person_id=application.person_id, organisation_id=application.organisation_id
    )
    if any(e.starts_on <= on and (e.ends_on is None or e.ends_on > on) for e in held):
        return Told(
            YES, f"截至 {on} 在所填单位任职", f"foundation.organisation#{application.organisation_id}"
        )
    return Told(OPEN, "任职记录中没有所填单位的在职经历，待核实")


for _rule in (
    Rule("age", "年龄", _age, knows=("least", "most")),
    Rule("years_in_post", "从业年限", _years_in_post, ("years",), mend="任职经历不全的，请本单位补登任职经历，再点“重新核对”"),
    Rule("said_yes", "本人填报", _said_yes, ("question",), mend="请如实填写这一项；填写有误的，提交前可以修改"),
    Rule("employed", "在所填单位任职", _employed, mend="请本单位在人员记录中登记您的任职，再点“重新核对”；或由审查人凭劳动合同认定"),
):  # fmt: skip
    RULES.add(_rule)
