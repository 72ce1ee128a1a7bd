"""Every address of the product, tried by people who have no business there, with rows that could leak."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import asdict
from datetime import date, timedelta
from io import BytesIO
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone
from openpyxl import Workbook

from tests.calls import Board
from tests.faces.console import browser
from tests.factories import AccountFactory, LineFactory, OrganisationFactory, RegionFactory
from tests.hotline import EVERY_RIGHT, county
from tests.panels import MOTHER, NAME, UNIT, at, mark_all, seated
from tests.results import objection
from tests.rosters import ROSTERS
from tests.selection import organiser, programme
from tests.votes import visited_round
from tests.walled import PARTS
from tests.walled_craftsmen import CRAFTSMEN
from yanzhen.domains.craftsmen.models import Mentorship, Milestone, Sanction, Seeking, Studio
from yanzhen.domains.hotline.closing.models import Draw, Sampled
from yanzhen.domains.hotline.hotspots.models import Alert
from yanzhen.domains.hotline.reconciliation.declare import Difference
from yanzhen.domains.hotline.reconciliation.models import Report
from yanzhen.domains.hotline.rosters.models import HandOver, Leave, Shift, Swap
from yanzhen.domains.hotline.routing.models import Route
from yanzhen.engines.honours.models import Credential, DutyReport
from yanzhen.engines.procedures import parties, stays
from yanzhen.engines.procedures.copies import copy_to
from yanzhen.engines.procedures.engine import advance
from yanzhen.engines.procedures.models import Clock, Party
from yanzhen.engines.programmes.actions.editing import draw_up, open_round
from yanzhen.engines.programmes.calibration.actions import add_sample
from yanzhen.engines.programmes.models import Application, Round
from yanzhen.engines.programmes.panels import papers
from yanzhen.engines.programmes.panels.actions import running
from yanzhen.engines.programmes.panels.models import Bar, Sheet, VoidSheet
from yanzhen.engines.programmes.works.models import Work
from yanzhen.faces.console.models import BulkMove, SavedView
from yanzhen.foundation import attachments, parameters, sheets
from yanzhen.foundation.accounts import issue_token
from yanzhen.foundation.models import Account, Employment, Organisation, Person, Token
from yanzhen.foundation.outbox.declare import NOTICES, Notice
from yanzhen.foundation.outbox.endpoints import register_endpoint
from yanzhen.foundation.outbox.models import Delivery, Message
from yanzhen.foundation.people import employ, register_person
from yanzhen.foundation.records import history, record
from yanzhen.foundation.sheets import SHEETS

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _kind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(NOTICES._items, "test.moved", Notice("test.moved", "流转", "工单 {number} 已流转。"))


SECRETS = (
    "不该外传的标题",
    "不该外传的单位",
    "张建国",
    "13812345678",
    "不该外传的答复",
    "不该外传的文件",
    "不该外传的附件",
    "不该外传的要求",
    NAME,
    UNIT,
    MOTHER,
)
RIGHTS = (
    f"{EVERY_RIGHT} case.reveal case.approve_stay case.respond sheet.import sheet.undo person.view person.edit"
    " person.reveal organisation.view organisation.edit record.view account.view outbox.view outbox.edit call.view"
    " call.take call.call_back call.reveal call.listen trunk.edit roster.view roster.edit roster.approve seat.edit"
    " honour.view honour.award honour.propose honour.approve honour.report honour.review"
    " mentorship.view mentorship.edit mentorship.confirm studio.view studio.edit studio.review studio.pay"
    " sanction.view sanction.edit"
    " knowledge.view knowledge.edit hotspot.view hotspot.decide case.supervise route.edit case.train"
    " round.run application.view application.mark"
    " programme.view round.run application.view application.decide objection.handle"
    " programme.view programme.edit round.run application.view application.submit application.screen application.opinion"
    " application.recommend_city application.decide"
)
PUBLIC = {
    "home",
    "submit",
    "receipt",
    "put_away",
    "track",
    "help",
    "privacy",
    "preferences",
    "healthz",
    "readyz",
    "",
}
"""Open to everybody; the tests of the portal say what they may show."""


def addresses() -> Iterator[tuple[str, str]]:
    """Yield (name, pattern) of every address that is routed."""

    def walk(entries: list[Any], prefix: str, space: str) -> Iterator[tuple[str, str]]:
        for entry in entries:
            path = prefix + str(entry.pattern)
            if isinstance(entry, URLResolver):
                yield from walk(entry.url_patterns, path, entry.namespace or space)
            elif isinstance(entry, URLPattern):
                yield f"{space}:{entry.name}" if space else str(entry.name), path

    yield from walk(get_resolver().url_patterns, "/", "")


class Rows:
    """One of everything, in a county that the strangers have nothing to do with."""

    def __init__(self) -> None:
        place = county()
        self.place = place
        case = place.case(
            title="不该外传的标题", employer="不该外传的单位", name="张建国", phone="13812345678"
        )
        advance(case, "accept", actor=place.clerk, category=place.category)
        advance(case, "assign", actor=place.clerk, organisation=place.union, handler=place.handler)
        court = OrganisationFactory(region=place.region, line=LineFactory(code="court"), kind="court")
        party = parties.refer(case, court, actor=place.clerk, demand="不该外传的要求")
        parties.revoke(party, actor=place.clerk, reason="不该外传的要求")
        clock = Clock.objects.get(subject_id=case.pk, stopped_at=None, party=None)
        stay = stays.request_stay(
            clock, actor=place.handler, kind="extension", amount=1, reason="不该外传的要求"
        )
        file = attachments.store(
            SimpleUploadedFile("不该外传的文件.txt", b"secret"), subject=case, actor=place.clerk
        )
        copy_to(case, place.handler, actor=place.clerk)
        record("move.seen", case, actor=place.clerk)
        view = SavedView.objects.create(
            account=place.clerk, desk="cases", name="不该外传的标题", query="box=all"
        )
        bulk = BulkMove.objects.create(account=place.clerk, desk="cases", move="accept", ids=[case.pk])
        issue_token(place.clerk, "不该外传的标题", actor=None)
        case.refresh_from_db()
        self.case = case
        self.values = {
            "desk": "cases",
            "number": case.number,
            "code": "",
            "pk": "",
            "grant": place.clerk.grants.get().pk,
            "token": Token.objects.get().pk,
            "rest": "x",
            "provider_id": "sso",
            "outcome": "later",
            "kind": "scripts",
            "other": case.number,
            "kid": "x",
            "purpose": "revocation",
            "n": 0,
        }
        self.by_name = {
            "console:file": {"pk": file.pk},
            "console:on-clock": {"pk": clock.pk, "code": "extension"},
            "console:on-stay": {"pk": stay.pk, "code": "grant"},
            "console:on-party": {"pk": party.pk, "code": "revoke"},
            "console:drop-view": {"pk": view.pk},
            "console:bulk": {"pk": bulk.pk},
            "console:move": {"code": "answer"},
            "console:records": {"code": "hotline.received"},
            "api:show_figure": {"code": "hotline.received"},
            "api:list_records": {"code": "hotline.received"},
            "console:parameter": {"code": "hotline.handling"},
            "console:send-sheet": {"code": "hotline.appeals"},
            "console:sheet-template": {"code": "hotline.appeals"},
        }
        self._parts(case)
        batch = self._batch()
        for name in ("batch", "confirm-batch", "discard-batch", "undo-batch", "failed-rows"):
            self.by_name[f"console:{name}"] = {"pk": batch.pk}
        for name in (
            "account", "grant-revoke", "token", "token-revoke", "account-deactivate", "account-reactivate",
            "account-password", "account-second-factor",
        ):  # fmt: skip
            self.by_name[f"console:{name}"] = {"pk": place.clerk.pk}
        message, delivery, report = self._told(case)
        self.by_name["console:notice-read"] = {"pk": message.pk}
        self.by_name["console:delivery-resend"] = {"pk": delivery.pk}
        for name in ("endpoint", "endpoint-secret", "endpoint-switch", "endpoint-test"):
            self.by_name[f"console:{name}"] = {"pk": delivery.endpoint_id}
        self.by_name["console:reconciliation-report"] = {"pk": report.pk}
        self._selection()
        self.person, self.organisation, employment = self._registers()
        for name in ("organisation", "organisation-edit"):
            self.by_name[f"console:{name}"] = {"pk": self.organisation.pk}
        for name in ("person", "person-reveal", "person-employ", "employment-end"):
            self.by_name[f"console:{name}"] = {"pk": self.person.pk, "employment": employment.pk}
        self.people = set(Person.objects.values_list("pk", flat=True))

    def _parts(self, case: Any) -> None:
        """What the parts of the hotline keep about the county and its case."""
        place = self.place
        draw = Draw.objects.create(
            region=place.region, line_id="union", day=date(2026, 11, 1), percent=5, population=[case.pk],
            seed="0" * 64, drawn_at=case.started_at,
        )  # fmt: skip
        sampled = Sampled.objects.create(
            draw=draw, case=case, region=place.region, line_id="union", due_at=case.started_at
        )
        self.by_name["console:draw"] = {"pk": draw.pk}
        for name in ("sample", "call-taken-back"):
            self.by_name[f"console:{name}"] = {"pk": sampled.pk}
        board = Board(place)
        call = board.missed(**{"from": "13812345678"})
        for name in ("call", "call-finish", "call-recording"):
            self.by_name[f"console:{name}"] = {"pk": call.pk}
        self.by_name["console:trunk-close"] = {"pk": board.trunk.pk}
        self._roster()
        self._panel()
        self._fieldwork()
        self._craftsmen()
        alert = PARTS[Alert](region=place.region, line=place.union.line)
        for name in ("hotspot", "hotspot-acknowledge", "hotspot-close", "cluster"):
            self.by_name[f"console:{name}"] = {"pk": alert.pk}
        route = Route.objects.create(
            region=place.region, line=place.union.line, valid_from=date(2026, 1, 1), source="分工方案"
        )
        self.by_name["console:route-end"] = {"pk": route.pk}
        for name in ("category-withdraw", "category-reinstate"):
            self.by_name[f"console:{name}"] = {"code": place.category.code}
        self.report = PARTS[DutyReport](region=place.region, line=place.union.line)
        self.by_name["console:honour-report"] = {"pk": self.report.pk}
        for name in (
            "honour-duty", "honour-reporting", "honour-certificate", "honour-credential", "honour-credential-replace",
        ):  # fmt: skip
            self.by_name[f"console:{name}"] = {"number": self.report.honour.number}
        said = objection(region=place.region, line=place.union.line)
        for name in (
            "places",
            "move",
            "letter",
            "shortlist",
            "run",
            "adopt",
            "notice",
            "publish",
            "renew",
            "posting",
            "award",
            "certificates",
            "issue",
            "fetch",
        ):
            self.by_name[f"console:results-{name}"] = {"pk": said.round_id, "code": "3701", "first": 0}
        self.by_name["console:objection-preview"] = {"number": said.number}
        for name in ("wording", "macro", "macro-drop", "case-cite"):
            self.by_name[f"console:{name}"] = {"pk": 1}

    def _panel(self) -> None:
        """A round whose judges have marked."""
        parameters.load_defaults()
        actor = organiser()
        round_ = seated(actor)
        mark_all(round_)
        run = running.run(round_, actor=actor)
        sheet = Sheet.objects.select_related("assignment__application").latest("pk")
        held = sheet.assignment
        paper = attachments.store(
            ContentFile(b"%PDF-1.7\n%%EOF\n", "不该外传的附件.pdf"), subject=held.application, actor=None
        )
        papers.clear(held.application, paper.pk, actor=actor)
        about = {
            "paper": paper.pk, "pk": round_.pk, "judge": held.judge_id, "sheet": sheet.pk, "run": run.pk, "other": run.pk,
            "number": held.application.number,
        }  # fmt: skip
        for name in ("review", "review-recuse", "review-paper"):
            self.by_name[f"console:{name}"] = {"pk": held.pk, "paper": paper.pk}
        for name, _pattern in addresses():
            if name.startswith("console:panel-"):
                self.by_name[name] = about

    def _fieldwork(self) -> None:
        """A round that calibrates and types twice, and one that votes and inspects."""
        actor = organiser()
        double = seated(actor, calibrate=1, entries=2)
        row = double.applications.earliest("pk")
        sample = add_sample(double, row.number, reference=None, actor=actor)
        held = row.assignments.earliest("pk")
        about = {"pk": double.pk, "sample": sample.pk, "assignment": held.pk}
        names = (
            "calibration",
            "calibration-add",
            "calibration-drop",
            "calibration-release",
            "entries",
            "entry",
            "trials",
            "trial",
        )
        self.by_name.update((f"console:{name}", about) for name in names)
        voting, visited, visit = visited_round(actor)
        paper = attachments.store(
            SimpleUploadedFile("不该外传的文件.txt", b"secret"), subject=visit, actor=actor
        )
        about = {
            "pk": voting.pk,
            "visit": visit.pk,
            "number": visited.number,
            "code": "own",
            "file": paper.pk,
        }
        names = (
            "votes",
            "votes-behind",
            *(f"inspection-{name}" for name in ("round", "plan", "visit", "change", "call-off", "paper")),
        )
        self.by_name.update((f"console:{name}", about) for name in names)
        for name in ("inspection", "inspection-attach", "inspection-file"):
            self.by_name[f"console:{name}"] = {"pk": visit.pk, "file": paper.pk}
        for name in ("portal:votes", "portal:vote"):
            self.by_name[name] = {"pk": at(voting, "vote").pk, "number": visited.number}

    def _selection(self) -> None:
        """A round of the county's own, and an application in it."""
        place = {"region": self.place.region, "line": self.place.union.line}
        keeper = AccountFactory(grants=[(self.place.region, None, RIGHTS)])
        definition = draw_up(programme(), region=self.place.region, actor=keeper, why="不该外传的要求")
        held = open_round(
            definition,
            year=2026,
            label="县里的一轮",
            starts_at=timezone.now(),
            region=self.place.region,
            actor=keeper,
        )
        application = PARTS[Application](**place)
        Application.objects.filter(pk=application.pk).update(
            title="不该外传的标题", round=held, procedure_version=held.pk
        )
        for name in ("definition", "definition-edit", "round-open", "definition-difference"):
            self.by_name[f"console:{name}"] = {"pk": definition.pk, "other": definition.pk}
        for name in ("round", "round-turn", "round-pause", "round-resume", "round-cancel", "round-window"):
            self.by_name[f"console:{name}"] = {"pk": held.pk, "stage": "apply"}
        for name in ("console:examine", "console:settle", "console:ask-opinions", "console:give-opinion", "api:show_application",
                     "api:list_application_options", "api:move_application"):  # fmt: skip
            self.by_name[name] = {"number": application.number, "order": 0, "line": "union"}
        self.by_name["console:programme-copy"] = {"code": "nothing"}

    def _craftsmen(self) -> None:
        place = {"region": self.place.region, "line": self.place.union.line}
        made: dict[Any, Any] = {model: make(**place) for model, make in CRAFTSMEN.items()}
        named = {
            Milestone: ("milestone-report", "milestone-confirm"),
            Seeking: ("wish-withdraw",),
            Studio: ("studio", "grant-new"),
            Sanction: ("sanction-end",),
        }
        for model, names in named.items():
            self.by_name.update((f"console:{name}", {"pk": made[model].pk}) for name in names)
        self.by_name["console:milestones"] = {"number": made[Mentorship].number}

    def _roster(self) -> None:
        """A shift of the clerk's with all that hangs on it."""
        place = {"region": self.place.region, "line": self.place.union.line}
        made = {model: make(**place) for model, make in ROSTERS.items()}
        named = {
            Shift: ("shift-cancel", "swap-offer", "hand-over"),
            Leave: ("leave-withdraw", "leave-decide"),
            Swap: ("swap-answer", "swap-decide"),
            HandOver: ("hand-over-read",),
        }
        for model, names in named.items():
            self.by_name.update(
                (f"console:{name}", {"pk": made[model].pk, "word": "accept"}) for name in names
            )
        self.by_name["console:seat"] = {"account": self.place.clerk.pk}

    def _registers(self) -> tuple[Person, Organisation, Employment]:
        """Somebody with the caller's name and phone, at a unit that is named as the caller's is."""
        place = self.place
        registrar = AccountFactory(grants=[(place.region, None, RIGHTS)])
        unit = OrganisationFactory(region=place.region, name="不该外传的单位")
        person = register_person(
            name="张建国", phone="13812345678", region=place.region, line=unit.line, actor=registrar
        )
        return person, unit, employ(person, unit, actor=registrar, starts_on=date(2026, 1, 1))

    def _told(self, case: Any) -> tuple[Message, Delivery, Report]:
        """A notice of the case to the clerk, one that could not be delivered, and a difference that names the case."""
        keeper = AccountFactory(grants=[(self.place.region, None, RIGHTS)])
        endpoint, _key = register_endpoint(
            actor=keeper, name="不该外传的单位", url="https://hooks.example.com/", kinds=["test.moved"],
            region=self.place.region, line=case.line, resolver=lambda *_: ["93.184.215.14"],
        )  # fmt: skip
        message = Message(
            kind="test.moved", account=self.place.clerk, subject_type="hotline.case", subject_id=case.pk,
            number=case.number, text=case.number, shown_at=timezone.now(), spread=True,
        )  # fmt: skip
        message.save()
        now = timezone.now()
        delivery = Delivery.objects.create(
            message=message, endpoint=endpoint, created_at=now, next_at=now, give_up_at=now
        )
        difference = Difference("工单不存在", case.number, "不该外传的要求", "核实", case.region_id, "case")
        report = Report.objects.create(
            day=timezone.localdate() - timedelta(days=1), source="web", version=1, incoming=1, cases=0, found=1,
            differences=[asdict(difference)],
        )  # fmt: skip
        return message, delivery, report

    def _batch(self) -> Any:
        book = Workbook()
        sheet = SHEETS["hotline.appeals"]
        book.active.append([column.label for column in sheet.columns])
        out = BytesIO()
        book.save(out)
        sender = AccountFactory(grants=[(self.place.region, None, RIGHTS)])
        return sheets.submit(sheet, SimpleUploadedFile("不该外传的文件.xlsx", out.getvalue()), actor=sender)

    def fill(self, name: str, pattern: str) -> str:
        values = {**self.values, **self.by_name.get(name, {})}

        def value(match: re.Match[str]) -> str:
            return str(values[match[1].rpartition(":")[2]])

        return re.sub(r"<([^>]+)>", value, pattern)


def strangers(place: Any) -> list[Account]:
    """From another region on all lines, and from the same region on another line."""
    return [
        AccountFactory(grants=[(RegionFactory(code="370202"), None, RIGHTS)]),
        AccountFactory(grants=[(place.region, LineFactory(code="justice"), RIGHTS)]),
    ]


def test_no_address_shows_a_stranger_anything_of_a_row_out_of_reach():
    rows = Rows()
    leaks, open_to = [], []
    for stranger in strangers(rows.place):
        page, program = browser(stranger), Client()
        key = issue_token(stranger, "key", actor=None)
        for name, pattern in addresses():
            if name in PUBLIC or name.startswith(("portal:", "account_", "mfa_", "openid", "socialaccount")):
                continue
            address = rows.fill(name, pattern)
            client, more = (
                (program, {"HTTP_AUTHORIZATION": f"Bearer {key}"})
                if address.startswith("/api/")
                else (page, {})
            )
            for answer in (
                client.get(address, **more),
                client.post(address, content_type="application/json", **more),
            ):
                body = b"".join(answer.streaming_content) if answer.streaming else answer.content
                text = body.decode(errors="replace")
                if any(secret in text.replace(address, "") for secret in (*SECRETS, rows.case.number)):
                    leaks.append((name, answer.status_code))
                if answer.status_code == 200 and "number" in pattern:
                    open_to.append((name, answer.status_code))

    assert (leaks, open_to) == ([], [])


def test_every_address_about_one_row_is_shut_to_a_stranger_by_a_404():
    rows = Rows()
    stranger = strangers(rows.place)[0]
    client = browser(stranger)
    shut = {
        name: client.get(rows.fill(name, pattern)).status_code
        for name, pattern in addresses()
        if name.startswith("console:") and ("<str:number>" in pattern or "<int:pk>" in pattern)
    }

    assert {name: status for name, status in shut.items() if status not in {404, 405}} == {}


def test_who_is_not_logged_in_gets_nowhere():
    rows = Rows()
    client = Client()
    answers = {
        name: client.get(rows.fill(name, pattern)).status_code
        for name, pattern in addresses()
        if name.startswith("console:") or rows.fill(name, pattern).startswith("/api/cases")
    }

    assert {name: status for name, status in answers.items() if status not in {302, 401, 405}} == {}


def test_a_stranger_changes_nothing_by_any_form():
    rows = Rows()
    before = (rows.case.state, rows.case.step, Party.objects.count(), Clock.objects.count())
    check_hash = bytes(rows.case.check_hash)
    known = set(Person.objects.values_list("pk", flat=True))
    for stranger in strangers(rows.place):
        client = browser(stranger)
        for name, pattern in addresses():
            if name.startswith("console:"):
                client.post(
                    rows.fill(name, pattern),
                    {"reason": "不该发生", "reply": "不该发生的答复不该发生", "seen": "2", "amount": "1", "ids": rows.case.pk,
                     "move": "accept", "whole": "1", "demand": "不该", "account": stranger.pk, "name": "不该发生",
                     "kind": "union", "region": rows.place.region.pk, "line": "union", "field": "phone",
                     "organisation": str(rows.organisation.pk), "starts_on": "2026-02-01", "ends_on": "2026-03-01",
                     "password": "泉城路上的梧桐 2026"},
                )  # fmt: skip

    rows.case.refresh_from_db()
    assert (rows.case.state, rows.case.step, Party.objects.count(), Clock.objects.count()) == before
    assert bytes(rows.case.check_hash) == check_hash
    assert SavedView.objects.filter(account=rows.place.clerk).exists()
    assert Token.objects.get(account=rows.place.clerk).revoked_at is None
    clerk = Account.objects.get(pk=rows.place.clerk.pk)
    assert (clerk.is_active, clerk.password) == (True, rows.place.clerk.password)
    assert Organisation.objects.get(pk=rows.organisation.pk).name == "不该外传的单位"
    assert set(Person.objects.values_list("pk", flat=True)) == known
    assert (Bar.objects.count(), VoidSheet.objects.count(), Work.objects.count()) == (0, 0, 0)
    assert Round.objects.exclude(pauses=[]).count() == 0
    assert DutyReport.objects.values_list("pk", "grade", "honour__state").get() == (
        rows.report.pk,
        "",
        "standing",
    )
    assert not Credential.objects.exists()
    assert list(rows.person.employments.values_list("ends_on", flat=True)) == [None]
    assert not history(rows.person).filter(verb="reveal").exists()
