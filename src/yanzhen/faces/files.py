"""Handing a file over: to be saved, never shown inside our own pages; the reading is on record."""

from __future__ import annotations

from django.http import FileResponse

from yanzhen.foundation import attachments
from yanzhen.foundation.models import Account, Attachment


def handed_over(attachment: Attachment, *, reader: Account, name: str = "") -> FileResponse:
    """Return the bytes under `name`, or under the sender's."""
    opened = attachments.open_attachment(attachment, actor=reader)
    response = FileResponse(
        opened, as_attachment=True, filename=name or attachment.name, content_type=attachment.media_type
    )
    response["Content-Security-Policy"] = "sandbox"
    return response
