"""Which agent is next: what a SIP proxy asks for each call, as contrib/kamailio does. Contract: docs/howto/rosters.md."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from yanzhen.domains.hotline.rosters.busy import talking
from yanzhen.domains.hotline.rosters.routing import Answer, route_call
from yanzhen.domains.hotline.rosters.skills import GENERAL
from yanzhen.faces.cti.auth import trunk_of
from yanzhen.faces.http import problem
from yanzhen.foundation.errors import Invalid, Refusal

LONGEST = 64
"""Of a number as a trunk hands it on."""
BEARER = "Bearer "


@never_cache
@require_safe
def route(request: HttpRequest) -> HttpResponse:
    """Answer `from`, `to`, `callId` and optionally `skill` with the telephones to ring, in order, and why.

    Whoever asks shows the token of its trunk, the one with which it sends events: in its header, or as `token`.
    """
    header = request.headers.get("Authorization", "")
    token = header.removeprefix(BEARER) if header.startswith(BEARER) else request.GET.get("token", "")
    try:
        trunk_of(request, token)
    except Refusal as refusal:
        return problem(refusal)
    caller, called = request.GET.get("from", "")[:LONGEST], request.GET.get("to", "")[:LONGEST]
    call_id = request.GET.get("callId", "")
    if not call_id:
        return problem(Invalid("缺少 callId：请给出呼叫标识", fields={"callId": "必填"}))
    answer = route_call(
        caller=caller,
        called=called,
        call_id=call_id,
        at=timezone.now(),
        skill=request.GET.get("skill", "")[:24] or GENERAL,
        busy=talking(),
    )
    return JsonResponse(_as_json(answer), json_dumps_params={"ensure_ascii": False})


def _as_json(answer: Answer) -> dict[str, object]:
    return {
        "targets": [{"user": t.user, "uri": t.uri, "ring_ms": t.ring_ms} for t in answer.targets],
        "why": list(answer.why),
        "announcement": answer.announcement,
    }
