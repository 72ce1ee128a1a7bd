"""What is done with the hotline's classifier: train it, suggest for a case, keep what was chosen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from django.db import connection
from django.db.models import Exists, OuterRef
from django.utils import timezone

from yanzhen.domains.hotline.classification import queries
from yanzhen.domains.hotline.models import Case
from yanzhen.domains.hotline.procedures import CASE
from yanzhen.engines.classifier import store
from yanzhen.engines.classifier.evaluate import Report, evaluate
from yanzhen.engines.classifier.model import Model, Row, TooFew, train
from yanzhen.engines.classifier.models import Suggestion, Version
from yanzhen.foundation import parameters
from yanzhen.foundation.calendar.authority import demand_right
from yanzhen.foundation.errors import Refusal
from yanzhen.foundation.models import Account
from yanzhen.foundation.scope import EVERYTHING, database_scope

RIGHT = "case.train"
LEARNT_SHARE = 0.8
"""Of the cases by their end: the oldest are learnt, the newest try what was learnt."""
NEW = timedelta(days=1)
SETTLED = timedelta(days=120)
"""How far back a category may still be put right: longer than the terms of most cases."""
MOST = 2000
"""Cases that one run looks at."""
SETTLE = """
update classifier_suggestion s
set chosen = c.category_id, overridden = (s.ranked -> 0 ->> 'code') <> c.category_id, settled_at = now(),
    region_id = c.region_id, line_id = c.line_id
from hotline_case c
where s.kind = %(kind)s and s.given_at >= %(since)s and c.id = s.subject_id and c.state <> %(new)s
    and c.category_id is not null and s.chosen <> c.category_id
"""
FRESH = 50
"""Cases on which two versions can be told apart at all."""


class NotEnough(Refusal):
    """Too few closed cases to learn from; the version in use goes on."""

    code = "not_enough_cases"


@dataclass(frozen=True, slots=True)
class Trained:
    """What a training came to. The figures compared are macro-F1 on the same cases; None where nothing was in use."""

    version: Version
    macro_f1: float
    former_macro_f1: float | None
    withdrawn: int
    """Closed cases that were not learnt from, as their category was withdrawn."""
    rare: int
    """Those of a category with too few cases."""


def check_training(actor: Account) -> None:
    """Raise what `train_version` would refuse at once: NotAllowed, NotEnough."""
    demand_right(actor, RIGHT, None)
    with database_scope({EVERYTHING}):
        _demand_cases(queries.closed_cases().count())


def train_version(actor: Account, *, force: bool = False) -> Trained:
    """Learn from all closed cases and keep that as the next version.

    It suggests from now on where it is no worse than the version in use on the newest cases, or by `force`. Raises
    NotAllowed, NotEnough; then nothing has changed.
    """
    check_training(actor)
    precision = float(_number("hotline.training_precision")) / 100
    closed, withdrawn, rare = _closed()
    cut = int(len(closed) * LEARNT_SHARE)
    learning, trying = closed[:cut], closed[cut:]
    trial = _learn(learning, precision)
    report = evaluate(trial, [each.row for each in trying], precision=precision)
    ours, theirs = _compare(trial, report, trying, precision)
    training = store.Training(
        model=_learn(closed, precision),
        samples=[(each.pk, each.row.label) for each in closed],
        learnt_to=closed[-1].ended_at,
        metrics=store.metrics_of(report, learning=len(learning), trying=len(trying)),
    )
    use = force or theirs is None or ours >= theirs
    reason = "" if use else "在最近的工单上不如在用版本，未启用"
    version = store.keep_version(queries.KIND, training, actor=actor, right=RIGHT, use=use, reason=reason)
    return Trained(version, ours, theirs, withdrawn, rare)


def suggest(case: Case) -> None:
    """Keep what is suggested for a case that nobody has categorised; nothing where nothing speaks for a category."""
    found = queries.suggestions(queries.text_of(case))
    if found.ranked:
        store.keep_suggestion(queries.KIND, case, found.kept(), version=found.version)


def suggest_missed() -> int:
    """Keep what is suggested for the cases of the last day that have no suggestion yet; return how many were looked at.

    Needs everything in reach. Where nothing speaks for a category the case is looked at again next time.
    """
    given = Suggestion.objects.filter(kind=queries.KIND, subject_id=OuterRef("pk"))
    since = timezone.now() - NEW
    new = Case.objects.filter(~Exists(given), state=CASE.initial.code, received_at__gte=since)
    cases = list(new.order_by("-received_at")[:MOST])
    for case in cases:
        suggest(case)
    return len(cases)


def settle_choices() -> int:
    """Keep the category that a person gave each case for which one was suggested; return how many were new or changed.

    One statement, over the suggestions of the last SETTLED days; the last choice counts. Needs everything in reach.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            SETTLE, {"kind": queries.KIND, "new": CASE.initial.code, "since": timezone.now() - SETTLED}
        )
        return int(cursor.rowcount)


class _Closed(NamedTuple):
    pk: int
    row: Row
    ended_at: datetime


def _closed() -> tuple[list[_Closed], int, int]:
    """Return the cases to learn from, the oldest end first, and how many were left out: withdrawn, rare."""
    with database_scope({EVERYTHING}):
        cases = list(queries.closed_cases().values_list("pk", "title", "body", "category_id", "ended_at"))
        withdrawn = queries.left_out()
    common = Counter(case[3] for case in cases)
    least = _number("hotline.training_category_cases")
    kept = [
        _Closed(pk, Row(f"{title}\n{body}", code), ended)
        for pk, title, body, code, ended in cases
        if ended and common[code] >= least
    ]
    _demand_cases(len(kept))
    return kept, withdrawn, len(cases) - len(kept)


def _compare(
    trial: Model, report: Report, trying: Sequence[_Closed], precision: float
) -> tuple[float, float | None]:
    """Return the macro-F1 of the trial and of the version in use.

    On the cases that ended after the version in use was trained, as neither has seen them; where these are too few to
    tell, each by its own newest fifth.
    """
    held = store.in_use(queries.KIND)
    if held is None:
        return report.macro_f1, None
    fresh = [each.row for each in trying if each.ended_at > held.learnt_to]
    if len(fresh) < FRESH:
        kept = queries.versions().get(pk=held.pk).metrics["macro_f1"]
        return report.macro_f1, float(kept)
    ours, theirs = (evaluate(model, fresh, precision=precision).macro_f1 for model in (trial, held.model))
    return ours, theirs


def _learn(closed: Sequence[_Closed], precision: float) -> Model:
    try:
        return train([each.row for each in closed], precision=precision)
    except TooFew as problem:
        raise NotEnough(f"不能训练：{problem}。在用的版本（或关键词规则）继续使用") from None


def _demand_cases(count: int) -> None:
    least = _number("hotline.training_cases")
    if count < least:
        raise NotEnough(
            f"不能训练：可用的已办结工单 {count:,} 件，至少要 {least:,.0f} 件（参数“训练分类所需工单数”）。"
            "在用的版本（或关键词规则）继续使用；办结更多工单后再训练",
            cases=count,
        )


def _number(code: str) -> Decimal:
    return parameters.get(code, on=timezone.localdate()).value
