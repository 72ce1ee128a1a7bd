"""The demo's craftsmen: reports on duty, one suspended, who teaches whom, a studio and its grant."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from django.core.files.base import ContentFile
from django.utils import timezone

from yanzhen.domains.craftsmen.actions import mentorships, studios
from yanzhen.domains.craftsmen.models import Mentorship
from yanzhen.engines.honours.actions import Award, award
from yanzhen.engines.honours.models import Honour
from yanzhen.engines.honours.reports import review_report, submit_report
from yanzhen.engines.procedures.engine import advance
from yanzhen.faces.cli.province.clock import moment
from yanzhen.foundation import attachments
from yanzhen.foundation.models import Account, Organisation, Person

GRADES = ("excellent", "good", "")
"""What became of the first reports; "" waits to be graded."""
RESULT = "已取得高级工证书，能独立承担高压管道打底焊接（演示）。"


def load(honours: list[Honour], staff: dict[str, Account]) -> None:
    """`honours` are those of the past round, the best first; the last two are looked into."""
    _reports(honours, staff)
    _suspend(honours, staff)
    _from_outside(honours[0], staff["awarder"])
    _teach(honours, staff)
    _studio(honours[0], staff)


def _ago(days: int) -> datetime:
    return timezone.now() - timedelta(days=days)


def _reports(honours: list[Honour], staff: dict[str, Account]) -> None:
    for n, (honour, grade) in enumerate(zip(honours, GRADES, strict=False)):
        with moment(_ago(30 - n)):
            report = submit_report(
                honour, actor=staff["awarder"], year=honour.awarded_on.year, mentees=n + 2, teaching_hours=Decimal(24 + 8 * n),
                results="完成攻关 1 项，编写操作规程 1 份（演示）。", text="按履职计划带徒、授课，参加技术交流两次（演示）。",
            )  # fmt: skip
        if grade:
            with moment(_ago(20 - n)):
                review_report(
                    report, actor=staff["leader"], grade=grade, opinion="带徒和授课达到要求（演示）"
                )


def _suspend(honours: list[Honour], staff: dict[str, Account]) -> None:
    """One is suspended; of another it is proposed and waits for its decision."""
    causes = (
        "所在班组发生质量事故，正在调查，依据调查通知书暂停（演示）。",
        "有群众反映带徒记录不实，核查期间建议暂停（演示）。",
    )
    for n, cause in enumerate(causes):
        honour = Honour.objects.get(pk=honours[-1 - n].pk)
        advance(honour, "propose_suspension", actor=staff["awarder"], cause=cause, at=_ago(15 - n))
        if n == 0:
            honour = Honour.objects.get(pk=honour.pk)
            advance(honour, "suspend", actor=staff["leader"], note="同意暂停（演示）", at=_ago(12))


def _from_outside(honour: Honour, awarder: Account) -> None:
    day = timezone.localdate() - timedelta(days=40)
    unit: Organisation = honour.organisation  # type: ignore[assignment]  # every honour of a round has one
    award(Award(honour.person, "nation_craftsman", unit, day, document="演示文号 1 号"), actor=awarder)


def _teach(honours: list[Honour], staff: dict[str, Account]) -> None:
    """Three pairs: one whose time is over, one on its way, one that waits; and workers who seek a mentor."""
    home = honours[0].organisation
    assert home is not None  # noqa: S101  # as above
    people = list(
        Person.objects.filter(employments__organisation__region=home.region_id, honours=None).order_by("pk")[
            :6
        ]
    )
    for n, apprentice in enumerate(people[:3]):
        began = (200, 120, 3)[n]
        with moment(_ago(began)):
            row = _proposed(honours[n].person, apprentice, began, staff["craft_officer"])
        if n < 2:
            _learn(row, began, staff, whole=n == 0)
    for n, person in enumerate(people[3:]):
        unit = person.employments.select_related("organisation").latest("starts_on").organisation
        with moment(_ago(9 - n)):
            mentorships.seek(
                person=person,
                organisation=unit,
                trade=("焊工", "钳工", "电工")[n],
                actor=staff["craft_officer"],
            )


def _proposed(mentor: Person, apprentice: Person, began: int, officer: Account) -> Mentorship:
    today = timezone.localdate()
    unit = apprentice.employments.select_related("organisation").latest("starts_on").organisation
    row = mentorships.propose(
        mentor=mentor, apprentice=apprentice, organisation=unit, trade="焊工", starts_on=today,
        ends_on=today + timedelta(days=180 if began > 180 else 720), goals="两年内达到高级工，能独立上岗（演示）",
        steps=[("独立完成中级工序（演示）", today + timedelta(days=60)), ("通过高级工考核（演示）", today + timedelta(days=180))],
        actor=officer,
    )  # fmt: skip
    attachments.store(
        ContentFile("演示协议，双方已签字".encode(), "师徒协议（演示）.txt"), subject=row, actor=officer
    )
    return row


def _learn(row: Mentorship, began: int, staff: dict[str, Account], *, whole: bool) -> None:
    """Begin, and reach the first step; with `whole` the second too, and the end."""
    officer, approver = staff["craft_officer"], staff["craft_approver"]
    advance(row, "confirm", actor=approver, at=_ago(began - 2))
    for step in row.milestones.order_by("order")[: 2 if whole else 1]:
        with moment(_ago(began - 60 * step.order)):
            mentorships.report_milestone(step, evidence="工序考核表评为良好，见附件（演示）", actor=officer)
            mentorships.confirm_milestone(step, actor=approver)
    if whole:
        row = Mentorship.objects.get(pk=row.pk)
        advance(row, "graduate", actor=approver, result=RESULT, at=_ago(began - 180))


def _studio(honour: Honour, staff: dict[str, Account]) -> None:
    unit = honour.organisation
    assert unit is not None  # noqa: S101  # as above
    with moment(_ago(150)):
        studio = studios.found_studio(
            name="焊接技艺工匠工作室（演示）", lead=honour.person, organisation=unit,
            founded_on=timezone.localdate() - timedelta(days=400), actor=staff["craft_officer"],
        )  # fmt: skip
        grant = studios.make_grant(
            studio, title=honour.title, total_yuan=Decimal(50000), document="演示文号 2 号", actor=staff["craft_officer"],
            parts=[(Decimal(30000), "场地和设备到位（演示）"), (Decimal(20000), "年度攻关和带徒达到计划（演示）")],
        )  # fmt: skip
    first = grant.instalments.get(order=1)
    opinion = "场地、设备和制度均已到位，符合考核要求（演示）。"
    first = advance(first, "pass", actor=staff["craft_approver"], opinion=opinion, at=_ago(120))
    paid = timezone.localdate() - timedelta(days=110)
    advance(first, "pay", actor=staff["craft_payer"], paid_on=paid, voucher="演示凭证 1", at=_ago(110))
