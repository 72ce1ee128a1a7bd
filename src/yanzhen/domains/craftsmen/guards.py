"""Why a mentorship or an instalment may not move, by what else is on record and by the parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import connection
from django.utils import timezone

from yanzhen.foundation import parameters
from yanzhen.foundation.models import Attachment
from yanzhen.foundation.scope import EVERYTHING, database_scope

if TYPE_CHECKING:
    from yanzhen.domains.craftsmen.models import Instalment, Mentorship

CAPACITY = "craftsmen.mentor_capacity"


def has_contract(mentorship: Mentorship) -> str | None:
    """已上传师徒协议"""
    files = Attachment.objects.filter(
        subject_type=mentorship._meta.label_lower, subject_id=str(mentorship.pk)
    )
    return None if files.exists() else "还没有上传双方签字的师徒协议：请先在附件中上传"


def mentor_has_room(mentorship: Mentorship) -> str | None:
    """师傅所带徒弟未满"""
    with connection.cursor() as cursor:
        # two confirmations for one mentor take turns, or both would find the last place free
        cursor.execute("select pg_advisory_xact_lock(hashtextextended('mentor', %s))", [mentorship.mentor_id])
    most = int(parameters.get(CAPACITY, on=timezone.localdate(), region=mentorship.region_id).value)
    with database_scope({EVERYTHING}):
        has = type(mentorship).objects.filter(mentor=mentorship.mentor_id, state="active").count()
    return None if has < most else f"{mentorship.mentor_mask} 已带 {has} 名徒弟，上限 {most} 名"


def milestones_are_confirmed(mentorship: Mentorship) -> str | None:
    """阶段目标均已由第二人确认"""
    open_ = mentorship.milestones.filter(confirmed_at=None).count()
    return f"还有 {open_} 个阶段目标没有确认" if open_ else None


def earlier_are_paid(instalment: Instalment) -> str | None:
    """前面各期均已拨付"""
    earlier = type(instalment).objects.filter(grant=instalment.grant_id, order__lt=instalment.order)
    waiting = earlier.exclude(state__in=("paid", "cancelled")).order_by("order").first()
    return f"第 {waiting.order} 期现为“{waiting.stage.label}”，须先办结" if waiting else None


def is_paid_by_now(instalment: Instalment) -> str | None:
    """拨付日期不在今天之后"""
    if instalment.paid_on is None or instalment.paid_on > timezone.localdate():
        return "拨付日期须填写，且不能在今天之后"
    return None
