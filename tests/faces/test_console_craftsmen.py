"""The pages of craftsmen: mentorships and their milestones, wishes and proposals, studios, sanctions, the formation."""

from __future__ import annotations

import re
from itertools import combinations

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from tests.craftsmen import OFFICER, Works
from tests.faces.console import browser, text
from tests.factories import AccountFactory, LineFactory, OrganisationFactory, RegionFactory
from yanzhen.domains.craftsmen.actions.mentorships import seek
from yanzhen.domains.craftsmen.actions.studios import make_grant
from yanzhen.domains.craftsmen.models import Grant, Instalment, Mentorship, Sanction, Seeking, Studio
from yanzhen.domains.craftsmen.queries.formation import Flock
from yanzhen.domains.craftsmen.queries.registers import milestones_of
from yanzhen.engines.honours.models import Honour
from yanzhen.faces.console.craftsmen.flock import WIDTH, drawn
from yanzhen.foundation.models import Account
from yanzhen.foundation.people import register_person

pytestmark = pytest.mark.django_db
ID, OTHER_ID = "11010519491231002X", "440524188001010014"
MADE = {
    "mentor": ID, "apprentice": "13900001111", "trade": "焊工", "starts_on": "2026-01-01", "ends_on": "2027-12-31",
    "goals": "两年内达到高级工", "steps": "2026-12-31 独立完成中级工序",
}  # fmt: skip


@pytest.fixture
def officer(here: Works) -> Client:
    return browser(here.officer)


def keeper(here: Works) -> Account:
    return AccountFactory(grants=[(here.province, None, f"{OFFICER} person.edit")])


def registered(here: Works):
    account = keeper(here)
    place = {"region": here.region, "line": here.unit.line, "actor": account}
    mentor = register_person(name="王建国", id_number=ID, **place)
    here.titled("qilu_craftsman", person=mentor)
    return mentor, register_person(name="李小明", phone="13900001111", **place)


def test_a_mentorship_is_put_down_by_the_form_and_its_step_reported_and_confirmed(
    here: Works, officer: Client
):
    registered(here)

    made = officer.post("/console/mentorships/new/", {**MADE, "organisation": here.unit.name})

    row = Mentorship.objects.get()
    assert (made.status_code, made.url) == (303, f"/console/mentorships/{row.number}/")
    assert all(mask in text(officer.get(made.url)) for mask in ("王**", "李**"))
    step = milestones_of(row)[0]
    Mentorship.objects.update(state="active")
    sent = officer.post(
        f"/console/milestones/{step.pk}/report/", {"evidence": "独立完成转向架焊接，一次合格"}
    )
    assert (sent.status_code, sent.url) == (303, f"/console/mentorships/{row.number}/milestones/")
    assert officer.post(f"/console/milestones/{step.pk}/confirm/").status_code == 403
    approver = browser(here.approver)
    assert "待确认" in text(approver.get(sent.url))
    assert approver.post(f"/console/milestones/{step.pk}/confirm/").status_code == 303
    assert "已确认" in text(approver.get(sent.url))


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"steps": "2026-13-01 错日期"}, "第 1 行：每行先写日期"), ({"steps": "2026-12-31"}, "第 1 行"), ({"mentor": "123"}, "请填写完整的手机号或身份证号"),
        ({"apprentice": "13900002222"}, "没有找到此人"), ({"ends_on": "2025-01-01"}, "在起始之后"), ({"apprentice": ID}, "同一人"),
    ],
)  # fmt: skip
def test_what_can_not_be_put_down_says_why_and_keeps_what_was_typed(
    here: Works, officer: Client, changed, told: str
):
    registered(here)

    answer = officer.post("/console/mentorships/new/", {**MADE, "organisation": here.unit.name} | changed)

    assert (answer.status_code, told in text(answer), "两年内达到高级工" in text(answer)) == (422, True, True)
    assert Mentorship.objects.count() == 0


def test_a_wish_gets_a_proposal_that_becomes_a_mentorship(here: Works, officer: Client):
    mentor, _apprentice = registered(here)
    given = {"person": "13900001111", "organisation": here.unit.name, "trade": "焊工"}
    assert officer.post("/console/wishes/new/", given).status_code == 303
    wish, honour = Seeking.objects.get(), Honour.objects.get()

    answer = officer.get("/console/wishes/proposals/")
    link = f"/console/mentorships/new/?wish={wish.pk}&mentor={honour.pk}"
    assert "同单位，同行业大类" in text(answer)
    assert link.replace("&", "&amp;") in answer.content.decode()
    made = officer.post(link, {k: v for k, v in MADE.items() if k not in ("mentor", "apprentice")})

    assert made.status_code == 303
    assert Mentorship.objects.get().mentor_id == mentor.pk
    assert "没有待拜师的职工" in text(officer.get("/console/wishes/"))


def test_a_wish_is_withdrawn_from_the_list_once_that_is_confirmed(here: Works, officer: Client):
    row = seek(person=here.person("李小明"), organisation=here.unit, trade="焊工", actor=here.officer)

    assert "撤下 李** 的拜师需求" in text(officer.get(f"/console/wishes/{row.pk}/withdraw/"))
    assert Seeking.objects.filter(closed_at=None).exists()
    assert officer.post(f"/console/wishes/{row.pk}/withdraw/").status_code == 303
    assert not Seeking.objects.filter(closed_at=None).exists()


def test_a_studio_is_founded_and_granted_and_shows_each_instalment(here: Works, officer: Client):
    registered(here)
    founded = {"name": "王建国工作室", "lead": ID, "organisation": here.unit.name, "founded_on": "2024-01-01"}
    assert officer.post("/console/studios/new/", founded).status_code == 303
    studio = Studio.objects.get()
    given = {
        "title": "qilu_craftsman", "total_yuan": "50000", "document": "鲁工发3号", "parts": "25000 挂牌\n25000 攻关两项",
    }  # fmt: skip
    address = f"/console/studios/{studio.pk}/grants/new/"

    refused = officer.post(address, given | {"parts": "25000 挂牌\n很多 攻关"})
    over = officer.post(address, given | {"total_yuan": "60000", "parts": "60000 挂牌"})
    made = officer.post(address, given)

    assert (refused.status_code, "第 2 行" in text(refused)) == (422, True)
    assert (over.status_code, "资助上限 50000 元" in text(over)) == (422, True)
    assert made.status_code == 303
    shown = officer.get(made.url).content.decode()
    for each in Instalment.objects.all():
        assert f"/console/instalments/{each.number}/" in shown
    assert "待评审" in shown
    assert "50000.00" in text(officer.get("/console/studios/"))


def test_sanctions_are_entered_listed_and_ended(here: Works, officer: Client):
    registered(here)
    given = {"person": ID, "kind": "party", "starts_on": "2026-01-01", "ends_on": "", "source": "市纪委"}

    assert officer.post("/console/sanctions/new/", given).status_code == 303
    row = Sanction.objects.get()
    shown = text(officer.get("/console/sanctions/"))
    ended = officer.post(f"/console/sanctions/{row.pk}/end/", {"ends_on": "2026-06-30", "reason": "处分期满"})

    assert "党纪处分" in shown
    assert ID not in shown
    assert ended.status_code == 303
    assert "2026-06-30" in text(officer.get("/console/sanctions/"))


def test_the_formation_is_drawn_with_a_text_for_those_who_do_not_see_it(
    here: Works, officer: Client, django_assert_max_num_queries
):
    empty = text(officer.get("/console/formation/"))
    here.active(here.titled("nation_craftsman"))
    with django_assert_max_num_queries(26):
        shown = text(officer.get("/console/formation/"))
    by_industry = text(officer.get("/console/formation/?by=industry"))

    assert "雁阵自动形成" in empty
    assert "市3701：领雁 1，头雁 0，群雁 1；" in " ".join(shown.split())
    assert "制造业" in by_industry
    assert officer.get("/console/formation/?region=999999").status_code == 422


def crowd(here: Works, size: int) -> None:
    """Put leads, wings and followers into two cities and three industries; some hold several titles, some learn too."""
    ladder = ("qilu_craftsman", "qilu_master", "luban_chief")
    qingdao = RegionFactory(code="370200", level="city", parent=here.province, name="市3702")
    units = [here.unit] + [
        OrganisationFactory(
            region=RegionFactory(code=code, parent=qingdao),
            line=here.unit.line,
            kind="enterprise",
            industry=industry,
        )
        for code, industry in (("370202", "B0610"), ("370202", ""))
    ]
    mentors = [here.titled(*ladder[: 1 + n % 3], unit=units[n % 3]) for n in range(size)]
    for n, mentor in enumerate(mentors[:-1]):
        apprentice = mentors[-1] if n == 0 else here.person(f"学徒{n}", unit=units[n % 3])
        here.active(mentor, apprentice, organisation=units[n % 3])
    for n in range(4):
        here.active(mentors[2], here.person(f"满员{n}"), organisation=here.unit)
        seek(person=here.person(f"求{n}"), organisation=here.unit, trade="焊工", actor=here.officer)


@pytest.mark.parametrize("by", ["region", "industry"])
def test_every_figure_of_the_formation_leads_to_its_records(here: Works, officer: Client, by: str):
    crowd(here, 9)
    page = officer.get("/console/formation/", {"by": by}).content.decode()

    found = re.findall(r'href="(/console/formation/records/[^"]+)">(\d+)</a>', page)
    shown = {}
    for address, _count in found:
        answer = officer.get(address.replace("&amp;", "&"))
        assert answer.status_code == 200
        shown[address] = answer.content.decode().count("<tr>") - 1
    counted = {address: int(count) for address, count in found}
    full = next(address for address in shown if "what=full" in address)
    assert (counted.pop(full), shown.pop(full)) == (1, 5)  # one mentor, five apprentices
    assert shown == counted
    kinds = {address.split("what=")[1].split("&")[0] for address in shown}
    assert kinds == {"lead", "wing", "follower", "teaching", "waiting", "overdue"}


def test_the_records_of_a_figure_show_the_reach_and_nothing_else(
    here: Works, officer: Client, django_assert_max_num_queries
):
    crowd(here, 4)
    stranger = browser(AccountFactory(grants=[(RegionFactory(code="370300", level="city"), None, OFFICER)]))
    wings = "/console/formation/records/?what=wing"

    with django_assert_max_num_queries(16):
        assert "王**" in text(officer.get(wings))
    assert "没有记录" in text(stranger.get(wings))
    assert officer.get("/console/formation/records/?what=x").status_code == 422
    nobody = browser(AccountFactory(grants=[(here.province, None, "honour.view")]))
    assert nobody.get(wings).status_code == 403


@given(st.lists(st.integers(0, 50), min_size=1, max_size=21))
def test_every_flock_is_drawn_inside_and_nobody_on_top_of_another(sizes: list[int]):
    flocks = [Flock(str(n), f"市{n}", size, 0, 0) for n, size in enumerate(sorted(sizes, reverse=True))]

    found = drawn(flocks)

    assert [goose.flock for goose in found.geese] == flocks
    assert all(
        (one.x - other.x) ** 2 + (one.y - other.y) ** 2 > (one.radius + other.radius) ** 2
        for one, other in combinations(found.geese, 2)
    )
    assert all(
        g.radius < g.x < WIDTH - g.radius and g.radius < g.y < found.height - g.radius for g in found.geese
    )
    assert all(one.radius >= other.radius for one, other in zip(found.geese, found.geese[1:], strict=False))


def test_lists_take_as_many_statements_for_many_as_for_one(
    here: Works, officer: Client, django_assert_max_num_queries
):
    for n in range(4):
        here.studio(name=f"工作室{n}")
        here.proposed(here.titled("qilu_craftsman"), here.person(f"学徒{n}"))
        seek(person=here.person(f"求{n}"), organisation=here.unit, trade="焊工", actor=here.officer)
    for address in (
        "/console/studios/",
        "/console/wishes/",
        "/console/mentorships/?box=all",
        "/console/sanctions/",
    ):
        with django_assert_max_num_queries(16):
            assert officer.get(address).status_code == 200


def test_somebody_from_another_place_or_line_sees_nothing(here: Works):
    row = here.active(here.titled("qilu_craftsman"))
    studio = here.studio()
    make_grant(
        studio,
        title="qilu_craftsman",
        total_yuan=1000,
        document="1",
        parts=[(1000, "挂牌")],
        actor=here.officer,
    )
    step = milestones_of(row)[0]
    for grant in (
        (RegionFactory(code="371702"), None, OFFICER),
        (here.region, LineFactory(code="court"), OFFICER),
    ):
        client = browser(AccountFactory(grants=[grant]))
        shut = [
            f"/console/mentorships/{row.number}/", f"/console/mentorships/{row.number}/milestones/", f"/console/milestones/{step.pk}/report/",
            f"/console/milestones/{step.pk}/confirm/", f"/console/studios/{studio.pk}/", f"/console/studios/{studio.pk}/grants/new/",
        ]  # fmt: skip
        assert {client.get(address).status_code for address in shut} == {404}
        for address in ("/console/studios/", "/console/formation/", "/console/mentorships/?box=all"):
            shown = text(client.get(address))
            assert "王建国工作室" not in shown
            assert "王**" not in shown
    assert Grant.objects.count() == 1


def test_who_has_no_right_is_told_which(here: Works):
    client = browser(AccountFactory(grants=[(here.province, None, "case.view")]))
    OrganisationFactory(region=here.region)

    for address in (
        "formation/",
        "wishes/",
        "mentorships/new/",
        "studios/",
        "studios/new/",
        "sanctions/",
        "sanctions/new/",
    ):
        answer = client.get(f"/console/{address}")
        assert (answer.status_code, "您没有“" in text(answer)) == (403, True)
