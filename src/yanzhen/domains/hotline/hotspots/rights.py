"""What a grant may allow with hotspots."""

from yanzhen.foundation.rights import declare

declare(("hotspot.view", "查看热点预警"), ("hotspot.decide", "确认与关闭热点预警"))
