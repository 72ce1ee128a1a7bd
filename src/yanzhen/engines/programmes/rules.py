"""Why an application may not move, by what its own row says."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from yanzhen.engines.programmes.models import Application


def is_complete(application: Application) -> str | None:
    """必填项须填全。"""
    missing = [
        question.label
        for question in application.programme.questions
        if question.required and application.answers.get(question.code) in (None, "")
    ]
    return f"还有 {len(missing)} 项没有填写：{'、'.join(missing)}" if missing else None


def is_not_barred(application: Application) -> str | None:
    """没有一项资格条件不符合。"""
    if application.eligible is not False:
        return None
    return "有资格条件不符合，详见申报页的“资格条件”；所据记录有误的，请先更正记录再重新核对"


def is_eligible(application: Application) -> str | None:
    """各项资格条件均已核实符合。"""
    if application.eligible:
        return None
    if application.eligible is None:
        return "还有资格条件待核实：请在申报页逐项认定后再通过"
    return is_not_barred(application)


def nobody_vetoed(application: Application) -> str | None:
    """被征求意见的部门均已答复，且无一否决。"""
    if application.vetoes:
        return "有部门不同意，一票否决：请改为“部门意见否决”"
    return f"还有 {application.open_opinions} 个部门没有答复" if application.open_opinions else None


def somebody_vetoed(application: Application) -> str | None:
    """有部门不同意。"""
    return None if application.vetoes else "没有部门不同意，不能否决"


def is_chosen(application: Application) -> str | None:
    """在已采用的入围名单上。"""
    return None if application.chosen else "不在已采用的入围名单上：请先运行并采用入围名单"


def is_left_out(application: Application) -> str | None:
    """已采用的入围名单没有列入。"""
    if application.chosen is None:
        return "还没有采用入围名单，不能认定为未入围"
    if application.chosen:
        return "在已采用的入围名单上，不能按未入围处理"
    return None if application.outcome else "没有写明未入围的原因：请重新运行入围名单"


def no_objection_runs(application: Application) -> str | None:
    """没有未办结的异议。"""
    if not application.open_objections:
        return None
    return f"还有 {application.open_objections} 件异议没有办结，结果在此之前冻结"
