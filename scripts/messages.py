"""Gather what the faces say into the English catalogue, and compile it. Run by `make docs`.

Template and Python strings are found by Babel; labels that declarations carry (states, moves, rights, fields, choices,
indicators) are walked, because templates translate them by value.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import django
from babel.messages.catalog import Catalog
from babel.messages.extract import extract, extract_python
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "yanzhen.config.settings")
os.environ.setdefault("YANZHEN_SECRET_KEY", "messages")
django.setup()

from django.apps import apps  # noqa: E402  # needs the apps loaded
from django.utils.translation.template import templatize  # noqa: E402

import yanzhen.config.urls  # noqa: E402, F401  # the desks that are declared beside their pages
from yanzhen.domains.hotline.reconciliation.declare import SOURCES  # noqa: E402
from yanzhen.engines.indicators.declare import INDICATORS, Ratio, Unit  # noqa: E402
from yanzhen.engines.procedures.declare import PROCEDURES  # noqa: E402
from yanzhen.engines.procedures.queries import INBOXES  # noqa: E402
from yanzhen.faces.console.breakdown import GROUPS  # noqa: E402
from yanzhen.faces.console.desk import DESKS  # noqa: E402
from yanzhen.faces.console.figures import PART_LABELS  # noqa: E402
from yanzhen.faces.console.filters import ANY, DUE  # noqa: E402
from yanzhen.faces.console.forms import YES_NO  # noqa: E402
from yanzhen.faces.console.lists import ORDERS  # noqa: E402
from yanzhen.faces.console.navigation import ORDERS_LABEL, PLACES  # noqa: E402
from yanzhen.faces.console.pickers import EMPTY  # noqa: E402
from yanzhen.faces.console.timeline import SYSTEM, VISITORS  # noqa: E402
from yanzhen.faces.console.verbs import LABELS  # noqa: E402
from yanzhen.foundation.rights import RIGHTS  # noqa: E402
from yanzhen.foundation.sheets import SHEETS  # noqa: E402

SOURCE = Path(__file__).parents[1] / "src" / "yanzhen"
FOLDER = SOURCE / "locale" / "en" / "LC_MESSAGES"
CATALOG = FOLDER / "django.po"
DATE = datetime(2026, 1, 1, tzinfo=UTC)
"""The same for every run: what did not change looks unchanged."""
KEYWORDS = {"_": None, "gettext": None, "gettext_lazy": None, "pgettext": ((1, "c"), 2), "ngettext": (1, 2)}


def main() -> int:
    """Update the catalogue; return 1 where a message has no English yet."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    catalog = gathered()
    buffer = io.BytesIO()
    write_po(buffer, catalog, width=110, sort_output=True, omit_header=False, include_lineno=False)
    lines = [line for line in buffer.getvalue().decode().splitlines() if "-Date: " not in line]
    CATALOG.write_text("\n".join(lines) + "\n", encoding="utf-8")
    with CATALOG.with_suffix(".mo").open("wb") as file:
        write_mo(file, catalog)
    missing = [m.id for m in catalog if m.id and not m.string]
    for message in missing:
        sys.stdout.write(f"no English yet: {message}\n")
    return 1 if missing else 0


def gathered() -> Catalog:
    """Return what the sources say now, with the English that the catalogue holds; nothing is written."""
    catalog = Catalog(locale="en")
    if CATALOG.exists():
        catalog = read_po(io.BytesIO(CATALOG.read_bytes()), locale="en")
    found = Catalog(locale="en", project="Yanzhen", copyright_holder="Yanzhen")
    for message, places in _messages():
        found.add(message, locations=places)
    catalog.update(found, no_fuzzy_matching=True)
    catalog.obsolete.clear()
    catalog.fuzzy = False
    catalog.creation_date = catalog.revision_date = DATE
    return catalog


def _messages() -> Iterator[tuple[object, list[tuple[str, int]]]]:
    for path in sorted(p for p in SOURCE.rglob("*") if p.suffix in {".html", ".txt"}):
        # what stands between the messages is no Python: without its indents it passes for it
        code = "\n".join(map(str.strip, templatize(path.read_text(encoding="utf-8")).split("\n"))).encode()
        for _line, name, message, _comments in extract_python(
            io.BytesIO(code), KEYWORDS.keys(), [], {"encoding": "utf-8"}
        ):
            yield from _spoken(path, name, message)
    for path in sorted(SOURCE.rglob("*.py")):
        with path.open("rb") as file:
            for _line, message, _comments, _context in extract(
                "python", file, KEYWORDS, options={"encoding": "utf-8"}
            ):
                yield message, [(path.relative_to(SOURCE).as_posix(), 0)]
    for label in sorted(set(_labels())):
        yield label, [("declarations", 0)]


def _spoken(path: Path, name: str, message: object) -> Iterator[tuple[object, list[tuple[str, int]]]]:
    place = [(path.relative_to(SOURCE).as_posix(), 0)]
    if isinstance(message, tuple):
        words = tuple(m for m in message if m)
        yield (words[:2] if name == "ngettext" else words[0]), place
    elif message:
        yield message, place


def _labels() -> Iterator[str]:
    yield from _labels_of_engines()
    yield from _labels_of_the_console()
    for model in apps.get_models():
        if model.__module__.startswith("yanzhen."):
            yield str(model._meta.verbose_name)
            for field in model._meta.concrete_fields:
                if not str(field.verbose_name).isascii():
                    yield str(field.verbose_name)
                yield from (str(label) for _value, label in field.flatchoices)


def _labels_of_engines() -> Iterator[str]:
    for procedure in PROCEDURES:
        yield procedure.label
        for state in procedure.states:
            yield from (state.label, state.public_label)
        yield from (t.label for t in (*procedure.transitions, *procedure.terms()))
    yield from (right.label for right in RIGHTS)
    yield from (inbox.label for inbox in INBOXES)
    for indicator in INDICATORS:
        yield from (indicator.label, indicator.definition)
        if isinstance(indicator.measure, Ratio):
            yield indicator.measure.base_label


def _labels_of_the_console() -> Iterator[str]:
    for desk in DESKS:
        yield desk.label
        yield from (section.label for section in desk.sections)
        yield from (
            c.label for c in (*desk.columns, *(c for s in desk.sections for c in s.columns)) if c.label
        )
        yield from (label for _key, label in desk.reveal.fields) if desk.reveal else ()
        yield from (str(f.label) for f in desk.filters.base_filters.values() if f.label)
    for sheet in SHEETS:
        yield from (sheet.label, *(column.label for column in sheet.columns))
    yield from (place.label for place in PLACES)
    yield from (
        *LABELS.values(),
        *GROUPS.values(),
        *(source.label for source in SOURCES),
        *(source.otherwise for source in SOURCES if source.otherwise),
        *(unit.value for unit in (Unit.SECONDS, Unit.YUAN)),
        SYSTEM,
        *VISITORS.values(),
        *PART_LABELS.values(),
        *(order.label for order in ORDERS.values()),
    )
    yield from (ORDERS_LABEL, ANY, EMPTY[1], *(label for _code, label in (*DUE, *YES_NO)))


if __name__ == "__main__":
    sys.exit(main())
