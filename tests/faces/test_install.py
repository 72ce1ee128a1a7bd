"""`yanzhen init`: makes an installation, brings one up to date, and leaves what staff changed alone."""

from __future__ import annotations

import csv
import os
import re
import shutil
import stat
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from yanzhen.faces.cli import install, postgres
from yanzhen.foundation.errors import Invalid
from yanzhen.foundation.models import Account, CalendarYear, DataKey, Line, Parameter, Record, Region, Role

PASSWORD = "泉城路上的梧桐 2026"  # noqa: S105  # of these tests alone


class Installation:
    """A data folder with a server of its own, and the command line on it as an operator has it."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return self.python("-m", "yanzhen.faces.cli.main", *arguments, **environment)

    def python(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        plain = {k: v for k, v in os.environ.items() if k != "DATABASE_URL" and not k.startswith("YANZHEN_")}
        return subprocess.run(
            [sys.executable, *arguments],
            env=plain | {"YANZHEN_DATA_DIR": str(self.root)} | environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def done(self, *arguments: str, **environment: str) -> str:
        """Run a command that succeeds; return what it said."""
        return succeeded(self.run(*arguments, **environment))

    def refused(self, *arguments: str, **environment: str) -> str:
        """Run a command that is refused with a sentence, not a traceback; return the sentence."""
        ended = self.run(*arguments, **environment)
        assert ended.returncode == 1
        assert ended.stderr.startswith("未执行："), ended.stderr
        return ended.stderr.removeprefix("未执行：").strip()

    def fetched(self, statement: str) -> list[tuple[object, ...]]:
        with psycopg.connect(postgres.cluster_at(self.root).url()) as session:
            return session.execute(statement).fetchall()

    def digests(self) -> dict[str, object]:
        """Return a digest of the rows of every table."""
        tables = self.fetched("select tablename from pg_tables where schemaname = 'public' order by 1")
        return {
            str(name): self.fetched(
                f"select md5(string_agg(t::text, E'\\n' order by t::text)), count(*) from \"{name}\" t"
            )[0]
            for (name,) in tables
        }


def succeeded(ended: subprocess.CompletedProcess[str]) -> str:
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


def made(**environment: str) -> Iterator[Installation]:
    base = Path(tempfile.mkdtemp(prefix="yz", dir="/tmp"))
    base.chmod(0o755)
    place = Installation(base / "data")
    place.done("init", "--no-static", **environment)
    postgres.start(place.root)  # held, so that each command need not start it anew
    yield place
    postgres.stop(place.root)
    shutil.rmtree(base)


@pytest.fixture(scope="module")
def installation() -> Iterator[Installation]:
    yield from made()


def test_the_first_run_makes_keys_for_their_owner_alone_and_tables_with_their_data(installation):
    keys = installation.root / "keys.env"

    lines = dict(line.split("=") for line in keys.read_text().splitlines())
    assert {name: len(value) for name, value in lines.items()} == {
        "YANZHEN_SECRET_KEY": 96,
        "YANZHEN_MASTER_KEY": 64,
    }
    assert stat.S_IMODE(keys.stat().st_mode) == 0o600
    assert installation.fetched(
        "select (select count(*) from foundation_region), (select count(*) from foundation_line),"
        " (select count(*) from foundation_role), (select count(*) from foundation_datakey),"
        " (select count(*) from foundation_account)"
    ) == [(2027, 11, 26, 1, 0)]


def test_the_second_run_finds_nothing_to_do(installation):
    before = installation.digests()

    said = installation.done("init", "--no-static")

    assert said.splitlines() == [
        "安装完成。接着运行 yanzhen doctor 检查，再启动 yanzhen serve 和 yanzhen worker。"
    ]
    assert installation.digests() == before


def test_a_run_of_every_step_again_changes_no_row(installation):
    before = installation.digests()
    (installation.root / "installed.stamp").unlink()

    said = installation.done("init", "--no-static")

    assert said.splitlines()[:2] == ["建立或更新数据表 ……", "载入区划、日历、参数 ……"]
    assert installation.digests() == before


@pytest.mark.slow
def test_static_files_are_collected_once_unless_told_not_to(installation):
    folder = installation.root / "static"
    without = list(folder.iterdir())

    said = [installation.done("init").splitlines()[:-1] for _ in range(2)]

    assert (without, said) == ([], [["整理静态文件 ……"], []])
    assert (folder / "staticfiles.json").is_file()


def test_an_administrator_is_opened_once_with_both_steps_on_record(installation):
    said = installation.done("init", "--no-static", "--admin", "root-admin", YANZHEN_ADMIN_PASSWORD=PASSWORD)

    again = installation.refused(
        "init", "--no-static", "--admin", "root-admin", YANZHEN_ADMIN_PASSWORD=PASSWORD
    )

    assert "已开立管理员 root-admin。" in said
    assert "已存在" in again
    assert installation.fetched(
        "select a.username, a.name, g.role_id, g.region_id, g.line_id, g.ends_on"
        " from foundation_grant g join foundation_account a on a.id = g.account_id"
    ) == [("root-admin", "系统管理员", "administrator", "370000", None, None)]
    assert installation.fetched(
        "select verb, actor_id from foundation_record where subject_type = 'foundation.account' order by id"
    ) == [("account.open", None), ("grant.give", None)]
    assert PASSWORD not in str(installation.fetched("select * from foundation_account"))


def test_a_weak_password_opens_nobody(installation):
    installation.refused("init", "--no-static", "--admin", "weak", YANZHEN_ADMIN_PASSWORD="12345678")

    assert installation.fetched("select count(*) from foundation_account where username = 'weak'") == [(0,)]


def test_lost_keys_are_not_replaced_where_data_is_sealed_under_them(installation):
    keys = installation.root / "keys.env"
    kept = keys.rename(keys.with_name("keys.kept"))
    try:
        assert installation.refused("init", "--no-static").startswith(f"{keys} 不见了，而数据库还在")
        assert installation.refused("report", "--as", "root-admin").startswith("缺少密钥 YANZHEN_SECRET_KEY")
        assert not keys.exists()
    finally:
        kept.rename(keys)


def test_an_installation_that_is_not_there_is_not_made_by_a_command_that_only_reads(tmp_path):
    nowhere = Installation(tmp_path / "data")
    keys = {"YANZHEN_SECRET_KEY": "x" * 50, "YANZHEN_MASTER_KEY": "01" * 32}

    said = nowhere.refused("report", "--as", "x", **keys)

    assert "请先运行 yanzhen demo（试用）或 yanzhen init（正式）" in said
    assert not nowhere.root.exists()


def test_the_figures_of_a_new_installation_can_be_printed_by_the_webs_own_role(installation):
    installation.run("init", "--no-static", "--admin", "reader", YANZHEN_ADMIN_PASSWORD=PASSWORD)

    said = installation.done("report", "--as", "reader", "--period", "2026")

    assert said.splitlines()[0] == "山东省 2026年（系统管理员 的权限范围）"


def test_a_new_installation_has_a_chain_that_verifies(installation):
    assert installation.done("records", "verify").startswith("✓")


def test_a_doctor_finds_the_databases_own_part_of_a_new_installation_well(installation):
    lines = installation.run("doctor").stdout.splitlines()

    assert {
        "✓ 密钥",
        "✓ 本机数据库的用户和套接字",
        "✓ 数据库连接",
        "✓ PostgreSQL 版本",
        "✓ 编码",
        "✓ 中文按字识别",
        "✓ 数据库变更",
        "✓ 数据库权限墙",
        "✓ 数据密钥",
        "✓ 记录封存",
    } <= set(lines)


@pytest.mark.slow
def test_trap_5_a_start_that_takes_longer_than_ten_seconds_is_waited_for(installation):
    """An archive that answers slowly holds the start back as the recovery of a large database does."""
    cluster = postgres.cluster_at(installation.root)
    postgres.stop(installation.root)
    with (cluster.data / "postgresql.auto.conf").open("a") as conf:
        conf.write("restore_command = 'sleep 6; false'\n")
    (cluster.data / "recovery.signal").touch()
    begun = time.monotonic()

    postgres.start(installation.root)

    assert time.monotonic() - begun > 10
    assert installation.fetched("select count(*) from foundation_region") == [(2027,)]


# ---- what is loaded, on the tests' own database ----


def pack(folder: Path) -> Path:
    rows = ("code,name,level,parent", "330000,浙江省,province,156", "330100,杭州市,city,330000")
    (folder / "regions.csv").write_text("\n".join(rows), encoding="utf-8")
    return folder


@pytest.mark.django_db
def test_what_ships_is_loaded_and_loading_again_leaves_what_staff_changed():
    install.load_packs()
    counts = [
        model.objects.count() for model in (Region, Line, Role, DataKey, CalendarYear, Parameter, Record)
    ]
    Role.objects.filter(code="leader").update(rights=["case.view"])
    Line.objects.filter(code="hrss").update(name="人社")

    install.load_packs()

    again = [
        model.objects.count() for model in (Region, Line, Role, DataKey, CalendarYear, Parameter, Record)
    ]
    assert again == counts
    assert all(counts)
    assert (Role.objects.get(code="leader").rights, Line.objects.get(code="hrss").name) == (
        ["case.view"],
        "人社",
    )


@pytest.mark.django_db
def test_another_province_gets_its_own_regions_and_none_of_shandongs_now_or_later(settings, tmp_path):
    settings.PROVINCE = "330000"

    install.load_packs(pack(tmp_path))
    install.load_packs()

    assert list(Region.objects.values_list("code", flat=True)) == ["330000", "330100"]


@pytest.mark.django_db
def test_another_province_without_its_regions_is_refused_and_nothing_is_loaded(settings):
    settings.PROVINCE = "330000"

    with pytest.raises(Invalid, match="--regions"):
        install.load_packs()

    assert (Region.objects.count(), Role.objects.count(), DataKey.objects.count()) == (0, 0, 0)


@pytest.mark.django_db
def test_the_first_administrator_may_give_roles_everywhere():
    install.load_packs()

    account = install.open_administrator("first", name="管理员", password=PASSWORD)

    assert [(r.prefix, r.line) for r in Account.objects.get(pk=account.pk).reaches("account.edit")] == [
        ("37", None)
    ]


# ---- what the pages say ----

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("page", ["install.md", "install.zh-CN.md"])
def test_every_variable_that_the_program_reads_stands_in_the_table(page):
    text = (ROOT / "docs" / "howto" / page).read_text(encoding="utf-8")
    read = {
        name
        for path in (ROOT / "src").rglob("*.py")
        for name in re.findall(r'"(YANZHEN_[A-Z_]+|DATABASE_URL)"', path.read_text(encoding="utf-8"))
    }
    rows = [line.split("|")[1] for line in text.splitlines() if line.startswith("| `")]

    assert {name for row in rows for name in re.findall(r"`([A-Z_]+)`", row)} == read


def test_every_runtime_dependency_has_its_row_and_reason():
    with (ROOT / "pyproject.toml").open("rb") as file:
        needed = {re.split(r"[\[=]", line)[0] for line in tomllib.load(file)["project"]["dependencies"]}
    text = (ROOT / "docs" / "decisions" / "0008-dependencies.md").read_text(encoding="utf-8")
    rows = [line.split("|")[1:-1] for line in text.splitlines() if line.startswith("| ")][1:]

    assert {row[0].split()[0] for row in rows if not row[0].startswith(" -")} == needed
    assert all(len(row) == 4 and all(cell.strip() for cell in row) for row in rows)


def test_every_shipped_table_stands_in_the_page_of_data_with_its_rows_and_columns():
    text = (ROOT / "docs" / "reference" / "data.md").read_text(encoding="utf-8")
    told = {
        cells[1].strip().strip("`"): (int(cells[2].replace(",", "")), cells[3].strip())
        for line in text.splitlines()
        if line.startswith("| `") and (cells := line.split("|"))
    }
    source = ROOT / "src" / "yanzhen"
    shipped = {}
    for path in source.rglob("*.csv"):
        with path.open(encoding="utf-8", newline="") as file:
            head, *rows = csv.reader(file)
        shipped[str(path.relative_to(source))] = (len(rows), ", ".join(head))

    assert (
        told
        | {
            "foundation/data/zones.csv": (
                told["foundation/data/zones.csv"][0],
                told["foundation/data/regions.csv"][1],
            )
        }
        == shipped
    )
