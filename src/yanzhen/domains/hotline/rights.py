"""What a grant may allow on the hotline."""

from yanzhen.foundation.rights import declare

declare(
    ("case.view", "查看工单"),
    ("case.register", "登记工单"),
    ("case.accept", "受理工单"),
    ("case.assign", "派单"),
    ("case.refer", "转办与协办"),
    ("case.respond", "接收或退回协办"),
    ("case.handle", "承办与答复"),
    ("case.call_back", "回访"),
    ("case.check", "质检与办结"),
    ("case.reopen", "重新办理"),
    ("case.coordinate", "裁定承办单位"),
    ("case.supervise", "督办"),
    ("case.approve_stay", "审批暂停与延期"),
    ("case.reveal", "查看诉求人完整信息（须说明理由）"),
)
