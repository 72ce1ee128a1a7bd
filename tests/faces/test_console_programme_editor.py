"""The editor of programmes: what is opened and sent back unchanged changes nothing, and each reason stands at its field."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest

from tests.faces.console import browser, text
from tests.factories import AccountFactory, LineFactory
from tests.selection import definition, organiser, programme, province
from yanzhen.engines.honours.declare import TITLES
from yanzhen.engines.programmes.declare import PROGRAMMES, Condition
from yanzhen.engines.programmes.differences import described, differences
from yanzhen.engines.programmes.models import Definition
from yanzhen.engines.programmes.stages import Opinion

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("titles")]


def filled(page: Any) -> dict[str, list[str]]:
    """Return what a browser would send of the editor, untouched."""
    body = page.content.decode().partition("<main")[2]
    sent: dict[str, list[str]] = {}
    for tag in re.findall(r"<input[^>]*>", body):
        name = re.search(r'name="([^"]+)"', tag)
        value = re.search(r'value="([^"]*)"', tag)
        kind = re.search(r'type="([^"]+)"', tag)
        if name and not (kind and kind[1] in ("checkbox", "radio") and " checked" not in tag):
            ticked = "on" if kind and kind[1] == "checkbox" else ""
            sent.setdefault(name[1], []).append(html.unescape(value[1]) if value else ticked)
    for name, inner in re.findall(r'<textarea name="([^"]+)"[^>]*>\n?(.*?)</textarea>', body, re.DOTALL):
        sent[name] = [html.unescape(inner)]
    for name, inner in re.findall(r'<select name="([^"]+)"[^>]*>(.*?)</select>', body, re.DOTALL):
        chosen = re.search(r'value="([^"]*)" selected', inner)
        sent[name] = [chosen[1] if chosen else ""]
    return sent


def test_an_editor_sent_back_untouched_has_nothing_to_save():
    actor = organiser()
    made = definition(actor)
    client = browser(actor)
    page = f"/console/programmes/{made.pk}/edit/"

    answer = client.post(page, filled(client.get(page)) | {"why": "没改什么", "save": "1"})

    assert (answer.status_code, Definition.objects.count()) == (422, 1)
    assert "与原版本一字不差" in text(answer)


def test_a_change_makes_a_version_and_the_difference_is_told_in_words():
    actor = organiser()
    made = definition(actor)
    client = browser(actor)
    page = f"/console/programmes/{made.pk}/edit/"
    sent = filled(client.get(page)) | {
        "quota-places": "6", "questions-0-longest": "300", "stages-0-days": "20", "ratios-1-drop": "on",
        "conditions-0-given.most": "55", "why": "按 2026 年通知",
    }  # fmt: skip

    answer = client.post(page, sent)

    after = Definition.objects.get(version=2)
    assert answer["Location"] == f"/console/programmes/{after.pk}/"
    assert differences(made.programme, after.programme) == [
        "名额的名额数：4 → 6",
        "环节“申报”的计划天数：10 → 20",
        "填报项“主要事迹”的最长（字）：500 → 300",
        "资格条件“年龄”的参数：最低 18、最高 60 → 最低 18、最高 55",
        "删去比例规则“单位负责人”",
    ]
    shown = text(client.get(f"/console/programmes/{after.pk}/difference/{made.pk}/"))
    assert "名额的名额数：4 → 6" in shown


def test_every_reason_stands_at_its_field_and_what_was_typed_is_kept():
    actor = organiser()
    made = definition(actor)
    client = browser(actor)
    page = f"/console/programmes/{made.pk}/edit/"
    sent = filled(client.get(page)) | {
        "quota-places": "0", "ratios-0-trait": "nobody", "stages-3-drop": "on", "questions-0-label": "改过的名称", "why": "试试",
    }  # fmt: skip

    answer = client.post(page, sent)

    shown = text(answer)
    forms = dict.fromkeys(("quota",), answer.context["singles"][0][2])
    ratios = next(rows for part, _l, rows, _f, _k in answer.context["lists"] if part == "ratios")
    stages = next(said for part, _l, _r, said, _k in answer.context["lists"] if part == "stages")
    assert (answer.status_code, Definition.objects.count()) == (422, 1)
    assert forms["quota"].errors["places"] == ["名额至少 1 个"]
    assert "不是填报项" in ratios[0].form.errors["trait"][0]
    assert any("打分之前须先分配评委" in said for said in stages)
    assert "改过的名称" in answer.content.decode()
    assert "保存为新版本" in shown


def test_a_shortlist_says_what_it_counts_and_a_wrong_code_is_told_at_the_field():
    actor = organiser()
    made = definition(actor)
    client = browser(actor)
    page = f"/console/programmes/{made.pk}/edit/"
    sent = filled(client.get(page)) | {"why": "写明计入环节", "save": "1"}

    refused = client.post(page, sent | {"stages-5-counts": "final_marks"})
    client.post(page, sent | {"stages-5-counts": "mark"})

    assert (refused.status_code, "final_marks 不是在它之前计分的环节" in text(refused)) == (422, True)
    after = Definition.objects.get(version=2).programme
    assert differences(made.programme, after) == [
        "环节“入围”的计入环节（写环节代码；不写为此前全部计分环节）：（空） → mark"
    ]


def test_saving_asks_why():
    actor = organiser()
    made = definition(actor)
    client = browser(actor)
    page = f"/console/programmes/{made.pk}/edit/"

    answer = client.post(page, filled(client.get(page)) | {"quota-places": "6", "why": ""})

    assert (answer.status_code, Definition.objects.count()) == (422, 1)


def test_a_stage_is_added_where_it_belongs_and_nothing_typed_is_lost():
    actor = organiser()
    made = definition(actor)
    client = browser(actor)
    page = f"/console/programmes/{made.pk}/edit/"

    added = client.post(
        page, filled(client.get(page)) | {"add": "stages", "stages-new": "inspect", "quota-places": "7"}
    )
    saved = client.post(page, filled(added) | {"why": "加上实地考察"})

    after = Definition.objects.get(version=2).programme
    assert (added.status_code, saved.status_code) == (200, 303)
    assert [stage.kind for stage in after.stages][4:7] == ["mark", "inspect", "shortlist"]
    assert after.quota.places == 7


@pytest.mark.parametrize(
    ("part", "new"), [("questions", ""), ("aspects", ""), ("ratios", ""), ("conditions", "years_in_post")]
)
def test_a_row_of_each_list_is_added(part, new):
    actor = organiser()
    made = definition(actor)
    client = browser(actor)
    page = f"/console/programmes/{made.pk}/edit/"
    opened = filled(client.get(page))
    before = sum(name.startswith(f"{part}-") and name.endswith("-kept") for name in opened)

    added = filled(client.post(page, opened | {"add": part, f"{part}-new": new}))

    assert sum(name.startswith(f"{part}-") and name.endswith("-kept") for name in added) == before + 1


def test_a_preset_is_copied_and_described(monkeypatch):
    made = programme(code="preset", conditions=(Condition(rule="age", given={"most": 55}),))
    monkeypatch.setitem(PROGRAMMES._items, "preset", made)
    client = browser(organiser())

    shown = text(client.get("/console/programmes/copy/preset/"))
    answer = client.post("/console/programmes/copy/preset/", {"region": "370000"})

    assert "最高 55" in shown
    assert answer.status_code == 303
    assert Definition.objects.get().copied_from == "preset:preset"


def test_who_may_only_look_edits_nothing():
    made = definition(organiser())
    reader = AccountFactory(grants=[(province(), LineFactory(), "programme.view")])
    client = browser(reader)

    assert client.get(f"/console/programmes/{made.pk}/").status_code == 200
    assert client.get(f"/console/programmes/{made.pk}/edit/").status_code == 403
    assert client.post(f"/console/programmes/{made.pk}/edit/", {"why": "改一改"}).status_code == 403


def test_what_is_set_is_told_by_its_name_and_never_by_its_code():
    line = LineFactory()
    LineFactory(code="hrss", name="人力资源社会保障")
    told = described(
        programme(
            title="craftsman",
            conditions=(Condition(rule="holds_title", given={"title": "craftsman"}),),
            stages=(
                *programme().stages[:3],
                Opinion(code="opinion", label="部门意见", lines=("hrss",)),
                *programme().stages[3:],
            ),
        )
    )

    rows = {(part, name): value for part, found in told for name, value in found}
    name = TITLES["craftsman"].label
    assert rows["方案", "授予称号"] == name
    assert rows["方案", "条线"] == line.name
    assert rows["资格条件", "持有有效称号"] == f"称号 {name}"
    assert rows["比例规则", "一线职工"] == "所数的填报项 一线职工；不低于（%） 60"
    assert (
        "征求意见的部门 人力资源社会保障；期限参数 部门意见答复；有效期参数 部门意见有效期"
        in rows["环节", "部门意见"]
    )
    assert "公示姓名 全名" in rows["环节", "公示"]


def test_a_title_is_chosen_by_its_name():
    actor = organiser()
    made = definition(actor)
    client = browser(actor)
    page = f"/console/programmes/{made.pk}/edit/"

    client.post(
        page, filled(client.get(page)) | {"programme-title": "craftsman", "why": "定称号", "save": "1"}
    )
    wrong = client.post(
        page, filled(client.get(page)) | {"programme-title": "nobody", "why": "定称号", "save": "1"}
    )

    assert wrong.status_code == 422
    assert Definition.objects.latest("version").programme.title == "craftsman"


def test_a_preset_that_was_copied_and_not_changed_is_not_copied_again():
    client = browser(organiser())
    page = f"/console/programmes/copy/{next(iter(PROGRAMMES)).code}/"

    client.post(page, {"region": "370000"})
    again = client.post(page, {"region": "370000"})

    assert (again.status_code, Definition.objects.count()) == (422, 1)
    assert "与预设一字不差：请直接修改它" in text(again)
