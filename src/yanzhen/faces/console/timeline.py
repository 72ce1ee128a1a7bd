"""What happened to a subject, as people read it: its records under the labels of its procedure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext

from yanzhen.engines.procedures.declare import Procedure
from yanzhen.engines.procedures.models import Party, Subject
from yanzhen.faces.staff import account_names
from yanzhen.foundation.models import Record
from yanzhen.foundation.records import histories

LABELS = {
    "start": "登记",
    "copy": "抄送",
    "reveal": "查看完整信息",
    "clock.warned": "黄牌：临近到期",
    "clock.overdue": "红牌：已超期",
    "stay.ask.pause": "申请暂停计时",
    "stay.ask.extension": "申请延期",
    "stay.grant.pause": "同意暂停计时",
    "stay.grant.extension": "同意延期",
    "stay.refuse.pause": "不同意暂停计时",
    "stay.refuse.extension": "不同意延期",
    "stay.resume": "恢复计时",
    "attachment.add": "添加附件",
    "attachment.remove": "删去附件",
    "refer": "转办协办",
    "party.accept": "协办：接收",
    "party.reject": "协办：退回",
    "party.done": "协办：办毕",
    "party.revoke": "协办：撤回",
    "case.reissue": "补发查询码",
    "case.employer": "更正涉事单位",
    "case.join": "并入其他工单合并办理",
    "case.joined_by": "作为主件合并办理",
    "case.leave": "退出合并办理",
    "case.raise": "因合并升为特急",
    "case.lower": "退出合并，恢复紧急程度",
    "attempt": "回访尝试",
    "attempt.take_back": "更正回访尝试",
    "survey": "评价",
    "survey.carried": "按诉求人评价更正回访结果",
    "sample.drawn": "抽检：抽中",
    "sample.review": "抽检：复核",
    "escalate": "督办",
    "read": "查阅保密工单",
    "knowledge.cite": "引用知识",
    "honour.report": "填报履职报告",
    "honour.review": "评定履职报告",
    "honour.certificate": "制作证书",
    "honour.credential": "重新签发凭证",
    "application.fill_in": "填写申报内容",
    "application.settle": "认定资格条件",
    "application.examine": "重新核对资格条件",
    "opinion.ask": "征求部门意见",
    "opinion.give": "出具部门意见",
    "round.open": "启动轮次",
    "round.window": "调整环节时间",
    "round.turn": "进入下一环节",
    "round.pause": "暂停轮次",
    "round.resume": "恢复轮次",
    "work.ask": "交后台运行",
    "work.done": "后台运行完成",
    "work.failed": "后台运行未完成",
    "paper.clear": "附件放行给评委",
    "paper.withhold": "附件不再给评委看",
    "round.cancel": "取消轮次",
    "quota.deal": "分配名额",
    "quota.move": "调剂名额",
    "application.inspect": "登记实地考察",
    "application.redact": "遮蔽文字",
    "judge.invite": "邀请评委",
    "judge.recuse": "评委回避",
    "panel.fill": "分配评委",
    "calibration.sample": "选定校准样卷",
    "calibration.drop": "取消校准样卷",
    "calibration.mark": "试评样卷",
    "calibration.release": "放行正式打分",
    "visit.plan": "安排考察",
    "visit.change": "改动考察安排",
    "visit.call_off": "取消考察",
    "mark.file": "交来评分",
    "mark.void": "作废评分",
    "mark.again": "请另一名评委复评",
    "vote.void": "作废选票",
    "score.run": "计算得分",
    "score.adopt": "采用计分结果",
    "shortlist.run": "运行入围名单",
    "shortlist.adopt": "采用入围名单",
    "notice.publish": "发布公示",
    "notice.post": "登记张贴凭证",
    "round.award": "认定",
    "certificates.issue": "开始制作证书",
    "certificates.printed": "证书制作完毕",
    "certificates.fetch": "下载证书",
    "milestone.report": "填报阶段成果",
    "milestone.confirm": "确认阶段成果",
}
OF_JUDGES = ("mark.file", "mark.void", "mark.again", "judge.recuse")
"""Who judged is for those who run the round, on its own pages; whoever else sees an application does not learn it."""
TONES = {"clock.warned": "amber", "clock.overdue": "red", "escalate": "red"}
OTHERS = {"case.join": "lead", "case.joined_by": "member"}
"""Where a record names another subject of the same kind: by its number, for those alone who may see that one too."""
SYSTEM = "系统"
VISITORS = {"hotline.case": "诉求人", "programmes.objection": "异议人"}
"""Who begins a subject of the procedure without an account; anything else that nobody began, the system did."""
OF_VISITORS = frozenset({"start", "survey", "survey.carried", "move.appeal"})
"""What happens without an account when those whose matter it is do it themselves."""
LONGEST = 200
"""Steps shown; older ones are counted and stand in the records."""


@dataclass(frozen=True, slots=True)
class Happening:
    at: datetime
    entered_at: datetime | None
    """When it was put in, where that was afterwards."""
    who: str
    label: str
    state: str
    note: str
    reasons: tuple[str, ...]
    """What there was to go by when it was decided."""
    tone: str
    other: str = ""
    """The number of another subject that it is about too, where the reader may see that one."""


def timeline(
    rows: Sequence[Subject | Party], procedure: Procedure, seen: QuerySet[Subject]
) -> list[Happening]:
    """Return what happened to a subject of `procedure` and its work orders, newest first: two statements, and one more
    where others are named; `seen` are the subjects that the reader may see."""
    records = list(histories(rows).exclude(verb__in=OF_JUDGES).order_by("-id")[:LONGEST])
    named = {number for r in records if (number := _other(r))}
    shown = (
        frozenset(seen.filter(number__in=named).values_list("number", flat=True)) if named else frozenset()
    )
    return told(records, procedure, others=shown)


def told(
    records: Sequence[Record], procedure: Procedure, *, others: frozenset[str] = frozenset()
) -> list[Happening]:
    """Return the records as people read them, in their order: one statement, for the names. Of the other subjects that
    they are about, `others` are the numbers to be shown."""
    names = account_names(r.actor_id for r in records if r.actor_id)
    return [_happening(r, procedure, names, others) for r in records]


def _other(record: Record) -> str:
    return str((record.after or {}).get(OTHERS.get(record.verb, ""), ""))


def _happening(
    record: Record, procedure: Procedure, names: dict[int, str], others: frozenset[str]
) -> Happening:
    after = record.after or {}
    happened = parse_datetime(after["at"]) if after.get("at") else None
    nobody = VISITORS.get(procedure.code, SYSTEM) if record.verb in OF_VISITORS else SYSTEM
    return Happening(
        at=happened or record.at,
        entered_at=record.at if happened else None,
        who=names.get(record.actor_id, "") if record.actor_id else gettext(nobody),
        label=gettext(_label(record.verb, procedure)),
        state=gettext(procedure.state(after["state"]).label) if after.get("state") else "",
        note=record.reason,
        reasons=tuple(after.get("reasons", ())),
        tone=TONES.get(record.verb, ""),
        other=other if (other := _other(record)) in others else "",
    )


def _label(verb: str, procedure: Procedure) -> str:
    if verb.startswith("move."):
        code = verb.removeprefix("move.")
        return next((t.label for t in procedure.transitions if t.code == code), code)
    return LABELS.get(verb, verb)
