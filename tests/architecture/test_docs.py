"""What the documents point to is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
SOURCES = sorted((ROOT / "src").rglob("*.py"))


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_every_link_of_a_page_leads_somewhere(page: Path):
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text(encoding="utf-8"))

    assert [link for link in links if not (page.parent / link).exists()] == []


def test_every_page_for_users_stands_in_both_languages():
    howto = ROOT / "docs" / "howto"
    chinese = {p.name.removesuffix(".zh-CN.md") for p in howto.glob("*.zh-CN.md")}

    assert {p.stem for p in howto.glob("*.md") if ".zh-CN" not in p.name} == chinese


def test_every_page_that_the_code_names_is_there():
    named = {
        name
        for path in SOURCES
        for name in re.findall(r"docs/[\w./-]+\.md", path.read_text(encoding="utf-8"))
    }

    assert [name for name in sorted(named) if not (ROOT / name).is_file()] == []


def test_decisions_are_numbered_without_doubles():
    numbers = [p.name[:4] for p in (ROOT / "docs" / "decisions").glob("*.md")]

    assert sorted(numbers) == sorted(set(numbers))
