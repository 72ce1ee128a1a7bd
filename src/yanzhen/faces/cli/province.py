"""The demo province: synthetic from end to end, the same on every machine on the same day.

Places and codes are real; units, people and appeals are invented and say so («演示»). Cases run through the engine
as at work, entered afterwards for their day, so that their clocks and records are what an installation would hold.
"""

from __future__ import annotations

import csv
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from yanzhen.domains.hotline import categories
from yanzhen.domains.hotline.actions import number_all, seal_caller, unnumbered_case
from yanzhen.domains.hotline.models import Case, Category
from yanzhen.domains.hotline.rosters import skills
from yanzhen.domains.hotline.rules import Appeal
from yanzhen.engines.procedures.engine import advance_many, start_many
from yanzhen.engines.procedures.models import Clock
from yanzhen.engines.procedures.parties import refer, respond
from yanzhen.engines.procedures.stays import request_stay
from yanzhen.faces.cli import roster
from yanzhen.foundation.models import Account, Grant, Line, Organisation, Region, Role
from yanzhen.foundation.people import employ, register_person
from yanzhen.foundation.people.numbers import check_digit
from yanzhen.foundation.scope import EVERYTHING, database_scope

Progress = Callable[[str, int, int], None]
"""(what is being done, done, total)"""

PASSWORD = "yanzhen-demo"  # noqa: S105  # printed for everybody who starts the demo; the demo refuses to serve the world
CITIES = ("370100", "370200", "370300", "370600", "371300", "371600")
COHORTS = 180
PEOPLE = 60
BY_A_SECOND = frozenset({"call_back", "close", "close_unsolved", "redo"})
"""Moves that whoever answered may not make."""
JOBS = ("焊工", "钳工", "电工", "质检员", "装配工", "叉车司机")
DAYS = 330
SURNAMES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦许何吕施张孔曹严华金魏陶姜"
TRADES = (
    "机械制造",
    "纺织",
    "建筑劳务",
    "物流",
    "化工",
    "食品加工",
    "电子科技",
    "环卫服务",
    "家政服务",
    "餐饮管理",
)
REPLIES = (
    "经核查，反映情况基本属实。已约谈单位负责人并送达提示函，单位承诺限期整改，款项已于近日支付，请查收。",
    "经与单位和本人分别核实，双方已在工会主持下达成一致，签订调解协议，单位按协议履行，请留意。",
    "您反映的问题已转交有关部门依法调查，现将适用的法律规定和申请途径告知如下，如需法律援助可到工会窗口办理。",
    "经现场核实，单位已停止违规做法并补办手续，后续由所在地工会跟踪回访，请放心。",
)


@dataclass(frozen=True, slots=True)
class Post:
    """A demo account: what it does, at which level, on which line."""

    username: str
    label: str
    role: str
    region: str
    line: str | None = "union"


POSTS = (
    Post("agent", "省热线接诉员", "agent", "370000"),
    Post("dispatcher", "济南市派单员", "dispatcher", "370100"),
    Post("province", "省热线派单员", "dispatcher", "370000"),
    Post("handler", "历下区总工会承办人", "handler", "370102"),
    Post("approver", "济南市审批人", "approver", "370100"),
    Post("caller", "省热线回访员", "follow_up", "370000"),
    Post("checker", "省热线质检员", "inspector", "370000"),
    Post("hrss", "历下区人社协办人", "respondent", "370102", "hrss"),
    Post("registrar", "历下区人员单位管理员", "registrar", "370102"),
    Post("leader", "省总工会负责人", "leader", "370000"),
    Post("auditor", "审计员", "auditor", "370000", None),
    Post("admin", "系统管理员", "administrator", "370000", None),
    Post("qingdao", "青岛市派单员", "dispatcher", "370200"),
)


def accounts() -> list[tuple[str, str, str]]:
    """Return (username, password, what it is) of the demo's accounts."""
    return [(post.username, PASSWORD, post.label) for post in POSTS]


def loaded() -> bool:
    return Account.objects.filter(username=POSTS[0].username).exists()


def load(progress: Progress) -> None:
    """Fill an empty installation; the foundation's data packs are there already. All or nothing."""
    dice = random.Random(20260101)  # noqa: S311  # the same province every time, no secret
    with database_scope({EVERYTHING}), transaction.atomic():
        categories.load()
        skills.load()
        units = _organisations(dice)
        staff = _staff(units)
        days = _cohort_days(dice)
        for done, day in enumerate(days):
            progress("演示工单", done, len(days))
            _cohort(dice, day, units, staff)
        _parties_and_stays(dice, units, staff)
        _people(dice, units, staff["registrar"])
        roster.load(staff["agent"], planner=staff["province"], administrator=staff["admin"])
        progress("演示工单", len(days), len(days))


def _organisations(dice: random.Random) -> dict[tuple[str, str], Organisation]:
    """Open a union, a human-resources office, a court and three enterprises in each place; return all by (region, kind)."""
    lines = {line.code: line for line in Line.objects.all()}
    regions = [Region.objects.get(code="370000"), *Region.objects.filter(code__in=CITIES)]
    regions += Region.objects.filter(parent__in=CITIES, level="county", valid_to=None)
    offices = (
        ("union", "union", "总工会"),
        ("hrss", "government", "人力资源和社会保障部门"),
        ("court", "court", "法院"),
    )
    made = []
    for region in regions:
        for line, kind, name in offices:
            made.append(
                Organisation(name=f"{region.name}{name}（演示）", kind=kind, region=region, line=lines[line])
            )
        if region.level == "county":
            made += [
                Organisation(
                    name=f"{region.name}演示{dice.choice(TRADES)}{n}号有限公司",
                    kind="enterprise",
                    region=region,
                    line=lines["union"],
                    headcount=dice.randint(20, 3000),
                    ownership=dice.choice(("state", "private", "private", "foreign")),
                )
                for n in (1, 2, 3)
            ]
    made += [
        Organisation(name=f"{town.name}总工会（演示）", kind="union", region=town, line=lines["union"])
        for town in Region.objects.filter(parent="370102", level="town", valid_to=None)
    ]
    Organisation.objects.bulk_create(made)
    return {(o.region_id, o.line_id if o.kind != "enterprise" else o.name): o for o in made}


def _staff(units: dict[tuple[str, str], Organisation]) -> dict[str, Account]:
    staff = {}
    for post in POSTS:
        account = Account.objects.create_user(
            post.username,
            password=PASSWORD,
            name=post.label,
            organisation=units.get((post.region, post.line or "union")),
        )
        Grant.objects.create(
            account=account, role=Role.objects.get(code=post.role), region_id=post.region, line_id=post.line
        )
        staff[post.username] = account
    loaders = (("all", "agent dispatcher handler"), ("second", "follow_up inspector"))
    for key, roles in loaders:
        loader = Account.objects.create_user(f"demo-{key}", name="演示数据装载", is_active=False)
        for role in roles.split():
            Grant.objects.create(
                account=loader, role=Role.objects.get(code=role), region_id="370000", line=None
            )
        staff[key] = loader
    return staff


def _cohort_days(dice: random.Random) -> list[datetime]:
    """Return the mornings on which a county's appeals came in, the latest today."""
    today = timezone.localdate()
    ages = sorted((int(DAYS * dice.random() ** 1.6) for _ in range(COHORTS)), reverse=True)
    zone = ZoneInfo(settings.TIME_ZONE)
    return [datetime.combine(today - timedelta(days=age), time(8, 30), zone) for age in ages]


def _cohort(
    dice: random.Random, day: datetime, units: dict[tuple[str, str], Organisation], staff: dict[str, Account]
) -> None:
    """Take in one county's appeals of a day, and move them as far as their age lets them."""
    home = dice.choice(
        [o for (region, line), o in units.items() if line == "union" and o.region.level == "county"]
    )
    if dice.random() < 0.2:
        home = units["370102", "union"]
    cases = list(_cases(dice, day, home.region, units))
    number_all([case for case, _ in cases], at=day)
    for case, appeal in cases:
        seal_caller(case, appeal, f"{dice.randrange(10**6):06}")
    ids = [case.pk for case in _started([case for case, _ in cases], staff["all"])]
    by_category = {case.pk: appeal.category for case, appeal in cases}
    _run(dice, day, ids, by_category, home, staff)


def _started(cases: list[Case], actor: Account) -> list[Case]:
    start_many(cases, actor=actor, right="case.register", note="演示数据")
    return cases


def _cases(
    dice: random.Random, day: datetime, region: Region, units: dict[tuple[str, str], Organisation]
) -> Iterator[tuple[Case, Appeal]]:
    now = timezone.now()
    employers = [o.name for (code, _), o in units.items() if code == region.code and o.kind == "enterprise"]
    for _ in range(dice.randint(10, 30)):
        category, body = dice.choice(_templates())
        anonymous = dice.random() < 0.12
        employer = dice.choice(employers)
        amount = dice.randrange(800, 60000, 100)
        people = dice.choice((1, 1, 1, 1, 1, 2, 3, 5, 12, 26))
        appeal = Appeal(
            body=body.format(
                employer=employer,
                amount=amount,
                people=max(people, 2),
                month=dice.randint(1, 12),
                place=region.name,
            ),
            region=region.code,
            category=category,
            employer=employer,
            headcount=people,
            amount_yuan=None if "{amount}" not in body else amount,  # type: ignore[arg-type]  # an int is a fine Decimal
            urgency="urgent" if people >= 10 else "normal",
            anonymous=anonymous,
            name="" if anonymous else dice.choice(SURNAMES) + dice.choice(("某", "某某")),
            phone="" if anonymous else f"199{dice.randrange(10**8):08}",
        )
        at = min(day + timedelta(minutes=dice.randint(0, 9 * 60)), now)
        case = unnumbered_case(
            appeal, channel=dice.choice(("phone", "phone", "phone", "web", "web", "visit")), received_at=at
        )
        case.started_at = at
        case.category = None
        yield case, appeal


def _run(
    dice: random.Random,
    day: datetime,
    ids: list[int],
    category_of: dict[int, str],
    home: Organisation,
    staff: dict[str, Account],
) -> None:
    """Move a cohort along; at every step some stay behind, and nothing happens in the future."""
    now = timezone.now()

    def step(
        these: list[int], code: str, after: timedelta, note: str = "演示数据", **changes: object
    ) -> bool:
        at = day + timedelta(hours=9) + after
        if at >= now or not these:
            return False
        actor = staff["second" if code in BY_A_SECOND else "all"]
        advance_many(Case, these, code, actor=actor, note=note, at=at, **changes)
        return True

    staying = 0.0 if (now - day).days > 45 else 0.12
    declined, ids = _split(dice, ids, 0.04)
    step(
        declined,
        "decline",
        timedelta(hours=20),
        reply="反映事项已进入诉讼程序，依法不再重复受理，请在原程序中主张权利。",
    )
    for category in sorted(set(category_of.values())):
        these = [pk for pk in ids if category_of[pk] == category]
        step(these, "accept", timedelta(hours=dice.choice((1, 1, 2, 3, 6, 20))), category=_category(category))
    for pace in (2, 5, 9, 14, 30):
        going, ids = _split(dice, ids, 0.34 if pace < 30 else 1)
        _, going = _split(dice, going, staying)
        if not step(going, "assign", timedelta(days=1), organisation=home):
            continue
        _, going = _split(dice, going, staying)
        if not step(going, "answer", timedelta(days=1 + pace), reply=dice.choice(REPLIES)):
            continue
        _call_back_and_close(dice, going, pace, staying, step)


def _call_back_and_close(
    dice: random.Random, ids: list[int], pace: int, staying: float, step: Callable[..., bool]
) -> None:
    _, ids = _split(dice, ids, staying)
    unreached, reached = _split(dice, ids, 0.15)
    unsolved, solved = _split(dice, reached, 0.07)
    unrated, rated = _split(dice, solved, 0.2)
    happy, fair = _split(dice, rated, 0.9)
    later = timedelta(days=3 + pace)
    step(unreached, "call_back", later, reached=False)
    step(unsolved, "call_back", later, reached=True, solved=False, satisfaction="dissatisfied")
    step(unrated, "call_back", later, reached=True, solved=True)
    step(happy, "call_back", later, reached=True, solved=True, satisfaction="satisfied")
    step(fair, "call_back", later, reached=True, solved=True, satisfaction="fair")
    _, done = _split(dice, unreached + solved, staying)
    step(done, "close", later + timedelta(days=1))
    step(unsolved, "redo", later + timedelta(days=1), note="回访反映问题未解决，退回重办（演示）")
    still, mended = _split(dice, unsolved, 0.4)
    again = later + timedelta(days=6)
    if not step(unsolved, "answer", again, reply=REPLIES[1]):
        return
    step(mended, "call_back", again + timedelta(days=2), reached=True, solved=True, satisfaction="fair")
    step(mended, "close", again + timedelta(days=3))
    step(
        still, "call_back", again + timedelta(days=2), reached=True, solved=False, satisfaction="dissatisfied"
    )
    step(
        still,
        "close_unsolved",
        again + timedelta(days=3),
        note="双方对事实各执一词，已告知申请仲裁的途径（演示）",
    )


def _parties_and_stays(
    dice: random.Random, units: dict[tuple[str, str], Organisation], staff: dict[str, Account]
) -> None:
    """Ask the human-resources office in on some running cases, and leave requests for the approver to decide."""
    running = list(Case.objects.filter(state="handling", region_id="370102").order_by("pk")[:40])
    for case in running[:12]:
        party = refer(
            case, units["370102", "hrss"], actor=staff["all"], demand="请核实社会保险缴纳情况并反馈（演示）"
        )
        if dice.random() < 0.5:
            respond(party, actor=staff["hrss"], accept=True)
    for case in running[12:18]:
        clock = Clock.objects.filter(procedure=case.procedure_code, subject_id=case.pk, stopped_at=None).get()
        request_stay(
            clock, actor=staff["handler"], kind="extension", amount=3, reason="涉及多方取证，申请延期（演示）"
        )


def _people(dice: random.Random, units: dict[tuple[str, str], Organisation], actor: Account) -> None:
    """Register workers of one county's enterprises. Their numbers name a year of birth that nobody living has."""
    line = Line.objects.get(code="union")
    employers = [o for (code, _), o in units.items() if code == "370102" and o.kind == "enterprise"]
    for n in range(PEOPLE):
        first17 = f"370102{1900 + dice.randrange(10)}{dice.randint(1, 12):02}{dice.randint(1, 28):02}{n:03}"
        person = register_person(
            name=dice.choice(SURNAMES) + dice.choice(("某", "某某")),
            region=employers[0].region,
            line=line,
            actor=actor,
            id_number=first17 + check_digit(first17),
            phone=f"199{dice.randrange(10**8):08}",
        )
        began = timezone.localdate() - timedelta(days=dice.randint(30, 4000))
        employ(person, dice.choice(employers), actor=actor, starts_on=began, post=dice.choice(JOBS))


def _templates() -> list[tuple[str, str]]:
    with (Path(__file__).parent / "data" / "appeals.csv").open(encoding="utf-8", newline="") as file:
        return [(row["category"], row["body"]) for row in csv.DictReader(file)]


def _category(code: str) -> object:
    return Category.objects.get(code=code)


def _split(dice: random.Random, ids: list[int], share: float) -> tuple[list[int], list[int]]:
    """Return (about `share` of `ids`, the rest)."""
    chosen = {pk for pk in ids if dice.random() < share}
    return [pk for pk in ids if pk in chosen], [pk for pk in ids if pk not in chosen]
