"""What happened to a subject, as people read it: its records under the labels of its procedure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext

from yanzhen.engines.procedures.declare import Procedure
from yanzhen.engines.procedures.models import Party, Subject
from yanzhen.faces.console.verbs import verb_label
from yanzhen.faces.staff import account_names
from yanzhen.foundation.models import Record
from yanzhen.foundation.records import histories

OF_JUDGES = ("mark.file", "mark.void", "mark.again", "judge.recuse")
"""Who judged is for those who run the round, on its own pages; whoever else sees an application does not learn it."""
TONES = {"clock.warned": "amber", "clock.overdue": "red", "escalate": "red"}
OTHERS = {"case.join": "lead", "case.joined_by": "member"}
"""Where a record names another subject of the same kind: by its number, for those alone who may see that one too."""
SYSTEM = "系统"
VISITORS = {"hotline.case": "诉求人", "programmes.objection": "异议人"}
"""Who begins a subject of the procedure without an account; anything else that nobody began, the system did."""
OF_VISITORS = frozenset({"start", "survey", "survey.carried", "move.appeal"})
"""What happens without an account when those whose matter it is do it themselves."""
LONGEST = 200
"""Steps shown; older ones are counted and stand in the records."""


@dataclass(frozen=True, slots=True)
class Happening:
    at: datetime
    entered_at: datetime | None
    """When it was put in, where that was afterwards."""
    who: str
    label: str
    state: str
    note: str
    reasons: tuple[str, ...]
    """What there was to go by when it was decided."""
    tone: str
    other: str = ""
    """The number of another subject that it is about too, where the reader may see that one."""


def timeline(
    rows: Sequence[Subject | Party], procedure: Procedure, seen: QuerySet[Subject]
) -> list[Happening]:
    """Return what happened to a subject of `procedure` and its work orders, newest first: two statements, and one more
    where others are named; `seen` are the subjects that the reader may see."""
    records = list(histories(rows).exclude(verb__in=OF_JUDGES).order_by("-id")[:LONGEST])
    named = {number for r in records if (number := _other(r))}
    shown = (
        frozenset(seen.filter(number__in=named).values_list("number", flat=True)) if named else frozenset()
    )
    return told(records, procedure, others=shown)


def told(
    records: Sequence[Record], procedure: Procedure, *, others: frozenset[str] = frozenset()
) -> list[Happening]:
    """Return the records as people read them, in their order: one statement, for the names. Of the other subjects that
    they are about, `others` are the numbers to be shown."""
    names = account_names(r.actor_id for r in records if r.actor_id)
    return [_happening(r, procedure, names, others) for r in records]


def _other(record: Record) -> str:
    return str((record.after or {}).get(OTHERS.get(record.verb, ""), ""))


def _happening(
    record: Record, procedure: Procedure, names: dict[int, str], others: frozenset[str]
) -> Happening:
    after = record.after or {}
    happened = parse_datetime(after["at"]) if after.get("at") else None
    nobody = VISITORS.get(procedure.code, SYSTEM) if record.verb in OF_VISITORS else SYSTEM
    return Happening(
        at=happened or record.at,
        entered_at=record.at if happened else None,
        who=names.get(record.actor_id, "") if record.actor_id else gettext(nobody),
        label=gettext(verb_label(record.verb, procedure)),
        state=gettext(procedure.state(after["state"]).label) if after.get("state") else "",
        note=record.reason,
        reasons=tuple(after.get("reasons", ())),
        tone=TONES.get(record.verb, ""),
        other=other if (other := _other(record)) in others else "",
    )
