"""What an applicant hands in beside the answers: kept as every attachment, taken back as long as nobody judged by it."""

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

MOST = "programmes.papers"


@beyond_the_wall
def add(application: Application, files: Iterable[Any], *, actor: Account) -> list[Attachment]:
    """Keep the files with the application. Raises ApplicationRefused, NotAllowed, or Invalid by what a file is."""
    row, given = _opened(application, actor), list(files)
    if not given:
        raise Invalid("请先选择文件", fields={"papers": "请先选择文件"})
    most = int(parameters.get(MOST, on=timezone.localdate(), region=row.region_id).value)
    held = len(attachments.of(row))
    if held + len(given) > most:
        words = f"一件申报最多 {most} 个附件，已有 {held} 个：请先删去不用的，或合并成一个 PDF"
        raise Invalid(words, fields={"papers": words})
    return [attachments.store(file, subject=row, actor=actor) for file in given]


@beyond_the_wall
def remove(application: Application, paper: UUID, *, actor: Account) -> None:
    """Take a file back. One that was handed in stays, unless the whole application was given back."""
    row = _opened(application, actor)
    found = next((held for held in attachments.of(row) if held.pk == paper), None)
    if found is None:
        raise ApplicationRefused("没有这个附件，可能已经删去：请刷新后查看")
    if not removable(row, found):
        raise ApplicationRefused(
            "这个附件已随申报提交，不能删去：补正时可以另加新的，并在说明中写明以哪个为准"
        )
    attachments.remove(found, actor=actor)


def removable(application: Application, paper: Attachment) -> bool:
    """Tell whether the applicant may take the file back now."""
    if application.state == "draft":
        return True
    since = application.submitted_at
    return application.state in EDITED and (since is None or paper.uploaded_at > since)


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
