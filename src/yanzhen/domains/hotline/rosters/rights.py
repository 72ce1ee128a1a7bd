"""What a grant may allow on seats and rosters."""

from yanzhen.foundation.rights import declare

declare(
    ("roster.view", "查看排班"),
    ("roster.edit", "排班"),
    ("roster.approve", "审批请假与换班"),
    ("seat.edit", "维护坐席"),
)
