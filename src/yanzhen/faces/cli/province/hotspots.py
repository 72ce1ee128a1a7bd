"""A surge in the demo: one employer, many workers, each in their own words; and what the sweep makes of it."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

from django.utils import timezone

from yanzhen.domains.hotline.actions import number_all, seal_caller, unnumbered_case
from yanzhen.domains.hotline.hotspots.actions import join, sweep_surges
from yanzhen.domains.hotline.hotspots.sources import KIND, words_of
from yanzhen.domains.hotline.models import Case, Category
from yanzhen.domains.hotline.rules import Appeal
from yanzhen.engines.procedures.engine import advance_many, start_many
from yanzhen.engines.similarity.themes import learn
from yanzhen.faces.cli.province.cases import leave_receipts
from yanzhen.faces.cli.province.posts import SURNAMES
from yanzhen.foundation.models import Account, Organisation

COUNTY = "370102"
WORDS = (
    "我在{employer}上班，九月的工资到现在一分没发，车间主任说公司没钱，让我们等通知。",
    "{employer}连着两个月只发生活费，说订单少，可我们天天加班，差的钱什么时候补？",
    "本人是{employer}的焊工，离职一个月了，最后的工资和押金都没结。",
    "上个月起{employer}改发购物卡抵工资，大家不同意也没有办法，这样合法吗？",
    "{employer}的财务说账户被冻结，全厂两百来人的工资都停了，请工会帮忙问一问。",
    "丈夫在{employer}干活，家里等钱交学费，单位一拖再拖，希望尽快解决。",
    "我们班组七个人是{employer}请来的临时工，干完活找不到人结账，打电话不接。",
    "{employer}绩效扣了一半，没有说明，也不给工资条，找人事没人理。",
    "听说{employer}要搬厂，老板已经三天没有露面，我们担心拿不到钱。",
    "在{employer}做质检，社保断缴，工资也压着，不知道还要不要接着上班。",
    "{employer}让签自愿放弃加班费的承诺书，不签就不发这个季度的钱。",
    "保洁阿姨们在{employer}干了半年，外包公司和厂里互相推，谁也不给开支。",
    "{employer}食堂也停了，工友说欠薪的事已经有人去人社局反映，我也登记一下。",
    "请查一查{employer}，入职时说好月月清，现在攒了三个月没见着钱。",
)


def surge(dice: random.Random, units: dict[tuple[str, str], Organisation], staff: dict[str, Account]) -> None:
    """Take the appeals in over the week before last midnight, look for surges, and join those cases to their like.

    The employer is one of which nobody spoke before. The sweep comes first: of the older cases none has a cluster yet, and a cluster without a past would seem to surge.
    """
    midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    home = units[COUNTY, "union"]
    employer = Organisation.objects.create(
        name="历下区演示汽车配件4号有限公司", kind="enterprise", region=home.region, line=home.line, headcount=210, ownership="private",
    )  # fmt: skip
    taken = [_case(dice, text, employer.name, midnight) for text in WORDS]
    cases = [case for case, _ in taken]
    start_many(cases, actor=staff["all"], right="case.register", note="演示数据")
    leave_receipts(taken)
    wages = Category.objects.get(code="010101")
    ids = [case.pk for case in cases[: len(cases) // 2]]
    advance_many(Case, ids, "accept", actor=staff["all"], note="演示数据", category=wages)
    sweep_surges(midnight)
    learn(KIND, words_of(list(Case.objects.values_list("pk", flat=True))).values())
    for case in cases:
        join(case)


def _case(dice: random.Random, text: str, employer: str, midnight: datetime) -> tuple[Case, str]:
    """Return an unsaved case and its check code."""
    at = midnight - timedelta(minutes=dice.randint(10, 7 * 24 * 60 - 10))
    appeal = Appeal(
        body=text.format(employer=employer),
        region=COUNTY,
        employer=employer,
        name=dice.choice(SURNAMES) + "某",
        phone=f"199{dice.randrange(10**8):08}",
    )
    case = unnumbered_case(appeal, channel=dice.choice(("phone", "phone", "web", "visit")), received_at=at)
    case.started_at = at
    number_all([case], at=at)
    code = f"{dice.randrange(10**6):06}"
    seal_caller(case, appeal, code)
    return case, code
