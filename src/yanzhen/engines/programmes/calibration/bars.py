"""Which judges read not even a sample. The own city is no reason, as it is in the marking: a sample decides nothing."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

from yanzhen.engines.programmes.calibration.models import Sample
from yanzhen.engines.programmes.panels import field
from yanzhen.engines.programmes.panels.models import Bar, Judge

HIMSELF = "是申报人本人"
Barred = dict[tuple[int, int], list[str]]
"""By judge and sample: the reasons as people read them."""


def barred(judges: Sequence[Judge], samples: Sequence[Sample]) -> Barred:
    """Return the pairs that may not meet; a fixed number of statements. Reads `account` and `application`."""
    found: Barred = {}
    by_application = {sample.application_id: sample.pk for sample in samples}
    for judge, sample in product(judges, samples):
        row = sample.application
        if judge.account.person_id is not None and judge.account.person_id == row.person_id:
            found.setdefault((judge.pk, sample.pk), []).append(HIMSELF)
        if judge.employer_id is not None and judge.employer_id == row.organisation_id:
            found.setdefault((judge.pk, sample.pk), []).append(field.REASONS[field.EMPLOYER])
    declared = Bar.objects.filter(judge__in=judges, application__in=by_application)
    pairs = [(field.DECLARED, *pair) for pair in declared.values_list("application_id", "judge_id")]
    applications = [sample.application for sample in samples]
    pairs += [(name, *pair) for name, tied in field.TIES.items() for pair in tied(judges, applications)]
    for name, application, judge_pk in pairs:
        found.setdefault((judge_pk, by_application[application]), []).append(field.REASONS[name])
    return found
