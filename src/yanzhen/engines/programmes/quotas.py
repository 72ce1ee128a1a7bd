"""Dealing places out to cells, moving them between cells, and how many of a cell's nominations are left."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from django.db import transaction
from django.db.models import Count, QuerySet, Sum
from django.db.models.functions import Substr
from django.utils import timezone

from yanzhen.engines.matching.quota import Measure, share_out
from yanzhen.engines.programmes.models import Application, QuotaCell, QuotaMove, Round
from yanzhen.foundation.errors import Invalid, NotAllowed, Refusal
from yanzhen.foundation.models import Account, Organisation, Region
from yanzhen.foundation.records import record
from yanzhen.foundation.scope import prefix_of

NOMINATED = (
    "screen",
    "supplement",
    "opinion",
    "review",
    "noticed",
    "awarded",
    "left_out",
    "not_awarded",
    "vetoed",
)
"""States of applications that their city has put forward, whatever came of them."""


RUN = "round.run"
RESERVE = ""
"""Code of the cell whose places nobody was dealt."""
INDUSTRIES = {
    "A": "农、林、牧、渔业", "B": "采矿业", "C": "制造业", "D": "电力、热力、燃气及水生产和供应业", "E": "建筑业", "F": "批发和零售业",
    "G": "交通运输、仓储和邮政业", "H": "住宿和餐饮业", "I": "信息传输、软件和信息技术服务业", "J": "金融业", "K": "房地产业",
    "L": "租赁和商务服务业", "M": "科学研究和技术服务业", "N": "水利、环境和公共设施管理业", "O": "居民服务、修理和其他服务业", "P": "教育",
    "Q": "卫生和社会工作", "R": "文化、体育和娱乐业", "S": "公共管理、社会保障和社会组织", "T": "国际组织",
}  # fmt: skip
"""Sections of GB/T 4754."""


class QuotaRefused(Refusal):
    code = "quota_refused"


class QuotaTied(QuotaRefused):
    """Cells with the same remainder, more of them than places are left; `data["tied"]` holds their codes."""

    code = "quota_tied"


def measured(round_: Round) -> dict[str, int]:
    """Return what each cell's share of the places is measured by, as the programme's basis has it."""
    quota = round_.programme.quota
    if not quota.by:
        return {}
    cells = labels_of(round_)
    found = dict.fromkeys(cells, 1 if quota.basis == "even" else 0)
    if quota.basis == "workers":
        column = "region_id" if quota.by == "city" else "industry"
        length = 4 if quota.by == "city" else 1
        units = Organisation.objects.within([prefix_of(round_.region_id)]).filter(valid_to=None)
        rows = units.values(cell=Substr(column, 1, length)).annotate(figure=Sum("headcount"))
        found |= {row["cell"]: row["figure"] or 0 for row in rows if row["cell"] in found}
    elif quota.basis == "applications":
        sent = Application.objects.filter(round=round_, submitted_at__isnull=False).exclude(state="withdrawn")
        rows = sent.values("cell").annotate(figure=Count("pk"))
        found |= {row["cell"]: row["figure"] for row in rows if row["cell"] in found}
    return found


def labels_of(round_: Round) -> dict[str, str]:
    """Return the cells that a round can have, by code, with their names; the reserve is not among them."""
    if round_.programme.quota.by == "industry":
        return dict(INDUSTRIES)
    if round_.programme.quota.by != "city":
        return {}
    cities = Region.objects.filter(level=Region.Level.CITY, valid_to=None)
    mine = cities.filter(code__startswith=prefix_of(round_.region_id)).order_by("code")
    return {code[:4]: name for code, name in mine.values_list("code", "name")}


def label_of(round_: Round, code: str) -> str:
    """Return what a cell of the round is called, as it was dealt or would be; "" where an application has none."""
    dealt = round_.cells.filter(code=code).exclude(code=RESERVE).values_list("label", flat=True).first()
    return dealt or labels_of(round_).get(code, code)


@transaction.atomic
def deal(
    round_: Round, weights: Mapping[str, int], *, actor: Account, order: Sequence[str] = ()
) -> list[QuotaCell]:
    """Deal the places of a round out by largest remainder, in exact fractions; what is kept back is the reserve.

    `order` is the declared order of cells (by past results, by lot) that decides between equal remainders. Dealing
    again is possible until places were moved or somebody was put forward. Raises QuotaTied, QuotaRefused or NotAllowed.
    """
    round_ = _locked(round_.pk, actor)
    if QuotaMove.objects.filter(giver__round=round_).exists():
        raise QuotaRefused("名额已有调剂，不能重新分配：请用调剂改动")
    if Application.objects.filter(round=round_, state__in=NOMINATED).exists():
        raise QuotaRefused("已有申报被推荐，不能重新分配名额：请用调剂改动")
    quota, labels = round_.programme.quota, labels_of(round_)
    if unknown := set(weights) - set(labels):
        raise Invalid(f"没有名额单元 {'、'.join(sorted(unknown))}")
    shares = _shares(round_, weights, order)
    cells = [
        QuotaCell(round=round_, code=code, label=labels[code], weight=weights[code], dealt=places, places=places,
                  nominees=places * quota.nominees)
        for code, places in shares.items()
    ]  # fmt: skip
    kept = quota.places - sum(shares.values())
    # with no cells at all the one that is left holds every place, and everybody is nominated from it
    label, nominees = ("预留", 0) if shares else ("全部", kept * quota.nominees)
    cells.append(
        QuotaCell(round=round_, code=RESERVE, label=label, dealt=kept, places=kept, nominees=nominees)
    )
    round_.cells.all().delete()
    QuotaCell.objects.bulk_create(cells)
    dealt = {cell.code: cell.dealt for cell in cells}
    record("quota.deal", round_, actor=actor, right=RUN, after={"places": dealt, "order": list(order)})
    return list(round_.cells.all())


def _shares(round_: Round, weights: Mapping[str, int], order: Sequence[str]) -> dict[str, int]:
    quota = round_.programme.quota
    if not quota.by:
        return {}
    if not any(weights.values()):
        raise QuotaRefused("各名额单元的测算依据数都是 0，无从分配：请先补齐职工人数，或改用其他测算依据")
    if min(weights.values()) < 0:
        raise Invalid("测算依据数不得小于 0")
    found = share_out(
        quota.places, [Measure(quota.basis, Fraction(1), weights)], reserve=quota.reserve, order=order
    )
    if found.tied:
        names = labels_of(round_)
        raise QuotaTied(
            f"{'、'.join(names[code] for code in found.tied)}余数相同，只剩 {found.open} 个名额：请写明先后（按往年成绩或抽签）",
            tied=list(found.tied), open=found.open,
        )  # fmt: skip
    return {code: share.places for code, share in found.cells.items()}


def give_back(cell: QuotaCell, places: int, *, why: str, actor: Account) -> QuotaMove:
    """Give unused places of a cell back to the reserve, from where they may go to another cell."""
    reserve = QuotaCell.objects.filter(round_id=cell.round_id, code=RESERVE).first()
    if reserve is None or reserve.pk == cell.pk:
        raise QuotaRefused("本轮没有预留名额单元，无处收回：请在单元之间调剂")
    return move_places(cell, reserve, places, why=why, actor=actor)


@transaction.atomic
def move_places(giver: QuotaCell, taker: QuotaCell, places: int, *, why: str, actor: Account) -> QuotaMove:
    """Move places between two cells of a round; the sum stays. Raises QuotaRefused, Invalid or NotAllowed."""
    held = {
        cell.pk: cell
        for cell in QuotaCell.objects.select_for_update().filter(pk__in=(giver.pk, taker.pk)).order_by("pk")
    }
    giver, taker = held[giver.pk], held[taker.pk]
    if not actor.has_right(RUN, giver.round):
        raise NotAllowed("您没有“组织评选轮次”权限，不能调剂名额")
    if giver.round_id != taker.round_id or giver.pk == taker.pk:
        raise QuotaRefused("只能在同一轮次的两个名额单元之间调剂")
    if not why.strip():
        raise Invalid("调剂名额须写明理由", fields={"why": "请写明理由"})
    if not 1 <= places <= giver.places:
        raise QuotaRefused(f"{giver} 现有 {giver.places} 个名额，调出须在 1 至 {giver.places} 之间")
    return shift(giver, taker, places, why=why, actor=actor, right=RUN)


def shift(
    giver: QuotaCell, taker: QuotaCell, places: int, *, why: str, actor: Account, right: str
) -> QuotaMove:
    """Move places between two locked cells, on record. What is right about it the caller has checked."""
    each = giver.round.programme.quota.nominees
    for cell, change in ((giver, -places), (taker, places)):
        cell.places += change
        if cell.code != RESERVE:
            cell.nominees = max(cell.nominees + change * each, 0)
        cell.save(update_fields=["places", "nominees"])
    move = QuotaMove.objects.create(
        giver=giver, taker=taker, places=places, why=why.strip()[:200], by=actor, at=timezone.now()
    )
    after = {"from": giver.code, "to": taker.code, "places": places}
    record("quota.move", giver.round, actor=actor, right=right, after=after, reason=why)
    return move


def places_left(application: Application, *, locked: bool = False) -> str | None:
    """Return why the cell of `application` may put nobody more forward, or None.

    `locked` holds the cell until the transaction ends, so that two who recommend at once take turns.
    """
    cells = QuotaCell.objects.select_for_update(of=("self",)) if locked else QuotaCell.objects
    cell = cells.filter(round_id=application.round_id, code=application.cell).first()
    if cell is None:
        return None
    used = nominated(application.round_id, application.cell)
    return (
        None
        if used < cell.nominees
        else f"{cell} 可推荐 {cell.nominees} 人，已推荐 {used} 人：请先撤下一人，或申请调剂名额"
    )


def nominated(round_id: int, cell: str) -> int:
    return Application.objects.filter(round_id=round_id, cell=cell, state__in=NOMINATED).count()


def used(round_: Round) -> list[tuple[str, int]]:
    """Return how many each cell has put forward."""
    sent = Application.objects.filter(round=round_, state__in=NOMINATED)
    return list(sent.values_list("cell").annotate(n=Count("pk")).order_by("cell"))


def moves(round_: Round) -> QuerySet[QuotaMove]:
    found = QuotaMove.objects.filter(giver__round=round_).select_related("giver", "taker", "by")
    return found.order_by("pk")


def total(round_: Round) -> int:
    return round_.cells.aggregate(all=Sum("places"))["all"] or 0


def letter(cell: QuotaCell) -> dict[str, Any]:
    """Return what the letter says that tells a city its places: the figures they come from and every move since."""
    cells = list(cell.round.cells.all())
    whole = sum(each.weight for each in cells)
    return {
        "cell": cell, "round": cell.round, "total": sum(each.places for each in cells),
        "share": 100 * cell.weight / whole if whole else None,
        "moves": [m for m in moves(cell.round) if cell.pk in (m.giver_id, m.taker_id)], "used": nominated(cell.round_id, cell.code),
    }  # fmt: skip


def _locked(pk: int, actor: Account) -> Round:
    round_: Round = Round.objects.select_for_update(of=("self",)).get(pk=pk)
    if not actor.has_right(RUN, round_):
        raise NotAllowed("您没有“组织评选轮次”权限，不能分配名额")
    if round_.status != Round.Status.RUNNING:
        raise QuotaRefused(f"{round_} {round_.get_status_display()}，不能再分配名额")
    if round_.standstill:
        raise QuotaRefused(round_.standstill)
    return round_
