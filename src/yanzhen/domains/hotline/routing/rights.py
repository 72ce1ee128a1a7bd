"""What a grant may allow on the routing table."""

from yanzhen.foundation.rights import declare

declare(("route.edit", "维护派单规则"))
