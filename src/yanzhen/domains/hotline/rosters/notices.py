"""What rosters have to tell."""

from yanzhen.foundation.outbox.declare import NOTICES, Notice

HOLE = NOTICES.add(
    Notice(
        "roster.hole",
        "空班告警",
        "{region}自 {at} 至 {due_at} 没有“{state}”坐席值班，请立即安排。",
        urgent=True,
        outward=False,
    )
)
