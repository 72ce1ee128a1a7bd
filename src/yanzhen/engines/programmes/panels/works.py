"""Panels and scores that the worker computes: what a panel would be, panels filled, score runs made and adopted."""

from __future__ import annotations

from collections import Counter
from typing import Any

from yanzhen.engines.matching.panels import Panel
from yanzhen.engines.programmes.models import Round
from yanzhen.engines.programmes.panels.actions import judging, running
from yanzhen.engines.programmes.panels.models import AssignmentRun, Judge, ScoreRun
from yanzhen.engines.programmes.works.kinds import KINDS, Done, Kind
from yanzhen.foundation.models import Account

PANEL_PREVIEW, PANEL_FILL = "panel.preview", "panel.fill"
SCORES_RUN, SCORES_ADOPT = "scores.run", "scores.adopt"


def _preview(round_: Round, *, actor: Account, holes: bool, gone: list[int]) -> Done:
    """Say what the panels would be: loads, what they lack, and what makes the run repeatable. Nothing is kept of it."""
    run, panel = _filled(round_, actor, holes=holes, gone=gone, preview=True, seen="")
    loads = Counter(int(judge) for judge in panel.judges)
    stamp = {name: getattr(run, name) for name in ("seed", "input_hash", "solver", "gap", "shortages")}
    shown = {"assigned": len(panel.judges), "idle": len(panel.idle), "loads": sorted(loads.items())}
    return Done("预览已算好，确认之前不保存", stamp | shown)


def _fill(round_: Round, *, actor: Account, holes: bool, gone: list[int], seen: str) -> Done:
    run, panel = _filled(round_, actor, holes=holes, gone=gone, preview=False, seen=seen)
    short = f"，{len(panel.shortages)} 件没有配齐" if panel.shortages else ""
    return Done(f"已分出 {len(panel.judges)} 项任务{short}", {"run": run.pk})


def _filled(
    round_: Round, actor: Account, *, holes: bool, gone: list[int], preview: bool, seen: str
) -> tuple[AssignmentRun, Panel]:
    if holes:
        leaving = list(Judge.objects.filter(round=round_, pk__in=gone))
        return judging.fill_holes(round_, gone=leaving, actor=actor, preview=preview, seen=seen)
    return judging.fill_panels(round_, actor=actor, preview=preview, seen=seen)


def _refuse_filling(round_: Round, *, actor: Account, holes: bool, seen: str = "-", **_given: Any) -> None:
    judging.against_filling(round_, actor, holes=holes, seen=seen)


def _run(round_: Round, *, actor: Account, method: str) -> Done:
    made = running.run(round_, method=method, actor=actor)
    return Done("已计算并固定", {"run": made.pk})


def _adopt(round_: Round, *, actor: Account, run: int) -> Done:
    running.adopt(ScoreRun.objects.get(round=round_, pk=run), actor=actor)
    return Done("已采用，总分和名次已写入申报", {"run": run})


def _refuse_run(round_: Round, *, actor: Account, **_given: Any) -> None:
    running.against_running(round_, actor)


def _refuse_adoption(round_: Round, *, actor: Account, run: int) -> None:
    running.against_adoption(ScoreRun.objects.get(round=round_, pk=run), actor)


KINDS.add(Kind(PANEL_PREVIEW, "预览评委分配", judging.RUN, _preview, _refuse_filling))
KINDS.add(Kind(PANEL_FILL, "分配评委", judging.RUN, _fill, _refuse_filling))
KINDS.add(Kind(SCORES_RUN, "运行计分", judging.RUN, _run, _refuse_run))
KINDS.add(Kind(SCORES_ADOPT, "采用计分结果", judging.RUN, _adopt, _refuse_adoption))
