"""How a case runs. Terms and their sources: docs/rules/hotline.md."""

from __future__ import annotations

from yanzhen.domains.hotline import rules
from yanzhen.domains.hotline.closing import guards as closing
from yanzhen.domains.hotline.knowledge import rules as knowledge
from yanzhen.domains.hotline.repeats import rules as repeats
from yanzhen.domains.hotline.routing import table as routing
from yanzhen.engines.procedures.declare import (
    PROCEDURES,
    Allowance,
    Ladder,
    Procedure,
    Referral,
    Rung,
    State,
    Term,
    Transition,
)

WARNING = "hotline.warning"
SHORT_WARNING = "hotline.short_warning"
ACCEPT = Term("hotline.accept", "受理时限", warning=SHORT_WARNING)
HANDLING = Term(
    "hotline.handling",
    "办理时限",
    warning=WARNING,
    pause=Allowance(
        "case.handle",
        "case.approve_stay",
        "hotline.handling_pause",
        variants=(("hotline.handling_complex", "hotline.handling_complex_pause"),),
    ),
    extension=Allowance(
        "case.handle",
        "case.approve_stay",
        "hotline.handling_extension",
        variants=(("hotline.handling_complex", "hotline.handling_complex_extension"),),
    ),
    by="complexity",
    variants=(("difficult", "hotline.handling_difficult"), ("complex", "hotline.handling_complex")),
)
ASSIGN = Term("hotline.assign", "派单时限", warning=SHORT_WARNING)
COORDINATE = Term("hotline.coordinate", "裁定时限", warning=SHORT_WARNING)
CALL_BACK = Term("hotline.call_back", "回访时限", warning=WARNING)
QUALITY_CHECK = Term("hotline.quality_check", "质检时限", warning=WARNING)
CHARGE = (
    rules.organisation_is_around,
    rules.is_not_the_accused,
    rules.handler_is_of_the_organisation,
    rules.handler_may_handle,
    rules.another_handler,
    repeats.follows_its_lead,
)
NOT_ACCUSED = (rules.is_surely_not_the_accused,)
LADDER = Ladder(
    right="case.supervise",
    rungs=(
        Rung("county", "县级督办", depth=6),
        Rung("city", "市级督办", depth=4, after="hotline.escalate_city"),
        Rung("province", "省级督办", depth=2, after="hotline.escalate_province"),
    ),
    field="urgency",
    urgent=("urgent", "critical"),
    at_once=(("critical", "city"),),
)

CASE = PROCEDURES.add(
    Procedure(
        code="hotline.case",
        version=1,
        label="维权工单",
        basis="docs/rules/hotline.md",
        view_right="case.view",
        states=(
            State("received", "待受理", "已收到，等待受理", terms=(ACCEPT,), awaits="case.accept"),
            State("accepted", "已受理，待派单", "已受理", terms=(HANDLING, ASSIGN), awaits="case.assign"),
            State("disputed", "待裁定承办单位", "已受理，正在确定承办单位", terms=(HANDLING, COORDINATE), awaits="case.coordinate"),
            State("handling", "办理中", "正在办理", terms=(HANDLING,), awaits="case.handle", personal=True),
            State("answered", "已答复，待回访", "已答复，等待回访", terms=(CALL_BACK,), awaits="case.call_back"),
            State("called_back", "已回访，待质检", "已回访", terms=(QUALITY_CHECK,), awaits="case.check"),
            State("closed", "已办结", "已办结", final=True),
            State("declined", "不予受理", "不予受理（理由见答复）", final=True),
        ),
        transitions=(
            Transition(
                "accept", "受理", ("received",), "accepted", right="case.accept",
                fields=("category",), optional=("urgency", "complexity"), upward=("urgency",),
                checks=(rules.has_third_level_category,), bulk=True,
            ),
            Transition(
                "prioritise", "更正紧急程度", ("received",), "received", right="case.accept",
                fields=("urgency",), note_required=True,
            ),
            Transition(
                "prioritise", "更正紧急程度", ("accepted",), "accepted", right="case.assign",
                fields=("urgency",), note_required=True,
            ),
            Transition(
                "prioritise", "更正紧急程度", ("handling",), "handling", right="case.assign",
                fields=("urgency",), note_required=True,
            ),
            Transition(
                "relocate", "更正属地", ("received",), "received", right="case.accept",
                fields=("region",), note_required=True,
            ),
            Transition(
                "relocate", "更正属地", ("accepted",), "accepted", right="case.assign",
                fields=("region",), note_required=True,
            ),
            Transition(
                "recategorise", "更正类别", ("accepted",), "accepted", right="case.assign",
                fields=("category",), checks=(rules.has_third_level_category,),
            ),
            Transition(
                "grade", "更正难易等级", ("accepted",), "accepted", right="case.assign",
                fields=("complexity",), note_required=True,
            ),
            Transition(
                "grade", "更正难易等级", ("handling",), "handling", right="case.assign",
                fields=("complexity",), note_required=True,
            ),
            Transition(
                "decline", "不予受理", ("received",), "declined", right="case.accept",
                guards=(repeats.is_not_led, repeats.nobody_waits_for_it),
                fields=("reply",), checks=(rules.reply_says_something,), note_required=True, stamps=("answered_at",),
            ),
            Transition(
                "assign", "派单", ("accepted",), "handling", right="case.assign",
                fields=("organisation",), optional=("handler",),
                checks=CHARGE, note_checks=NOT_ACCUSED, bulk=True, explains=routing.explained,
            ),
            Transition(
                "reassign", "改派单位", ("handling",), "handling", right="case.assign",
                fields=("organisation",), optional=("handler",), sets=(("handler", None),), checks=CHARGE, note_checks=NOT_ACCUSED, note_required=True,
                guards=(rules.was_not_settled,),
            ),
            Transition(
                "claim", "认领或改派承办人", ("handling",), "handling", right="case.handle",
                fields=("handler",), checks=CHARGE, by_handler=True, bulk=True,
            ),
            Transition(
                "recall", "撤回派单", ("handling",), "accepted", right="case.assign",
                guards=(repeats.was_sent_along,), sets=(("organisation", None), ("handler", None)),
                note_required=True, parties_done=True,
            ),
            Transition(
                "send_back", "退回派单", ("handling",), "accepted", right="case.handle",
                guards=(rules.is_the_first_return, repeats.is_not_led), fields=("counter_proposal",), checks=(rules.proposes_another,),
                sets=(("returns", 1), ("organisation", None), ("handler", None)),
                note_required=True, parties_done=True,
            ),
            Transition(
                "dispute", "再次退回，报请裁定", ("handling",), "disputed", right="case.handle",
                guards=(rules.is_the_second_return, repeats.is_not_led), fields=("counter_proposal",), checks=(rules.proposes_another,),
                sets=(("returns", 2), ("organisation", None), ("handler", None)),
                note_required=True, parties_done=True,
            ),
            Transition(
                "settle", "裁定承办单位", ("disputed",), "handling", right="case.coordinate",
                fields=("organisation",), optional=("handler",), checks=CHARGE, note_checks=NOT_ACCUSED, note_required=True,
            ),
            Transition(
                "settle", "变更裁定", ("handling",), "handling", right="case.coordinate", guards=(rules.was_settled,),
                fields=("organisation",), optional=("handler",), sets=(("handler", None),), checks=CHARGE, note_checks=NOT_ACCUSED, note_required=True,
            ),
            Transition(
                "answer", "答复", ("handling",), "answered", right="case.handle",
                guards=(repeats.is_not_led, repeats.nobody_waits_for_it),
                fields=("reply",), optional=("amount_yuan",), checks=(rules.reply_says_something, knowledge.has_no_blanks, rules.another_handler),
                sets=(("reached", None), ("solved", None), ("satisfaction", "")),
                stamps=("answered_at",), by_handler=True, takes_on=True, parties_done=True,
            ),
            Transition(
                "call_back", "回访", ("answered",), "called_back", right="case.call_back",
                fields=("reached",), optional=("solved", "satisfaction"),
                checks=(
                    rules.reached_before_rated, closing.tried_before_given_up,
                    closing.not_solved_against_the_caller, closing.says_what_the_caller_said,
                ),
                signs=("called_back_by",), not_by_handler=True,
            ),
            Transition(
                "redo", "退回重办", ("called_back",), "handling", right="case.call_back",
                guards=(rules.is_known_unsolved_or_dissatisfied,),
                sets=(("handler", None), ("reached", None), ("solved", None), ("satisfaction", ""), ("answered_at", None)),
                keeps=(("former_handler", "handler"),),
                note_required=True, not_by_handler=True, restart=True,
            ),
            Transition(
                "overrule", "质检退回重办", ("called_back",), "handling", right="case.check",
                guards=(rules.is_known_unsolved_or_dissatisfied,),
                sets=(("handler", None), ("reached", None), ("solved", None), ("satisfaction", ""), ("answered_at", None)),
                keeps=(("former_handler", "handler"),),
                note_required=True, not_by_handler=True, restart=True,
            ),
            Transition(
                "close", "质检合格并办结", ("called_back",), "closed", right="case.check",
                guards=(rules.was_not_left_unsolved,), sets=(("quality_passed", True),),
                not_by_handler=True, not_by=("called_back_by",), bulk=True,
            ),
            Transition(
                "close_unsolved", "如实办结（未解决）", ("called_back",), "closed", right="case.check",
                guards=(rules.is_known_unsolved,), sets=(("quality_passed", True),),
                note_required=True, not_by_handler=True, not_by=("called_back_by",),
            ),
            Transition(
                "fail_check", "质检不合格", ("called_back",), "handling", right="case.check",
                guards=(rules.unsolved_is_redone,),
                sets=(("quality_passed", False), ("answered_at", None)),
                note_required=True, not_by_handler=True, restart=True,
            ),
            Transition(
                "reopen", "重新办理", ("closed",), "handling", right="case.reopen",
                sets=(("handler", None), ("quality_passed", None), ("answered_at", None)),
                keeps=(("former_handler", "handler"),),
                note_required=True, reopen=True, restart=True, within="hotline.reopen",
            ),
        ),
        referral=Referral(
            states=("handling",),
            right="case.refer",
            respond_right="case.respond",
            response=Term("hotline.referral_response", "协办接收时限", warning=WARNING),
            work=Term("hotline.referral_work", "协办办理时限", warning=WARNING),
            checks=(rules.unit_is_not_the_accused, rules.unit_is_surely_not_the_accused),
        ),
        ladder=LADDER,
    )
)  # fmt: skip
