"""Reads of a calibration: each judge the own trials and distance, the organiser how all judges lie.

A judge reads of a sample what others gave only after filing the own; reads begin at the judge's account.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils import timezone

from yanzhen.engines.programmes.calibration import rules
from yanzhen.engines.programmes.calibration.bars import barred
from yanzhen.engines.programmes.calibration.models import Release, Sample, Trial
from yanzhen.engines.programmes.models import Round
from yanzhen.engines.programmes.panels.models import Judge
from yanzhen.engines.programmes.scoring.flags import Disagreement, Limits, calibrate, disagreements
from yanzhen.engines.programmes.scoring.marks import AspectGiven, Given, mean
from yanzhen.engines.programmes.scoring.methods import dispersion
from yanzhen.foundation import parameters
from yanzhen.foundation.models import Account
from yanzhen.foundation.scope import EVERYTHING, database_scope

MOST_ROUNDS = 20
Totals = dict[int, dict[int, Decimal | None]]
"""By sample and judge."""


@dataclass(frozen=True, slots=True)
class Own:
    """A sample as its judge sees it: without the own trial only that it is to be marked."""

    number: int
    """From 1, as it is called."""
    sample: Sample
    trial: Trial | None
    others: Decimal | None
    """Mean of the other judges; None of too few."""
    barred: tuple[str, ...]
    """Why this judge does not read it; then it is not asked."""

    @property
    def from_others(self) -> Decimal | None:
        return rules.apart(self.trial.total if self.trial else None, self.others)

    @property
    def from_reference(self) -> Decimal | None:
        return rules.apart(self.trial.total, self.sample.reference) if self.trial else None


@dataclass(frozen=True, slots=True)
class Practice:
    """The samples of one Mark stage for one judge."""

    round: Round
    stage: Any
    judge: Judge
    owns: tuple[Own, ...]
    released: bool

    @property
    def asked(self) -> list[Own]:
        return [own for own in self.owns if own.trial or not own.barred]

    @property
    def done(self) -> int:
        return sum(1 for own in self.owns if own.trial)

    @property
    def following(self) -> Own | None:
        """The first that is still to be marked."""
        return next((own for own in self.asked if own.trial is None), None)

    @property
    def bias(self) -> Decimal | None:
        """The mean distance from the other judges, above 0 where lenient; None where unknown."""
        found = [own.from_others for own in self.owns if own.from_others is not None]
        return mean(found) if found else None

    @property
    def distance(self) -> Decimal | None:
        return None if self.bias is None else abs(self.bias)


@dataclass(frozen=True, slots=True)
class Agreement:
    """How the judges lie on one sample."""

    number: int
    sample: Sample
    n: int
    mean: Decimal | None
    spread: Decimal | None
    agreed: Decimal | None


@dataclass(frozen=True, slots=True)
class Standing:
    """A judge beside the samples: `asked` of him, `left` to mark. `bias` above 0 is lenient, in points; None: unknown."""

    judge: Judge
    asked: int
    left: int
    bias: Decimal | None
    spread: Decimal | None
    ready: bool

    @property
    def filed(self) -> int:
        return self.asked - self.left


def stage_of(round_: Round) -> Any:
    """Return the Mark stage that is on, or was the last, else the next; None where the round has none that calibrates."""
    stage = round_.programme.latest("mark", round_.stage) or round_.programme.coming("mark", round_.stage)
    return stage if stage is not None and stage.calibrate else None


def practices(account: Account) -> list[Practice]:
    """Return what the account is asked to mark for practice, and has marked, newest round first."""
    judges = Judge.objects.filter(account=account, active=True, round__status=Round.Status.RUNNING)
    rows = judges.select_related("round", "account").order_by("-round__opened_at", "-pk")[:MOST_ROUNDS]
    found = [(judge, stage) for judge in rows if (stage := stage_of(judge.round)) is not None]
    return [one for judge, stage in found if (one := _practice(judge, stage)).owns]


def practice(account: Account, round_pk: int) -> Practice | None:
    """The practice of one round; None where the account is no serving judge of it, or it calibrates not."""
    judge = Judge.objects.filter(account=account, active=True, round=round_pk)
    held = judge.select_related("round", "account").first()
    stage = stage_of(held.round) if held else None
    return _practice(held, stage) if held and stage else None


def _practice(judge: Judge, stage: Any) -> Practice:
    samples = _samples(judge.round, stage)
    trials = list(Trial.objects.filter(sample__in=samples))
    totals = _totals(trials)
    mine = {trial.sample_id: trial for trial in trials if trial.judge_id == judge.pk}
    away = barred([judge], samples)
    owns = [
        Own(n, sample, mine.get(sample.pk),
            rules.of_others(totals.get(sample.pk, {}), judge.pk) if sample.pk in mine else None,
            tuple(away.get((judge.pk, sample.pk), ())))
        for n, sample in enumerate(samples, 1)
    ]  # fmt: skip
    released = Release.objects.filter(round=judge.round, stage=stage.code).exists()
    return Practice(judge.round, stage, judge, tuple(owns), released)


def sample_of(round_: Round, stage: Any, pk: int) -> Sample | None:
    return Sample.objects.filter(round=round_, stage=stage.code, pk=pk).first()


def release_of(round_: Round, stage: Any) -> Release | None:
    return Release.objects.filter(round=round_, stage=stage.code).select_related("by").first()


def agreements(round_: Round, stage: Any) -> list[Agreement]:
    """Return how the judges lie on each sample, as samples were chosen."""
    samples = _samples(round_, stage)
    totals = _totals(Trial.objects.filter(sample__in=samples))
    found = []
    for n, sample in enumerate(samples, 1):
        given = totals.get(sample.pk, {})
        numbers = [total for total in given.values() if total is not None]
        middle = mean(numbers) if numbers else None
        agreed = rules.agreed(sample.reference, given.values())
        found.append(Agreement(n, sample, len(given), middle, dispersion(numbers), agreed))
    return found


def standings(round_: Round, stage: Any) -> list[Standing]:
    """Return how each serving judge lies to what was agreed of the samples; what is barred to a judge is not missed."""
    samples = _samples(round_, stage)
    trials = list(Trial.objects.filter(sample__in=samples))
    totals = _totals(trials)
    anchors = {s.pk: rules.agreed(s.reference, totals.get(s.pk, {}).values()) for s in samples}
    known = {pk: value for pk, value in anchors.items() if value is not None}
    given = [Given(trial.sample_id, trial.judge_id, trial.total) for trial in trials]
    filed = {(trial.judge_id, trial.sample_id) for trial in trials}
    judges = list(Judge.objects.filter(round=round_, active=True).select_related("account").order_by("pk"))
    away, within, found = barred(judges, samples), limits(round_), []
    for judge in judges:
        asked = [s.pk for s in samples if (judge.pk, s.pk) in filed or (judge.pk, s.pk) not in away]
        (lies,) = calibrate([judge.pk], given, {pk: known[pk] for pk in asked if pk in known}, within)
        left = sum((judge.pk, pk) not in filed for pk in asked)
        found.append(Standing(judge, len(asked), left, lies.bias, lies.spread, lies.ready and not left))
    return found


def apart(round_: Round, stage: Any) -> list[tuple[int, Disagreement]]:
    """Return the judgements on which judges lie more levels apart than is usual, with the number of the sample."""
    samples = _samples(round_, stage)
    number = {sample.pk: n for n, sample in enumerate(samples, 1)}
    most = parameters.get("programmes.levels_apart", on=timezone.localdate(), region=round_.region_id).value
    given = [
        AspectGiven(trial.sample_id, trial.judge_id, aspect, None if value is None else Decimal(value))
        for trial in Trial.objects.filter(sample__in=samples)
        for aspect, value, _reason in trial.marks
    ]
    return [(number[d.application], d) for d in disagreements(round_.programme.criteria, given, apart=most)]


def limits(round_: Round) -> Limits:
    today = timezone.localdate()
    bias, spread = (
        parameters.get(f"programmes.calibrate_{name}", on=today, region=round_.region_id).value
        for name in ("bias", "spread")
    )
    return Limits(bias, spread)


def _samples(round_: Round, stage: Any) -> list[Sample]:
    """Read beyond the wall: a judge holds no grant over applications."""
    with database_scope({EVERYTHING}):
        rows = Sample.objects.filter(round=round_, stage=stage.code).select_related(
            "application__person", "application__organisation", "application__round"
        )
        return list(rows.order_by("pk"))


def _totals(trials: Iterable[Trial]) -> Totals:
    found: Totals = {}
    for trial in trials:
        found.setdefault(trial.sample_id, {})[trial.judge_id] = trial.total
    return found
