"""Filing an appeal from outside, exactly once: the portal and the API share it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.utils.dateparse import parse_datetime

from yanzhen.domains.hotline.actions import register_case
from yanzhen.domains.hotline.models import Case
from yanzhen.domains.hotline.rules import Appeal
from yanzhen.foundation import attachments, crypto, replays
from yanzhen.foundation.models import Account
from yanzhen.foundation.replays import Answer

CREATED = 201


@dataclass(frozen=True, slots=True)
class Filed:
    """The receipt as its caller gets it, the first time and every time the same request comes again."""

    number: str
    check_code: str
    state: str
    region: str
    due_at: datetime | None


def file_appeal(
    appeal: Appeal,
    *,
    actor: Account | None,
    channel: str,
    sender: str,
    key: str,
    files: Iterable[UploadedFile] = (),
) -> Filed:
    """Register the appeal with its files unless `sender` did so under `key` before; either way return its receipt.

    Raises Invalid, NotAllowed, and Invalid for "Idempotency-Key" where
    the key was used for another appeal.
    """
    files = list(files)

    def produce() -> Answer:
        receipt = register_case(appeal, actor=actor, channel=channel)
        for file in files:
            attachments.store(file, subject=receipt.case, actor=actor)
        return CREATED, receipt_of(receipt.case, receipt.check_code)

    _status, answer = replays.once(sender, key, _fingerprint(appeal, files), produce)
    return _filed(answer)


def receipt_of(case: Case, check_code: str) -> dict[str, Any]:
    """Return the answer that is kept of a case taken in; it holds the check code sealed."""
    return {
        "number": case.number,
        "sealed": crypto.seal(check_code, context=case.number).hex(),
        "state": case.state,
        "region": case.region_id,
        "due_at": case.due_at.isoformat() if case.due_at else None,
    }


def _filed(answer: dict[str, Any]) -> Filed:
    number = answer["number"]
    return Filed(
        number=number,
        check_code=crypto.open_(bytes.fromhex(answer["sealed"]), context=number),
        state=answer["state"],
        region=answer["region"],
        due_at=parse_datetime(answer["due_at"]) if answer["due_at"] else None,
    )


def _fingerprint(appeal: Appeal, files: Iterable[UploadedFile]) -> str:
    """Digest what is asked, under a key of ours: a plain digest of so few digits would give a phone away."""
    asked = {**asdict(appeal), "files": [(file.name, file.size) for file in files]}
    return crypto.keyed_hash(json.dumps(asked, default=str, sort_keys=True), purpose="filing").hex()
