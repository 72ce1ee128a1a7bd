"""The yearly duty report of a holder: handed in by the unit, graded by a second person."""

from __future__ import annotations

from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from yanzhen.engines.honours.models import DutyReport, Honour
from yanzhen.foundation.errors import Invalid, NotAllowed, Refusal
from yanzhen.foundation.fields import field_of
from yanzhen.foundation.models import Account
from yanzhen.foundation.records import record
from yanzhen.foundation.records.write import masked

REPORT, REVIEW = "honour.report", "honour.review"
TYPED = ("mentees", "teaching_hours", "results", "text")


@transaction.atomic
def submit_report(
    honour: Honour,
    *,
    actor: Account,
    year: int,
    mentees: int,
    teaching_hours: Decimal,
    results: str,
    text: str,
) -> DutyReport:
    """Hand in the report of a year; until it is graded it may be handed in again. Raises Invalid, NotAllowed, Refusal."""
    honour = Honour.objects.select_for_update(of=("self",)).select_related("organisation").get(pk=honour.pk)
    if not actor.has_right(REPORT, honour):
        raise NotAllowed("您在该区划和条线没有“填报年度履职报告”权限")
    if honour.state in Honour.OVER:
        raise Refusal(f"{honour.number} 现为“{honour.stage.label}”，不再填报履职报告")
    row = DutyReport.objects.filter(honour=honour, year=year).first() or DutyReport(honour=honour, year=year)
    if row.grade:
        raise Refusal(f"{year} 年度履职报告已评定为“{row.get_grade_display()}”，不能再改")
    before = {name: getattr(row, name) for name in ("mentees", "teaching_hours")} if row.pk else None
    row.region_id, row.line_id, row.shared_with = honour.region_id, honour.line_id, honour.shared_with
    row.mentees, row.teaching_hours = mentees, teaching_hours
    row.results, row.text = masked(results.strip()), masked(text.strip())
    row.submitted_by, row.submitted_at = actor, timezone.now()
    if problems := _problems(row, honour):
        raise Invalid("；".join(problems.values()), fields=problems)
    row.save()
    after = {"year": year, "mentees": mentees, "teaching_hours": teaching_hours}
    record("honour.report", honour, actor=actor, right=REPORT, before=before, after=after)
    return row


@transaction.atomic
def review_report(report: DutyReport, *, actor: Account, grade: str, opinion: str = "") -> DutyReport:
    """Grade a report: never by whoever handed it in, once for good, a failing grade with its reason."""
    report = DutyReport.objects.select_for_update(of=("self",)).select_related("honour").get(pk=report.pk)
    if not actor.has_right(REVIEW, report):
        raise NotAllowed("您在该区划和条线没有“评定年度履职报告”权限")
    if report.submitted_by_id == actor.pk:
        raise NotAllowed("填报人不能评定自己填报的报告，须由他人评定")
    if report.grade:
        raise Refusal(f"该报告已评定为“{report.get_grade_display()}”，不能重复评定")
    problems = {}
    if grade not in DutyReport.Grade.values:
        problems["grade"] = "请选择评定等次"
    elif grade == DutyReport.Grade.FAIL and len(opinion.strip()) < 10:
        problems["opinion"] = "评定为不合格须写明理由（至少 10 个字）"
    if problems:
        raise Invalid("；".join(problems.values()), fields=problems)
    report.grade, report.opinion = grade, masked(opinion.strip())
    report.reviewed_by, report.reviewed_at = actor, timezone.now()
    report.save(update_fields=["grade", "opinion", "reviewed_by", "reviewed_at"])
    record(
        "honour.review", report.honour, actor=actor, right=REVIEW, after={"year": report.year, "grade": grade}
    )
    return report


def _problems(row: DutyReport, honour: Honour) -> dict[str, str]:
    problems: dict[str, str] = {}
    for name in TYPED:
        try:
            setattr(row, name, field_of(row, name).clean(getattr(row, name), row))
        except ValidationError as error:
            problems[name] = "；".join(error.messages)
    if not honour.awarded_on.year <= row.year <= timezone.localdate().year:
        problems["year"] = f"年度须在授予年度 {honour.awarded_on.year} 至今年之间"
    return problems
