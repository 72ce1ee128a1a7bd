"""Who may not handle an objection, and what an upheld one has to rest on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from yanzhen.foundation.models import Record

if TYPE_CHECKING:
    from yanzhen.engines.programmes.models import Application
    from yanzhen.engines.programmes.notices.models import Objection

ACTS = {
    "application.fill_in": "填报人", "application.settle": "资格审查人", "opinion.give": "部门意见出具人",
    "move.submit": "填报人", "move.supplement": "填报人", "move.give_back": "推荐人", "move.pass_screen": "资格审查人",
    "move.ask_more": "资格审查人", "move.fail_screen": "资格审查人", "move.clear": "部门意见办理人", "start": "填报人",
}  # fmt: skip
"""What the records of an application tell of the part that somebody had in it."""
PREFIXES = (("move.recommend_", "推荐人"), ("move.decline_", "推荐人"), ("mark.", "评委"))


def part_in(application: Application, account: int) -> str | None:
    """Return the part that the account had in the application, by the records; None where it had none."""
    verbs = Record.objects.filter(
        subject_type="programmes.application", subject_id=str(application.pk), actor_id=account
    ).values_list("verb", flat=True)
    for verb in verbs:
        if verb in ACTS:
            return ACTS[verb]
        for prefix, name in PREFIXES:
            if verb.startswith(prefix):
                return name
    return None


def had_no_part(objection: Objection) -> str | None:
    """由没有参与过该申报的人办理。"""
    if objection.handler_id is None:
        return None
    part = part_in(objection.application, objection.handler_id)
    return (
        f"{objection.handler} 是这件申报的{part}，不能办理对它的异议：须由没有参与过的人办理"
        if part
        else None
    )


def change_was_applied(objection: Objection) -> str | None:
    """名单已按预览更换。"""
    return (
        None if objection.remedy_id else "请在“影响预览”中核对全部变化并确认：成立即按预览更换名单并重新公示"
    )
