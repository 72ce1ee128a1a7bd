"""What the faces say in Chinese they say in English too: the catalogue is whole, and compiled as it is written."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po
from django.utils import translation

ROOT = Path(__file__).parents[2]
CATALOG = ROOT / "src" / "yanzhen" / "locale" / "en" / "LC_MESSAGES" / "django.po"
CHINESE = re.compile(r"[\u4e00-\u9fff]")
KEPT = re.compile(r"%\(\w+\)[a-z]|%[sd]|\{\w*\}|<[^>]+>")
"""What is filled in, and the tags around words."""


@pytest.fixture(scope="module")
def messages() -> ModuleType:
    spec = importlib.util.spec_from_file_location("messages", ROOT / "scripts" / "messages.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def written() -> Catalog:
    with CATALOG.open("rb") as file:
        return read_po(file, locale="en")


def said(catalog: Catalog) -> dict[tuple[str | None, object], object]:
    return {(m.context, m.id): m.string for m in catalog if m.id and m.string}


def forms(message: Message) -> list[tuple[str, str]]:
    """Pairs of a text and its English; several where there is a plural, whose first form may leave the number out."""
    if isinstance(message.id, str):
        return [(message.id, str(message.string))]
    return [(message.id[1], english) for english in message.string[1:]]


def test_every_message_in_the_sources_has_english(messages):
    with translation.override("zh-hans"):
        catalog = messages.gathered()

    assert [
        m.id for m in catalog if m.id and not (m.string if isinstance(m.id, str) else all(m.string))
    ] == []


def test_english_keeps_what_is_filled_in_and_the_tags():
    pairs = [pair for message in written() if message.id for pair in forms(message)]

    assert [pair for pair in pairs if sorted(KEPT.findall(pair[0])) != sorted(KEPT.findall(pair[1]))] == []


def test_english_is_no_copy_of_the_chinese():
    copied = [m.id for m in written() if m.id and m.id == m.string]

    assert [text for text in copied if CHINESE.search(text)] == []


def test_the_compiled_catalogue_is_the_written_one():
    with CATALOG.with_suffix(".mo").open("rb") as file:
        compiled = read_mo(file)

    assert said(compiled) == said(written())
