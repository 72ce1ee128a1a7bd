from __future__ import annotations

import io
from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from tests.factories import AccountFactory, CaseFactory
from yanzhen.foundation.attachments import clean_name, of, open_attachment, path_of, store, sweep_orphans
from yanzhen.foundation.errors import Invalid
from yanzhen.foundation.records import history

pytestmark = pytest.mark.django_db

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000a49444154789c6360000002000154a24f5f0000000049454e44ae426082"
)
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"


def put(content: bytes, name: str):
    case = CaseFactory()
    return store(ContentFile(content, name), subject=case, actor=None), case


@pytest.mark.parametrize(
    ("content", "name", "media_type"),
    [
        (PNG, "证据.exe", "image/png"),
        (PDF, "合同.pdf", "application/pdf"),
        ("工资条，三月".encode("gb18030"), "工资.txt", "text/plain"),
    ],
)
def test_a_file_is_typed_by_what_it_contains(content, name, media_type):
    attachment, case = put(content, name)

    assert (attachment.media_type, attachment.size, list(of(case))) == (
        media_type,
        len(content),
        [attachment],
    )


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"", "empty.pdf"),
        (b"<html><script>alert(1)</script>", "page.txt"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "x.png"),
        (b"PK\x03\x04 plain archive", "x.docx"),
        (b"MZ\x90\x00\x03", "tool.pdf"),
        (b"\x7fELF" + bytes(20), "x.txt"),
    ],
)
def test_what_is_not_taken_is_refused_and_leaves_nothing(content, name):
    with pytest.raises(Invalid):
        put(content, name)


def test_the_stored_name_has_nothing_of_the_given_one():
    attachment, _ = put(PDF, "../../etc/passwd.pdf")

    assert attachment.name == "passwd.pdf"
    assert path_of(attachment) == f"{attachment.pk.hex[:2]}/{attachment.pk.hex}"


def test_reading_is_on_record():
    attachment, _ = put(PDF, "合同.pdf")
    reader = AccountFactory()

    with open_attachment(attachment, actor=reader) as file:
        assert file.read() == PDF

    assert [(r.verb, r.actor_id) for r in history(attachment)] == [
        ("attachment.add", None),
        ("attachment.read", reader.pk),
    ]


def test_a_file_without_a_row_is_swept_and_others_stay():
    sweep_orphans(timedelta(0))
    attachment, _ = put(PDF, "合同.pdf")
    orphan = default_storage.save("ab/" + "0" * 32, io.BytesIO(b"x"))

    assert sweep_orphans(timedelta(0)) == 1
    assert not default_storage.exists(orphan)
    assert default_storage.exists(path_of(attachment))


@pytest.mark.parametrize(
    ("given", "kept"),
    [("a\\b\\c.txt", "c.txt"), ("\u202egpj.exe", "gpj.exe"), ("...", "未命名"), ("长" * 300, "长" * 120)],
)
def test_names_are_cleaned(given, kept):
    assert clean_name(given) == kept
