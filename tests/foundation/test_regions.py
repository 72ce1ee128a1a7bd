"""The regions: what ships, what was merged, and what another province may bring."""

from __future__ import annotations

from collections import Counter
from datetime import date
from pathlib import Path

import pytest
from django.db import connection

from tests.factories import AccountFactory, LineFactory, OrganisationFactory, RegionFactory
from yanzhen.foundation import regions
from yanzhen.foundation.models import Attachment, Line, Organisation, Region
from yanzhen.foundation.regions import PackRefused
from yanzhen.foundation.scope import database_scope

pytestmark = pytest.mark.django_db

ZHEJIANG = (
    "330000,浙江省,province,156",
    "330100,杭州市,city,330000",
    "330102,上城区,county,330100",
)


def pack(
    folder: Path, *lines: str, name: str = "regions.csv", columns: str = "code,name,level,parent"
) -> Path:
    (folder / name).write_text("\n".join([columns, *lines]), encoding="utf-8")
    return folder


def test_the_shipped_pack_is_shandong_and_keeps_its_zones_apart():
    count = regions.load()

    current = list(Region.objects.filter(valid_to=None).values_list("code", "level"))
    assert count == 2027
    assert Counter(level for _, level in current) == {
        "province": 1,
        "city": 16,
        "county": 136,
        "zone": 15,
        "town": 1853,
    }
    assert sum(level in {"province", "city", "county"} for _, level in current) == 153
    assert {(len(code), code[:2]) for code, level in current if level != "town"} == {(6, "37")}
    assert {(len(code), code[:2]) for code, level in current if level == "town"} == {(9, "37")}


def test_every_region_lies_by_its_code_below_its_parent():
    regions.load()

    rows = Region.objects.exclude(level="province").select_related("parent")
    assert [row.code for row in rows if not row.code.startswith(row.parent.prefix)] == []


def test_what_was_merged_names_its_day_and_its_successor():
    regions.load()

    merged = Region.objects.exclude(valid_to=None).order_by("code")
    assert [
        (old.code, old.name, old.valid_to, [new.code for new in old.successors.all()]) for old in merged
    ] == [
        ("370181", "章丘市", date(2016, 9, 1), ["370114"]),
        ("370634", "长岛县", date(2020, 6, 5), ["370614"]),
        ("370684", "蓬莱市", date(2020, 6, 5), ["370614"]),
        ("371200", "莱芜市", date(2018, 12, 26), ["370100"]),
        ("371202", "莱城区", date(2018, 12, 26), ["370116"]),
        ("371203", "钢城区", date(2018, 12, 26), ["370117"]),
    ]
    assert [old.code for old in Region.objects.get(code="370614").predecessors.order_by("code")] == [
        "370634",
        "370684",
    ]


def test_the_subtree_of_jinan_holds_what_lay_in_laiwu_and_nothing_of_its_neighbours():
    regions.load()
    line = LineFactory()
    inside = {
        OrganisationFactory(region_id=code, line=line)
        for code in ("370100", "370102", "370102001", "371200", "371203")
    }
    for code in ("370000", "370202", "371302"):
        OrganisationFactory(region_id=code, line=line)

    assert regions.prefixes("370100") == ("3701", "3712")
    assert set(Organisation.objects.within(regions.prefixes("370100"))) == inside


def test_a_grant_over_jinan_reaches_the_old_region_through_both_walls():
    regions.load()
    line = LineFactory()
    for code in ("371202", "370202"):
        Attachment.objects.create(
            region_id=code, line=line, name=code, size=1, subject_type="x", subject_id="1"
        )
    clerk = AccountFactory(grants=[(Region.objects.get(code="370100"), line, "case.view")])

    listed = [row.name for row in Attachment.objects.visible_to(clerk, "case.view")]
    with connection.cursor() as cursor, database_scope(clerk.audience_keys()):
        cursor.execute("select name from foundation_attachment")
        raw = cursor.fetchall()

    assert (listed, raw) == (["371202"], [("371202",)])


def test_a_merger_entered_later_is_seen_at_once():
    old, new = RegionFactory(code="371300"), RegionFactory(code="370200")
    before = regions.prefixes("370200")

    old.successors.add(new)

    assert (before, regions.prefixes("370200")) == (("3702",), ("3702", "3713"))


def test_loading_twice_changes_nothing():
    regions.load()
    through = Region.successors.through.objects
    before = list(Region.objects.values()), list(through.values())

    regions.load()

    assert (list(Region.objects.values()), list(through.values())) == before


def test_another_provinces_list_loads_with_the_four_columns_alone(tmp_path: Path):
    count = regions.load(pack(tmp_path, *ZHEJIANG))

    assert count == 3
    assert list(Region.objects.values_list("code", "name", "level", "parent_id", "valid_to")) == [
        ("330000", "浙江省", "province", None, None),
        ("330100", "杭州市", "city", "330000", None),
        ("330102", "上城区", "county", "330100", None),
    ]


def test_a_list_saved_by_a_spreadsheet_with_a_byte_order_mark_loads(tmp_path: Path):
    pack(tmp_path, *ZHEJIANG)
    text = (tmp_path / "regions.csv").read_bytes()
    (tmp_path / "regions.csv").write_bytes(b"\xef\xbb\xbf" + text)

    assert regions.load(tmp_path) == 3


def test_names_and_parents_follow_a_newer_list_and_nothing_is_removed(tmp_path: Path):
    regions.load(pack(tmp_path, *ZHEJIANG))

    regions.load(pack(tmp_path, "330000,浙江,province,156", "330100,杭州,city,330000"))

    assert list(Region.objects.values_list("code", "name")) == [
        ("330000", "浙江"),
        ("330100", "杭州"),
        ("330102", "上城区"),
    ]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("330103,下城区,district,330100", "330103 的层级“district”不认识"),
        ("33010,下城区,county,330100", "33010 不是 6 位数字代码"),
        ("330103001,某街道,county,330102", "330103001 不是 6 位数字代码"),
        ("330103,某街道,town,330100", "330103 不是 9 位数字代码"),
        ("33010X,下城区,county,330100", "33010X 不是 6 位数字代码"),
        ("\uff13\uff13\uff10\uff11\uff10\uff13,下城区,county,330100", "\uff13\uff13\uff10\uff11\uff10\uff13 不是 6 位数字代码"),
        ("330103, ,county,330100", "330103 没有名称"),
        ("330102,上城,county,330100", "330102 重复"),
        ("330103,下城区,county,330200", "330103 的上级 330200 不在数据中"),
        ("330203,海曙区,county,330100", "330203 的代码不在上级 330100 之下"),
        ("330103,下城区,county,330103", "330103 的代码不在上级 330103 之下"),
    ],
)  # fmt: skip
def test_a_list_that_contradicts_itself_is_refused_whole(tmp_path: Path, line: str, problem: str):
    with pytest.raises(PackRefused) as refused:
        regions.load(pack(tmp_path, *ZHEJIANG, line))

    assert problem in refused.value.data["problems"]
    assert problem in refused.value.message
    assert not Region.objects.exists()


@pytest.mark.parametrize(
    ("dates", "problem"),
    [
        ("2021-13-01,,", "330103 的启用或停用日期须写作 2026-01-31"),
        (",去年,", "330103 的启用或停用日期须写作 2026-01-31"),
        ("2021-04-09,2021-04-09,", "330103 的停用日期不在启用日期之后"),
        (",2021-04-09,330199", "330103 并入的 330199 不在数据中"),
    ],
)
def test_dates_and_mergers_that_can_not_be_are_refused(tmp_path: Path, dates: str, problem: str):
    pack(tmp_path, *ZHEJIANG)
    pack(
        tmp_path,
        f"330103,下城区,county,330100,{dates}",
        name="merged.csv",
        columns="code,name,level,parent,valid_from,valid_to,successor",
    )

    with pytest.raises(PackRefused) as refused:
        regions.load(tmp_path)

    assert refused.value.data["problems"] == [problem]
    assert not Region.objects.exists()


def test_all_contradictions_are_told_together(tmp_path: Path):
    with pytest.raises(PackRefused) as refused:
        regions.load(pack(tmp_path, *ZHEJIANG, "330102,上城,county,330100", "3301,杭州,town,330900"))

    assert refused.value.data["problems"] == [
        "330102 重复",
        "3301 不是 9 位数字代码",
        "3301 的上级 330900 不在数据中",
    ]


def test_a_list_without_a_column_names_the_column(tmp_path: Path):
    with pytest.raises(PackRefused, match=r"regions\.csv 缺少列：level、parent"):
        regions.load(pack(tmp_path, "330000,浙江省", columns="code,name"))


def test_a_folder_without_the_list_is_refused(tmp_path: Path):
    pack(tmp_path, *ZHEJIANG, name="towns.csv")

    with pytest.raises(PackRefused, match=r"找不到 regions\.csv"):
        regions.load(tmp_path)


def test_lines_ship_once_and_a_name_that_staff_edited_stays():
    count = regions.load_lines()
    Line.objects.filter(code="hrss").update(name="人社条线")

    regions.load_lines()

    assert (count, Line.objects.count()) == (11, 11)
    assert Line.objects.get(code="hrss").name == "人社条线"
