"""A sheet that contradicts itself is refused when it is imported; those of the product keep what they promise."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from tests.foundation.test_sheets_files import READ_ONLY, places
from yanzhen.foundation.errors import DeclarationError
from yanzhen.foundation.sheets import SHEETS, Check, Column, Kind
from yanzhen.foundation.sheets.declare import AS_TEXT

ROOT = Path(__file__).parents[2]
sheets = pytest.mark.parametrize("sheet", list(SHEETS), ids=lambda sheet: sheet.code)


def but(**changed):
    return dataclasses.replace(READ_ONLY, **changed)


def with_column(column: Column):
    return but(columns=(*READ_ONLY.columns, column))


@pytest.mark.parametrize(
    "declare",
    [
        lambda: with_column(Column("name", "名字", Kind.DATE)),
        lambda: with_column(Column("other", "名 称*", Kind.DATE)),
        lambda: with_column(Column("reasons", "不合格原因", Kind.DATE)),
        lambda: with_column(Column("x y", "空格", Kind.DATE)),
        lambda: with_column(Column("quote", 'a"b', Kind.DATE)),
        lambda: with_column(Column("reach", "范围", Kind.DATE)),
        lambda: with_column(Column("kind", "类别", Kind.CHOICE)),
        lambda: with_column(Column("on2", "日子", Kind.DATE, choices=places)),
        lambda: with_column(Column("note", "备注", Kind.TEXT)),
        lambda: with_column(Column("on3", "日子", Kind.DATE, max_length=9)),
        lambda: but(right="nobody.declared"),
        lambda: but(checks=(Check("nowhere", "true", "x"),)),
        lambda: but(region="nowhere"),
        lambda: but(region="name"),
        lambda: but(line="name"),
        lambda: but(columns=tuple(Column(f"c{n}", f"列{n}", Kind.DATE) for n in range(200))),
    ],
)
def test_a_sheet_that_contradicts_itself_is_not_declared(declare):
    with pytest.raises(DeclarationError, match=r"tests\.read: "):
        declare()


@sheets
def test_a_sheet_stands_on_a_page(sheet):
    assert (ROOT / sheet.basis).is_file()


@sheets
def test_whoever_a_sheet_speaks_of_is_private(sheet):
    personal = {c.name for c in sheet.columns if c.kind in {Kind.ID_NUMBER, Kind.PHONE}}

    assert personal <= {c.name for c in sheet.columns if c.private}


@sheets
def test_a_template_shows_an_example_of_every_required_column(sheet):
    assert [c.label for c in sheet.columns if c.required and not c.example] == []


def test_numbers_that_are_names_are_kept_as_text():
    assert {Kind.ID_NUMBER, Kind.PHONE, Kind.USCC} == AS_TEXT
