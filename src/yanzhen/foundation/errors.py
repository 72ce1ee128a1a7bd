"""Refusals: what the product says no to. Actions raise them; faces alone catch them."""

from __future__ import annotations

from typing import Any, ClassVar


class DeclarationError(ValueError):
    """A declaration contradicts itself. Raised at import, never at run time."""


class Refusal(Exception):
    """A rule of the business was not met.

    `message` is shown to the user as it stands: which rule, why, and what would make it right.
    `data` goes into the problem document (RFC 9457) beside it; it never holds personal data.
    """

    code: ClassVar[str] = "refused"
    status: ClassVar[int] = 409

    def __init__(self, message: str, **data: Any) -> None:
        super().__init__(message)
        self.message = message
        self.data = data


class NotAllowed(Refusal):
    code = "not_allowed"
    status = 403


class Invalid(Refusal):
    """What was sent can not be read as what was asked for; `data["fields"]` maps field names to reasons."""

    code = "invalid"
    status = 422


class TooMany(Refusal):
    """A rate limit was reached; `data["retry_after_seconds"]` says when to come back."""

    code = "too_many"
    status = 429
