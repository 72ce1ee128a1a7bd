"""Attachments: typed by what they contain, stored under a name of our own, as visible as the row they belong to."""

from __future__ import annotations

import hashlib
import re
from datetime import timedelta
from typing import BinaryIO, cast

import puremagic
from django.core.files.base import ContentFile, File
from django.core.files.storage import default_storage
from django.db import models, transaction
from django.utils import timezone

from yanzhen.foundation.errors import Invalid
from yanzhen.foundation.models import Account, Attachment
from yanzhen.foundation.records import record
from yanzhen.foundation.scope import EVERYTHING, Scoped, database_scope

LARGEST = 20 * 2**20
MEGABYTE = 2**20
TYPES = {
    "pdf": "application/pdf",
    "jpg": "image/jpeg",
    "png": "image/png",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "doc": "application/msword",
    "xls": "application/vnd.ms-excel",
    "ods": "application/vnd.oasis.opendocument.spreadsheet",
    "mp3": "audio/mpeg",
    "wav": "audio/wav",
    "amr": "audio/amr",
    "mp4": "video/mp4",
    "csv": "text/csv",
    "txt": "text/plain",
}
"""What is taken. Nothing a browser would run: no HTML, no SVG; no archives."""
ALIASES = {"jpeg": "jpg", "jpe": "jpg", "jfif": "jpg", "m4v": "mp4", "mov": "mp4"}
OFFICE = {"docx": b"word/", "xlsx": b"xl/", "pptx": b"ppt/", "ods": b"opendocument.spreadsheet"}
OLD_OFFICE = bytes.fromhex("D0CF11E0A1B11AE1")
HEAD = 8192


@transaction.atomic
def store(file: File[bytes], *, subject: Scoped, actor: Account | None) -> Attachment:
    """Keep a copy of `file` with `subject`; it is seen by those who see that.

    `file` is a Django file, read from its beginning. Raises Invalid for a type we do not take, an empty or a too large
    file. The bytes are written before the commit and removed if that fails; what a kill leaves behind,
    `sweep_orphans` removes.
    """
    content = _read(file)
    name = clean_name(file.name or "")
    kind = _kind(content, name)
    attachment = Attachment(
        region_id=subject.region_id,
        line_id=subject.line_id,
        shared_with=subject.shared_with,
        subject_type=subject._meta.label_lower,
        subject_id=str(subject.pk),
        name=name,
        media_type=TYPES[kind],
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        uploaded_by=actor,
    )
    default_storage.save(path_of(attachment), ContentFile(content))
    try:
        attachment.save(force_insert=True)
        record(
            "attachment.add",
            attachment,
            actor=actor,
            after={"sha256": attachment.sha256, "size": attachment.size},
        )
    except BaseException:
        default_storage.delete(path_of(attachment))
        raise
    return attachment


def open_attachment(attachment: Attachment, *, actor: Account) -> BinaryIO:
    """Open the bytes for reading; the reading is on record. The caller closes it."""
    record("attachment.read", attachment, actor=actor)
    return cast(BinaryIO, default_storage.open(path_of(attachment), "rb"))


def bytes_of(attachment: Attachment) -> bytes:
    """Return the bytes for a caller that puts its own reading on record."""
    with default_storage.open(path_of(attachment), "rb") as file:
        return cast(bytes, file.read())


@transaction.atomic
def remove(attachment: Attachment, *, actor: Account | None) -> None:
    """Take a file away for good, its bytes once that is committed; what it was stays on record by its digest."""
    record(
        "attachment.remove",
        attachment,
        actor=actor,
        before={"sha256": attachment.sha256, "size": attachment.size},
    )
    path = path_of(attachment)
    attachment.delete()
    transaction.on_commit(lambda: default_storage.delete(path))


def of(row: models.Model) -> list[Attachment]:
    """Return what was handed in with a row that was read in reach, oldest first: who sees the row sees its papers."""
    mine = Attachment.objects.filter(subject_type=row._meta.label_lower, subject_id=str(row.pk))
    with database_scope({EVERYTHING}):
        return list(mine.order_by("uploaded_at", "pk"))


def path_of(attachment: Attachment) -> str:
    """Where the bytes lie: the id alone, never the sender's name."""
    return f"{attachment.pk.hex[:2]}/{attachment.pk.hex}"


def clean_name(name: str) -> str:
    """Return the last part of a path without control characters, 120 characters at most."""
    last = re.split(r"[\\/]", name)[-1]
    return (
        re.sub(r"[\x00-\x1f\x7f\u200e\u200f\u202a-\u202e\u2066-\u2069]", "", last).strip(". ")[-120:]
        or "未命名"
    )


def sweep_orphans(older_than: timedelta = timedelta(days=1)) -> int:
    """Remove files that no row speaks of and that are older than `older_than`; return how many."""
    removed = 0
    limit = timezone.now() - older_than
    folders, _ = default_storage.listdir("")
    for folder in folders:
        _, names = default_storage.listdir(folder)
        # with all in reach: a row behind the wall would look like none, and its file be removed
        with database_scope({EVERYTHING}):
            ids = Attachment.objects.filter(pk__in=[n for n in names if len(n) == 32])
            known = {pk.hex for pk in ids.values_list("pk", flat=True)}
        for name in set(names) - known:
            if default_storage.get_modified_time(f"{folder}/{name}") < limit:
                default_storage.delete(f"{folder}/{name}")
                removed += 1
    return removed


def _read(file: File[bytes]) -> bytes:
    file.seek(0)
    content: bytes = file.read(LARGEST + 1)
    if not content:
        raise Invalid("文件是空的", fields={"file": "文件是空的"})
    if len(content) > LARGEST:
        words = f"文件超过 {LARGEST // MEGABYTE} MB，请压缩或分开上传"
        raise Invalid(words, fields={"file": words})
    return content


def _kind(content: bytes, name: str) -> str:
    """Return the key of TYPES that the bytes are, whatever the name says."""
    kind = _office(content, name) or _by_magic(content) or _text(content, name)
    if kind is None:
        words = "不接收这种类型的文件；可上传 PDF、图片、Word、Excel、PPT、录音（mp3、wav、amr）、视频（mp4）和文本"
        raise Invalid(words, fields={"file": words})
    return kind


def _office(content: bytes, name: str) -> str | None:
    if content.startswith(b"PK\x03\x04"):
        return next((kind for kind, mark in OFFICE.items() if mark in content), None)
    if content.startswith(OLD_OFFICE):
        return "xls" if name.lower().endswith(".xls") else "doc"
    return None


def _by_magic(content: bytes) -> str | None:
    if content.startswith(b"PK"):
        return None
    try:
        found = puremagic.from_string(content[:HEAD]).lstrip(".").lower()
    except (puremagic.PureError, ValueError):
        return None
    kind = ALIASES.get(found, found)
    return kind if kind in TYPES and kind not in {"txt", "csv", *OFFICE} else None


def _text(content: bytes, name: str) -> str | None:
    """Plain text: no NUL, a known encoding, and nothing that begins like markup."""
    if b"\x00" in content[:HEAD] or content.lstrip()[:1] == b"<":
        return None
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            content.decode(encoding)
        except UnicodeDecodeError:
            continue
        ending = name.lower().rpartition(".")[2]
        return ending if ending in {"txt", "csv"} else None
    return None
