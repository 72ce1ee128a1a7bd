"""What a grant may allow on honours."""

from yanzhen.foundation.rights import declare

declare(
    ("honour.view", "查看荣誉台账"),
    ("honour.award", "登记荣誉、签发证书"),
    ("honour.propose", "提出暂停或撤销荣誉"),
    ("honour.approve", "审批暂停、撤销、恢复与续期"),
    ("honour.report", "填报年度履职报告"),
    ("honour.review", "评定年度履职报告"),
)
