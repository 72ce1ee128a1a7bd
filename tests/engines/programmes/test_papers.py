"""Papers of applicants: who hands them in and takes them back, who reads them, and what blind judges see of them."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tests.faces.console import browser, text
from tests.factories import AccountFactory, RegionFactory
from tests.foundation.test_attachments import PDF, PNG
from tests.panels import NAME, panel_programme, seated
from tests.selection import applied, open_round, organiser, unit_account
from yanzhen.engines.procedures.engine import advance
from yanzhen.engines.programmes.actions import applying, papers
from yanzhen.engines.programmes.actions.applying import ApplicationRefused
from yanzhen.engines.programmes.models import Application
from yanzhen.engines.programmes.panels import papers as shown
from yanzhen.engines.programmes.panels.models import Assignment
from yanzhen.engines.programmes.panels.refusals import PanelRefused
from yanzhen.foundation import attachments, calendar, parameters
from yanzhen.foundation.errors import Invalid, NotAllowed
from yanzhen.foundation.models import Account, Attachment, Record

pytestmark = pytest.mark.django_db


@pytest.fixture
def actor() -> Account:
    calendar.seed()
    parameters.load_defaults()
    return organiser()


def file(name: str = f"{NAME}的证书.pdf", content: bytes = PDF) -> ContentFile:
    return ContentFile(content, name)


def test_a_paper_is_handed_in_and_taken_back_as_long_as_it_is_a_draft(
    actor, django_capture_on_commit_callbacks
):
    row, account = applied(open_round(actor))

    (made,) = papers.add(row, [file()], actor=account)
    path = attachments.path_of(made)
    assert (attachments.of(row), default_storage.exists(path)) == ([made], True)
    with django_capture_on_commit_callbacks(execute=True):
        papers.remove(row, made.pk, actor=account)

    assert (attachments.of(row), default_storage.exists(path)) == ([], False)
    line = Record.objects.get(verb="attachment.remove")
    assert (line.actor_id, line.before) == (account.pk, {"sha256": made.sha256, "size": made.size})


def test_what_was_handed_in_stays_and_a_supplement_adds_to_it(actor):
    row, account = applied(open_round(actor))
    (first,) = papers.add(row, [file()], actor=account)
    row = applying.submit(row, actor=account)
    for act in (
        lambda: papers.add(row, [file()], actor=account),
        lambda: papers.remove(row, first.pk, actor=account),
    ):
        with pytest.raises(ApplicationRefused, match="不能再改动附件"):
            act()
    Application.objects.filter(pk=row.pk).update(state="screen")
    row = advance(row, "ask_more", actor=actor, note="请补证书")

    (second,) = papers.add(row, [file("补.png", PNG)], actor=account)
    with pytest.raises(ApplicationRefused, match="已随申报提交"):
        papers.remove(row, first.pk, actor=account)
    papers.remove(row, second.pk, actor=account)

    assert attachments.of(row) == [first]


def test_what_was_handed_in_stays_though_the_application_is_given_back_or_supplemented_twice(actor):
    row, account = applied(open_round(actor))
    (first,) = papers.add(row, [file()], actor=account)
    row = applying.submit(row, actor=account)
    assert row.organisation is not None
    unit = unit_account(row.organisation)
    row = applying.move_own(row, "give_back", actor=unit, note="换一份证书")
    assert row.state == "draft"

    with pytest.raises(ApplicationRefused, match="留存备查"):
        papers.remove(row, first.pk, actor=account)
    (wrong,) = papers.add(row, [file("错.pdf")], actor=account)
    papers.remove(row, wrong.pk, actor=account)
    added = papers.add(row, [file(f"{n}.pdf") for n in range(10)], actor=account)
    with pytest.raises(Invalid, match="一次提交最多 10 个附件，已有 10 个"):
        papers.add(row, [file()], actor=account)
    row = applying.submit(row, actor=account)
    Application.objects.filter(pk=row.pk).update(state="screen")
    for n in (1, 2):
        row = advance(Application.objects.get(pk=row.pk), "ask_more", actor=actor, note="请补证书")
        (new,) = papers.add(row, [file(f"补{n}.pdf")], actor=account)
        row = applying.move_own(row, "supplement", actor=account)
        added.append(new)
    row = advance(Application.objects.get(pk=row.pk), "ask_more", actor=actor, note="请补证书")

    assert papers.held(row) == [(paper, False) for paper in (first, *added)]


def test_too_many_and_dangerous_ones_are_refused_with_a_sentence(actor):
    row, account = applied(open_round(actor))

    with pytest.raises(Invalid, match="最多 10 个附件，已有 0 个"):
        papers.add(row, [file() for _ in range(11)], actor=account)
    with pytest.raises(Invalid, match="不接收这种类型"):
        papers.add(row, [file(), file("证书.pdf", b"MZ\x90\x00\x03")], actor=account)
    assert attachments.of(row) == []


def test_nobody_else_hands_in_reads_or_takes_back(actor):
    row, account = applied(open_round(actor))
    (made,) = papers.add(row, [file()], actor=account)
    other, stranger = applied(open_round(actor, panel_programme(), label="另一轮"))
    page = f"/me/applications/{row.number}/papers/"

    with pytest.raises(NotAllowed):
        papers.add(row, [file()], actor=stranger)
    with pytest.raises(ApplicationRefused, match="没有这个附件"):
        papers.remove(other, made.pk, actor=stranger)
    client = browser(stranger)
    assert client.get(f"{page}{made.pk}/").status_code == 404
    assert client.post(f"{page}{made.pk}/remove/").status_code == 404
    assert client.get(f"/me/applications/{other.number}/papers/{made.pk}/").status_code == 404
    assert Client().get(f"{page}{made.pk}/").status_code == 302
    assert Attachment.objects.count() == 1


def test_a_worker_uploads_reads_and_removes_on_the_page(actor):
    row, account = applied(open_round(actor))
    client, page = browser(account), f"/me/applications/{row.number}/"

    client.post(f"{page}papers/", {"papers": SimpleUploadedFile("证书.pdf", PDF)})
    made = attachments.of(row)[0]
    refused = client.post(f"{page}papers/", {"papers": SimpleUploadedFile("x.html", b"<html>")}, follow=True)
    none = client.post(f"{page}papers/", follow=True)
    read = client.get(f"{page}papers/{made.pk}/")

    assert "证书.pdf" in text(client.get(page))
    assert "不接收这种类型的文件" in text(refused)
    assert "请先选择文件" in text(none)
    assert (b"".join(read), read["Content-Security-Policy"]) == (PDF, "sandbox")
    assert read["Content-Disposition"].startswith("attachment")
    client.post(f"{page}papers/{made.pk}/remove/")
    assert "证书.pdf" not in text(client.get(page))


def test_the_unit_and_the_screener_read_them_and_another_city_does_not(actor):
    row, account = applied(open_round(actor))
    (made,) = papers.add(row, [file()], actor=account)
    elsewhere = AccountFactory(
        grants=[(RegionFactory(code="370200", level="city"), None, "application.view application.screen")]
    )
    page = f"/console/applications/{row.number}/files/{made.pk}/"

    assert b"".join(browser(actor).get(page)) == PDF
    assert browser(elsewhere).get(page).status_code == 404
    unit = browser(unit_account(row.organisation))
    assert b"".join(unit.get(f"/me/applications/{row.number}/papers/{made.pk}/")) == PDF


def test_a_blind_judge_sees_only_what_was_cleared_and_by_a_number(actor):
    round_ = seated(actor, applications=1)
    held = Assignment.objects.select_related("judge__account", "application__round").first()
    hidden, seen = (
        attachments.store(file(content=c), subject=held.application, actor=None) for c in (PDF, PNG)
    )
    judge, review = browser(held.judge.account), f"/console/reviews/{held.pk}/"
    page = f"/console/panels/{round_.pk}/redact/{held.application.number}/"
    client = browser(actor)

    assert "附件1" not in text(judge.get(review))
    assert "未放行" in text(client.get(page))
    assert client.post(f"{page}papers/{seen.pk}/", {"do": "clear"}).status_code == 303
    said = text(judge.get(review))
    assert ("附件2.png" in said, NAME in said) == (True, False)
    read = judge.get(f"{review}papers/{seen.pk}/")
    assert b"".join(read) == PNG
    assert quote(NAME) not in read["Content-Disposition"]
    assert judge.get(f"{review}papers/{hidden.pk}/").status_code == 404
    client.post(f"{page}papers/{seen.pk}/", {"do": "withhold"})
    assert judge.get(f"{review}papers/{seen.pk}/").status_code == 404
    verbs = Record.objects.filter(verb__startswith="paper.").order_by("id").values_list("verb", "actor_id")
    assert list(verbs) == [("paper.clear", actor.pk), ("paper.withhold", actor.pk)]


def test_where_names_are_shown_a_judge_sees_all(actor):
    seated(actor, applications=1, shows=("names",))
    held = Assignment.objects.select_related("judge__account", "application").first()
    made = attachments.store(file(), subject=held.application, actor=None)

    judge, review = browser(held.judge.account), f"/console/reviews/{held.pk}/"

    assert f"{NAME}的证书.pdf" in text(judge.get(review))
    assert b"".join(judge.get(f"{review}papers/{made.pk}/")) == PDF
    other = browser(Assignment.objects.exclude(judge=held.judge).first().judge.account)
    assert other.get(f"{review}papers/{made.pk}/").status_code == 404


def test_only_who_runs_the_round_clears(actor):
    seated(actor, applications=1)
    held = Assignment.objects.select_related("judge__account", "application__round").first()
    made = attachments.store(file(), subject=held.application, actor=None)

    with pytest.raises(NotAllowed):
        shown.clear(held.application, made.pk, actor=held.judge.account)
    with pytest.raises(PanelRefused):
        shown.clear(held.application, Attachment().pk, actor=actor)
    assert shown.shown(held.application, names=False) == ()
