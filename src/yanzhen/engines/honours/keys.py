"""Keys that sign credentials: ES256, so that any verifier of the world can check them. docs/decisions/0023-credentials.md.

The private key is YANZHEN_CREDENTIAL_KEY (64 hex digits) or DATA_DIR/signing/credential.key, made at first use. Public keys
stay in the database for good, so that what was signed under a former one can be checked.
"""

from __future__ import annotations

import base64
import hashlib
import json
from functools import lru_cache
from typing import Any, Protocol

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from django.conf import settings
from django.utils import timezone

from yanzhen.engines.honours.models import IssuerKey
from yanzhen.foundation.signing import kept_secret

ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""Of the group of P-256 (SEC 2): private keys are 1 to ORDER - 1."""
WIDTH = 32


class Signer(Protocol):
    """A private key at work. A module (an HSM, a signing service) takes the place of the software one behind this."""

    @property
    def kid(self) -> str: ...

    @property
    def jwk(self) -> dict[str, str]:
        """The public key (RFC 7517)."""

    def sign(self, message: bytes) -> bytes:
        """Return r and s, 32 bytes each, as JOSE has it (RFC 7518, 3.4)."""


class Es256Signer:
    def __init__(self, secret: bytes) -> None:
        number = int.from_bytes(secret, "big") % (ORDER - 1) + 1
        self._private = ec.derive_private_key(number, ec.SECP256R1())
        point = self._private.public_key().public_numbers()
        public = {"crv": "P-256", "kty": "EC", "x": _coordinate(point.x), "y": _coordinate(point.y)}
        self.kid = thumbprint(public)
        self.jwk = {**public, "alg": "ES256", "use": "sig", "kid": self.kid}

    def sign(self, message: bytes) -> bytes:
        r, s = decode_dss_signature(self._private.sign(message, ec.ECDSA(SHA256())))
        return r.to_bytes(WIDTH, "big") + s.to_bytes(WIDTH, "big")


def signer() -> Signer:
    """Return the signer, and make sure that its public key is published."""
    found = _load(settings.CREDENTIAL_KEY, str(settings.DATA_DIR))
    IssuerKey.objects.get_or_create(kid=found.kid, defaults={"jwk": found.jwk, "since": timezone.now()})
    return found


def public_keys() -> dict[str, dict[str, Any]]:
    """Return all public keys by id, the newest first."""
    return dict(IssuerKey.objects.order_by("-since").values_list("kid", "jwk"))


def thumbprint(public: dict[str, str]) -> str:
    """Return the thumbprint (RFC 7638) of the members that it takes: `public` has those and no others."""
    text = json.dumps(public, sort_keys=True, separators=(",", ":"))
    return encoded(hashlib.sha256(text.encode()).digest())


def encoded(content: bytes) -> str:
    """Return base64url without padding."""
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


@lru_cache(maxsize=4)
def _load(given: str, _folder: str) -> Es256Signer:
    return Es256Signer(kept_secret("credential", given))


def _coordinate(value: int) -> str:
    return encoded(value.to_bytes(WIDTH, "big"))
