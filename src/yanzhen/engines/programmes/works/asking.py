"""Asking the worker for something, and reading how far it is."""

from __future__ import annotations

from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from yanzhen.engines.programmes.models import Round
from yanzhen.engines.programmes.works import tasks
from yanzhen.engines.programmes.works.kinds import KINDS
from yanzhen.engines.programmes.works.models import Work
from yanzhen.foundation.errors import NotAllowed, Refusal
from yanzhen.foundation.jobs import defer
from yanzhen.foundation.models import Account
from yanzhen.foundation.records import record
from yanzhen.foundation.rights import RIGHTS


class WorkRefused(Refusal):
    code = "work_refused"


def ask(round_: Round, code: str, *, actor: Account, **given: Any) -> Work:
    """Have the worker do `code` for the round as `actor`. Asked for twice, it is one work.

    Raises NotAllowed, WorkRefused while another work of the round is open, or what the kind refuses at once.
    """
    kind = KINDS[code]
    if not actor.has_right(kind.right, round_):
        raise NotAllowed(f"您在该区划和条线没有“{RIGHTS[kind.right].label}”权限")
    if open_ := open_work(round_):
        return _same(open_, code, given)
    kind.refuse(round_, actor=actor, **given)
    try:
        with transaction.atomic():
            work = Work.objects.create(round=round_, kind=code, given=given, by=actor, at=timezone.now())
            record("work.ask", round_, actor=actor, right=kind.right, after={"work": work.pk, "kind": code})
            defer(tasks.run_work, pk=work.pk)
    except IntegrityError as error:
        if "work_one_at_a_time" not in str(error):
            raise
        return _same(Work.objects.get(round=round_, status__in=Work.OPEN), code, given)
    return work


def open_work(round_: Round) -> Work | None:
    """Return what the worker has in hand for the round, or is about to."""
    return Work.objects.filter(round=round_, status__in=Work.OPEN).select_related("by").first()


def newest(round_: Round, *codes: str) -> Work | None:
    """Return what the worker has in hand for the round; else the last work of these kinds, whatever became of it."""
    mine = Q(kind__in=codes) | Q(status__in=Work.OPEN)
    return Work.objects.filter(mine, round=round_).select_related("by").first()


def _same(work: Work, code: str, given: dict[str, Any]) -> Work:
    if (work.kind, work.given) == (code, given):
        return work
    asked = f"{work.by} {timezone.localtime(work.at):%H:%M} 发起"
    raise WorkRefused(f"本轮正在后台“{KINDS[work.kind].label}”（{asked}），完成后再办")
