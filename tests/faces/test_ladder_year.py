"""A whole year of the ladder, walked through the pages: from the preset to a certificate that is suspended.

Everything is done by whoever does it at work, at the time when it is done; nothing is written past the pages but the
votes and the visits, which the engine's own actions take.
"""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from tests.faces.console import browser, fill, hidden, text
from tests.faces.test_console_programme_editor import filled
from tests.ladder import Cast, cast, own_number, worker
from tests.works import worked
from yanzhen.engines.honours.models import Honour
from yanzhen.engines.programmes.actions import inspecting, voting
from yanzhen.engines.programmes.certificates import tasks
from yanzhen.engines.programmes.certificates.models import CertificateRun
from yanzhen.engines.programmes.models import Application, Definition, Round
from yanzhen.engines.programmes.notices.models import Notice, Objection
from yanzhen.engines.programmes.panels.models import Assignment, ScoreRun
from yanzhen.engines.programmes.works.models import Work
from yanzhen.foundation import accounts, calendar, crypto, parameters, regions
from yanzhen.foundation.models import Account

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
NAMES = {"370102": ("测试甲", "测试乙", "测试丙", "测试丁", "测试戊"), "370202": ("测试己", "测试庚")}
"""Of Jinan five, where two places let four be put forward; of Qingdao two for one place."""
SKILL = {"测试甲": 3, "测试乙": 2, "测试丙": 1, "测试丁": 0, "测试己": 1, "测试庚": 0}
"""The level of skill that every judge sees; the other aspects are alike."""
DEEDS = {
    "q-post": "电焊工", "q-level": "高级技师", "q-front_line": "yes", "q-years": "14", "q-achievements": "改进打底工艺",
    "q-apprentices": "带徒三人", "q-summary": "高压管道焊接十四年", "q-deeds": "一次合格率 99.8%",
}  # fmt: skip


@pytest.fixture
def year(time_machine_at: Callable[[str], None], settings: Any) -> Cast:
    settings.SECOND_FACTOR_RIGHTS = ()
    cache.clear()
    regions.load()
    regions.load_lines()
    accounts.load_roles()
    calendar.seed()
    parameters.load_defaults()
    crypto.begin()
    time_machine_at("2026-03-02 09:00")
    return cast(time_machine_at)


def visitor() -> Client:
    return Client(headers={"accept": "text/html"})


def rows(state: str = "") -> list[Application]:
    found = Application.objects.select_related("person").order_by("pk")
    return list(found.filter(state=state) if state else found)


def named(name: str) -> Application:
    return Application.objects.select_related("person").get(person__name=name)


def account_of(year: Cast, name: str) -> Account:
    everybody = (account for works in year.works.values() for account in works.workers)
    return next(account for account in everybody if account.person and account.person.name == name)


def done(answer: Any) -> Any:
    """A form that was taken leads on; what it says instead is the failure's message."""
    assert answer.status_code == 303, text(answer)
    return answer


def asked(client: Client, page: str, **given: str) -> None:
    """Ask for what the worker does, and let it be done."""
    done(client.post(page, given))
    work = worked()
    assert work.status == Work.State.DONE, work.said


def a_round_is_opened(year: Cast) -> None:
    """Copy the preset, change it, open a round, and deal its places."""
    client = browser(year.organiser)
    copied = done(client.post("/console/programmes/copy/craftsmen_qilu_craftsman/", {"region": "370000"}))
    page = f"{copied['Location']}edit/"
    form = filled(client.get(page))
    assign = next(n for n in range(20) if form.get(f"stages-{n}-code") == ["assign"])
    changed = form | {"quota-places": "3", f"stages-{assign}-each": "2", "why": "按 2026 年选树通知"}
    edited = done(client.post(page, changed))
    done(client.post(f"{edited['Location']}open/", {"label": "", "year": "2026", "region": "370000", "starts_at": "2026-03-02T00:00"}))  # fmt: skip
    year.round = Round.objects.get()
    assert year.round.digest == Definition.objects.get(version=2).digest
    assert year.round.programme.quota.places == 3
    done(client.post(f"/console/results/{year.round.pk}/places/", {"order": ""}))
    assert dict(year.round.cells.exclude(places=0).values_list("code", "places")) == {"3701": 2, "3702": 1}


def workers_apply(year: Cast) -> None:
    for county, names in NAMES.items():
        for n, name in enumerate(names):
            client = browser(worker(year.works[county], name, n))
            began = done(client.post(f"/apply/{year.held.pk}/begin/", {"title": f"{name}的绝活"}))
            row = Application.objects.get(number=own_number(client))
            done(client.post(began["Location"], {**DEEDS, "do": "submit", "seen": row.step}))
    assert [row.state for row in rows()] == ["recommend_unit"] * 7


def they_are_put_forward(year: Cast) -> None:
    """Unit, county, city; the fifth of Jinan finds the quota used up."""
    everybody = [(county, named(name)) for county, names in NAMES.items() for name in names]
    for county, row in everybody:
        unit, move = (
            browser(year.works[county].contact),
            f"/me/applications/{row.number}/move/recommend_unit/",
        )
        assert row.number in text(unit.get("/unit/"))
        done(unit.post(move, {"note": "经公示，同意推荐", "seen": hidden(unit.get(move), "seen")}))
        done(year.move(year.counties[county], row, "recommend_county", note="同意推荐"))
    for county, row in everybody:
        if row.person and row.person.name != "测试戊":
            done(year.move(year.cities[county], row, "recommend_city", note="经研究，同意推荐"))
    left = named("测试戊")
    page = f"/console/applications/{left.number}/move/recommend_city/"
    refused = browser(year.cities["370102"]).post(page, {"note": "同意推荐", "seen": left.step})
    assert refused.status_code == 409
    assert "济南市 可推荐 4 人，已推荐 4 人" in text(refused)
    done(year.move(year.cities["370102"], left, "decline_city", note="名额已满，排名第五，未予推荐"))


def they_are_screened(year: Cast) -> None:
    """What no record answers is settled by the office, with what it rests on."""
    client = browser(year.organiser)
    for row in rows("screen"):
        assert row.eligible is None
        assert "没有有效的处分核查记录，待核实" in text(client.get(f"/console/applications/{row.number}/"))
        for finding in row.findings.filter(answer="open"):
            settled = {"answer": "yes", "reason": "省纪委监委复函：未发现处分", "evidence": "函 2026 年 8 号"}
            done(client.post(f"/console/applications/{row.number}/conditions/{finding.order}/", settled))
        done(year.move(year.organiser, row, "pass_screen"))
    assert [row.state for row in rows("review")] == ["review"] * 6


def panels_are_filled_and_mark(year: Cast) -> None:
    client, pk = browser(year.organiser), year.held.pk
    for judge, city in zip(year.judges, ("370600", "370700", "370800"), strict=True):
        given = {"account": judge.pk, "region": city, "employer": "", "topics": "", "most": ""}
        done(client.post(f"/console/panels/{pk}/judges/invite/", given))
    page = f"/console/panels/{pk}/fill/"
    asked(client, page, preview="1")
    asked(client, page, seen=hidden(client.get(page), "seen"), confirm="1")
    assert Assignment.objects.count() == 12
    year.within("mark")
    done(year.turn())
    for judge in year.judges:
        judging = browser(judge)
        for held in Assignment.objects.filter(judge__account=judge).select_related("application__person"):
            sheet = judging.get(f"/console/reviews/{held.pk}/")
            assert held.application.person.name not in text(sheet)  # type: ignore[union-attr]  # a person applied
            skill = SKILL[held.application.person.name]  # type: ignore[union-attr]  # as above
            marks = {"m-skill": skill, "m-results": 2, "m-teaching": 2, "m-spirit": 2}
            done(judging.post(f"/console/reviews/{held.pk}/", marks))
    client = browser(year.organiser)
    asked(client, f"/console/panels/{pk}/scores/", method="mean")
    run = f"/console/panels/{pk}/scores/{ScoreRun.objects.get().pk}/"
    assert "一致" in text(client.get(f"{run}check/"))
    asked(client, f"{run}adopt/")


def workers_vote_and_the_office_visits(year: Cast) -> None:
    year.within("vote")
    done(year.turn())
    for voter in year.works["370202"].workers:
        voting.vote(named("测试丙"), actor=voter)
    year.within("inspect")
    done(year.turn())
    for row in rows("review"):
        inspecting.inspect(
            row, visited_on=timezone.localdate(), members="省总经济技术部二人", seen="现场查看打底焊接，与申报一致",
            passed=True, actor=year.organiser,
        )  # fmt: skip


def the_list_is_made(year: Cast) -> None:
    year.within("shortlist")
    done(year.turn())
    client, pk = browser(year.organiser), year.held.pk
    asked(client, f"/console/results/{pk}/shortlist/run/")
    assert "3 人入围" in text(client.get(f"/console/results/{pk}/shortlist/"))
    asked(client, f"/console/results/{pk}/shortlist/adopt/", note="经领导小组审议")
    assert {row.person.name for row in rows("noticed") if row.person} == {"测试甲", "测试乙", "测试己"}
    own = browser(account_of(year, "测试丙"))
    page = text(own.get(f"/me/applications/{named('测试丙').number}/"))
    assert "未入围" in page
    assert "得 58 分，列第 3 名；济南市的 2 个名额由排在前面的入围" in page
    assert "总分 58 · 名次 3" in page


def the_public_reads_and_objects(year: Cast) -> Objection:
    year.within("notice")
    done(year.turn())
    done(browser(year.organiser).post(f"/console/results/{year.held.pk}/notice/publish/", {"why": ""}))
    notice = Notice.objects.get()
    client = visitor()
    assert year.held.label in text(client.get("/notices/"))
    page = text(client.get(f"/notices/{notice.pk}/"))
    assert [name in page for name in ("测试甲", "测试乙", "测试丙", "测试己")] == [True, True, False, True]
    assert notice.digest in page
    listed = [row["name"] for row in json.loads(notice.content)["rows"]]
    given = {
        "about": str(listed.index("测试乙")), "ground": "untrue", "text": "申报的一次合格率与检测报告不符，实为九成。",
        "name": "测试异议人", "phone": "13800000000",
    }  # fmt: skip
    receipt = client.post(f"/notices/{notice.pk}/object/", given, follow=True)
    objection = Objection.objects.get()
    assert objection.number in text(receipt)
    code = re.search(r"receipt-code\">([^<]+)<", receipt.content.decode())
    assert code
    _the_objection_is_handled(year, objection)
    followed = client.post("/objections/", {"number": objection.number, "secret": code[1]})
    assert "经核实检测报告，异议成立" in text(followed)
    return objection


def _the_objection_is_handled(year: Cast, objection: Objection) -> None:
    """Accept, look at what would change, uphold exactly that, answer."""
    client, page = browser(year.jury), f"/console/objection/{objection.number}/"
    done(fill(client, f"{page}move/accept/"))
    preview = client.get(f"/console/objections/{objection.number}/preview/")
    assert named("测试丙").number in text(preview)
    sent = {"finding": "检测报告载明合格率为九成，与申报不符", "seen_mark": hidden(preview, "seen_mark")}
    done(client.post(f"/console/objections/{objection.number}/preview/", sent))
    assert worked().status == "done"
    done(fill(client, f"{page}move/reply/", reply="经核实检测报告，异议成立，已取消拟命名资格并递补。"))
    assert {row.person.name for row in rows("noticed") if row.person} == {"测试甲", "测试丙", "测试己"}
    newest = Notice.objects.latest("version")
    shown = text(visitor().get(f"/notices/{newest.pk}/"))
    assert ("测试乙" in shown, "测试丙" in shown) == (False, True)


def it_is_decided(year: Cast) -> list[Honour]:
    pk = year.held.pk
    ends = timezone.localtime(year.held.notice_ends_at) + timedelta(hours=1)  # type: ignore[arg-type]  # one runs
    year.go(f"{ends:%Y-%m-%d %H:%M}")
    done(year.turn())
    done(year.turn())
    assert year.held.stage == "decide"
    done(browser(year.jury).post(f"/console/results/{pk}/award/", {"note": "鲁工发 2026 年 12 号"}))
    assert worked().status == "done"
    found = list(Honour.objects.order_by("serial"))
    assert [h.serial for h in found] == [1, 2, 3]
    assert [h.number[:10] for h in found] == ["QLGJ-2026-"] * 3
    assert "QLGJ-2026-0001" in text(browser(year.works["370102"].workers[0]).get("/me/"))
    done(year.turn())
    return found


def certificates_are_printed(year: Cast, honours: list[Honour]) -> None:
    """By the worker, after the button; the stage waits for them. The holder fetches the own one and no other."""
    client, page = browser(year.jury), f"/console/results/{year.held.pk}/certificates/"
    assert "还有 3 份证书没有制作" in text(year.turn())
    done(client.post(f"{page}issue/"))
    assert "证书还在制作" in text(year.turn())
    tasks.print_certificates(CertificateRun.objects.get().pk)
    assert "已制作证书 3 份，尚缺 0 份" in text(client.get(page))
    archive = zipfile.ZipFile(io.BytesIO(b"".join(client.get(f"{page}0/").streaming_content)))
    assert archive.namelist() == [f"{honour.number}.pdf" for honour in honours]
    assert {archive.read(name)[:5] for name in archive.namelist()} == {b"%PDF-"}
    first = honours[0]
    holder, other = (account_of(year, name) for name in (first.person.name, "测试戊"))
    mine = f"/me/honours/{first.number}/certificate/"
    assert mine in browser(holder).get("/me/").content.decode()
    assert browser(holder).get(mine)["Content-Type"] == "application/pdf"
    assert browser(other).get(mine).status_code == 404
    done(year.turn())


def anybody_checks(number: str) -> str:
    cache.clear()
    return text(visitor().get(f"/check/{number}/"))


def it_is_suspended(year: Cast, honour: Honour) -> None:
    page = f"/console/honours/{honour.number}/move"
    cause = "2026 年 9 月因安全事故被立案调查，依据调查通知书暂停。"
    done(fill(browser(year.awarder), f"{page}/propose_suspension/", cause=cause))
    own = fill(browser(year.awarder), f"{page}/suspend/", note="同意")
    assert own.status_code >= 400
    assert "有效" in anybody_checks(honour.number)
    done(fill(browser(year.leader), f"{page}/suspend/", note="同意暂停"))
    assert "已暂停" in anybody_checks(honour.number)


def test_a_year_goes_from_the_preset_to_a_certificate_that_anybody_can_check(year: Cast) -> None:
    a_round_is_opened(year)
    year.within("apply")
    workers_apply(year)
    year.within("recommend")
    done(year.turn())
    they_are_put_forward(year)
    year.within("screen")
    done(year.turn())
    they_are_screened(year)
    done(year.turn())
    panels_are_filled_and_mark(year)
    workers_vote_and_the_office_visits(year)
    the_list_is_made(year)
    the_public_reads_and_objects(year)
    honours = it_is_decided(year)
    certificates_are_printed(year, honours)
    first = honours[0]
    assert "有效" in anybody_checks(first.number)
    document = browser(year.jury).get(f"/console/honours/{first.number}/certificate/")
    assert (document["Content-Type"], document.content[:5]) == ("application/pdf", b"%PDF-")
    token = browser(year.jury).get(f"/console/honours/{first.number}/credential/").content.decode()
    checked = text(visitor().post("/check/credential/", {"token": token}))
    assert first.number in checked
    it_is_suspended(year, first)
