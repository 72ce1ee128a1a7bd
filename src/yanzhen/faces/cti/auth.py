"""Who sends: a token in the address, and where the trunk has a secret a signature over time and body."""

from __future__ import annotations

import hashlib
import hmac
import time

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives import hmac as mac
from django.http import HttpRequest
from django.utils import timezone

from yanzhen.domains.hotline.calls.actions import secret_of, token_digest
from yanzhen.domains.hotline.calls.models import Trunk
from yanzhen.domains.hotline.calls.queries import trunks_in_use, wrong_key
from yanzhen.faces.http import site_of
from yanzhen.foundation import crypto, limits, parameters
from yanzhen.foundation.errors import Refusal

GUESSES, MINUTE = 30, 60
"""Wrong tokens from one address in a minute, before it is asked to wait."""
SECONDS_A_MINUTE = 60
SIGNATURE, STAMP = "X-Yanzhen-Signature", "X-Yanzhen-Timestamp"


class NoSuchTrunk(Refusal):
    """The token is none of ours, or no longer: one answer for both."""

    code = "not_found"
    status = 404


class BadSignature(Refusal):
    code = "bad_signature"
    status = 401


def sender_of(request: HttpRequest, token: str) -> Trunk:
    """Return the trunk that may send with `token`, its signature checked where it has to sign.

    Raises NoSuchTrunk, BadSignature, TooMany.
    """
    trunk = trunk_of(request, token)
    if trunk.secret_cipher:
        _demand_signature(request, secret_of(trunk))
    return trunk


def trunk_of(request: HttpRequest, token: str) -> Trunk:
    """Return the trunk of `token`. All tokens are compared, so the time tells nothing.

    A wrong one is counted, for its address and for all; raises NoSuchTrunk, TooMany.
    """
    given = token_digest(token)
    found = None
    for digest, trunk in trunks_in_use():
        if hmac.compare_digest(digest, given):
            found = trunk
    if found is None:
        _count_wrong(request)
        raise NoSuchTrunk("没有这条中继，或令牌有误、已停用；请核对事件推送地址，或由管理员新建中继")
    return found


def signature_of(secret: str, stamp: str, body: bytes, *, kind: str) -> str:
    """Return the hex HMAC over "stamp.body"; `kind` is "sm3" or "sha256"."""
    words = stamp.encode() + b"." + body
    if kind == "sha256":
        return hmac.new(secret.encode(), words, hashlib.sha256).hexdigest()
    made = mac.HMAC(secret.encode(), hashes.SM3())
    made.update(words)
    return made.finalize().hex()


def _demand_signature(request: HttpRequest, secret: str) -> None:
    stamp = request.headers.get(STAMP, "")
    kind, _, given = request.headers.get(SIGNATURE, "").partition("=")
    if kind not in {"sm3", "sha256"} or not (stamp.isascii() and stamp.isdecimal() and len(stamp) <= 12):
        raise BadSignature(
            f"本中继要求签名：请求头 {STAMP} 为 Unix 秒，{SIGNATURE} 为 sm3=<十六进制> 或 sha256=<十六进制>"
        )
    if not hmac.compare_digest(signature_of(secret, stamp, request.body, kind=kind), given.lower()):
        raise BadSignature("签名不符：请核对签名密钥，签名内容为“时间戳.请求正文”的原始字节")
    window = int(parameters.get("hotline.cti_signature_minutes", on=timezone.localdate()).value)
    if abs(time.time() - int(stamp)) > window * SECONDS_A_MINUTE:
        raise BadSignature(f"签名时间与本系统相差超过 {window} 分钟：请校准交换机的时钟后重发")


def _count_wrong(request: HttpRequest) -> None:
    limits.hit(wrong_key(timezone.localdate()), limit=2**31 - 2, seconds=86400, message="")
    site = crypto.keyed_hash(site_of(request), purpose="cti.site").hex()
    limits.hit(
        f"cti:site:{site}", limit=GUESSES, seconds=MINUTE, message="令牌错误次数过多，请核对地址后稍候再试"
    )
