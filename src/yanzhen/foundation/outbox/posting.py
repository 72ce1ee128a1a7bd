"""One signed POST: as the Standard Webhooks specification has it, within ten seconds, following nothing.

Headers and signature: github.com/standard-webhooks/standard-webhooks (from memory, checked by its published example, grade C).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import secrets
import socket
import ssl
import threading
from dataclasses import dataclass
from functools import cache

from yanzhen.foundation.outbox.addresses import AddressRefused, Resolve, Target, resolve, target_of

SECONDS = 10.0
LARGEST = 64 * 1024
"""Bytes of a body sent; of the answer nothing but its head is read."""
PREFIX = "whsec_"
BUSY = {408, 425, 429}
"""Answers by which a receiver says that it can not now, whatever it is sent."""
SERVER_FAULT = 500


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a POST. `problem` is "" where it was taken; `down` is whether others would have fared alike."""

    status: int | None
    problem: str = ""
    down: bool = False


def new_secret() -> str:
    return PREFIX + base64.b64encode(secrets.token_bytes(24)).decode()


def signature(secret: str, event: str, timestamp: int, body: bytes) -> str:
    """Return the value of `webhook-signature`: version and HMAC-SHA256 over "event.timestamp.body"."""
    key = base64.b64decode(secret.removeprefix(PREFIX))
    signed = b".".join((event.encode(), str(timestamp).encode(), body))
    return "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()


def post(
    url: str,
    body: bytes,
    *,
    secret: str,
    event: str,
    timestamp: int,
    resolver: Resolve = resolve,
    seconds: float = SECONDS,
) -> Outcome:
    """Send `body` once. Never raises for what the other side does or is: that is the outcome."""
    if len(body) > LARGEST:
        return Outcome(None, f"通知超过 {LARGEST // 1024} KB，不予投递")
    try:
        target = target_of(url, resolver=resolver)
    except AddressRefused as refusal:
        return Outcome(None, refusal.message, down=True)
    headers = {
        "host": target.authority,
        "content-type": "application/json; charset=utf-8",
        "user-agent": "yanzhen-outbox/1",
        "webhook-id": event,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signature(secret, event, timestamp, body),
        "connection": "close",
    }
    try:
        return _judged(_status("POST", target, body, headers, seconds))
    except (OSError, http.client.HTTPException) as fault:
        return Outcome(None, _reason(fault, seconds), down=True)


def look(url: str, *, seconds: float, resolver: Resolve = resolve) -> Outcome:
    """Ask whether there is something at `url`, by HEAD. Never raises; `status` None: nobody answered."""
    try:
        target = target_of(url, resolver=resolver)
        headers = {"host": target.authority, "user-agent": "yanzhen-outbox/1", "connection": "close"}
        return Outcome(_status("HEAD", target, b"", headers, seconds))
    except AddressRefused as refusal:
        return Outcome(None, refusal.message)
    except (OSError, http.client.HTTPException) as fault:
        return Outcome(None, _reason(fault, seconds))


def _status(method: str, target: Target, body: bytes, headers: dict[str, str], seconds: float) -> int:
    """Return the answer's status. The whole exchange ends after `seconds`, also where bytes trickle in one by one."""
    connection = _connection(target, seconds)
    watch = threading.Timer(seconds, _cut, [connection])
    watch.daemon = True
    watch.start()
    try:
        connection.request(method, target.path, body or None, headers)
        return connection.getresponse().status
    finally:
        watch.cancel()
        connection.close()


def _connection(target: Target, seconds: float) -> http.client.HTTPConnection:
    """Return a connection to the checked address; the name is not looked up again."""
    connection = http.client.HTTPConnection(target.host, target.port, timeout=seconds)
    plain = socket.create_connection((target.address, target.port), seconds)
    connection.sock = plain
    if target.secure:
        try:
            connection.sock = _tls().wrap_socket(plain, server_hostname=target.host)
        except BaseException:
            plain.close()
            raise
    return connection


@cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()


def _cut(connection: http.client.HTTPConnection) -> None:
    try:
        connection.sock.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass  # it was closed at this very moment


def _judged(status: int) -> Outcome:
    if 200 <= status < 300:  # RFC 9110
        return Outcome(status)
    if 300 <= status < 400:  # RFC 9110
        return Outcome(status, f"接收方应答 {status}，要求跳转；按规定不跟随，请改填最终地址")
    return Outcome(status, f"接收方应答 {status}，没有接收", down=status >= SERVER_FAULT or status in BUSY)


def _reason(fault: OSError | http.client.HTTPException, seconds: float) -> str:
    if isinstance(fault, ssl.SSLCertVerificationError):
        return "接收方的 HTTPS 证书无法验证"
    if isinstance(fault, TimeoutError):
        return f"接收方在 {seconds:.0f} 秒内没有应答"
    if isinstance(fault, ConnectionRefusedError):
        return "接收方拒绝连接"
    return f"与接收方的连接中断（{type(fault).__name__}）"
