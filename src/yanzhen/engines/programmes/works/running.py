"""What the worker does with a work: all of it in one transaction, or nothing.

The work's row is held as long as it runs, so of two runs the second finds it done. A worker that is killed leaves
nothing but the count of its beginning; the job is queued again and starts anew, MOST times at the most.
"""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from yanzhen.engines.programmes.works.kinds import KINDS, Done
from yanzhen.engines.programmes.works.models import Work
from yanzhen.foundation.errors import Refusal
from yanzhen.foundation.records import record
from yanzhen.foundation.scope import database_scope

MOST = 3
"""Beginnings after which it is no accident: it fails, with a sentence, and may be asked for again."""
GIVEN_UP = f"运行 {MOST} 次都没有做完（工作进程中断或程序出错），什么都没有改动：请联系管理员查看工作进程的日志，再重新发起"


def run(pk: int) -> None:
    """Do the work, unless it is over. What it refuses is written down for the page; what breaks is tried again."""
    work = _begin(pk)
    if work is None:
        return
    try:
        with database_scope(work.by.audience_keys()):
            _do(pk)
    except Refusal as refusal:
        with transaction.atomic():
            _end(_locked(pk), Work.State.FAILED, Done(refusal.message))


@transaction.atomic
def _begin(pk: int) -> Work | None:
    work = _locked(pk)
    if not work.is_open:
        return None
    if work.begun >= MOST:
        _end(work, Work.State.FAILED, Done(GIVEN_UP))
        return None
    work.status, work.begun = Work.State.RUNNING, work.begun + 1
    work.began_at = work.began_at or timezone.now()
    work.save(update_fields=["status", "begun", "began_at"])
    return work


@transaction.atomic
def _do(pk: int) -> None:
    work = _locked(pk)
    if work.is_open:
        _end(work, Work.State.DONE, KINDS[work.kind].run(work.round, actor=work.by, **work.given))


def _end(work: Work, state: Work.State, done: Done) -> None:
    if not work.is_open:
        return
    work.status, work.said, work.result = state, done.said, done.result
    work.ended_at = timezone.now()
    work.save(update_fields=["status", "said", "result", "ended_at"])
    record(
        f"work.{state}", work.round, actor=work.by, right=KINDS[work.kind].right,
        after={"work": work.pk, "kind": work.kind, "begun": work.begun},
        reason="" if state == Work.State.DONE else done.said,
    )  # fmt: skip


def _locked(pk: int) -> Work:
    found: Work = Work.objects.select_for_update(of=("self",)).select_related("round", "by").get(pk=pk)
    return found
