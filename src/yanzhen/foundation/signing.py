"""Signing: what leaves the product with its name under it. Ed25519, or SM2 where the assessment (密评) asks for it.

The private key is YANZHEN_SIGNING_KEY (64 hex digits) or a file in DATA_DIR/signing that is made at first use and
that its owner alone can read. Public keys stay there for good, by id, so that old signatures can be checked.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured


@dataclass(frozen=True, slots=True)
class PublicKey:
    """What checks a signature; `public` as hex: 32 bytes for Ed25519, x and y of the point for SM2."""

    algorithm: str
    public: str

    @property
    def key_id(self) -> str:
        return hashlib.sha256(f"{self.algorithm}:{self.public}".encode()).hexdigest()[:32]


class Signer(Protocol):
    """A private key at work. A module (SDF, GM/T 0018) takes the place of the software ones behind this."""

    @property
    def key(self) -> PublicKey: ...

    def sign(self, message: bytes) -> bytes:
        """Return 64 bytes. Callers put their purpose in front, so that no signature serves two ends."""


class Ed25519Signer:
    def __init__(self, secret: bytes) -> None:
        self._private = Ed25519PrivateKey.from_private_bytes(secret)
        self.key = PublicKey("ed25519", self._private.public_key().public_bytes_raw().hex())

    def sign(self, message: bytes) -> bytes:
        return self._private.sign(message)


class Sm2Signer:
    """SM2 by the openssl command (3.0 or later), as `cryptography` has no such curve: about 7 ms a signature."""

    def __init__(self, secret: bytes) -> None:
        # ECPrivateKey (RFC 5915) with the curve's OID 1.2.156.10197.1.301 and without the public part
        self._der = bytes.fromhex("30310201010420") + secret + bytes.fromhex("a00a06082a811ccf5501822d")
        public = self._openssl("pkey", "-inform", "DER", "-pubout", "-outform", "DER")
        self.key = PublicKey("sm2", public[-64:].hex())

    def sign(self, message: bytes) -> bytes:
        with tempfile.NamedTemporaryFile() as file:
            file.write(message)
            file.flush()
            signature = self._openssl(
                "pkeyutl", "-sign", "-rawin", "-digest", "sm3", "-pkeyopt", "distid:1234567812345678",
                "-keyform", "DER", "-inkey", "/dev/stdin", "-in", file.name,
            )  # fmt: skip
        r, s = decode_dss_signature(signature)
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")

    def _openssl(self, *arguments: str) -> bytes:
        """Run openssl with the private key on its standard input, so that it never stands in a file or a list."""
        done = subprocess.run(["openssl", *arguments], input=self._der, capture_output=True, check=True)  # noqa: S603, S607
        return done.stdout


ALGORITHMS: dict[str, Callable[[bytes], Signer]] = {"ed25519": Ed25519Signer, "sm2": Sm2Signer}


def signer() -> Signer:
    """Return the signer that the settings name, and make sure its public key is on the shelf."""
    algorithm = getattr(settings, "SIGNER", os.environ.get("YANZHEN_SIGNER", "ed25519"))
    secret = getattr(settings, "SIGNING_KEY", os.environ.get("YANZHEN_SIGNING_KEY", ""))
    return _load(algorithm, secret, _folder())


def public_keys() -> dict[str, PublicKey]:
    """Return the public keys by id: the present one and those of former times."""
    keys = (PublicKey(**json.loads(path.read_text())) for path in sorted(_folder().glob("*.public.json")))
    return {key.key_id: key for key in keys}


def kept_secret(name: str, given: str) -> bytes:
    """Return the 32 bytes of a private key: those given as hex digits, else those of the file DATA_DIR/signing/NAME.key,
    which is made at first use."""
    folder = _folder()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return _secret(given or _stored(folder / f"{name}.key"))


def _folder() -> Path:
    return Path(settings.DATA_DIR) / "signing"


@lru_cache(maxsize=8)
def _load(algorithm: str, secret: str, folder: Path) -> Signer:
    if algorithm not in ALGORITHMS:
        raise ImproperlyConfigured(f"YANZHEN_SIGNER 只能是 {'、'.join(ALGORITHMS)}，现为 {algorithm}")
    made = ALGORITHMS[algorithm](kept_secret(algorithm, secret))
    _put_once(folder / f"{made.key.key_id}.public.json", json.dumps(asdict(made.key)), mode=0o644)
    return made


def _secret(text: str) -> bytes:
    if len(text) != 64:
        raise ImproperlyConfigured("签名密钥须为 64 位十六进制数（32 字节）")
    return bytes.fromhex(text)


def _stored(path: Path) -> str:
    if not path.exists():
        _put_once(path, secrets.token_hex(32), mode=0o600)
    return path.read_text().strip()


def _put_once(path: Path, text: str, *, mode: int) -> None:
    """Write the file whole or not at all, and leave it alone where another process was first."""
    with tempfile.NamedTemporaryFile("w", dir=path.parent) as file:
        file.write(text)
        file.flush()
        os.fchmod(file.fileno(), mode)
        os.fsync(file.fileno())
        try:
            os.link(file.name, path)
        except FileExistsError:
            return
