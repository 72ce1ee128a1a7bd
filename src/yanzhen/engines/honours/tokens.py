"""Credentials as tokens: Open Badges 3.0 secured as VC-JWT, and the status lists that say which are no longer good.

Native form (Open Badges 3.0, 8.2): the payload is the credential itself, `nbf` its beginning, no `vc` around it.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

import jwt
from django.utils import timezone
from jwt.algorithms import ECAlgorithm

from yanzhen.engines.honours import addresses
from yanzhen.engines.honours.declare import Title
from yanzhen.engines.honours.keys import Signer, encoded

CONTEXTS = (
    "https://www.w3.org/ns/credentials/v2",
    "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json",
)
LIST_SIZE = 131_072
"""Entries of a status list: the least that Bitstring Status List 1.0 allows, so that one look tells little."""
REVOCATION, SUSPENSION = "revocation", "suspension"
PURPOSES = (REVOCATION, SUSPENSION)
TTL_SECONDS = 30
ALGORITHM = "ES256"


@dataclass(frozen=True, slots=True)
class Claim:
    """What a credential says. The name goes in as a salted digest: who knows it can check it, nobody can read it."""

    number: str
    name: str
    title: Title
    awarded_on: date
    term_until: date | None
    status_index: int


@dataclass(frozen=True, slots=True)
class Reading:
    """What a token says, or which check it failed: "form", "key", "signature", "early", "late"; "" where none."""

    problem: str
    claims: dict[str, Any]


def signed(claim: Claim, signer: Signer) -> str:
    """Return the credential as a compact token."""
    return _compact(_credential(claim), signer)


def status_token(purpose: str, n: int, indexes: Iterable[int], signer: Signer, *, now: datetime) -> str:
    """Return list `n` of the purpose as a signed credential; `indexes` are those set, counted over all lists."""
    address = addresses.status_list(purpose, n)
    subject = {
        "id": f"{address}#list", "type": "BitstringStatusList", "statusPurpose": purpose,
        "encodedList": _bitstring(index - n * LIST_SIZE for index in indexes), "ttl": TTL_SECONDS * 1000,
    }  # fmt: skip
    payload = {
        "@context": CONTEXTS[:1], "id": address, "type": ["VerifiableCredential", "BitstringStatusListCredential"],
        "issuer": addresses.key(signer.kid), "validFrom": _moment(now), "credentialSubject": subject,
        "iss": addresses.key(signer.kid), "jti": address, "nbf": int(now.timestamp()),
    }  # fmt: skip
    return _compact(payload, signer)


def read(token: str, keys: Mapping[str, Any], *, now: datetime) -> Reading:
    """Check form, key, signature and time of a token; `keys` are ours by id (`prepared`). Its status is asked apart."""
    try:
        header = jwt.get_unverified_header(token)
        key = keys.get(str(header.get("kid", "")).rstrip("/").rpartition("/")[2])
        if key is None:
            return Reading("key", {})
        claims = jwt.decode(
            token, key, algorithms=[ALGORITHM],
            options={"verify_exp": False, "verify_nbf": False, "verify_aud": False, "verify_sub": False},
        )  # fmt: skip
    except jwt.InvalidSignatureError:
        return Reading("signature", {})
    except (jwt.PyJWTError, ValueError):
        return Reading("form", {})
    if claims.get("nbf", 0) > now.timestamp():
        return Reading("early", claims)
    return Reading("late" if claims.get("exp", now.timestamp() + 1) <= now.timestamp() else "", claims)


def prepared(jwks: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return public keys by id in the form that `read` takes."""
    return {kid: ECAlgorithm.from_jwk(dict(jwk)) for kid, jwk in jwks.items()}


def _credential(claim: Claim) -> dict[str, Any]:
    address, issuer = addresses.check(claim.number), addresses.issuer(claim.title)
    begins = _midnight(claim.awarded_on)
    payload: dict[str, Any] = {
        "@context": CONTEXTS, "id": address, "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "name": claim.title.label, "issuer": {"id": issuer, "type": ["Profile"], "name": claim.title.issuer},
        "validFrom": _moment(begins), "credentialSubject": _subject(claim),
        "credentialStatus": [_status(purpose, claim.status_index) for purpose in PURPOSES],
        "iss": issuer, "jti": address, "nbf": int(begins.timestamp()),
    }  # fmt: skip
    if claim.term_until:
        ends = _midnight(claim.term_until + timedelta(days=1))
        payload |= {"validUntil": _moment(ends), "exp": int(ends.timestamp())}
    return payload


def _subject(claim: Claim) -> dict[str, Any]:
    salt = secrets.token_hex(16)
    digest = hashlib.sha256(f"{claim.name}{salt}".encode()).hexdigest()
    return {
        "type": ["AchievementSubject"],
        "identifier": [
            {"type": "IdentityObject", "hashed": True, "identityHash": f"sha256${digest}", "identityType": "name", "salt": salt},
            {"type": "IdentityObject", "hashed": False, "identityHash": claim.number, "identityType": "identifier"},
        ],
        "achievement": {
            "id": f"{addresses.issuer(claim.title)}#{claim.title.code}", "type": ["Achievement"], "name": claim.title.label,
            "description": f"{claim.title.citation}{claim.title.label}", "achievementType": "Award", "inLanguage": "zh-CN",
            "criteria": {"narrative": f"经选树评审、公示，由{claim.title.issuer}授予"},
        },
    }  # fmt: skip


def _status(purpose: str, index: int) -> dict[str, str]:
    n, place = divmod(index, LIST_SIZE)
    address = addresses.status_list(purpose, n)
    return {
        "id": f"{address}#{place}", "type": "BitstringStatusListEntry", "statusPurpose": purpose,
        "statusListIndex": str(place), "statusListCredential": address,
    }  # fmt: skip


def _bitstring(places: Iterable[int]) -> str:
    """Return the list gzipped and in base64url after its multibase prefix; place 0 is the first byte's highest bit."""
    bits = bytearray(LIST_SIZE // 8)
    for place in places:
        bits[place // 8] |= 0x80 >> place % 8
    return "u" + encoded(gzip.compress(bytes(bits), mtime=0))


def _compact(payload: Mapping[str, Any], signer: Signer) -> str:
    header = {"alg": ALGORITHM, "typ": "JWT", "kid": addresses.key(signer.kid), "jwk": signer.jwk}
    text = ".".join(
        encoded(json.dumps(part, ensure_ascii=False, separators=(",", ":")).encode())
        for part in (header, payload)
    )
    return f"{text}.{encoded(signer.sign(text.encode()))}"


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), timezone.get_default_timezone())


def _moment(at: datetime) -> str:
    return at.isoformat(timespec="seconds")
