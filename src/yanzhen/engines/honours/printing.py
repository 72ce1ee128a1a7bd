"""Certificates as PDF by typst: one template; what stands in it comes as JSON and is never pasted into its source.

Knows neither database nor Django, so that a process that only prints starts at once.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import lru_cache
from multiprocessing import get_context
from pathlib import Path

import segno
import typst

from yanzhen.engines.honours import fonts

TEMPLATE = Path(__file__).parent / "certificate.typ"
CHUNK = 100
"""Certificates that a process is handed at once."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """What stands on a certificate."""

    number: str
    name: str
    label: str
    citation: str
    issuer: str
    awarded: str
    term: str
    document: str
    address: str
    """Of the check page: what the QR code holds."""


def printed(sheets: Sequence[Sheet]) -> bytes:
    """Return a PDF with a page for each sheet. The same sheets give the same bytes."""
    data = [{**asdict(sheet), "qr": _qr(sheet.address)} for sheet in sheets]
    pdf = _compiler().compile(
        format="pdf",
        sys_inputs={"data": json.dumps(data, ensure_ascii=False), "font": fonts.chosen().family},
        pdf_standards=["a-2u"],
        timestamp=datetime(2000, 1, 1, tzinfo=UTC),
    )
    if not isinstance(pdf, bytes):
        raise TypeError("typst gave no PDF")
    return pdf


def printed_each(sheets: Sequence[Sheet], *, processes: int) -> Iterator[bytes]:
    """Yield a PDF of its own for each sheet, in order, printed by `processes` side by side where they are many."""
    if len(sheets) <= CHUNK:
        yield from _chunk(sheets)
        return
    chunks = [sheets[first : first + CHUNK] for first in range(0, len(sheets), CHUNK)]
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        for pdfs in pool.map(_chunk, chunks):
            yield from pdfs


def _chunk(sheets: Sequence[Sheet]) -> list[bytes]:
    return [printed([sheet]) for sheet in sheets]


def _qr(address: str) -> str:
    """Return the code as SVG; level Q still reads with a quarter of it worn off."""
    out = io.BytesIO()
    segno.make_qr(address, error="q").save(
        out, kind="svg", border=0, xmldecl=False, svgns=True, dark="#1a1a1a"
    )
    return out.getvalue().decode()


@lru_cache(maxsize=1)
def _compiler() -> typst.Compiler:
    return typst.Compiler(TEMPLATE, font_paths=fonts.shelf())
