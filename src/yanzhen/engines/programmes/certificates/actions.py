"""Printing the certificates of a round: asked for at once, made part by part, each honour's once."""

from __future__ import annotations

import os
import tempfile
import zipfile
from collections.abc import Sequence
from typing import IO, Any

from django.core.files.base import ContentFile
from django.db import transaction
from django.utils import timezone

from yanzhen.engines.honours import pdf
from yanzhen.engines.honours.models import Honour
from yanzhen.engines.honours.printing import printed_each
from yanzhen.engines.programmes.certificates import queries, tasks
from yanzhen.engines.programmes.certificates.models import Certificate, CertificateRun
from yanzhen.engines.programmes.models import Round
from yanzhen.foundation import attachments
from yanzhen.foundation.errors import NotAllowed, Refusal
from yanzhen.foundation.jobs import defer
from yanzhen.foundation.models import Account
from yanzhen.foundation.records import record
from yanzhen.foundation.scope import EVERYTHING, database_scope

AWARD = "honour.award"
PART = 400
"""Certificates that are printed and kept in one transaction: what a kill makes to be printed again at most."""
PROCESSES = min(os.cpu_count() or 1, 4)
BUNDLE = 500
"""Certificates in one archive to fetch: some 20 MB."""


class CertificatesRefused(Refusal):
    code = "certificates_refused"


@transaction.atomic
def issue(round_: Round, *, actor: Account) -> CertificateRun:
    """Let the worker print the certificates that the round's honours still lack.

    A run that is not over is taken up again: that prints nothing twice. Raises CertificatesRefused or NotAllowed.
    """
    held = Round.objects.select_for_update(of=("self",)).get(pk=round_.pk)
    _demand(held, actor)
    if held.status == Round.Status.RUNNING and held.stage_now.kind not in ("credential", "review"):
        raise CertificatesRefused(f"{held} 现为“{held.stage_now.label}”环节，认定之后才能制作证书")
    run = CertificateRun.objects.filter(round=held, ended_at=None).first()
    if run is None:
        run = _begun(held, actor)
    defer(tasks.print_certificates, pk=run.pk)
    return run


@transaction.atomic
def print_part(pk: int) -> bool:
    """Print and keep the next part of a run; return whether there was one. Everything has to be in reach."""
    run = CertificateRun.objects.select_related("by", "round").select_for_update(of=("self",)).get(pk=pk)
    ids = run.honours[run.done : run.done + PART]
    if run.ended_at or not ids:
        _end(run)
        return False
    rows = (
        Honour.objects.filter(pk__in=ids, certificate=None)
        .select_related("person")
        .order_by("title", "year", "serial")
    )
    told = [(honour, pdf.problem_with(honour)) for honour in rows]
    run.refused += [[honour.number, problem] for honour, problem in told if problem]
    _keep(run, [honour for honour, problem in told if not problem])
    run.done += len(ids)
    run.save(update_fields=["done", "refused"])
    return True


def bundle(round_: Round, first: int, *, actor: Account) -> IO[bytes]:
    """Return an archive of BUNDLE certificates from the `first` on, counted from 0; that it was fetched is on record."""
    _demand(round_, actor)
    out = tempfile.TemporaryFile()  # noqa: SIM115  # the caller sends it and closes it
    with database_scope({EVERYTHING}), zipfile.ZipFile(out, "w") as archive:
        files = [c.file for c in queries.certificates(round_).select_related("file")[first : first + BUNDLE]]
        for file in files:
            archive.writestr(file.name, attachments.bytes_of(file))
    record(
        "certificates.fetch", round_, actor=actor, right=AWARD, after={"from": first + 1, "count": len(files)}
    )
    out.seek(0)
    return out


def _demand(round_: Round, actor: Account) -> None:
    if not actor.has_right(AWARD, round_):
        raise NotAllowed("您在该区划和条线没有“登记荣誉、签发证书”权限")


def _begun(held: Round, actor: Account) -> CertificateRun:
    with database_scope({EVERYTHING}):
        ids = list(queries.unprinted(held).values_list("pk", flat=True))
        if not ids:
            raise CertificatesRefused(
                "证书都已制作" if queries.honours_of(held).exists() else "本轮没有授予荣誉，没有证书可以制作"
            )
    run = CertificateRun.objects.create(
        round=held, region_id=held.region_id, line_id=held.line_id, honours=ids, by=actor, at=timezone.now()
    )
    record("certificates.issue", held, actor=actor, right=AWARD, after={"run": run.pk, "honours": len(ids)})
    return run


def _keep(run: CertificateRun, honours: Sequence[Honour]) -> None:
    documents = printed_each(pdf.sheets(honours), processes=PROCESSES)
    made = [
        Certificate(run=run, honour=honour, file=_stored(run, honour, document))
        for honour, document in zip(honours, documents, strict=True)
    ]
    Certificate.objects.bulk_create(made)


def _stored(run: CertificateRun, honour: Honour, document: bytes) -> Any:
    return attachments.store(ContentFile(document, f"{honour.number}.pdf"), subject=run, actor=run.by)


def _end(run: CertificateRun) -> None:
    if run.ended_at:
        return
    run.ended_at = timezone.now()
    run.save(update_fields=["ended_at"])
    after = {"run": run.pk, "printed": run.printed, "refused": len(run.refused)}
    record("certificates.printed", run.round, actor=run.by, right=AWARD, after=after)
