"""Objections: filed from the public page, upheld by exactly the change that was shown; and the list made to follow its rules."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone

from yanzhen.engines.procedures.engine import advance, start
from yanzhen.engines.procedures.parties import beyond_the_wall
from yanzhen.engines.programmes.models import Application, Round
from yanzhen.engines.programmes.notices import publishing
from yanzhen.engines.programmes.notices.models import Notice, Objection
from yanzhen.engines.programmes.results.actions import DECIDE, locked, permitted
from yanzhen.engines.programmes.results.models import ShortlistRun
from yanzhen.engines.programmes.results.shadow import Shadow, apply_change, shadow
from yanzhen.foundation import attachments, crypto, numbering, parameters
from yanzhen.foundation.errors import Invalid, NotAllowed, Refusal
from yanzhen.foundation.models import Account
from yanzhen.foundation.people import mask_name, mask_phone
from yanzhen.foundation.people.numbers import phone_problem
from yanzhen.foundation.records import record
from yanzhen.foundation.records.write import masked

SHORTEST = 10
"""Characters below which nobody can tell what is meant."""
HANDLE = "objection.handle"


class ObjectionRefused(Refusal):
    code = "objection_refused"


@dataclass(frozen=True, slots=True)
class Filed:
    """What the objector takes away. The check code is shown this once; only its hash is kept."""

    objection: Objection
    check_code: str


@dataclass(frozen=True, slots=True)
class Said:
    """What was typed. `about` is the row of the notice, from 0; or, for one left off it, the number of the application."""

    ground: str
    text: str
    about: int | None = None
    number: str = ""
    anonymous: bool = False
    name: str = ""
    phone: str = ""


@beyond_the_wall
def file_objection(notice: Notice, said: Said, *, files: Iterable[Any] = ()) -> Filed:
    """Take an objection in while the notice runs; from then on the result is frozen.

    Raises ObjectionRefused where the notice is over or is no longer the newest, Invalid by field.
    """
    round_ = Round.objects.select_for_update(of=("self",)).get(pk=notice.round_id)
    if reason := against_filing(notice):
        raise ObjectionRefused(reason)
    if problems := _problems(said):
        raise Invalid("；".join(problems.values()), fields=problems)
    application = _about(notice, said)
    now, code = timezone.now(), numbering.check_code()
    number = numbering.next_number(f"YY{round_.region_id[:6]}", at=now)
    objection = Objection(
        number=number, notice=notice, round=round_, application=application, region_id=round_.region_id,
        line_id=round_.line_id, ground=said.ground, text=masked(said.text.strip()), anonymous=said.anonymous,
        objector_mask="匿名" if said.anonymous else f"{mask_name(said.name)} {mask_phone(said.phone)}".strip()[:80],
        objector_cipher=None if said.anonymous else _sealed(said, number), check_hash=check_hash(number, code),
    )  # fmt: skip
    start(objection, actor=None)
    for file in files:
        attachments.store(file, subject=objection, actor=None)
    return Filed(objection, code)


def against_filing(notice: Notice) -> str | None:
    """Return why nobody objects to this notice now: by which term, until when; None where it is open."""
    stages = notice.round.programme.of_kind("objection")
    if not stages:
        return "本轮方案没有异议环节，请向组织单位反映"
    newest = publishing.newest(notice.round)
    if newest and newest.pk != notice.pk:
        return f"名单已更换为第 {newest.version} 版公示，请在新的公示页提出"
    until = publishing.open_until(notice)
    if timezone.now() < until:
        return None
    (stage,) = notice.round.programme.of_kind("notice")
    term = parameters.get(
        stage.term, on=timezone.localdate(notice.published_at), region=notice.round.region_id
    )
    return (
        f"公示期（{parameters.label_of(stage.term)} {term.value.normalize():f} {term.get_unit_display()}）已于"
        f" {timezone.localtime(until):%Y-%m-%d %H:%M} 期满，不再受理异议；期满后发现问题的，请向组织单位反映"
    )  # fmt: skip


def preview(objection: Objection) -> Shadow:
    """Show what upholding would change: the application falls away, or places follow the present marks. Nothing is written.

    An objection to marks keeps the application: once its marks were corrected and scored anew, the list follows.
    """
    return shadow(objection.round, without=_falls(objection), rerank=not _falls(objection))


@beyond_the_wall
def uphold(objection: Objection, *, finding: str, seen_mark: str, actor: Account) -> Objection:
    """Uphold: the list changes exactly as it was shown, and its notice begins anew.

    `seen_mark` is the mark of the shadow that the form showed. Raises ObjectionRefused where it would come out
    otherwise now, NotAllowed, or what the moves raise; then nothing changed.
    """
    round_ = locked(objection.round, actor, DECIDE)
    row: Objection = (
        Objection.objects.select_for_update(of=("self",)).select_related("application").get(pk=objection.pk)
    )
    against_upholding(row, actor, finding)
    seen = preview(row)
    if seen.mark != seen_mark:
        raise ObjectionRefused("在您查看预览之后数据有变化，名单会与您看到的不同：请重新核对预览")
    why = f"异议 {row.number} 成立"
    row.remedy = _changed(round_, seen, why=why, actor=actor) or seen.base
    row.save(update_fields=["remedy"])
    return advance(row, "uphold", actor=actor, finding=finding)


@beyond_the_wall
def renew(round_: Round, *, why: str, seen_mark: str, actor: Account) -> Notice:
    """Make the list follow its rules again after somebody was struck off by hand, and begin its notice anew."""
    round_ = locked(round_, actor, DECIDE)
    against_renewing(round_, actor, why)
    seen = shadow(round_)
    if seen.mark != seen_mark:
        raise ObjectionRefused("在您查看预览之后数据有变化，名单会与您看到的不同：请重新核对预览")
    _changed(round_, seen, why=why.strip(), actor=actor, always=True)
    notice = publishing.newest(round_)
    if notice is None:
        raise ObjectionRefused("这一轮还没有公示过")
    return notice


def against_upholding(row: Objection, actor: Account, finding: str) -> None:
    """Raise what upholding refuses before the list is solved again."""
    permitted(row.round, actor, DECIDE)
    if not actor.has_right(HANDLE, row) or row.handler_id != actor.pk:
        raise NotAllowed("只有受理这件异议的人可以认定异议成立")
    if not finding.strip():
        raise Invalid("认定异议成立须写明核查结论", fields={"finding": "请写明核查结论"})


def against_renewing(round_: Round, actor: Account, why: str) -> None:
    """Raise what making the list anew refuses before it is solved again."""
    permitted(round_, actor, DECIDE)
    if not why.strip():
        raise Invalid("更换名单须写明理由", fields={"why": "请写明理由"})


def check_hash(number: str, code: str) -> bytes:
    """Return the keyed hash of an objection's number and its check code."""
    return crypto.keyed_hash(f"{number}/{code.replace('-', '').upper()}", purpose="objection.check")


@transaction.atomic
def reveal_objector(objection: Objection, *, actor: Account, reason: str) -> dict[str, str]:
    """Return name and phone in full; the look is on record with its reason."""
    if not actor.has_right(HANDLE, objection):
        raise NotAllowed("您在该区划和条线没有“办理异议”权限")
    if len(reason.strip()) < 4:
        raise Invalid("查看完整信息须说明理由（至少 4 个字）", fields={"reason": "请说明理由（至少 4 个字）"})
    record("reveal", objection, actor=actor, right=HANDLE, reason=reason.strip())
    if not objection.objector_cipher:
        return {"name": "", "phone": ""}
    found: dict[str, str] = json.loads(
        crypto.open_(bytes(objection.objector_cipher), context=objection.number)
    )
    return found


def _changed(
    round_: Round, seen: Shadow, *, why: str, actor: Account, always: bool = False
) -> ShortlistRun | None:
    """Apply the shadow and show the new list; None where no place changes."""
    if not (seen.changes or always):
        return None
    run = apply_change(seen, actor=actor, why=why)
    publishing.put_up(round_, actor=actor, right=DECIDE, why=why)
    return run


def _falls(objection: Objection) -> tuple[int, ...]:
    return () if objection.ground == Objection.Ground.MARKS else (objection.application_id,)


def _problems(said: Said) -> dict[str, str]:
    problems: dict[str, str] = {}
    if said.ground not in Objection.Ground.values:
        problems["ground"] = "请选择异议事由"
    if len(said.text.strip()) < SHORTEST:
        problems["text"] = f"请写明事实和依据（至少 {SHORTEST} 个字）"
    if said.about is None and not said.number.strip():
        problems["about"] = "请选择名单上的人，或填写本人申报编号"
    if not said.anonymous:
        if not said.name.strip():
            problems["name"] = "请填写姓名；不愿具名的，请勾选匿名"
        if problem := phone_problem(said.phone):
            problems["phone"] = problem
    return problems


def _about(notice: Notice, said: Said) -> Application:
    if said.about is not None:
        if not 0 <= said.about < len(notice.applications):
            raise Invalid("名单上没有这一行", fields={"about": "请从名单中选择"})
        return Application.objects.get(pk=notice.applications[said.about])
    mine = Application.objects.filter(round_id=notice.round_id, number=said.number.strip().upper())
    row: Application | None = mine.filter(state__in=("noticed", "left_out")).first()
    if row is None:
        raise Invalid("本轮没有这个编号的申报，或它没有进入评审", fields={"number": "请核对申报编号"})
    return row


def _sealed(said: Said, number: str) -> bytes:
    words = json.dumps({"name": said.name.strip(), "phone": said.phone.strip()}, ensure_ascii=False)
    return crypto.seal(words, context=number)
