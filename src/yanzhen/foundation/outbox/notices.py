"""What the outbox itself has to tell."""

from yanzhen.foundation.outbox.declare import NOTICES, Notice

TEST = NOTICES.add(Notice("outbox.test", "测试通知", "这是一条测试通知，收到即表示接收端可用。"))
DEAD = NOTICES.add(
    Notice(
        "outbox.dead",
        "通知投递失败",
        "接收端“{number}”有 {count} 条通知在时限内未能送达，请查明原因后重新投递。",
        urgent=True,
        outward=False,
    )
)
