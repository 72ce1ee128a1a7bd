"""What reconciliation has to tell."""

from yanzhen.foundation.outbox.declare import NOTICES, Notice

DIFFERENCE = NOTICES.add(
    Notice(
        "reconciliation.difference",
        "来件对账不符",
        "{day} 的来件对账：“{number}”有 {count} 处不符，请逐项核实处理。",
        outward=False,
    )
)
