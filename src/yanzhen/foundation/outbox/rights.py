"""What a grant may allow on notices that leave the house."""

from yanzhen.foundation.rights import declare

declare(("outbox.view", "查看通知投递"), ("outbox.edit", "维护通知接收端、重新投递"))
