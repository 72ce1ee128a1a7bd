"""Certificates: every name is drawn, or the certificate is refused with the character that is not."""

from __future__ import annotations

import re
import zlib

import pytest
import typst

from tests.honours import CAUSE, Ladder
from yanzhen.engines.honours import fonts, pdf, printing
from yanzhen.engines.procedures.engine import advance
from yanzhen.foundation.errors import Refusal

pytestmark = pytest.mark.django_db
RARE = "㐂𠮷䶮喆𬭎"


def text_of(document: bytes) -> str:
    """Return every character that the document's fonts map a drawn glyph to (their ToUnicode tables)."""
    found = ""
    for stream in re.findall(rb"stream\r?\n(.*?)\r?\nendstream", document, re.DOTALL):
        try:
            text = zlib.decompress(stream)
        except zlib.error:
            continue
        if b"beginbfchar" in text:
            for glyph, code in re.findall(rb"<([0-9A-F]{4})> <([0-9A-F]+)>", text):
                if glyph != b"0000":
                    found += bytes.fromhex(code.decode()).decode("utf-16-be")
    return found


def test_rare_characters_are_drawn_and_not_boxed(ladder: Ladder):
    honour = ladder.honour(person=ladder.person(RARE), document="鲁工发 2026 年 12 号")

    document = pdf.certificate(honour, actor=ladder.awarder)

    font = fonts.chosen()
    assert [c for c in RARE if not font.draws(c)] == []
    drawn = set(text_of(document))
    assert set(f"{RARE}称号同志荣誉证书山东省总工会2026年3月1日至2030QLGJ-L") <= drawn
    assert document[:5] == b"%PDF-"


def test_the_coverage_that_we_read_is_what_the_printer_draws():
    font = fonts.chosen()
    missing = "\U00031350"
    assert not font.draws(missing)
    compiler = typst.Compiler(font_paths=fonts.shelf())
    source = f'#set text(font: "{font.family}", fallback: false)\n{RARE}{missing}'

    drawn = text_of(bytes(compiler.compile(source.encode(), format="pdf")))

    assert set(drawn) & {*RARE, missing} == set(RARE)


@pytest.mark.parametrize(
    ("name", "told"),
    [("张\ue863", "第 2 个字（U+E863）用的是自造字编码"), ("\U00031350三", "第 1 个字（U+31350）的字形")],
)
def test_a_name_that_can_not_be_drawn_is_refused_with_its_character(ladder: Ladder, name: str, told: str):
    honour = ladder.honour(person=ladder.person(name))

    with pytest.raises(Refusal) as caught:
        pdf.certificate(honour, actor=ladder.awarder)

    assert told in caught.value.message


def test_what_is_typed_is_never_read_as_program(ladder: Ladder):
    honour = ladder.honour(person=ladder.person("#panic[]"), document='"]#read("/etc/passwd")')

    assert set("#panic[]/etc/passwd") <= set(text_of(pdf.certificate(honour, actor=ladder.awarder)))


def test_no_certificate_of_what_is_not_good_or_not_ours(ladder: Ladder):
    withdrawn = advance(ladder.honour(), "propose_withdrawal", actor=ladder.awarder, cause=CAUSE)
    withdrawn = advance(withdrawn, "withdraw", actor=ladder.approver, note="同意")

    with pytest.raises(Refusal, match="已撤销"):
        pdf.certificate(withdrawn, actor=ladder.awarder)
    with pytest.raises(Refusal, match="只作登记"):
        pdf.certificate(ladder.honour("hero", document="3号"), actor=ladder.awarder)


def test_the_same_honour_gives_the_same_bytes_alone_and_beside_others(ladder: Ladder):
    honours = [ladder.honour(person=ladder.person(name)) for name in ("甲乙", "丙丁")]
    sheets = pdf.sheets(honours)

    assert list(printing.printed_each(sheets, processes=2)) == [printing.printed([sheet]) for sheet in sheets]
    assert len(re.findall(rb"/Type ?/Page\b", printing.printed(sheets))) in {0, 2}


def test_without_a_font_it_is_said_which_package_is_missing(monkeypatch):
    monkeypatch.setattr(fonts, "FAMILIES", ("Nobody's Font",))
    fonts.chosen.cache_clear()

    with pytest.raises(Refusal, match="fonts-noto-cjk"):
        fonts.chosen()
    fonts.chosen.cache_clear()
