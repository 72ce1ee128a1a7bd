"""What the proof rests on: SM3, the Merkle tree, the checkpoint's digest, signatures. Standard library only.

`export` puts this text in front of `standalone.py`, so that an auditor gets one file. `cryptography` is used where
it is there, because it is faster.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any

try:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
except ImportError:
    Ed25519PublicKey = None  # type: ignore[assignment,misc]  # then the slow way below

ZERO = bytes(32)
PURPOSE = b"yanzhen.checkpoint.v1\n"
SIGNED = ("at", "id", "key_id", "previous", "root", "size", "total")

_ENCODER = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))
_FAST_SM3 = "sm3" in hashlib.algorithms_available

# ---- hashes: RFC 6962's tree with SM3 (GB/T 32905) ----


def sm3(data: bytes) -> bytes:
    """Return the SM3 digest, by OpenSSL where Python has it: some hundred times faster than the fallback."""
    if _FAST_SM3:
        return hashlib.new("sm3", data).digest()
    return _sm3_slowly(data)


def leaf_hash(line: bytes) -> bytes:
    return sm3(b"\x00" + line)


def node_hash(left: bytes, right: bytes) -> bytes:
    return sm3(b"\x01" + left + right)


class Tree:
    """A Merkle tree that is fed leaf by leaf and keeps one digest per level."""

    def __init__(self) -> None:
        self.size = 0
        self._peaks: list[bytes] = []

    def add(self, digest: bytes) -> None:
        count = self.size
        while count & 1:
            digest = node_hash(self._peaks.pop(), digest)
            count >>= 1
        self._peaks.append(digest)
        self.size += 1

    def root(self) -> bytes:
        """Return the root over the leaves so far; that of no leaf is the hash of nothing, as RFC 6962 has it."""
        if not self._peaks:
            return sm3(b"")
        root = self._peaks[-1]
        for peak in reversed(self._peaks[:-1]):
            root = node_hash(peak, root)
        return root


def canonical(values: Mapping[str, Any]) -> bytes:
    """Return the one JSON form that is hashed: keys sorted, no blanks, UTF-8."""
    return _ENCODER.encode(values).encode()


def checkpoint_digest(checkpoint: Mapping[str, Any]) -> bytes:
    return sm3(b"\x02" + canonical({name: checkpoint[name] for name in SIGNED}))


# ---- signatures ----


def signature_is_good(algorithm: str, public: bytes, message: bytes, signature: bytes) -> bool:
    """Tell whether `signature` is the key's over `message`; raises ValueError for an unknown algorithm."""
    if algorithm == "ed25519":
        return _ed25519(public, message, signature)
    if algorithm == "sm2":
        return _sm2(public, message, signature)
    raise ValueError(f"未知的签名算法 {algorithm}")


def _ed25519(public: bytes, message: bytes, signature: bytes) -> bool:
    if Ed25519PublicKey is None:
        return _ed25519_slowly(public, message, signature)
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


# ---- slow ways, for a Python without the library ----


def _sm3_slowly(data: bytes) -> bytes:
    """GB/T 32905-2016, as it stands there."""

    def rotate(x: int, n: int) -> int:
        n %= 32
        return ((x << n) | (x >> (32 - n))) & 0xFFFFFFFF

    state = [0x7380166F, 0x4914B2B9, 0x172442D7, 0xDA8A0600, 0xA96F30BC, 0x163138AA, 0xE38DEE4D, 0xB0FB0E4E]
    padded = data + b"\x80" + bytes((55 - len(data)) % 64) + (8 * len(data)).to_bytes(8, "big")
    for start in range(0, len(padded), 64):
        w = [int.from_bytes(padded[start + i : start + i + 4], "big") for i in range(0, 64, 4)]
        for j in range(16, 68):
            x = w[j - 16] ^ w[j - 9] ^ rotate(w[j - 3], 15)
            w.append(x ^ rotate(x, 15) ^ rotate(x, 23) ^ rotate(w[j - 13], 7) ^ w[j - 6])
        a, b, c, d, e, f, g, h = state
        for j in range(64):
            turned = rotate(a, 12)
            ss1 = rotate((turned + e + rotate(0x79CC4519 if j < 16 else 0x7A879D8A, j)) & 0xFFFFFFFF, 7)
            ff = a ^ b ^ c if j < 16 else (a & b) | (a & c) | (b & c)
            gg = e ^ f ^ g if j < 16 else (e & f) | (~e & g)
            tt1 = (ff + d + (ss1 ^ turned) + (w[j] ^ w[j + 4])) & 0xFFFFFFFF
            tt2 = (gg + h + ss1 + w[j]) & 0xFFFFFFFF
            a, b, c, d = tt1, a, rotate(b, 9), c
            e, f, g, h = tt2 ^ rotate(tt2, 9) ^ rotate(tt2, 17), e, rotate(f, 19), g
        state = [old ^ new for old, new in zip(state, (a, b, c, d, e, f, g, h))]  # noqa: B905  # Python 3.9
    return b"".join(word.to_bytes(4, "big") for word in state)


def _times(k: int, point: Any, add: Callable[[Any, Any], Any], zero: Any) -> Any:
    for bit in f"{k:b}":
        zero = add(zero, zero)
        zero = add(zero, point) if bit == "1" else zero
    return zero


P25519 = 2**255 - 19
D25519 = -121665 * pow(121666, -1, P25519) % P25519


def _ed25519_point(text: bytes) -> tuple[int, int]:
    """Return the point that `text` encodes (RFC 8032, 5.1.3); raises ValueError where there is none."""
    p, y = P25519, int.from_bytes(text, "little") & (2**255 - 1)
    xx = (y * y - 1) * pow(D25519 * y * y + 1, -1, p) % p
    x = pow(xx, (p + 3) // 8, p)
    if (x * x - xx) % p:
        x = x * pow(2, (p - 1) // 4, p) % p
    if len(text) != 32 or y >= p or (x * x - xx) % p or (x == 0 and text[31] >> 7):
        raise ValueError("not a point")
    return (x if x & 1 == text[31] >> 7 else p - x), y


def _ed25519_add(m: tuple[int, int], n: tuple[int, int]) -> tuple[int, int]:
    k = D25519 * m[0] * n[0] * m[1] * n[1] % P25519
    x = (m[0] * n[1] + n[0] * m[1]) * pow(1 + k, -1, P25519)
    return x % P25519, (m[1] * n[1] + m[0] * n[0]) * pow(1 - k, -1, P25519) % P25519


def _ed25519_slowly(public: bytes, message: bytes, signature: bytes) -> bool:
    """RFC 8032, 5.1.7."""
    order = 2**252 + 27742317777372353535851937790883648493
    s = int.from_bytes(signature[32:], "little")
    try:
        r, a = _ed25519_point(signature[:32]), _ed25519_point(public)
    except ValueError:
        return False
    if s >= order:
        return False
    base = _ed25519_point((4 * pow(5, -1, P25519) % P25519).to_bytes(32, "little"))
    k = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % order
    right = _ed25519_add(r, _times(k, a, _ed25519_add, (0, 1)))
    return bool(_times(s, base, _ed25519_add, (0, 1)) == right)


SM2_P = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFF
SM2_N = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123
SM2_B = 0x28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93
SM2_G = (
    0x32C4AE2C1F1981195F9904466A39C9948FE30BBFF2660BE1715A4589334C74C7,
    0xBC3736A2F4F6779C59BDCEE36B692153D0A9877CC62A474002DF32E52139F0A0,
)


def _sm2_add(m: tuple[int, int] | None, n: tuple[int, int] | None) -> tuple[int, int] | None:
    p = SM2_P
    if m is None or n is None:
        return m or n
    if m[0] == n[0] and (m[1] + n[1]) % p == 0:
        return None
    top, low = (3 * m[0] * m[0] - 3, 2 * m[1]) if m == n else (n[1] - m[1], n[0] - m[0])
    slope = top * pow(low, -1, p)
    x = (slope * slope - m[0] - n[0]) % p
    return x, (slope * (m[0] - x) - m[1]) % p


def _sm2(public: bytes, message: bytes, signature: bytes) -> bool:
    """GB/T 32918.2, the usual identity; `public` is x and y, `signature` r and s, each number 32 bytes long."""
    key = int.from_bytes(public[:32], "big"), int.from_bytes(public[32:], "big")
    if len(public) != 64 or len(signature) != 64 or (key[1] ** 2 - key[0] ** 3 + 3 * key[0] - SM2_B) % SM2_P:
        return False
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    t = (r + s) % SM2_N
    if not (0 < r < SM2_N and 0 < s < SM2_N and t):
        return False
    numbers = b"".join(number.to_bytes(32, "big") for number in (SM2_P - 3, SM2_B, *SM2_G))
    identity = b"1234567812345678"
    za = sm3((8 * len(identity)).to_bytes(2, "big") + identity + numbers + public)
    found = _sm2_add(_times(s, SM2_G, _sm2_add, None), _times(t, key, _sm2_add, None))
    return found is not None and (int.from_bytes(sm3(za + message), "big") + found[0]) % SM2_N == r
