"""What has to be true of an appeal, and of a case before it moves. Each rule returns the reason against it, or None."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from yanzhen.domains.hotline.models import Case
from yanzhen.foundation.organisations import charge_problem
from yanzhen.foundation.people import phone_problem


@dataclass(frozen=True, slots=True)
class Appeal:
    """What a caller tells, whatever the channel. `region` and `category` are codes; an anonymous one has no caller."""

    body: str
    region: str
    title: str = ""
    category: str = ""
    urgency: str = "normal"
    employer: str = ""
    place: str = ""
    headcount: int = 1
    amount_yuan: Decimal | None = None
    anonymous: bool = False
    secret: bool = False
    name: str = ""
    phone: str = ""


def body_says_something(appeal: Appeal) -> str | None:
    """诉求内容至少 10 个字"""
    return (
        None
        if len(appeal.body.strip()) >= 10
        else "请写明诉求：什么时间、什么单位、发生了什么、希望怎样解决（至少 10 个字）"
    )


def caller_can_be_reached(appeal: Appeal) -> str | None:
    """不匿名的须留手机号"""
    if appeal.anonymous:
        return "匿名诉求不保存手机号，请清空或取消匿名" if appeal.phone else None
    return None if appeal.phone else "请留手机号以便答复；不愿留的可选择匿名，凭查询码查询"


def phone_is_one(appeal: Appeal) -> str | None:
    """手机号为 11 位，固定电话带区号"""
    return phone_problem(appeal.phone) if appeal.phone else None


def caller_is_named(appeal: Appeal) -> str | None:
    """匿名诉求不留姓名"""
    return "匿名诉求不保存姓名，请清空或取消匿名" if appeal.anonymous and appeal.name else None


APPEAL_RULES = (
    ("body", body_says_something),
    ("phone", phone_is_one),
    ("phone", caller_can_be_reached),
    ("name", caller_is_named),
)


def title_from(body: str) -> str:
    """Return the first sentence of `body` that has words, 40 characters at most; all of `body` where none has."""
    sentences = (sentence.strip() for sentence in re.split(r"[。！？!?\n]", body))
    first = next(filter(None, sentences), body.strip())
    return first if len(first) <= 40 else first[:39] + "…"


def has_third_level_category(case: Case) -> str | None:
    """诉求类别须选到第三级"""
    if case.category is None:
        return "尚未选择诉求类别"
    if case.category.level < 3:
        return f"诉求类别“{case.category.name}”须选到第三级"
    return None if case.category.active else f"诉求类别“{case.category.name}”已停用，请另选"


def handler_is_of_the_organisation(case: Case) -> str | None:
    """承办人须属于承办单位"""
    if case.handler is None or case.organisation is None:
        return None
    if case.handler.organisation_id != case.organisation_id:
        return f"所选承办人不属于承办单位 {case.organisation.name}"
    return None


def organisation_is_around(case: Case) -> str | None:
    """承办单位须在本件属地或其上级，且不是企业"""
    return charge_problem(case.organisation, case.region_id) if case.organisation else None


def handler_may_handle(case: Case) -> str | None:
    """承办人须有承办权限"""
    if case.handler is None or case.handler.has_right("case.handle", case):
        return None
    return "所选承办人在本件的区划和条线没有“承办与答复”权限，请另选"


def reply_says_something(case: Case) -> str | None:
    """答复须说明办理情况"""
    return (
        None
        if len(case.reply.strip()) >= 10
        else "答复过短：须写明查明的情况、处理结果和依据（至少 10 个字）"
    )


def reached_before_rated(case: Case) -> str | None:
    """未联系到诉求人的，不得填写是否解决和满意度"""
    if case.reached is False and (case.solved is not None or case.satisfaction):
        return "未联系到诉求人，不能代填“是否解决”和满意度"
    if case.reached and case.solved is None:
        return "已联系到诉求人的，须填写问题是否解决"
    return None


def was_not_left_unsolved(case: Case) -> str | None:
    """诉求人反映未解决的，应退回重新办理"""
    return (
        "诉求人反映问题未解决，应退回重新办理；确实无法解决的，写明理由如实办结"
        if case.solved is False
        else None
    )


def is_known_unsolved(case: Case) -> str | None:
    """如实办结须有“未解决”的回访结果"""
    return None if case.solved is False else "只有回访为“未解决”的，才能按未解决如实办结"


def is_known_unsolved_or_dissatisfied(case: Case) -> str | None:
    """退回重办须有未解决或不满意的回访结果"""
    if case.solved is False or case.satisfaction == Case.Satisfaction.DISSATISFIED:
        return None
    return "只有回访为“未解决”或“不满意”的，才能退回重新办理"
