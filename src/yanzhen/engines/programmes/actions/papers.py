"""What an applicant hands in beside the answers: kept as every attachment, taken back until it was handed in.

What was handed in once somebody has judged by, or may have; it stays on file though the application is given back.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.utils import timezone

from yanzhen.engines.procedures.parties import beyond_the_wall
from yanzhen.engines.programmes.actions.applying import EDITED, ApplicationRefused, may_fill_in
from yanzhen.engines.programmes.models import Application
from yanzhen.foundation import attachments, parameters
from yanzhen.foundation.errors import Invalid, NotAllowed
from yanzhen.foundation.models import Account, Attachment
from yanzhen.foundation.records import histories, history

MOST = "programmes.papers"
HANDED_IN = ("move.submit", "move.supplement")


@beyond_the_wall
def add(application: Application, files: Iterable[Any], *, actor: Account) -> list[Attachment]:
    """Keep the files with the application. Raises ApplicationRefused, NotAllowed, or Invalid by what a file is."""
    row, given = _opened(application, actor), list(files)
    if not given:
        raise Invalid("请先选择文件", fields={"papers": "请先选择文件"})
    most = int(parameters.get(MOST, on=timezone.localdate(), region=row.region_id).value)
    new = sum(1 for _paper, free in held(row) if free)
    if new + len(given) > most:
        words = f"一次提交最多 {most} 个附件，已有 {new} 个：请先删去不用的，或合并成一个 PDF"
        raise Invalid(words, fields={"papers": words})
    return [attachments.store(file, subject=row, actor=actor) for file in given]


@beyond_the_wall
def remove(application: Application, paper: UUID, *, actor: Account) -> None:
    """Take a file back that was not handed in yet."""
    row = _opened(application, actor)
    found = next((pair for pair in held(row) if pair[0].pk == paper), None)
    if found is None:
        raise ApplicationRefused("没有这个附件，可能已经删去：请刷新后查看")
    if not found[1]:
        raise ApplicationRefused(
            "这个附件已随申报提交过，留存备查，不能删去：可以另加新的，并在填报内容中写明以哪个为准"
        )
    attachments.remove(found[0], actor=actor)


def held(application: Application) -> list[tuple[Attachment, bool]]:
    """Return the files of an application, each with whether its applicant may take it back now.

    By the records, whose order tells which came before the last handing in.
    """
    found = attachments.of(application)
    last = history(application).filter(verb__in=HANDED_IN).values_list("pk", flat=True).last()
    if application.state not in EDITED:
        return [(paper, False) for paper in found]
    if last is None:
        return [(paper, True) for paper in found]
    added = histories(found).filter(verb="attachment.add", pk__gt=last).values_list("subject_id", flat=True)
    new = set(added)
    return [(paper, str(paper.pk) in new) for paper in found]


def _opened(application: Application, actor: Account) -> Application:
    row: Application = (
        Application.objects.select_for_update(of=("self",), no_key=True)
        .select_related("round", "organisation")
        .get(pk=application.pk)
    )
    if not may_fill_in(row, actor):
        raise NotAllowed("只能修改本人或本单位的申报")
    if row.state not in EDITED:
        raise ApplicationRefused(f"{row.number} 现为“{row.stage.label}”，不能再改动附件")
    return row
