"""`yanzhen import`: a dry run unless told otherwise, counts, problems, and the failed rows as a file."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest
from click.testing import CliRunner, Result

from tests.factories import AccountFactory, LineFactory, RegionFactory
from tests.foundation.test_sheets_files import xlsx
from yanzhen.faces.cli.sheets import import_command
from yanzhen.foundation.errors import Invalid, NotAllowed
from yanzhen.foundation.models import Account, Batch, Organisation

pytestmark = pytest.mark.django_db

ROWS = [
    ["单位名称", "行政区划", "条线", "类别", "职工人数"],
    ["甲", "370102", "union", "企业", 3],
    ["乙", "370102", "union", "企业", "三"],
]


@pytest.fixture
def sender() -> Account:
    region = RegionFactory(code="370102", name="历下区")
    LineFactory(code="union", name="工会")
    return AccountFactory(username="importer", grants=[(region, None, "organisation.edit sheet.import")])


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "单位.xlsx"
    path.write_bytes(xlsx(ROWS))
    return path


def run(*arguments: object) -> Result:
    return CliRunner().invoke(import_command, [str(a) for a in arguments], catch_exceptions=False)


def test_without_arguments_the_sheets_are_listed():
    said = run().output

    assert "foundation.organisations" in said
    assert "诉求导入" in said


def test_without_yes_nothing_is_imported_and_nothing_waits(sender, file):
    result = run("foundation.organisations", file, "--as", "importer")

    assert result.exit_code == 0
    assert "共 2 行：合格 1，不合格 1。" in result.output
    assert "第 3 行  职工人数：应为整数，如 3" in result.output
    assert "只校验，没有导入。确认导入请加 --yes。" in result.output
    assert (Organisation.objects.count(), Batch.objects.get().state) == (0, "discarded")


def test_with_yes_the_good_rows_are_imported_and_the_others_handed_back(sender, file, tmp_path):
    out = tmp_path / "failed.xlsx"

    result = run("foundation.organisations", file, "--as", "importer", "--yes", "--failed", out)

    assert result.exit_code == 0
    assert f"已导入 1 行，批次 {Batch.objects.get().pk}。" in result.output
    assert [o.name for o in Organisation.objects.all()] == ["甲"]
    assert [row[0].value for row in openpyxl.load_workbook(out).worksheets[0].iter_rows(min_row=2)] == ["乙"]


def test_a_file_without_a_good_row_is_an_error(sender, tmp_path):
    path = tmp_path / "a.xlsx"
    path.write_bytes(xlsx([ROWS[0], ROWS[2]]))

    result = run("foundation.organisations", path, "--as", "importer", "--yes")

    assert (result.exit_code, Organisation.objects.count()) == (1, 0)


def test_a_file_that_can_not_be_read_is_an_error_with_its_reason(sender, tmp_path):
    path = tmp_path / "a.xlsx"
    path.write_bytes(xlsx([["单位名称"], ["甲"]]))

    result = run("foundation.organisations", path, "--as", "importer")

    assert result.exit_code == 1
    assert "未能读取：缺少列：行政区划、条线、类别。请对照模板的表头修改" in result.output


def test_a_template_is_written(sender, tmp_path):
    out = tmp_path / "模板.xlsx"

    result = run("foundation.organisations", out, "--template")

    assert result.exit_code == 0
    assert openpyxl.load_workbook(out).worksheets[0]["A1"].value == "单位名称"


def test_refusals_are_those_of_the_console(sender, file, tmp_path):
    AccountFactory(username="nobody")

    with pytest.raises(Invalid, match="没有表格 nothing"):
        run("nothing", file, "--as", "importer")
    with pytest.raises(Invalid, match="找不到文件"):
        run("foundation.organisations", tmp_path / "none.xlsx", "--as", "importer")
    with pytest.raises(NotAllowed, match="您没有“导入表格”权限"):
        run("foundation.organisations", file, "--as", "nobody")
    assert run("foundation.organisations").exit_code == 2
    assert run("foundation.organisations", file).exit_code == 2
