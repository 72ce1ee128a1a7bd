"""What a grant may allow on the telephone."""

from yanzhen.foundation.rights import declare

declare(
    ("call.view", "查看通话和回拨任务"),
    ("call.take", "接听、登记和小结通话"),
    ("call.call_back", "回拨未接来电"),
    ("call.reveal", "查看来电号码全号（须说明理由）"),
    ("call.listen", "调取录音（须说明理由）"),
    ("trunk.edit", "维护电话中继"),
)
