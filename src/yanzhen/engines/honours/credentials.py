"""Issuing credentials, replacing one, and what the status lists say of them."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from yanzhen.engines.honours import keys, tokens
from yanzhen.engines.honours.models import Credential, Honour
from yanzhen.foundation import numbering
from yanzhen.foundation.bulk import copy_in, reserve_ids
from yanzhen.foundation.errors import Invalid, NotAllowed, Refusal
from yanzhen.foundation.models import Account
from yanzhen.foundation.records import record
from yanzhen.foundation.scope import EVERYTHING, database_scope

SERIES = "honours:status"
SHORTEST_REASON = 4


def issue_many(honours: Sequence[Honour]) -> list[Credential]:
    """Sign a credential for each honour of our own, in the caller's transaction. `person` has to be read along."""
    if not honours:
        return []
    signer = keys.signer()
    now = timezone.now()
    indexes = numbering.take(SERIES, len(honours))
    rows = [
        Credential(
            pk=pk, honour=honour, region_id=honour.region_id, line_id=honour.line_id, shared_with=honour.shared_with,
            number=honour.number, status_index=index - 1, issued_at=now, token=tokens.signed(_claim(honour, index - 1), signer),
        )
        for honour, pk, index in zip(honours, reserve_ids(Credential, len(honours)), indexes, strict=True)
    ]  # fmt: skip
    copy_in(Credential, rows)
    return rows


@transaction.atomic
def replace(honour: Honour, *, actor: Account, reason: str) -> Credential:
    """Make out a credential anew, as when the name was wrong; the former one is no longer good. The number stays."""
    if not actor.has_right("honour.award", honour):
        raise NotAllowed("您在该区划和条线没有“登记荣誉、签发证书”权限")
    if len(reason.strip()) < SHORTEST_REASON:
        told = f"请写明重新签发的原因（至少 {SHORTEST_REASON} 个字）"
        raise Invalid(told, fields={"reason": told})
    with database_scope({EVERYTHING}):
        honour = Honour.objects.select_for_update(of=("self",)).select_related("person").get(pk=honour.pk)
    if honour.declared.outside:
        raise Refusal(f"“{honour.get_title_display()}”由其他单位授予，本系统只作登记，不签发证书")
    if honour.state in Honour.OVER:
        raise Refusal(f"{honour.number} 现为“{honour.stage.label}”，不能重新签发")
    former = Credential.objects.filter(honour=honour, revoked_at=None)
    former.update(revoked_at=timezone.now(), reason=reason.strip()[:200])
    (made,) = issue_many([honour])
    record(
        "honour.credential", honour, actor=actor, right="honour.award", after={"credential": made.pk},
        reason=reason.strip(),
    )  # fmt: skip
    return made


def status_list(purpose: str, n: int) -> str | None:
    """Return the list `n` as a signed token, as it stands now; None where no credential is in it."""
    within = Q(status_index__gte=n * tokens.LIST_SIZE, status_index__lt=(n + 1) * tokens.LIST_SIZE)
    if not Credential.objects.filter(within).exists():
        return None
    if purpose == tokens.SUSPENSION:
        found = [Q(honour__state__in=Honour.SUSPENDED)]
    else:
        found = [Q(revoked_at__isnull=False), Q(honour__state__in=Honour.WITHDRAWN)]
    indexes = {
        index
        for condition in found
        for index in Credential.objects.filter(within, condition).values_list("status_index", flat=True)
    }
    return tokens.status_token(purpose, n, sorted(indexes), keys.signer(), now=timezone.now())


def _claim(honour: Honour, index: int) -> tokens.Claim:
    return tokens.Claim(
        number=honour.number, name=honour.person.name, title=honour.declared, awarded_on=honour.awarded_on,
        term_until=honour.term_until, status_index=index,
    )  # fmt: skip
