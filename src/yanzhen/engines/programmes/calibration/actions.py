"""Choosing samples, marking them for practice, and releasing the marking that counts."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from yanzhen.engines.procedures.parties import beyond_the_wall
from yanzhen.engines.programmes.calibration.bars import barred
from yanzhen.engines.programmes.calibration.models import Release, Sample, Trial
from yanzhen.engines.programmes.calibration.queries import standings
from yanzhen.engines.programmes.models import Application, Round
from yanzhen.engines.programmes.panels.actions.judging import LEAST_WORDS, RUN, demand
from yanzhen.engines.programmes.panels.models import Judge
from yanzhen.engines.programmes.scoring.criteria import Mark
from yanzhen.engines.programmes.stages import MOST_SAMPLES
from yanzhen.foundation.errors import Invalid, NotAllowed, Refusal
from yanzhen.foundation.models import Account
from yanzhen.foundation.records import record

VIEW = "application.view"


class CalibrationRefused(Refusal):
    code = "calibration_refused"


@transaction.atomic
def add_sample(round_: Round, number: str, *, reference: Decimal | None, actor: Account) -> Sample:
    """Take an application as a sample: one of this round under review, or one of an earlier round of the programme.

    Raises CalibrationRefused, Invalid by field, or NotAllowed.
    """
    round_, stage = _calibrating(round_, actor)
    row = Application.objects.visible_to(actor, VIEW).filter(number=number.strip().upper())
    found = row.select_related("round__definition").first()
    if found is None or found.round.definition.code != round_.definition.code:
        raise Invalid(
            "没有这件申报", fields={"number": "没有这个编号，或不是同一方案的申报，或不在您的权限范围内"}
        )
    if found.round_id == round_.pk and found.state != "review":
        raise Invalid("本轮的申报须在评审之中", fields={"number": f"现为“{found.stage.label}”"})
    if reference is not None and not 0 <= reference <= 100:
        raise Invalid("参考分须在 0 至 100 之间", fields={"reference": "须在 0 至 100 之间"})
    if Sample.objects.filter(round=round_, stage=stage.code).count() >= MOST_SAMPLES:
        raise CalibrationRefused(f"样卷至多 {MOST_SAMPLES} 件")
    if Sample.objects.filter(round=round_, stage=stage.code, application=found).exists():
        raise Invalid("已是样卷", fields={"number": "这件已是样卷"})
    made = Sample.objects.create(
        round=round_, stage=stage.code, application=found, reference=reference, added_by=actor, added_at=timezone.now()
    )  # fmt: skip
    record("calibration.sample", round_, actor=actor, right=RUN,
           after={"sample": made.pk, "application": found.pk, "reference": reference})  # fmt: skip
    return made


@transaction.atomic
def drop_sample(sample: Sample, *, actor: Account) -> None:
    """Take a sample back that nobody has marked yet."""
    round_, _stage = _calibrating(sample.round, actor)
    if sample.trials.exists():
        raise CalibrationRefused("已有评委试评，样卷不能再撤")
    record("calibration.drop", round_, actor=actor, right=RUN, before={"sample": sample.pk})
    sample.delete()


@beyond_the_wall
def mark_sample(sample: Sample, marks: Iterable[Mark], *, actor: Account) -> Trial:
    """File a judge's marks of a sample, once. Raises CalibrationRefused, Invalid by aspect, or NotAllowed."""
    held = Sample.objects.select_related("round", "application").get(pk=sample.pk)
    judge = (
        Judge.objects.filter(round=held.round, account=actor, active=True).select_related("account").first()
    )
    if judge is None:
        raise NotAllowed("只有本轮在任的评委可以试评")
    if reason := shut(held.round, held.round.programme.stage(held.stage)):
        raise CalibrationRefused(reason)
    if reasons := barred([judge], [held]).get((judge.pk, held.pk)):
        raise CalibrationRefused(f"这件样卷您须回避：{'；'.join(reasons)}。不必试评这一件", reasons=reasons)
    given = list(marks)
    total = held.round.programme.criteria.total(given, held.application.track)
    plain = [[m.aspect, None if m.value is None else str(m.value), m.reason.strip()] for m in given]
    try:
        with transaction.atomic():
            made = Trial.objects.create(sample=held, judge=judge, marks=plain, total=total, at=timezone.now())
    except IntegrityError:
        raise CalibrationRefused("这件样卷已经试评过，不能重打") from None
    record("calibration.mark", held.round, actor=actor, after={"sample": held.pk, "trial": made.pk})
    return made


@transaction.atomic
def release(round_: Round, *, why: str, actor: Account) -> Release:
    """Open the marking that counts. Without a reason only when every judge is ready.

    Raises CalibrationRefused where samples are lacking or it is open already.
    """
    round_, stage = _calibrating(round_, actor)
    samples = Sample.objects.filter(round=round_, stage=stage.code).count()
    if samples < stage.calibrate:
        raise CalibrationRefused(f"方案定了 {stage.calibrate} 件样卷，现在只有 {samples} 件：请先补足")
    found = standings(round_, stage)
    ready = sum(one.ready for one in found)
    if ready < len(found) and len(why.strip()) < LEAST_WORDS:
        said = f"还有 {len(found) - ready} 名评委未试评完或偏离较大：仍要放行的，请写明理由（至少 {LEAST_WORDS} 个字）"
        raise Invalid(said, fields={"why": said})
    made = Release.objects.create(
        round=round_, stage=stage.code, ready=ready, judges=len(found), why=why.strip()[:300], by=actor, at=timezone.now()
    )  # fmt: skip
    record("calibration.release", round_, actor=actor, right=RUN, reason=why,
           after={"stage": stage.code, "ready": ready, "judges": len(found)})  # fmt: skip
    return made


def shut(round_: Round, stage: Any) -> str:
    """Return why no sample of the Mark stage is marked now; "" where one is."""
    if round_.standstill:
        return round_.standstill
    assigning = round_.programme.latest("assign", stage.code)
    if round_.status != Round.Status.RUNNING or round_.stage not in (assigning.code, stage.code):
        return f"{round_} 现为“{round_.stage_now.label}”环节，不接受试评"
    if Release.objects.filter(round=round_, stage=stage.code).exists():
        return "已放行正式打分，试评已结束"
    return ""


def _calibrating(round_: Round, actor: Account) -> tuple[Round, Any]:
    """Lock the round and return it with the Mark stage that it calibrates for."""
    held: Round = Round.objects.select_for_update(of=("self",)).select_related("definition").get(pk=round_.pk)
    demand(held, actor)
    stage = held.programme.latest("mark", held.stage) or held.programme.coming("mark", held.stage)
    if stage is None or not stage.calibrate:
        raise CalibrationRefused("方案没有定校准样卷，本轮不必校准")
    if reason := shut(held, stage):
        raise CalibrationRefused(reason)
    return held, stage
