"""Copies: somebody is to know of a subject without having to act."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from yanzhen.engines.procedures.models import Copy, Subject
from yanzhen.engines.procedures.refusals import MoveNotAllowed, MoveRefused
from yanzhen.foundation.models import Account
from yanzhen.foundation.records import record


@transaction.atomic
def copy_to(subject: Subject, account: Account, *, actor: Account) -> Copy:
    """Put `subject` into the account's inbox of copies. It opens no door: who may not see it is refused."""
    view = subject.procedure.view_right
    rows = type(subject)._default_manager.filter(pk=subject.pk)
    if not rows.visible_to(actor, view).exists():
        raise MoveNotAllowed("抄送", ["您无权查看本件"])
    if not rows.visible_to(account, view).exists():
        raise MoveRefused("抄送", [f"{account.name} 在本件的区划和条线没有查看权限，请先由管理员授权"])
    copy, made = Copy.objects.get_or_create(
        account=account,
        procedure=subject.procedure_code,
        subject_id=subject.pk,
        defaults={"copied_by": actor, "at": timezone.now()},
    )
    if made:
        record("copy", subject, actor=actor, right=view, after={"account": account.pk})
    return copy
