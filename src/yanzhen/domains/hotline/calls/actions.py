"""What is done to calls by people: a case from it, a reason, its recording; and to trunks."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction

from yanzhen.domains.hotline.calls import queries
from yanzhen.domains.hotline.calls.backs import SHORTEST_REASON, got_through
from yanzhen.domains.hotline.calls.models import SECRET, Call, Trunk
from yanzhen.domains.hotline.calls.taking import party_of
from yanzhen.domains.hotline.models import Case
from yanzhen.foundation import crypto
from yanzhen.foundation.errors import Invalid, NotAllowed, Refusal
from yanzhen.foundation.models import Account, Line, Region
from yanzhen.foundation.outbox.posting import SERVER_FAULT, look
from yanzhen.foundation.records import record

LOOKING = 3.0
"""Seconds that somebody waits for the recording's server to answer."""
GONE = {404, 410}
LINE = "union"
"""Calls come in on the union's line, as appeals do."""


@transaction.atomic
def tie_case(call: Call, number: str, *, actor: Account) -> Call:
    """Say that `call` became the case `number`; once. A call-back that waits for the number is done with it.

    Of an anonymous case the call keeps that there is one, and not which: beside the number that rang it would be a name.
    """
    call = _locked(call, actor)
    case = Case.objects.filter(number=number).first()
    if case is None:
        raise Invalid("没有这件工单，或不在您的权限范围内", fields={"case": "没有这件工单"})
    if call.case_id == case.pk or (case.anonymous and call.outcome == Call.Reason.ANONYMOUS):
        return call
    if call.case_id or call.outcome:
        raise Refusal(
            f"这通电话已有结果：{_result(call)}。"
            "诉求人还有另一件诉求的，用“同一来电再登记一件”；登记错了的，在原工单上更正"
        )
    _tie(call, case)
    told: dict[str, str] = {"outcome": call.outcome} if case.anonymous else {"case": case.number}
    _keep(call, "call.tie", actor, after=told)
    return call


@transaction.atomic
def add_case(call: Call, number: str, *, actor: Account) -> Call:
    """Say that the caller of `call`, which has its case, spoke of another matter too: `number`. The call keeps its case."""
    call = _locked(call, actor)
    if call.case_id is None:
        raise Refusal("这通电话还没有工单：先登记第一件，再登记另一件")
    case = Case.objects.filter(number=number).first()
    if case is None:
        raise Invalid("没有这件工单，或不在您的权限范围内", fields={"case": "没有这件工单"})
    call.employer_key = call.employer_key or case.employer_key
    call.save(update_fields=["employer_key"])
    told = {"outcome": Call.Reason.ANONYMOUS} if case.anonymous else {"case": case.number}
    record("call.add_case", call, actor=actor, right="call.take", after=told)
    return call


@transaction.atomic
def end_with_reason(
    call: Call, reason: str, *, actor: Account, note: str = "", case_number: str = ""
) -> Call:
    """End a call that is no case of its own, with the reason why; of a repeated one the case is named."""
    call = _locked(call, actor)
    if call.finished:
        raise Refusal(f"这通电话已有结果：{_result(call)}")
    call.outcome, call.note = reason, note.strip()[:200]
    if reason == Call.Reason.REPEAT:
        case = Case.objects.filter(number=case_number.strip().upper()).first()
        if case is None or not actor.has_right("case.view", case):
            raise Invalid(
                "重复来电须填写原工单编号；没有这件工单，或不在您的权限范围内",
                fields={"case_number": "请填写原工单编号"},
            )
        _tie(call, case)
    _keep(call, "call.finish", actor, after={"outcome": call.outcome}, note=note)
    return call


@transaction.atomic
def listen(call: Call, *, actor: Account, reason: str) -> str:
    """Return the address of the recording; that it was asked for is on record. Raises Refusal where there is none."""
    if not actor.has_right("call.listen", call):
        raise NotAllowed("您在该区划和条线没有“调取录音”权限")
    if len(reason.strip()) < SHORTEST_REASON:
        raise Invalid(f"调取录音须说明理由（至少 {SHORTEST_REASON} 个字）", fields={"reason": "请说明理由"})
    address = party_of(call)["recording"]
    if not address:
        raise Refusal("这通电话没有录音：交换机没有送来录音地址。请核对中继设置，或向交换机管理员查询")
    record("call.listen", call, actor=actor, right="call.listen", reason=reason.strip())
    return address


def recording_problem(address: str) -> str:
    """Return why the recording at `address` can not be opened now; "" where it can, or where this server may not look.

    It looks at hosts that the installation names and at no others: what a trunk sends must not steer its requests.
    """
    if urlsplit(address).hostname not in settings.OUTBOX_HOSTS:
        return ""
    found = look(address, seconds=LOOKING)
    if found.status is None:
        return f"录音服务器连不上（{found.problem}）"
    if found.status in GONE or found.status >= SERVER_FAULT:
        return f"录音服务器应答 {found.status}，" + (
            "这条录音已不在" if found.status in GONE else "服务器有故障"
        )
    return ""


@transaction.atomic
def open_trunk(
    name: str,
    region: Region,
    *,
    actor: Account | None,
    signed: bool = False,
    machines: list[str] | None = None,
) -> tuple[Trunk, str, str]:
    """Make a trunk; return it with its token and its signing secret ("" where it need not sign), both shown once."""
    trunk = Trunk(name=name.strip(), region=region, line=Line.objects.get(code=LINE))
    if actor and not actor.has_right("trunk.edit", trunk):
        raise NotAllowed(f"您在{region}没有“维护电话中继”权限")
    if not trunk.name:
        raise Invalid("请填写中继名称", fields={"name": "请填写名称"})
    if Trunk.objects.filter(name=trunk.name).exists():
        raise Invalid("已有同名中继，请另取名称", fields={"name": "名称已用"})
    token, secret = secrets.token_urlsafe(32), secrets.token_urlsafe(32) if signed else ""
    trunk.digest = token_digest(token)
    trunk.secret_cipher = crypto.seal(secret, context=SECRET) if secret else None
    if machines is not None:
        trunk.machines = machines
    trunk.save(force_insert=True)
    queries.forget_trunks()
    record("trunk.open", trunk, actor=actor, right="trunk.edit", after={"name": name, "signed": signed})
    return trunk, token, secret


@transaction.atomic
def close_trunk(trunk: Trunk, *, actor: Account | None, reason: str) -> None:
    """Take nothing from this trunk any more; its calls stay."""
    if actor and not actor.has_right("trunk.edit", trunk):
        raise NotAllowed("您在该区划没有“维护电话中继”权限")
    if not reason.strip():
        raise Invalid("停用中继须说明理由", fields={"reason": "请说明理由"})
    trunk.active = False
    trunk.save(update_fields=["active"])
    queries.forget_trunks()
    record("trunk.close", trunk, actor=actor, right="trunk.edit", reason=reason.strip())


def token_digest(token: str) -> bytes:
    return crypto.keyed_hash(token, purpose="cti.token")


def secret_of(trunk: Trunk) -> str:
    """Return the signing secret, "" where the trunk need not sign."""
    return crypto.open_(bytes(trunk.secret_cipher), context=SECRET) if trunk.secret_cipher else ""


def _locked(call: Call, actor: Account) -> Call:
    """Lock the call as an event does; raises NotAllowed to whoever neither took it nor has the right where it lies."""
    row: Call | None = (
        Call.objects.select_related("case", "call_back", "region")
        .select_for_update(of=("self",))
        .filter(pk=call.pk)
        .first()
    )
    if row is None or not (
        actor.has_right("call.take", row) or (actor.pk in row.seats and actor.reaches("call.take"))
    ):
        raise NotAllowed("您没有“接听、登记和小结通话”权限，或这通电话不在您的权限范围内")
    return row


def _tie(call: Call, case: Case) -> None:
    call.employer_key = case.employer_key
    if case.anonymous:
        call.outcome = Call.Reason.ANONYMOUS
    else:
        call.case = case


def _result(call: Call) -> str:
    """Say in what a call ended, to whoever took it: which case that is, is not for everybody."""
    return str(call.get_outcome_display()) or ("已登记工单" if call.case_id else "已回拨")


def _keep(call: Call, verb: str, actor: Account, *, after: Mapping[str, str], note: str = "") -> None:
    call.step += 1
    call.save(update_fields=["case", "employer_key", "outcome", "note", "step"])
    record(verb, call, actor=actor, right="call.take", after=after, reason=note)
    got_through(call, actor=actor)
