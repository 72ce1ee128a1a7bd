"""The plan of the house, kept by tests where the import contracts can not see it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.db import models

SOURCE = Path(__file__).parents[2] / "src" / "yanzhen"
FLOORS = ("foundation", "engines", "domains", "faces", "config")
MODULES = [p for p in SOURCE.rglob("*.py") if "migrations" not in p.parts]
TEMPLATES = sorted((SOURCE / "faces" / "templates").rglob("*.html"))
STATE_WRITERS = {"engines/procedures/engine.py", "engines/procedures/parties.py"}
"""The second moves parties, whose state is not a subject's."""
OF_THE_FACES = {"SavedView", "BulkMove", "BulkRefusal"}
"""What a face keeps for its own users; nobody else's rows."""


def trees() -> Iterator[tuple[str, ast.Module]]:
    for path in MODULES:
        yield path.relative_to(SOURCE).as_posix(), ast.parse(path.read_text(encoding="utf-8"))


def test_no_module_is_longer_than_four_hundred_lines():
    assert [p.name for p in MODULES if len(p.read_text(encoding="utf-8").splitlines()) > 400] == []


def test_no_functions_body_is_longer_than_forty_lines():
    long = [
        f"{name}:{node.name}"
        for name, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and (node.end_lineno or 0) - node.body[0].lineno >= 40
    ]

    assert long == []


def writes_state(node: ast.AST) -> bool:
    """Tell whether a node assigns a subject's state: by attribute, by name, in a call that writes rows, or in SQL."""
    if isinstance(node, ast.Assign):
        flat = [
            t for target in node.targets for t in (target.elts if isinstance(target, ast.Tuple) else [target])
        ]
        return any(isinstance(t, ast.Attribute) and t.attr == "state" for t in flat)
    if isinstance(node, ast.Call):
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        named = {k.arg for k in node.keywords} | {
            inner.value
            for inner in ast.walk(node)
            if isinstance(inner, ast.Constant) and inner.value == "state"
        }
        return name in {"setattr", "update", "bulk_update", "update_or_create", "save"} and "state" in named
    if isinstance(node, ast.JoinedStr | ast.Constant):
        words = "".join(
            part.value
            for part in ast.walk(node)
            if isinstance(part, ast.Constant) and isinstance(part.value, str)
        )
        return bool(re.search(r"(?i)update\b[^;]*\bset\b[^;]*\bstate\s*=", words))
    return False


@pytest.mark.parametrize(
    "text",
    [
        "case.state = 'closed'", "a.step, a.state = 1, 'x'", "setattr(case, 'state', 'x')", "rows.update(state='x')",
        "rows.update(**{'state': 'x'})", "Case.objects.bulk_update(rows, ['state'])", "case.save(update_fields=['state'])",
        "Case.objects.update_or_create(pk=1, defaults={'state': 'x'})", "f'update {table} set state = %s'",
    ],
)  # fmt: skip
def test_every_way_to_write_a_state_is_known(text):
    assert any(writes_state(node) for node in ast.walk(ast.parse(text)))


def test_only_the_engine_writes_the_state_of_a_subject():
    writers = {
        name
        for name, tree in trees()
        if not name.startswith("foundation/") and any(writes_state(node) for node in ast.walk(tree))
    }

    assert writers <= STATE_WRITERS


@pytest.mark.parametrize("face", ["console", "portal", "api", "cti"])
def test_a_face_over_http_reads_through_queries_alone(face):
    managers = [
        f"{name}:{node.lineno}"
        for name, tree in trees()
        if name.startswith(f"faces/{face}/") and not name.endswith("models.py")
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and node.attr in {"objects", "_default_manager"}
        and not (isinstance(node.value, ast.Name) and node.value.id in OF_THE_FACES)
    ]

    assert managers == []


def floor(model: type[models.Model]) -> int:
    return next((i for i, name in enumerate(FLOORS) if f"yanzhen.{name}." in f"{model.__module__}."), -1)


def test_foreign_keys_point_down():
    upward = [
        f"{model.__name__}.{field.name}"
        for model in apps.get_models()
        if model.__module__.startswith("yanzhen.")
        for field in model._meta.get_fields()
        if isinstance(field, models.ForeignKey | models.ManyToManyField)
        and floor(field.related_model) > floor(model)
    ]

    assert upward == []


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda p: p.relative_to(SOURCE).as_posix())
def test_a_template_has_no_script_or_style_of_its_own(path):
    text = path.read_text(encoding="utf-8")

    assert not re.search(r"<style|\sstyle=\"|\son[a-z]+=\"|javascript:|\|safe\b", text)
    assert not re.search(r"<script(?![^>]*\bsrc=)", text)
