"""Addresses that stand in certificates and credentials for good. The faces serve them; a test compares the two."""

from __future__ import annotations

from django.conf import settings

from yanzhen.engines.honours.declare import Title


def check(number: str) -> str:
    """Where anybody sees whether a certificate is good: what its QR code holds, and the credential's id."""
    return f"{settings.PUBLIC_URL}/check/{number}/"


def issuer(title: Title) -> str:
    return f"{settings.PUBLIC_URL}/check/issuers/{title.code}/"


def key(kid: str) -> str:
    return f"{settings.PUBLIC_URL}/check/keys/{kid}/"


def status_list(purpose: str, n: int) -> str:
    return f"{settings.PUBLIC_URL}/check/status/{purpose}/{n}/"
