"""What has to be true of an appeal, and of a case before it moves. Each rule returns the reason against it, or None."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from yanzhen.domains.hotline.models import Case, Category
from yanzhen.domains.hotline.names import keys_of, may_be
from yanzhen.engines.similarity.text import text_normal
from yanzhen.foundation.models import Organisation
from yanzhen.foundation.organisations import called, charge_problem
from yanzhen.foundation.people import phone_problem, plain_phone


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
    """As people write it; kept as phones are."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "phone", plain_phone(self.phone))


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


LIFE_AT_RISK = (
    "跳楼", "轻生", "自杀", "自焚", "不想活", "活不下去", "想死", "寻死", "寻短见", "上吊", "跳河", "跳江", "跳桥", "投河",
    "服毒", "喝药", "喝农药", "割腕", "结束生命", "遗书", "绝食", "同归于尽", "杀人", "砍人", "砍死", "捅死", "拿刀", "持刀",
    "爆炸", "坍塌", "塌方", "被埋", "被困", "没有跑出来", "没跑出来", "没逃出来", "车间起火", "车间着火", "起火了", "着火了",
    "触电", "中毒", "窒息", "昏迷", "没有呼吸", "没呼吸", "停止呼吸", "心脏骤停", "生命危险", "危及生命", "有人死亡", "出人命",
)  # fmt: skip
"""Words that may mean that a life is at risk, as they stand in the normal form: blanks, marks and traditional characters
hide none. Our own list (grade D): one too many costs a look, one too few a life."""

GROUP = re.compile(
    r"(?:我们|咱们|我等|班组|工友|民工|工人)[^\d]{0,8}?(\d{2,4})(?:多|余|来)?(?:名|个|位)?(?:工人|农民工|工友|职工|员工|民工|同事|人)(?!民|次|均)"
)
"""How a text in the normal form says how many they are, where the field was left at one."""

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
    return category_is_in_force(case.category)


def category_is_in_force(category: Category | None) -> str | None:
    """停用的类别不再选用"""
    if category is None:
        return "没有这个诉求类别，请从列表中选"
    return None if category.active else f"诉求类别“{category.name}”已停用，请改选在用的类别"


def handler_is_of_the_organisation(case: Case) -> str | None:
    """承办人须属于承办单位"""
    if case.handler is None or case.organisation is None:
        return None
    if case.handler.organisation_id != case.organisation_id:
        return f"所选承办人不属于承办单位 {case.organisation.name}"
    return None


def organisation_is_around(case: Case) -> str | None:
    """承办单位须在本件属地或其上级，且不是企业"""
    return is_around(case.organisation, case)


def handler_may_handle(case: Case) -> str | None:
    """承办人须有承办权限"""
    if case.handler is None or case.handler.has_right("case.handle", case):
        return None
    return "所选承办人在本件的区划和条线没有“承办与答复”权限，请另选"


def another_handler(case: Case) -> str | None:
    """退回重办、重新办理的，须由他人承办"""
    if case.handler_id is None or case.handler_id != case.former_handler_id:
        return None
    return "上次由该承办人办理，诉求人不认可，须另行指定承办人"


def is_not_the_accused(case: Case) -> str | None:
    """被反映的单位不能办理反映自己的诉求"""
    return unit_is_not_the_accused(case, case.organisation) if case.organisation else None


def unit_is_not_the_accused(case: Case, unit: Organisation) -> str | None:
    """被反映的单位不得承办、协办反映自己的诉求"""
    accused = case.employer_key and case.employer_key in keys_of(unit)
    return f"{unit.name} 就是被反映的单位，不能办理本件" if accused else None


STATED = "非被反映单位"
"""What the note of a move says where the unit in charge only sounds like the one that the case is against."""


def sounds_like_the_accused(case: Case, unit: Organisation) -> bool:
    """Tell whether the unit may be meant; not where the case names another registered unit in full. One statement at most."""
    return may_be(case.employer, unit) and not called(case.employer).exclude(pk=unit.pk).exists()


def is_surely_not_the_accused(case: Case, note: str) -> str | None:
    """要求保密的件，承办单位与被反映单位名称相近的，须写明不是同一单位"""
    unit = case.organisation
    if unit is None or not case.secret or STATED in note or not sounds_like_the_accused(case, unit):
        return None
    return (
        f"{unit.name} 与被反映的单位名称相近，本件要求保密：是同一单位的，先“更正涉事单位”为登记的全称；"
        f"确非同一单位的，逐件办理，并在说明中写明“{STATED}”和核对情况"
    )


def unit_is_surely_not_the_accused(case: Case, unit: Organisation) -> str | None:
    """要求保密的件，名称与被反映单位相近的单位不得协办"""
    if not case.secret or not sounds_like_the_accused(case, unit):
        return None
    return (
        f"{unit.name} 与被反映的单位名称相近，本件要求保密，不能分办给它："
        "请另选单位，或核对后先“更正涉事单位”为登记的全称"
    )


SETTLED = 2
"""Returns after which the coordinator has decided who handles the case."""


def is_the_first_return(case: Case) -> str | None:
    """只能退回一次；第二次报协调人裁定，裁定后不得再退"""
    if case.returns == 0:
        return None
    if case.returns == 1:
        return "本件已退回过一次，再次退回须报协调人裁定"
    return "承办单位已由协调人裁定，不得再退回"


def is_the_second_return(case: Case) -> str | None:
    """第二次退回由协调人裁定"""
    if case.returns == 1:
        return None
    return "首次退回由派单员处理，无须裁定" if case.returns == 0 else "承办单位已由协调人裁定，不得再退回"


def was_not_settled(case: Case) -> str | None:
    """协调人裁定过的，派单员不得改派"""
    if case.returns < SETTLED:
        return None
    return "承办单位已由协调人裁定，不得改派；情况有变的，由协调人变更裁定"


def was_settled(case: Case) -> str | None:
    """只有裁定过的，才能变更裁定"""
    return None if case.returns >= SETTLED else "承办单位不是协调人裁定的，由派单员改派"


def proposes_another(case: Case) -> str | None:
    """退回须提出应由哪个单位承办"""
    if case.counter_proposal_id is None:
        return "请提出应由哪个单位承办"
    # a return takes the case from its unit in the same move: which one it has, the table still says
    if Case.objects.filter(pk=case.pk, organisation=case.counter_proposal_id).exists():
        return "建议承办单位不能是本单位"
    return is_around(case.counter_proposal, case)


def is_around(organisation: Organisation | None, case: Case) -> str | None:
    return charge_problem(organisation, case.region_id) if organisation else None


def urgency_of(appeal: Appeal, *, group: int) -> tuple[str, str]:
    """Return the urgency of an appeal and the reason where it is raised: life at risk, or a group of `group` and more."""
    told = text_normal(f"{appeal.title}\n{appeal.body}")
    words = [word for word in LIFE_AT_RISK if word in told]
    if words:
        return Case.Urgency.CRITICAL, f"内容提到“{words[0]}”，可能危及生命安全"
    if appeal.headcount >= group:
        return Case.Urgency.CRITICAL, f"涉及 {appeal.headcount} 人，达到集体诉求人数（{group} 人）"
    many = (
        next((m[0] for m in GROUP.finditer(told) if int(m[1]) >= group), None)
        if appeal.headcount == 1
        else None
    )
    if many:
        return Case.Urgency.CRITICAL, f"内容提到“{many}”，可能达到集体诉求人数（{group} 人）"
    return appeal.urgency, ""


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


def unsolved_is_redone(case: Case) -> str | None:
    """诉求人反映未解决的，退回重办而不按质检不合格退回原承办人"""
    if case.solved is not False:
        return None
    return "诉求人反映问题未解决，不能退给原承办人：请用“质检退回重办”，另行指定承办人"


def is_known_unsolved(case: Case) -> str | None:
    """如实办结须有“未解决”的回访结果"""
    return None if case.solved is False else "只有回访为“未解决”的，才能按未解决如实办结"


def is_known_unsolved_or_dissatisfied(case: Case) -> str | None:
    """退回重办须有未解决或不满意的回访结果"""
    if case.solved is False or case.satisfaction == Case.Satisfaction.DISSATISFIED:
        return None
    return "只有回访为“未解决”或“不满意”的，才能退回重新办理"
