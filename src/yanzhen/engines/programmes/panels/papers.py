"""Papers of applicants before judges: where the review is blind, those alone that an organiser looked through and cleared."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.utils import timezone

from yanzhen.engines.procedures.parties import beyond_the_wall
from yanzhen.engines.programmes.models import Application
from yanzhen.engines.programmes.panels.actions.judging import demand
from yanzhen.engines.programmes.panels.models import ClearedPaper
from yanzhen.engines.programmes.panels.refusals import PanelRefused
from yanzhen.foundation import attachments
from yanzhen.foundation.models import Account, Attachment
from yanzhen.foundation.records import record


@dataclass(frozen=True, slots=True)
class Paper:
    """`name` is what its reader may know it by: the sender's name of a file often says who the sender is."""

    attachment: Attachment
    name: str
    cleared: bool


def of(application: Application) -> list[Paper]:
    """Return all papers of the application, with whether blind judges see them."""
    held = attachments.of(application)
    cleared = set(ClearedPaper.objects.filter(attachment__in=held).values_list("attachment", flat=True))
    return [Paper(one, one.name, one.pk in cleared) for one in held]


def shown(application: Application, *, names: bool) -> tuple[Paper, ...]:
    """Return what a judge is given: everything where the stage shows names, else the cleared ones by a number."""
    papers = of(application)
    if names:
        return tuple(papers)
    return tuple(
        Paper(one.attachment, f"附件{n}.{_ending(one.attachment)}", one.cleared)
        for n, one in enumerate(papers, start=1)
        if one.cleared
    )


@beyond_the_wall
def clear(application: Application, paper: UUID, *, actor: Account) -> None:
    """Let blind judges see a paper that tells nobody's name. Once more changes nothing."""
    found = _found(application, paper, actor)
    _made, fresh = ClearedPaper.objects.get_or_create(
        attachment=found, defaults={"by": actor, "at": timezone.now()}
    )
    if fresh:
        record(
            "paper.clear", application, actor=actor, right="round.run", after={"attachment": str(found.pk)}
        )


@beyond_the_wall
def withhold(application: Application, paper: UUID, *, actor: Account) -> None:
    """Keep a paper from blind judges again."""
    found = _found(application, paper, actor)
    gone, _by = ClearedPaper.objects.filter(attachment=found).delete()
    if gone:
        record(
            "paper.withhold", application, actor=actor, right="round.run", after={"attachment": str(found.pk)}
        )


def _found(application: Application, paper: UUID, actor: Account) -> Attachment:
    demand(application.round, actor)
    found = next((held for held in attachments.of(application) if held.pk == paper), None)
    if found is None:
        raise PanelRefused("这件申报没有这个附件")
    return found


def _ending(attachment: Attachment) -> str:
    kinds = {media: kind for kind, media in attachments.TYPES.items()}
    return kinds[attachment.media_type]
