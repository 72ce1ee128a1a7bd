"""What procedures tell: to whom something is given, whose term runs out, which level has to know."""

from yanzhen.foundation.outbox.declare import NOTICES, Notice

MOVED = NOTICES.add(Notice("procedure.moved", "办理进展", "{number} 已办理到新的环节，请查看。"))
WARNED = NOTICES.add(Notice("procedure.warned", "临近到期", "{number} 临近到期（{due_at}），请抓紧办理。"))
OVERDUE = NOTICES.add(Notice("procedure.overdue", "已超期", "{number} 已于 {due_at} 超期，请立即办理。"))
ESCALATED = NOTICES.add(Notice("procedure.escalated", "督办", "{number} 已超期未办，请督办。"))
AT_ONCE = NOTICES.add(
    Notice("procedure.at_once", "紧急报告", "{number} 情况紧急，请立即关注并督办。", urgent=True)
)
