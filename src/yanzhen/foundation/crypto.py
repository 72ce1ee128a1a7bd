"""Field encryption: SM4-GCM under a ring of data keys, keyed hashes for look-up. docs/decisions/0005-crypto.md.

The master key (YANZHEN_MASTER_KEY) wraps the data keys and derives the hash keys; it never leaves the environment.
"""

from __future__ import annotations

import os
import re
from functools import cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from yanzhen.foundation.calendar.held import Held, fingerprint_of
from yanzhen.foundation.errors import Refusal
from yanzhen.foundation.models import DataKey
from yanzhen.foundation.records import record

NONCE = 12
TAG = 16
HEAD = 4
"""Bytes of the data key's number before the nonce."""
NOTICED_WITHIN = 30
"""Seconds until every process seals under a new data key."""


class KeyProblem(Refusal):
    code = "key_problem"
    status = 503


def seal(text: str, *, context: str) -> bytes:
    """Encrypt `text` under the newest data key; `context` (what it belongs to) must be given again to open it."""
    number = newest_key()
    head = number.to_bytes(HEAD, "big")
    return head + _encrypt(_key(number), text.encode(), aad=head + context.encode())


def open_(sealed: bytes, *, context: str) -> str:
    """Decrypt; raises KeyProblem where the key is not ours, or text and context do not belong together."""
    head, body = sealed[:HEAD], sealed[HEAD:]
    key = _key(int.from_bytes(head, "big"))
    return _decrypt(key, body, aad=head + context.encode()).decode()


def keyed_hash(value: str, *, purpose: str) -> bytes:
    """Return 32 bytes that say whether two values are equal, and nothing else to whoever lacks the master key."""
    mac = hmac.HMAC(_derived(f"hash:{purpose}"), hashes.SM3())
    mac.update(value.encode())
    return mac.finalize()


@transaction.atomic
def rotate() -> DataKey:
    """Put a new data key before the others; what they sealed they still open.

    Other processes seal under the former one for up to NOTICED_WITHIN more seconds.
    """
    fresh = os.urandom(16)
    row = DataKey.objects.create(
        wrapped=_encrypt(_derived("wrap")[:16], fresh, aad=b"data-key"), created_at=timezone.now()
    )
    record("key.rotate", row, actor=None)
    _NEWEST.forget()
    return row


def begin() -> None:
    """Make the first data key of a new installation; an installation that has one keeps it."""
    if not DataKey.objects.exists():
        rotate()


def key_of(sealed: bytes) -> int:
    """Return the number of the data key that sealed this: what is under an old one may be sealed again."""
    return int.from_bytes(sealed[:HEAD], "big")


def newest_key() -> int:
    """Return the number of the key that seals; raises KeyProblem where there is none yet."""
    number = _NEWEST.get()
    if number is None:
        raise KeyProblem("还没有数据密钥：请由系统管理员运行 yanzhen init")
    return number


def forget_keys() -> None:
    """Read the keys again before their next use."""
    _NEWEST.forget()
    _key.cache_clear()
    _derived.cache_clear()


def _read_newest() -> int | None:
    return DataKey.objects.filter(retired_at=None).order_by("-pk").values_list("pk", flat=True).first()


_NEWEST = Held(
    _read_newest, fingerprint_of("select id, retired_at from foundation_datakey"), seconds=NOTICED_WITHIN
)


@cache
def _key(number: int) -> bytes:
    row = DataKey.objects.filter(pk=number).first()
    if row is None:
        raise KeyProblem(f"找不到第 {number} 号数据密钥：密文可能来自另一套系统")
    return _decrypt(_derived("wrap")[:16], bytes(row.wrapped), aad=b"data-key")


@cache
def _derived(purpose: str) -> bytes:
    if not re.fullmatch("[0-9A-Fa-f]{64}", settings.MASTER_KEY):
        raise KeyProblem("未设置主密钥 YANZHEN_MASTER_KEY，或它不是 64 位十六进制数")
    mac = hmac.HMAC(bytes.fromhex(settings.MASTER_KEY), hashes.SM3())
    mac.update(purpose.encode())
    return mac.finalize()


def _encrypt(key: bytes, text: bytes, *, aad: bytes) -> bytes:
    nonce = os.urandom(NONCE)
    cipher = Cipher(algorithms.SM4(key), modes.GCM(nonce)).encryptor()
    cipher.authenticate_additional_data(aad)
    body = cipher.update(text) + cipher.finalize()
    return nonce + body + cipher.tag


def _decrypt(key: bytes, sealed: bytes, *, aad: bytes) -> bytes:
    nonce, body, tag = sealed[:NONCE], sealed[NONCE:-TAG], sealed[-TAG:]
    if len(sealed) < NONCE + TAG:
        raise KeyProblem("密文不完整，无法解开")
    cipher = Cipher(algorithms.SM4(key), modes.GCM(nonce, tag)).decryptor()
    cipher.authenticate_additional_data(aad)
    try:
        return cipher.update(body) + cipher.finalize()
    except InvalidTag:
        raise KeyProblem("密文无法解开：主密钥不符，或内容被改动过") from None
