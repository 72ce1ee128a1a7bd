"""Publishing a list: what the public reads, its digest, its days, and another version where the list is another."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from yanzhen.engines.procedures.parties import beyond_the_wall
from yanzhen.engines.procedures.stays import rewind_many
from yanzhen.engines.programmes.models import Application, Round
from yanzhen.engines.programmes.notices.models import Notice, Objection, Posting, Row
from yanzhen.engines.programmes.results import queries as results
from yanzhen.engines.programmes.results.actions import locked
from yanzhen.foundation import attachments, parameters
from yanzhen.foundation.calendar import end_of, load_calendar
from yanzhen.foundation.errors import Invalid, NotAllowed, Refusal
from yanzhen.foundation.models import Account, Organisation
from yanzhen.foundation.people.masks import mask_name
from yanzhen.foundation.records import record

FORM = "yanzhen.notice/1"
KEPT = "programmes.notice_kept"
RUN = "round.run"
WITH_NOTICE = ("notice", "objection", "decide")
"""Kinds of stages in which a list is, or may come to be, before the public."""


class NoticeRefused(Refusal):
    code = "notice_refused"


@beyond_the_wall
def publish(round_: Round, *, actor: Account, why: str = "") -> Notice:
    """Show the frozen list to the public for its term; another version begins the days anew.

    Raises NoticeRefused where the list is not the frozen run, or is what is shown already; NotAllowed.
    """
    round_ = locked(round_, actor, RUN)
    if round_.stage_now.kind not in WITH_NOTICE:
        raise NoticeRefused(f"{round_} 现为“{round_.stage_now.label}”环节，还不能公示")
    return put_up(round_, actor=actor, right=RUN, why=why)


def put_up(round_: Round, *, actor: Account, right: str, why: str) -> Notice:
    """Publish for a caller that has locked the round and checked the right."""
    run = results.standing(round_)
    reason = results.differs(round_)
    if run is None or reason:
        raise NoticeRefused(reason or "还没有采用的入围名单，没有可以公示的名单")
    listed = ordered(round_)
    if not listed:
        raise NoticeRefused("名单上没有人，不能公示")
    last = newest(round_)
    same = last is not None and last.applications == [row.pk for row in listed]
    # of two people whose rows read alike one may take the other's place
    if last and same and rows_of(last) == rows(round_, listed):
        raise NoticeRefused(f"名单与第 {last.version} 版公示一字不差，公示期照原来计算，不必重新公示")
    if last and not why.strip():
        raise Invalid("更换公示名单须写明理由", fields={"why": "请写明名单为什么变了"})
    return _write(round_, listed, run, last, actor=actor, right=right, why=why.strip())


def rows(round_: Round, listed: Sequence[Application]) -> list[Row]:
    """Return what is shown of each: name by the masking profile, unit, place, title. Never an ID or phone number."""
    (stage,) = round_.programme.of_kind("notice")
    shown = str if stage.names == "whole" else mask_name
    return [
        {
            "name": shown(row.person.name) if row.person else "", "unit": str(row.organisation or ""),
            "region": str(row.region), "title": row.title,
        }
        for row in listed
    ]  # fmt: skip


def ordered(round_: Round) -> list[Application]:
    """Return the list in the order in which it is shown: by place and number, so that it tells nobody's rank."""
    related = results.listed(round_).select_related("person", "organisation", "region")
    return list(related.order_by("region_id", "number"))


def newest(round_: Round) -> Notice | None:
    return Notice.objects.filter(round=round_).order_by("-version").first()


def rows_of(notice: Notice) -> list[Row]:
    found: list[Row] = json.loads(notice.content)["rows"]
    return found


def ends_of(round_: Round, start: datetime) -> tuple[datetime, datetime]:
    """Return when a notice that begins at `start` is over, and when it comes down, by the parameters of that day."""
    (stage,) = round_.programme.of_kind("notice")
    calendar, day = load_calendar(), timezone.localdate(start)
    term = parameters.span_of(parameters.get(stage.term, on=day, region=round_.region_id))
    kept = parameters.span_of(parameters.get(KEPT, on=day, region=round_.region_id))
    still = round_.still_days
    over = end_of(start, term, calendar=calendar, pauses=still).due_at
    return over, end_of(over, kept, calendar=calendar, pauses=still).due_at


def open_until(notice: Notice) -> datetime:
    """Return when a notice is over: as it was published, or later by the days on which its round stood still."""
    return ends_of(notice.round, notice.published_at)[0] if notice.round.pauses else notice.ends_at


def shift(round_: Round) -> None:
    """Derive anew when the notice that is up is over, and the terms of the objections to it."""
    last = newest(round_)
    if last is not None and round_.notice_ends_at:
        round_.notice_ends_at = ends_of(round_, last.published_at)[0]
        round_.save(update_fields=["notice_ends_at"])
    rewind_many(Objection.objects.filter(round=round_, ended_at=None).select_related("round"))


@transaction.atomic
def post(
    notice: Notice,
    *,
    venue: str,
    organisation: Organisation | None,
    where: str,
    posted_on: Any,
    photo: Any,
    actor: Account,
) -> Posting:
    """Keep the evidence that the notice hung at a venue. Raises Invalid or NotAllowed."""
    if venue not in notice.venues:
        raise Invalid("本轮没有在这一级公示的要求", fields={"venue": "请从本轮的公示地点中选择"})
    if not where.strip():
        raise Invalid("请写明张贴处", fields={"where": "如公司东门公告栏"})
    place = organisation or notice.round
    posting = Posting(
        notice=notice, venue=venue, organisation=organisation, where=where.strip(), posted_on=posted_on,
        region_id=place.region_id, line_id=place.line_id, by=actor, at=timezone.now(),
    )  # fmt: skip
    if not (
        actor.has_right(RUN, notice.round) or (organisation and actor.organisation_id == organisation.pk)
    ):
        raise NotAllowed("只有评选组织者和张贴单位自己可以登记张贴凭证")
    posting.save(force_insert=True)
    attachments.store(photo, subject=posting, actor=actor)
    record("notice.post", posting, actor=actor, after={"notice": notice.pk, "venue": venue})
    return posting


def canonical(content: dict[str, Any]) -> str:
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _write(
    round_: Round,
    listed: Sequence[Application],
    run: Any,
    last: Notice | None,
    *,
    actor: Account,
    right: str,
    why: str,
) -> Notice:
    (stage,) = round_.programme.of_kind("notice")
    now = timezone.now()
    over, down = ends_of(round_, now)
    version = last.version + 1 if last else 1
    content = canonical(
        {
            "form": FORM, "round": round_.label, "definition": round_.digest, "shortlist": run.result_hash,
            "version": version, "from": now.isoformat(), "until": over.isoformat(), "rows": rows(round_, listed),
        }
    )  # fmt: skip
    notice = Notice.objects.create(
        round=round_, run=run, version=version, content=content, digest=hashlib.sha256(content.encode()).hexdigest(),
        applications=[row.pk for row in listed], venues=list(stage.venues), published_at=now, ends_at=over, down_at=down,
        published_by=actor, why=why[:300],
    )  # fmt: skip
    round_.notice_ends_at = over
    round_.save(update_fields=["notice_ends_at"])
    record("notice.publish", round_, actor=actor, right=right, reason=why,
           after={"notice": notice.pk, "version": version, "sha256": notice.digest, "ends_at": over})  # fmt: skip
    return notice
