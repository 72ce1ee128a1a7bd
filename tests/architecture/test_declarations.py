"""Every declaration of the product, walked: what it names exists, and its page is up to date."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from yanzhen.engines.indicators.declare import INDICATORS
from yanzhen.engines.procedures.declare import PROCEDURES, Procedure
from yanzhen.engines.procedures.models import subject_model
from yanzhen.engines.procedures.pages import page
from yanzhen.foundation.rights import RIGHTS

ROOT = Path(__file__).parents[2]
procedures = pytest.mark.parametrize("procedure", list(PROCEDURES), ids=lambda p: f"{p.code}.v{p.version}")


@procedures
def test_a_procedure_stands_on_a_page_of_rules(procedure: Procedure):
    assert (ROOT / procedure.basis).is_file()


@procedures
def test_a_move_writes_fields_that_the_subject_has(procedure: Procedure):
    fields = {f.name for f in subject_model(procedure.code)._meta.get_fields()}

    assert set().union(*(t.writes() for t in procedure.transitions)) <= fields


@procedures
def test_the_page_of_a_procedure_is_generated_from_its_declaration(procedure: Procedure):
    path = ROOT / "docs" / "reference" / "procedures" / f"{procedure.code}.v{procedure.version}.zh-CN.md"

    assert path.read_text(encoding="utf-8") == page(procedure), "run `make docs`"


@procedures
def test_every_parameter_that_a_procedure_reads_has_a_default_with_a_source(procedure: Procedure):
    with (ROOT / "src/yanzhen/foundation/data/parameters.csv").open(encoding="utf-8", newline="") as file:
        sourced = {row["code"] for row in csv.DictReader(file) if row["source"] and row["grade"]}

    assert procedure.parameters() <= sourced


@procedures
def test_more_time_is_limited_in_the_unit_of_the_term_that_it_is_asked_for(procedure: Procedure):
    with (ROOT / "src/yanzhen/foundation/data/parameters.csv").open(encoding="utf-8", newline="") as file:
        units = {row["code"]: row["unit"] for row in csv.DictReader(file)}

    assert [
        code
        for term in procedure.terms()
        for allowance in (term.pause, term.extension)
        if allowance
        for code in term.codes()
        if units[allowance.limit_for(code)] != units[code]
    ] == []


def test_indicators_stand_on_pages_of_rules():
    assert [i.code for i in INDICATORS if not (ROOT / i.basis).is_file()] == []


def test_no_right_is_given_to_nobody():
    with (ROOT / "src/yanzhen/foundation/data/roles.csv").open(encoding="utf-8", newline="") as file:
        given = {right for row in csv.DictReader(file) for right in row["rights"].split()}

    assert {r.code for r in RIGHTS} == given
