"""What the worker does for a round, on the pages that ask for it: asked with a press, followed until it is over."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext

from yanzhen.engines.programmes.models import Round
from yanzhen.engines.programmes.works import asking

ASKED = "已交后台运行，完成后本页自动更新"


def standing(round_: Round, *codes: str) -> dict[str, Any]:
    """Return what a page shows of these kinds: the one in hand with a sentence, or how the last one ended."""
    work = asking.newest(round_, *codes)
    if work is None or not work.is_open:
        return {"work": work, "working": False}
    asked = timezone.localtime(work.at)
    said = gettext("%(what)s：%(state)s（%(who)s %(at)s 发起）") % {
        "what": gettext(work.kind_label), "state": work.get_status_display(), "who": work.by, "at": f"{asked:%H:%M:%S}",
    }  # fmt: skip
    return {"work": work, "working": True, "work_said": said}
