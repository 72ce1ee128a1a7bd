"""What hotspots have to tell. Not whom it is about: a notice names no employer."""

from yanzhen.foundation.outbox.declare import NOTICES, Notice

SURGE = NOTICES.add(
    Notice(
        "hotspot.surge", "热点激增", "{region}有“{state}”激增：7 天 {count} 件，请确认并处置。", outward=False
    )
)
SILENCE = NOTICES.add(
    Notice(
        "hotspot.silence",
        "热线静默",
        "{region}有“{state}”静默：24 小时只有 {count} 件，请立即查线路和渠道是否中断。",
        urgent=True,
        outward=False,
    )
)
